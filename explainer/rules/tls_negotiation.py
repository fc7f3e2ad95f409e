"""Handshakes that end because the two sides do not agree: version, cipher suite, group, signature, protocol."""

from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side, Step
from explainer.protocols.tls import Ending, Outcome, endings
from explainer.protocols.tls import names as tls_names
from explainer.registry import rule
from explainer.rules.tls_agreement import Lacking, lacking
from explainer.rules.tls_case import SUBJECT, Told, Verdict, by_alert, by_alert_and, end_step, finding, grouped
from explainer.wording import listing

AREA = "what TLS clients and servers agree on"
_PROTOCOL_VERSION, _NO_ALPN, _FALLBACK = 70, 120, 86
_VAGUE = (40, 71, 80)
_TLS10, _TLS11, _TLS12, _TLS13 = 0x0301, 0x0302, 0x0303, 0x0304
_SHOWN = 6
_CONTRAST = "what else the server would accept"
_SCAN = "List what the server accepts: nmap --script ssl-enum-ciphers -p {port} {address}"


def alerted(facts: Facts, codes: Sequence[int], *, from_client: bool | None = None) -> list[list[Ending]]:
    """Return the endings by one of these alerts (of one side, or of either), grouped by sender and code."""
    found = (
        ending
        for ending in facts[endings]
        if ending.alert and ending.alert.code in codes and from_client in (None, ending.alert.from_client)
    )
    return grouped(found, lambda e: (e.alert.from_client, e.alert.code) if e.alert else None)


@rule("No common TLS version", endings, subject=SUBJECT, area=AREA)
def tls_no_common_version(facts: Facts) -> Iterator[Finding]:
    """The alert protocol_version (70): a server accepts none of the versions offered, or a client not the one chosen.

    RFC 8446 section 4.2.1 and appendix D, RFC 5246 appendix E.1. What the server speaks is known where it chose a
    version, or did so on another connection in the capture. Some clients answer the choice of an old version with a
    vaguer alert: it counts as probable where the server chose less than TLS 1.2 although more was offered.
    """
    vague = [group for group in alerted(facts, _VAGUE, from_client=True) if _too_old(group[0])]
    for group in (*alerted(facts, (_PROTOCOL_VERSION,)), *vague):
        handshake = group[0].handshake
        hello, chosen = handshake.client_hello, handshake.version
        offered = hello.versions if hello else ()
        spoken = {
            e.handshake.version
            for e in facts[endings]
            if e.handshake.server == handshake.server and e.handshake.version and e.outcome is Outcome.ESTABLISHED
        }
        side, reason = _older(offered, chosen, group[0])
        elsewhere = f" It speaks {tls_names.versions(sorted(spoken))} with others." if spoken else ""
        verdict = Verdict(
            rule="tls_no_common_version",
            title=f"The client and the server have no TLS version in common: {reason}.{elsewhere}",
            act=_VERSION_ACTS[side],
            side=side,
            confidence=Confidence.PROBABLE if group in vague else Confidence.CERTAIN,
            measured={"offered": tls_names.versions(offered) or "unknown"},
            advice=(
                "Allow TLS 1.2 and 1.3 on both sides.",
                "Try single versions: {check} -tls1_2 (or -tls1_3)",
            ),
            limitations=("the server's whole range of versions",) if not chosen else ("the client's lowest version",),
        )
        yield finding(group, verdict, by_alert)


def _too_old(ending: Ending) -> bool:
    hello, chosen = ending.handshake.client_hello, ending.handshake.version
    return hello is not None and chosen is not None and chosen < _TLS12 <= hello.newest


_VERSION_ACTS = {
    Side.CLIENT: "The client's side must act: update or set up {client} so that it offers a newer TLS version (the"
    " server would have to allow an old one otherwise).",
    Side.SERVER: "The server's side must act: update or set up {server} so that it speaks a newer TLS version.",
    Side.EITHER: "One side must act: either {client} is allowed a newer TLS version, or {server} an older one.",
}


def _older(offered: Sequence[int], chosen: int | None, ending: Ending) -> tuple[Side, str]:
    """Return whose versions are too old, and why, as the end of a sentence."""
    versions = tls_names.versions(offered) or "an unknown version"
    if ending.alert and ending.alert.from_client and chosen:
        return Side.SERVER, f"the server chooses {tls_names.version(chosen)}, which the client does not accept"
    said = f"the client offers {versions}, and the server accepts none of that"
    if not offered:
        return Side.EITHER, said
    if max(offered) <= _TLS11:
        return Side.CLIENT, said
    return (Side.SERVER if min(offered) >= _TLS13 else Side.EITHER), said


@rule("No common cipher suite", endings, subject=SUBJECT, area=AREA)
def tls_no_common_cipher(facts: Facts) -> Iterator[Finding]:
    """A server that answers the ClientHello with handshake_failure (40) or insufficient_security (71) alone.

    RFC 8446 section 4.1.1 and 6.2, RFC 5246 section 7.2.2. The alert does not say what is lacking: of cipher suites,
    groups and signature algorithms, the one is named of which the client offers unusually little, or not what the
    server chose with others; without such a sign, the cipher suites, as probable.
    """
    yield from _mismatches(facts, Lacking.CIPHER)


