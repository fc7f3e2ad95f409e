"""TLS versions: none in common, an old one refused as a fallback, an obsolete one in use (RFC 8446, 7507, 8996)."""

from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side
from explainer.protocols.tls import Ending, Outcome, endings
from explainer.protocols.tls import names as tls_names
from explainer.registry import rule
from explainer.rules.tls_agreement import established, only_tls13
from explainer.rules.tls_case import ALERT, SUBJECT, Told, Verdict, alerted, by_alert, end_step, finding, grouped
from explainer.rules.tls_negotiation import AREA

_PROTOCOL_VERSION, _FALLBACK = 70, 86
_VAGUE = (40, 71, 80)
_BROKEN = (0x0002, 0x0300)  # SSL 2.0 and 3.0
_TLS10, _TLS11, _TLS12 = 0x0301, 0x0302, 0x0303


@rule(
    "No common TLS version",
    endings,
    subject=SUBJECT,
    area=AREA,
    evidence=ALERT,
    limits="the versions that the server would accept, unless other connections show them",
)
def tls_no_common_version(facts: Facts) -> Iterator[Finding]:
    """The alert protocol_version (70): a server accepts none of the versions offered, or a client not the one chosen.

    RFC 8446 section 4.2.1 and appendix D, RFC 5246 appendix E.1. What the server speaks is known where it chose a
    version, or did so on another connection in the capture. Some clients answer the choice of an old version with a
    vaguer alert: it counts as probable where the server chose less than TLS 1.2 although more was offered. Others
    (Node.js) leave without one: probable where the version chosen is older than all that were offered.
    """
    vague = [group for group in alerted(facts, _VAGUE, from_client=True) if _too_old(group[0])]
    mute = grouped(ending for ending in facts[endings] if _left_for_version(ending))
    working = established(facts[endings])
    for group in (*alerted(facts, (_PROTOCOL_VERSION,)), *vague, *mute):
        handshake = group[0].handshake
        hello, chosen = handshake.client_hello, handshake.version
        offered = hello.versions if hello else ()
        spoken = {e.handshake.version for e in working.get(handshake.server, ()) if e.handshake.version}
        side, reason = _older(offered, chosen, group[0])
        elsewhere = f" It speaks {tls_names.versions(sorted(spoken))} with others." if spoken else ""
        verdict = Verdict(
            rule="tls_no_common_version",
            title=f"The client and the server have no TLS version in common: {reason}.{elsewhere}",
            act=_VERSION_ACTS[side],
            side=side,
            confidence=Confidence.PROBABLE if group in (*vague, *mute) else Confidence.CERTAIN,
            measured={"offered": tls_names.versions(offered) or "unknown"},
            advice=(
                "Allow TLS 1.2 and 1.3 on both sides.",
                "Try single versions: {check} -tls1_2 (or -tls1_3)",
            ),
            limitations=("the server's whole range of versions",) if not chosen else ("the client's lowest version",),
        )
        yield finding(group, verdict, by_alert if group[0].alert else lambda ending: Told((end_step(ending),)))


def _left_for_version(ending: Ending) -> bool:
    """Return whether a client leaves without an alert after the choice of a version that it did not offer."""
    hello, chosen = ending.handshake.client_hello, ending.handshake.version
    if ending.outcome is not Outcome.LEFT_BY_CLIENT or hello is None or chosen is None:
        return False
    return chosen < min(hello.versions, default=0)


def _too_old(ending: Ending) -> bool:
    hello, chosen = ending.handshake.client_hello, ending.handshake.version
    return hello is not None and chosen is not None and chosen < _TLS12 <= hello.newest


_VERSION_ACTS = {
    Side.CLIENT: "The client's side must act: update or set up {client} so that it offers a newer TLS version (the"
    " server would have to allow an old one otherwise).",
    Side.SERVER: "The server's side must act: update or set up {server} so that it speaks a newer TLS version (the"
    " client would have to allow an old one otherwise).",
    Side.EITHER: "One side must act: either {client} is allowed a newer TLS version, or {server} an older one.",
}


