"""Command lines that are given to others over a bare connection: how break-ins and worms control a host."""

import re
from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.openings import Opening, Piece, openings
from explainer.protocols.tcp import Connection, connections
from explainer.registry import rule
from explainer.rules.evidence import connection_filter
from explainer.rules.tcp_case import finding, scope

_TERMINALS = (22, 23, 513, 514, 992, 2323)
_BANNERS = (
    (
        "Windows",
        re.compile(rb"Microsoft Windows(?: XP| 2000|)\s*\[Version \d|[A-Z]:\\(?:WINNT|WINDOWS)\\system32>", re.I),
    ),
    ("PowerShell", re.compile(rb"Windows PowerShell\r?\nCopyright|PS [A-Z]:\\[^>\r\n]*> ?$")),
    (
        "Unix",
        re.compile(
            rb"^uid=\d+\([^)\s]+\) gid=\d+\(|no job control in this shell|can't access tty; job control turned off"
            rb"|^(?:ba)?sh-\d\.\d\d?[#$] ",
            re.MULTILINE,
        ),
    ),
)


@rule(
    "Shell over a bare connection", openings, connections, subject="streams of unknown protocols",
    area="command lines given to others",
)  # fmt: skip
def attack_shell(facts: Facts) -> Iterator[Finding]:
    """The greeting of a command line (cmd.exe, PowerShell, sh) on a connection that is no Telnet, SSH or the like.

    Exploits, worms and "reverse shells" do that; so do a few administrators with netcat.
    """
    by_stream = {c.stream: c for c in facts[connections]}
    for opening in facts[openings]:
        connection = by_stream.get(opening.stream)
        found = _greeting(opening)
        if connection and found and connection.server.port not in _TERMINALS:
            yield _shell(connection, *found)


def _greeting(opening: Opening) -> tuple[str, Piece, bool] | None:
    """Return whose command line it is, where it shows, and whether the client gives it."""
    for pieces, of_client in ((opening.client, True), (opening.server, False)):
        for piece in pieces:
            for system, pattern in _BANNERS:
                if pattern.search(piece.data):
                    return system, piece, of_client
    return None


def _shell(connection: Connection, system: str, piece: Piece, of_client: bool) -> Finding:
    ends = (connection.client, connection.server)
    host, other = ends if of_client else ends[::-1]
    how = (
        f"it opened the connection to {connection.server} itself (a reverse shell)"
        if of_client
        else f"port {connection.server.port} of it gives it to whoever connects"
    )
    first = connection.syn_frames[0] if connection.syn_frames else connection.first_frame
    return finding(
        "attack_shell",
        piece.frame,
        Severity.HIGH,
        Side.CLIENT if of_client else Side.SERVER,
        f"{host.address} gives {other.address} its {system} command line (a shell) over a bare TCP connection, port"
        f" {connection.server.port}: {how}.",
        Evidence.of(
            (first, piece.frame),
            connection_filter(connection.server, [connection.stream]),
            [
                Step(frames=(first,), text=f"{connection.client.address} connects to {connection.server}"),
                Step(frames=(piece.frame,), text=f"{host.address} sends the greeting or prompt of a command line"),
            ],
        ),
        scope([connection.stream], connection.client, connection.server),
        act=f"Unless somebody does this on purpose, {host.address} is broken into: take it off the network and examine"
        " it.",
        measured={"bytes_to_shell": connection.server_payload if of_client else connection.client_payload},
        confidence=Confidence.PROBABLE,
        advice=(
            f"Read what was typed: explainer show CAPTURE --stream tcp:{connection.stream}",
            f"Look for what came to {host.address} just before: that is how it was done.",
        ),
        limits=("whether an administrator does it on purpose",),
    )