@rule("No common group", endings, subject=SUBJECT, area=AREA)
def tls_no_common_group(facts: Facts) -> Iterator[Finding]:
    """As tls_no_common_cipher, where the groups (curves) of the key exchange are what is lacking (RFC 8446, 4.2.7)."""
    yield from _mismatches(facts, Lacking.GROUP)


@rule("No common signature algorithm", endings, subject=SUBJECT, area=AREA)
def tls_no_common_signature(facts: Facts) -> Iterator[Finding]:
    """As tls_no_common_cipher, where the signature algorithms are what is lacking (RFC 8446, 4.2.3)."""
    yield from _mismatches(facts, Lacking.SIGNATURE)


def _mismatches(facts: Facts, what: Lacking) -> Iterator[Finding]:
    every = facts[endings]
    judged = [(ending, found) for ending in every if (found := lacking(ending, every)) and found.what is what]
    reasons = {id(ending): found for ending, found in judged}
    for group in grouped(ending for ending, _ in judged):
        first, found = group[0], reasons[id(group[0])]
        offer = _offer(first, what)
        verdict = Verdict(
            rule=f"tls_no_common_{what.value}",
            title=f"The client and the server have no {_WORDS[what]} in common: the server accepts none of what the"
            f" client offers ({offer}).",
            act="One side must be set up to allow what the other one offers: usually the older of the two has to be"
            " updated.",
            side=Side.EITHER,
            confidence=found.confidence,
            detail=found.why,
            measured={"offered": offer},
            advice=(f"Allow one of these on {{server}}, or another one on {{client}}: {offer}.", _SCAN),
            limitations=(_CONTRAST, "the server's reason: the alert does not name it, its log may"),
        )
        yield finding(group, verdict, by_alert_and(*([Step(frames=(), text=found.why)] if found.why else [])))


_WORDS = {
    Lacking.CIPHER: "cipher suite",
    Lacking.GROUP: "group (curve) for the key exchange",
    Lacking.SIGNATURE: "signature algorithm",
}


def _offer(ending: Ending, what: Lacking) -> str:
    hello = ending.handshake.client_hello
    if hello is None:
        return "not in this capture"
    words = {
        Lacking.CIPHER: [tls_names.cipher_suite(suite) for suite in hello.cipher_suites],
        Lacking.GROUP: [tls_names.group(group) for group in hello.groups],
        Lacking.SIGNATURE: [tls_names.signature(scheme) for scheme in hello.signatures],
    }[what]
    more = [f"{len(words) - _SHOWN} more"] if len(words) > _SHOWN else []
    return listing([*words[:_SHOWN], *more]) or "none"


@rule("No common application protocol", endings, subject=SUBJECT, area=AREA)
def tls_alpn_mismatch(facts: Facts) -> Iterator[Finding]:
    """The alert no_application_protocol (120): the server speaks none of the protocols offered (RFC 7301, 3.2)."""
    for group in alerted(facts, (_NO_ALPN,)):
        hello = group[0].handshake.client_hello
        offered = listing(hello.alpn if hello else ()) or "none that can be read"
        verdict = Verdict(
            rule="tls_alpn_mismatch",
            title="The client and the server have no application protocol in common (ALPN): the client offers"
            f" {offered}, and the server speaks none of that.",
            act="One side must act: set up {server} for one of these protocols, or have {client} offer another, such as"
            " http/1.1.",
            side=Side.EITHER,
            measured={"offered": offered},
            advice=(f"Check it: {{check}} -alpn {(hello.alpn[0] if hello and hello.alpn else 'http/1.1')}",)
            if not hello or all(name.replace("/", "").replace(".", "").isalnum() for name in hello.alpn[:1])
            else (),
            limitations=("which protocols the server speaks",),
        )
        yield finding(group, verdict, by_alert)


@rule("Fallback refused", endings, subject=SUBJECT, area=AREA)
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


@rule("Obsolete TLS version", endings, subject=SUBJECT, area=AREA)
def tls_obsolete_version(facts: Facts) -> Iterator[Finding]:
    """A connection that works with SSL 2.0 or 3.0 (RFC 6176, 7568), or since 2021 with TLS 1.0 or 1.1 (RFC 8996)."""
    established = (e for e in facts[endings] if e.outcome in (Outcome.ESTABLISHED, Outcome.UNUSED))
    old = (e for e in established if e.handshake.version and e.handshake.version < _TLS12)
    for group in grouped(old, lambda e: e.handshake.version):
        version, hello = group[0].handshake.version, group[0].handshake.server_hello
        assert version is not None  # that is why it is a case
        assert hello is not None  # it has the version
        broken = version < _TLS10
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
