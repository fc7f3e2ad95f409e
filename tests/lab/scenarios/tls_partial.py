"""TLS of which the recorder saw only a part: one direction, not the beginning, not the end, another order."""

from __future__ import annotations

from ..clients import NOT_TRUSTED, https
from ..partial import (
    after_client_hello,
    after_server_hello,
    from_client_only,
    from_server_only,
    until_client_hello,
    until_server_hello,
)
from ..pki import EXPIRED_12_DAYS_AGO, Validity, leaf
from ..scenario import SAYS_SELF_SIGNED, Lab, scenario
from ..servers import Site
from ..tls import CLIENT_RESETS, FAILURE, NOTHING_WRONG, office, secure
from .tls_path import large

# In a part of a capture acknowledgements and sequence numbers have no counterpart.
GAPS = "tcp.analysis.flags && !tcp.analysis.retransmission"
SILENT = (*FAILURE, r"(?i)never answer", r"(?i)no (answer|reply|response) (from|by)")


def expired(lab: Lab) -> None:
    certificate = leaf(lab.plan.secure_name, issuer=lab.authority, validity=EXPIRED_12_DAYS_AGO)
    with office(lab, secure(lab, certificate)):
        https(lab, expect=NOT_TRUSTED)


def works(lab: Lab, protocols: str) -> None:
    with office(lab, secure(lab, large(lab), protocols)):
        https(lab)


@scenario(
    question="Is the server silent?",
    shows="A TLS 1.3 connection in order, between innocent traffic, of which the recorder saw what the client sent and "
    "nothing of the server.",
    findings=("capture_one_direction",),
    decisive_filter="tcp",
    words=(r"(?i)one (direction|side|way)|only",),
    answer_must_not=SILENT,
    finish=from_client_only,
    oddities=GAPS,
)
def tls13_client_side_only(lab: Lab) -> None:
    works(lab, "TLSv1.3")


@scenario(
    question="Why does the client not say anything?",
    shows="A TLS 1.2 connection in order, between innocent traffic, of which the recorder saw what the server sent and "
    "nothing of the client.",
    findings=("capture_one_direction",),
    decisive_filter="tcp",
    words=(r"(?i)one (direction|side|way)|only",),
    answer_must_not=SILENT,
    finish=from_server_only,
    oddities=GAPS,
)
def tls12_server_side_only(lab: Lab) -> None:
    works(lab, "TLSv1.2")


@scenario(
    question="Does this server have a problem?",
    shows="The certificate of $secure_name expired 12 days before the recording, and the recorder saw only what the "
    "server sent: the certificate, but not the client's alert.",
    findings=("tls_certificate_expired", "capture_one_direction"),
    decisive_filter="tls.handshake.type == 11",
    words=(r"(?i)expired", r"(?i)\b12(\.\d+)? days"),
    answer_must_not=(SAYS_SELF_SIGNED,),
    finish=from_server_only,
    oddities=f"({GAPS}) || ({CLIENT_RESETS})",
)
def tls12_expired_server_side_only(lab: Lab) -> None:
    expired(lab)


@scenario(
    question="What ends this connection? I started the recording a little late.",
    shows="The certificate of $secure_name expired 12 days before the recording, which begins after the ClientHello: "
    "certificate and alert are there.",
    findings=("tls_certificate_expired",),
    decisive_filter="tls.handshake.type == 11 || tls.alert_message",
    words=(r"(?i)expired", r"(?i)\b12(\.\d+)? days"),
    answer_must_not=(SAYS_SELF_SIGNED,),
    finish=after_client_hello,
    oddities=f"({GAPS}) || ({CLIENT_RESETS})",
)
def tls12_expired_without_hello(lab: Lab) -> None:
    expired(lab)


@scenario(
    question="Is this connection encrypted properly?",
    shows="A TLS 1.3 connection in order, recorded from the middle of its handshake on.",
    healthy=True,
    decisive_filter="tcp.port == $https_port && tcp.len > 0",
    words=NOTHING_WRONG,
    answer_must_not=SILENT,
    finish=after_server_hello,
    oddities=GAPS,
)
def tls13_starts_in_the_middle_healthy(lab: Lab) -> None:
    works(lab, "TLSv1.3")


@scenario(
    question="Did the handshake hang?",
    shows="A TLS 1.2 connection in order, whose recording was stopped when the server's first flight had begun.",
    healthy=True,
    decisive_filter="tls.handshake.type == 1",
    words=NOTHING_WRONG,
    answer_must_not=SILENT,
    finish=until_server_hello,
)
def tls12_ends_in_handshake_healthy(lab: Lab) -> None:
    works(lab, "TLSv1.2")


@scenario(
    question="Why is there no answer to the last message?",
    shows="A TLS 1.3 connection in order, whose recording was stopped right after the ClientHello.",
    healthy=True,
    decisive_filter="tls.handshake.type == 1",
    words=NOTHING_WRONG,
    answer_must_not=SILENT,
    finish=until_client_hello,
)
def tls13_ends_after_hello_healthy(lab: Lab) -> None:
    works(lab, "TLSv1.3")


def losing_first_segment(lab: Lab, validity: Validity | None = None) -> Site:
    """A TLS 1.2 site whose first full segment is lost on the way, once, so that the ServerHello arrives last."""
    once = "limit rate 1/hour burst 1 packets drop"
    lab.router.firewall(f"tcp sport {lab.plan.https_port} meta length > 1300 {once}")
    return secure(lab, large(lab, validity))


@scenario(
    question="Are these packets in order?",
    shows="The first segment of the server's answer, with the ServerHello and half of the certificates, is lost once "
    "and arrives after the second; the TLS 1.2 connection works.",
    healthy=True,
    decisive_filter="tcp.port == $https_port && tcp.analysis.flags",
    words=NOTHING_WRONG,
    answer_must_not=FAILURE,
    oddities="tcp.analysis.flags && tcp.port == $https_port",
)
def tls12_out_of_order_healthy(lab: Lab) -> None:
    with office(lab, losing_first_segment(lab)):
        https(lab)


@scenario(
    question="Why does the handshake fail, and is the disorder of the packets to blame?",
    shows="The certificate of $secure_name expired 12 days before the recording; the first segment of the server's TLS "
    "1.2 answer is lost once and arrives after the second, which is not why the client rejects the certificate.",
    findings=("tls_certificate_expired",),
    decisive_filter="tcp.port == $https_port && (tls.alert_message || tcp.analysis.flags)",
    words=(r"(?i)expired", r"(?i)\b12(\.\d+)? days"),
    answer_must_not=(SAYS_SELF_SIGNED,),
    oddities="tcp.port == $https_port && (tcp.analysis.flags || tcp.flags.reset == 1)",
)
def tls12_expired_out_of_order(lab: Lab) -> None:
    with office(lab, losing_first_segment(lab, EXPIRED_12_DAYS_AGO)):
        https(lab, expect=NOT_TRUSTED)
