"""Handshakes that end because the two sides do not agree: version, cipher suite, group, signature, protocol."""

from collections.abc import Iterator

from explainer.escape import shell_word
from explainer.facts import Facts
from explainer.model import Confidence, Finding, Side, Step
from explainer.protocols.tls import Ending, endings
from explainer.protocols.tls import names as tls_names
from explainer.registry import rule
from explainer.rules.tls_agreement import Lacking, Reason, established, lacking
from explainer.rules.tls_case import ALERT, SUBJECT, Verdict, alerted, by_alert, by_alert_and, finding, grouped
from explainer.wording import count, listing

AREA = "what TLS clients and servers agree on"
_NO_ALPN = 120
_SHOWN = 6
_CONTRAST = "what else the server would accept"
_SCAN = "List what the server accepts: nmap --script ssl-enum-ciphers -p {port} {address}"


@rule(
    "No common cipher suite",
    endings,
    subject=SUBJECT,
    area=AREA,
    evidence=ALERT,
    limits="the server's own list: the alert does not say what is lacking",
)
def tls_no_common_cipher(facts: Facts) -> Iterator[Finding]:
    """A server that answers the ClientHello with handshake_failure (40) or insufficient_security (71) alone.

    RFC 8446 section 4.1.1 and 6.2, RFC 5246 section 7.2.2. The alert does not say what is lacking: of cipher suites,
    groups and signature algorithms, the one is named of which the client offers unusually little, or not what the
    server chose with others; without such a sign, the cipher suites, as probable.
    """
    yield from _mismatches(facts, Lacking.CIPHER)


@rule(
    "No common group",
    endings,
    subject=SUBJECT,
    area=AREA,
    evidence=ALERT,
    limits="the server's own list, unless it asked for a group (HelloRetryRequest)",
)
def tls_no_common_group(facts: Facts) -> Iterator[Finding]:
    """As tls_no_common_cipher, where the groups (curves) of the key exchange are what is lacking (RFC 8446, 4.2.7)."""
    yield from _mismatches(facts, Lacking.GROUP)


@rule(
    "No common signature algorithm",
    endings,
    subject=SUBJECT,
    area=AREA,
    evidence=ALERT,
    limits="the kind of key that the server has",
)
def tls_no_common_signature(facts: Facts) -> Iterator[Finding]:
    """As tls_no_common_cipher, where the signature algorithms are what is lacking (RFC 8446, 4.2.3)."""
    yield from _mismatches(facts, Lacking.SIGNATURE)


def _mismatches(facts: Facts, what: Lacking) -> Iterator[Finding]:
    every = facts[endings]
    working = established(every)
    judged = [(ending, found) for ending in every if (found := lacking(ending, working)) and found.what is what]
    reasons = {id(ending): found for ending, found in judged}
    for group in grouped(ending for ending, _ in judged):
        first, found = group[0], reasons[id(group[0])]
        offer = _offer(first, what)
        verdict = Verdict(
            rule=f"tls_no_common_{what.value}",
            title=_title(first, found, offer),
            act=f"The client's side should act first: update {{client}}, or allow it {_MORE[what]} (or {{server}} has"
            " to accept what it offers)."
            if found.why
            else "The server's side should look first: the log on {server} names what is lacking. Then one side must be"
            " set up to allow what the other one offers.",
            side=Side.CLIENT if found.why else Side.EITHER,
            confidence=found.confidence,
            detail=found.why,
            measured={"offered": offer},
            advice=(f"Allow one of these on {{server}}, or another one on {{client}}: {offer}.", _SCAN),
            limitations=(_CONTRAST, "the server's reason: the alert does not name it, its log may"),
        )
        yield finding(group, verdict, by_alert_and(*([Step(frames=(), text=found.why)] if found.why else [])))


def _title(ending: Ending, found: Reason, offer: str) -> str:
    hello = ending.handshake.client_hello
    if not found.why and hello is not None:
        return (
            "The server refuses the handshake without saying why (handshake failure), though the client offers"
            f" {count(len(hello.cipher_suites), 'cipher suite')}: probably the two have no cipher suite (way to"
            " encrypt) or key exchange in common, or the server's own certificate fits none."
        )
    sure = found.confidence is Confidence.CERTAIN
    return (
        f"The client and the server {'' if sure else 'probably '}have no {_WORDS[found.what]} in common: the server"
        f" accepts none of what the client offers ({offer})."
    )


_WORDS = {
    Lacking.CIPHER: "cipher suite (way to encrypt)",
    Lacking.GROUP: "key exchange group (curve: the way to agree on secret keys)",
    Lacking.SIGNATURE: "signature algorithm (way to sign)",
}
_MORE = {
    Lacking.CIPHER: "more cipher suites",
    Lacking.GROUP: "more groups",
    Lacking.SIGNATURE: "more signature algorithms",
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


@rule(
    "No common application protocol",
    endings,
    subject=SUBJECT,
    area=AREA,
    evidence=ALERT,
    limits="the protocols that the server speaks",
)
def tls_alpn_mismatch(facts: Facts) -> Iterator[Finding]:
    """The alert no_application_protocol (120): the server speaks none of the protocols offered (RFC 7301, 3.2)."""
    for group in alerted(facts, (_NO_ALPN,)):
        hello = group[0].handshake.client_hello
        offered = listing(hello.alpn if hello else ()) or "none that can be read"
        transport = group[0].handshake.transport
        verdict = Verdict(
            rule="tls_alpn_mismatch",
            title="The client and the server have no application protocol in common (ALPN): the client offers"
            f" {offered}, and the server speaks none of that.",
            act="One side must act: set up {server} for one of these protocols, or have {client} offer another"
            + (", such as http/1.1." if transport == "tcp" and "http/1.1" not in offered else "."),
            side=Side.EITHER,
            measured={"offered": offered},
            advice=(f"Check it: {{check}} -alpn {shell_word(hello.alpn[0] if hello and hello.alpn else 'http/1.1')}",),
            limitations=("which protocols the server speaks",),
        )
        yield finding(group, verdict, by_alert)
