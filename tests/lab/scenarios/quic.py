"""QUIC connections that do not come about: dropped on the way, closed at once, of another version."""

from __future__ import annotations

from ..pki import leaf
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..tls import FAILED, NOT_CERTIFICATE, office
from .tls_datagram import quic


@scenario(
    question="Why does HTTP/3 not work here, while everything else does?",
    shows="The router drops UDP to port $https_port: the client's QUIC packets are sent again and again, and never "
    "answered.",
    findings=("quic_unanswered",),
    decisive_filter="udp.dstport == $https_port && quic",
    words=(r"(?i)QUIC|HTTP/3", r"(?i)nothing answers|no answer|unanswered|dropped", r"(?i)firewall|UDP"),
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
)
def quic_dropped(lab: Lab) -> None:
    lab.router.firewall(f"udp dport {lab.plan.https_port} drop")
    with office(lab):
        quic(lab, leaf(lab.plan.secure_name, issuer=lab.authority), FAILED, client=("--patience=4",))


@scenario(
    question="The QUIC connection ends as soon as it begins. Who ends it, and why?",
    shows="The client's transport parameters break a rule (it allows one connection ID only, where two is the least): "
    "the server closes the QUIC connection with a transport parameter error.",
    findings=("quic_closed",),
    decisive_filter="quic.cc.error_code == 8",
    words=(r"(?i)server closes", r"(?i)transport parameter", r"(?i)QUIC"),
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
)
def quic_closed_at_once(lab: Lab) -> None:
    with office(lab):
        quic(lab, leaf(lab.plan.secure_name, issuer=lab.authority), FAILED, client=("--connection-ids=1",))


@scenario(
    question="Why can the new client not talk HTTP/3 to the old server?",
    shows="The client offers QUIC version 2 alone, which the server does not speak: it answers with Version "
    "Negotiation, and the client leaves.",
    findings=("quic_version",),
    decisive_filter="quic.version == 0",
    words=(r"(?i)version", r"(?i)in common", r"(?i)6b3343cf|version 2|updated"),
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
)
def quic_other_version(lab: Lab) -> None:
    with office(lab):
        certificate = leaf(lab.plan.secure_name, issuer=lab.authority)
        quic(lab, certificate, FAILED, client=("--version=0x6b3343cf",), server=("--version=1",))
