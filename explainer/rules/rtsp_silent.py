"""Video that a server agrees to send over UDP (RTSP), and that does not come (RFC 7826, section 13.4)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.applications import Sign, signs
from explainer.protocols.applications.media import PLAYS
from explainer.protocols.ip import packets
from explainer.protocols.tcp import connections
from explainer.protocols.udp_conversations import last_sent
from explainer.registry import rule
from explainer.rules.evidence import host_filter
from explainer.rules.refusals import AREA, SUBJECT_OF_SIGNS
from explainer.rules.tcp_case import finding


@rule("Video agreed on that does not come", signs, connections, packets, last_sent, subject=SUBJECT_OF_SIGNS, area=AREA)
def rtsp_silent(facts: Facts, *, min_wait_s: float = 3.0) -> Iterator[Finding]:
    """A server that says yes to PLAY over UDP (RTSP), and from which no UDP packet comes to the client afterwards.

    The connection must stay open for `min_wait_s` after that: cameras send many packets a second. Silent where the
    capture holds no UDP of the client at all, as it may have been recorded without.
    """
    agreed = [sign for sign in facts[signs] if sign.what == PLAYS]
    if not agreed:
        return
    heard, table = facts[last_sent], facts[packets]
    ends = {c.stream: c.last_ns for c in facts[connections]}
    speakers = {address for source, _, destination in heard for address in (source, destination)}
    at = dict(table.filter(pl.col("frame").is_in([s.frame for s in agreed])).select("frame", "time").iter_rows())
    latest = {(source, to): 0 for source, _, to in heard}
    for (source, _, to), frame in heard.items():
        latest[source, to] = max(latest[source, to], frame)
    for sign in agreed:
        waited_s = (ends.get(sign.stream or 0, 0) - at.get(sign.frame, 0)) / 1e9
        comes = latest.get((sign.server.address, sign.client.address), 0) > sign.frame
        if sign.client.address in speakers and not comes and waited_s >= min_wait_s:
            yield _silent(sign, waited_s)


def _silent(sign: Sign, waited_s: float) -> Finding:
    client, server = sign.client.address, sign.server.address
    return finding(
        "rtsp_silent",
        sign.frame,
        Severity.MEDIUM,
        Side.EITHER,
        f"{server} agrees to send its video to {client} (RTSP, UDP port {sign.text}), but none of it comes in"
        f" {waited_s:.0f} s.",
        Evidence.of(
            [sign.frame],
            f"tcp.stream == {sign.stream} || (udp && ({host_filter([client])}) && ({host_filter([server])}))",
            [
                Step(frames=(sign.frame,), text=f"{sign.server} says yes to PLAY (RTSP)"),
                Step(frames=(), text=f"No UDP packet of {server} to {client} is in the capture after that."),
            ],
        ),
        Scope(
            streams=() if sign.stream is None else (sign.stream,),
            addresses=(client, server),
            ports=(sign.server.port,),
        ),
        confidence=Confidence.PROBABLE,
        act=f"Record beside {server} as well: if it sends, a firewall or NAT on the way drops UDP to port {sign.text}"
        f" of {client}; if not, {server} must be looked at.",
        measured={"waited_s": round(waited_s, 3)},
        advice=("Set the player to take the video over the connection itself (RTP over TCP, interleaved).",),
        limits=("whether the server sends it, and it is lost on the way",),
    )
