"""Servers whose answer to a WebSocket's key is wrong, so that the client may not go on."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Evidence, Finding, Severity, Side, Step
from explainer.protocols.websocket import WrongAccept, wrong_accepts
from explainer.registry import rule
from explainer.rules.tcp_case import finding, scope


@rule(
    "WebSocket key answered wrongly", wrong_accepts, subject="WebSocket keys",
    area="the beginning of WebSocket connections",
)  # fmt: skip
def websocket_wrong_accept(facts: Facts) -> Iterator[Finding]:
    """A 101 whose Sec-WebSocket-Accept does not follow from the client's key: the client must fail the connection.

    RFC 6455, section 4.1. Of low severity where the client goes on all the same, as some programs do not check it.
    """
    for each in facts[wrong_accepts]:
        yield _told(each)


def _told(each: WrongAccept) -> Finding:
    went_on = " The client goes on all the same." if each.went_on else ""
    return finding(
        "websocket_wrong_accept",
        each.answered,
        Severity.LOW if each.went_on else Severity.HIGH,
        Side.SERVER,
        f"The server {each.server} answers the WebSocket handshake of {each.client.address} with a wrong key"
        f" (Sec-WebSocket-Accept), which a client has to refuse.{went_on}",
        Evidence.of(
            [each.asked, each.answered],
            f"tcp.stream == {each.stream}",
            [
                Step(frames=(each.asked,), text=f"{each.client.address} asks for a WebSocket, with a key"),
                Step(frames=(each.answered,), text="the answer's Sec-WebSocket-Accept does not follow from that key"),
            ],
        ),
        scope([each.stream], each.server, each.client),
        act="The server's side must act: it has to answer each client's key with that key's own hash.",
        measured={},
        advice=(
            "Look for a cache or proxy before the server that answers with an earlier client's response.",
            "Use the server's WebSocket library for the handshake in place of a fixed answer.",
        ),
        limits=("whether a device between the two has changed the key or the answer",),
    )