def _older(offered: Sequence[int], chosen: int | None, ending: Ending) -> tuple[Side, str]:
    """Return whose versions are too old, and why, as the end of a sentence."""
    versions = tls_names.versions(offered) or "an unknown version"
    if chosen and (ending.alert is None or ending.alert.from_client):
        return Side.SERVER, f"the server chooses {tls_names.version(chosen)}, which the client does not accept"
    said = f"the client offers {versions}, and the server accepts none of that"
    if not offered:
        return Side.EITHER, said
    if max(offered) <= _TLS11:
        return Side.CLIENT, said
    return (Side.SERVER if any(only_tls13([version]) for version in offered) else Side.EITHER), said


@rule(
    "Fallback refused",
    endings,
    subject=SUBJECT,
    area=AREA,
    evidence=ALERT,
    limits="why the attempt before failed, unless it is in the capture",
)
def tls_fallback_refused(facts: Facts) -> Iterator[Finding]:
    """The alert inappropriate_fallback (86): the client retries with an older version than both speak (RFC 7507)."""
    for group in alerted(facts, (_FALLBACK,)):
        hello = group[0].handshake.client_hello
        newest = f" ({tls_names.version(hello.newest)} at most)" if hello else ""
        verdict = Verdict(
            rule="tls_fallback_refused",
            title=f"The client comes back with an older TLS version{newest} than both sides speak, and the server"
            " refuses this downgrade.",
            act="The client's side must act: find out why its first attempt with the newer version failed (it comes"
            " before this one), and stop it from falling back.",
            side=Side.CLIENT,
            advice=("Look for a failed connection of {client} to {server} just before this one.",),
            limitations=("why the attempt with the newer version failed, unless it is in this capture",),
        )
        yield finding(group, verdict, by_alert)


@rule(
    "Obsolete TLS version",
    endings,
    subject=SUBJECT,
    area=AREA,
    evidence="the ServerHello",
    limits="what either side would do with another peer",
)
def tls_obsolete_version(facts: Facts) -> Iterator[Finding]:
    """A connection that works with SSL 2.0 or 3.0 (RFC 6176, 7568), or since 2021 with TLS 1.0 or 1.1 (RFC 8996)."""
    completed = (e for e in facts[endings] if e.outcome in (Outcome.ESTABLISHED, Outcome.UNUSED))
    old = (e for e in completed if e.handshake.version in (*_BROKEN, _TLS10, _TLS11))
    for group in grouped(old, lambda e: e.handshake.version):
        version, hello = group[0].handshake.version, group[0].handshake.server_hello
        assert version is not None  # that is why it is a case
        assert hello is not None  # it has the version
        broken = version in _BROKEN
        if not broken and hello.time_ns < _TLS11_ENDED_NS:
            continue
        name = tls_names.version(version)
        verdict = Verdict(
            rule="tls_obsolete_version",
            title=f"The connection works, but with {name}, which is obsolete and"
            f" {'broken (POODLE)' if broken else 'no longer considered secure'}.",
            act="The server's side should act: {server} should allow TLS 1.2 and 1.3 only (and the client offer them).",
            side=Side.SERVER,
            severity=Severity.MEDIUM if broken else Severity.LOW,
            measured={"version": name},
            advice=("Switch the old versions off on {server}.", "Check it: {check} -tls1_2"),
            limitations=("whether the client offers newer versions to other servers",),
        )
        yield finding(group, verdict, lambda ending: Told((end_step(ending),), _choice(ending)))


_TLS11_ENDED_NS = 1_614_556_800 * 1_000_000_000  # March 2021, RFC 8996


def _choice(ending: Ending) -> tuple[int, ...]:
    hello = ending.handshake.server_hello
    return (hello.frame,) if hello else ()
