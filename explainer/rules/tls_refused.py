"""Certificates that a client rejects without saying why, although nothing that the packets show is wrong with them."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Finding, Side
from explainer.protocols.host_names import covers
from explainer.protocols.tls import endings
from explainer.registry import rule
from explainer.rules.tls_case import SUBJECT, Verdict, finding, grouped
from explainer.rules.tls_certificate import in_time
from explainer.rules.tls_chains import ALERTS, STORE, Case, Group, certificates, cut_short, groups
from explainer.rules.tls_constraints import overstepped
from explainer.rules.tls_fitness import lacks_staple, misused, weakness_of
from explainer.rules.tls_intercepted import interceptions
from explainer.rules.tls_presented import AREA, CLEAR, Presented, names, showing
from explainer.wording import count, listing


@rule(
    "Certificate rejected without a reason",
    endings,
    groups,
    interceptions,
    subject=SUBJECT,
    area=AREA,
    evidence=f"{CLEAR}, and the client's alert bad_certificate (42) or certificate_unknown (46)",
    limits="the client's reason, its clock, and what its trust store holds",
)
def tls_certificate_refused(facts: Facts) -> Iterator[Finding]:
    """A certificate in order that a client rejects with an alert that gives no reason (RFC 8446, 6.2): 42 or 46.

    Go, Java and browsers answer so to whatever they do not like. Where dates, name, purpose, strength and chain are in
    order, what is left is the issuer, which this client may not know, and the client's own clock; the clock is named
    first where the client rejects two servers or more like this.
    """
    found = facts[groups]
    seen = certificates(found)
    intercepted = {id(each.group) for each in facts[interceptions]}
    cases = [
        group
        for group in found
        if group[0].presented.rejected_with(ALERTS.possible)
        and not cut_short(group[0], seen)
        and id(group) not in intercepted
        and _in_order(group[0])
    ]
    by_ending = {id(case.presented.ending): case for group in cases for case in group}
    servers = {(_client(group[0]), group[0].chain.leaf.der) for group in cases}
    for same in grouped(case.presented.ending for group in cases for case in group):
        group = [by_ending[id(ending)] for ending in same]
        several = sum(client == _client(group[0]) for client, _ in servers) > 1
        yield finding(same, _verdict(group, doubts_clock=several), showing(_sent))


def _client(case: Case) -> str:
    return case.presented.ending.handshake.client.address


def _in_order(case: Case) -> bool:
    presented, leaf = case.presented, case.chain.leaf
    asked = presented.ending.handshake.server_name
    fits = not asked or covers(leaf, asked)
    sound = not (leaf.self_signed or misused(leaf) or weakness_of(presented) or lacks_staple(presented))
    return fits and sound and case.chain.ordered and in_time(presented) and not overstepped(presented)


def _verdict(group: Group, *, doubts_clock: bool) -> Verdict:
    case, chain = group[0].presented, group[0].chain
    issuer = chain.root or chain.top.issuer
    asked = case.ending.handshake.server_name
    doubts = [f"does not know its issuer, {issuer}", "has a wrong clock"]
    mend = [f"tell {{client}} to trust {issuer}", "set its clock right"]
    if doubts_clock:
        doubts.reverse()
        mend = ["set the clock of {client} right", f"tell it to trust {issuer}"]
    doubts += [] if asked or case.server in chain.leaf.ip_addresses else ["looks for another name in it"]
    whose = listing(list(dict.fromkeys(each.chain.leaf.name for each in group)))
    alone = len(case.message.certificates) == 1 and not chain.root
    missing = f" ({{server}} has to send the certificate of {issuer}, if that is an intermediate one)" if alone else ""
    return Verdict(
        rule="tls_certificate_refused",
        title=f"The client rejects the certificate of {whose} without saying why; its"
        f" {'dates, name and purpose' if asked else 'dates and purpose'} are in order: most likely the client"
        f" {', or '.join(doubts)}.",
        act=f"The client's side should act first: {', or '.join(mend)}; the log of its program names the"
        f" reason{missing}.",
        side=Side.CLIENT,
        confidence=Confidence.PROBABLE,
        measured={"issuer": issuer, "certificates_sent": len(case.message.certificates)},
        advice=(
            "Look into the log of the program on {client}: it names the reason.",
            f"If {issuer} is your own authority, add its root certificate to the trust store of {{client}}.",
            "Check that {server} sends all intermediate certificates: {check} -showcerts",
            "Compare the time on {client} with a time server (NTP).",
        ),
        limitations=("the client's reason: its alert does not say it", STORE, "what the client's clock shows"),
        names=tuple(name for each in group for name in names(each.chain.leaf)),
    )


def _sent(case: Presented) -> str:
    sent = count(len(case.message.certificates), "certificate")
    return f"{case.leaf.subject}, issued by {case.leaf.issuer} ({sent} sent)"
