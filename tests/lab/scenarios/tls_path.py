"""TLS where the server or the path answers the ClientHello with silence, a reset or an end, or loses the answer."""

from __future__ import annotations

import signal

from .. import servers, stubs
from ..clients import TIMED_OUT, TLS_FAILED, https
from ..pki import Credential, Validity, authority, leaf, rsa_key
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..tls import NOT_CERTIFICATE, office, secure

HELLO = "tcp.port == $https_port && tls.handshake.type == 1"
LOSS = "tcp.port == $https_port && (tcp.analysis.flags || tcp.flags.reset == 1)"
RESETS = "tcp.port == $https_port && tcp.flags.reset == 1"
SILENCE = (
    r"(?i)no (answer|reply|response)|not answer|never answer|unanswered|silen|nothing|acknowledg",
    r"(?i)hello|handshake|TLS",
)
LOST = (r"(?i)lost|missing|(never|not) arriv|drop|retransmi", r"(?i)large|big|full[- ]size|MTU|size|bytes")


def large(lab: Lab, validity: Validity | None = None) -> Credential:
    """A certificate with an intermediate that, with their RSA keys, needs more than one segment."""
    issuing = authority("Lab Issuing CA", lab.authority, key=rsa_key())
    return leaf(lab.plan.secure_name, issuer=issuing, validity=validity, key=rsa_key())


def raw(lab: Lab, *options: str) -> None:
    servers.stub(lab, stubs, lab.plan.https_port, "raw", *options)


@scenario(
    question="The connection opens and then nothing happens until the time is up. Why?",
    shows="The router drops every packet to port $https_port that is larger than a TCP handshake's: the ClientHello is "
    "sent again and again and never acknowledged; the client gives up after 5 seconds.",
    findings=("tls_hello_unacknowledged",),
    decisive_filter=HELLO,
    words=SILENCE,
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
    oddities=LOSS,
)
def tls_hello_dropped(lab: Lab) -> None:
    lab.router.firewall(f"tcp dport {lab.plan.https_port} meta length > 120 drop")
    with office(lab, secure(lab, large(lab), "TLSv1.3")):
        https(lab, "--max-time", "5", expect=TIMED_OUT)


@scenario(
    question="Why does this program hang when it connects?",
    shows="The server acknowledges the ClientHello and never answers it; the client gives up after 4 seconds.",
    findings=("tls_no_server_hello",),
    decisive_filter=HELLO,
    words=SILENCE,
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
    oddities=LOSS,
)
def tls_server_silent(lab: Lab) -> None:
    raw(lab, "--then=silence")
    with office(lab):
        https(lab, "--max-time", "4", expect=TIMED_OUT)


@scenario(
    question="Is it the client or the server that breaks this connection off?",
    shows="The server is busy and would answer the ClientHello after 4 seconds; the client gives up after 2 and "
    "answers the late ServerHello with a reset.",
    findings=("tls_no_server_hello",),
    decisive_filter=HELLO,
    words=(r"(?i)slow|late|no (answer|reply|response)|gave up|gives up|not answer|unanswered|second|wait",),
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
    oddities=LOSS,
)
def tls_server_slow(lab: Lab) -> None:
    process = servers.openssl(lab, lab.plan.https_port, leaf(lab.plan.secure_name, issuer=lab.authority))
    with office(lab):
        process.send_signal(signal.SIGSTOP)
        https(lab, "--max-time", "2", expect=TIMED_OUT)
        process.send_signal(signal.SIGCONT)


@scenario(
    question="Who resets this connection?",
    shows="A device on the path, not the server, answers the ClientHello with a reset: its reset has another TTL than "
    "the server's packets.",
    findings=("tls_reset_after_hello",),
    decisive_filter="tcp.flags.reset == 1 && tcp.srcport == $https_port",
    words=(r"(?i)reset", r"(?i)firewall|middlebox|on the (way|path)|between|TTL|device|filter"),
    answer_must_not=NOT_CERTIFICATE,
    oddities=RESETS,
)
def tls_reset_on_path(lab: Lab) -> None:
    lab.router.firewall(f"tcp dport {lab.plan.https_port} meta length > 120 reject with tcp reset")
    with office(lab, secure(lab, large(lab), "TLSv1.3")):
        https(lab, expect=TLS_FAILED)


@scenario(
    question="Why does the TLS connection break off at once?",
    shows="The server itself answers the ClientHello with a reset.",
    findings=("tls_reset_after_hello",),
    decisive_filter="tcp.flags.reset == 1 && tcp.srcport == $https_port",
    words=(r"(?i)reset", r"(?i)server"),
    answer_must_not=NOT_CERTIFICATE,
    oddities=RESETS,
)
def tls_reset_by_server(lab: Lab) -> None:
    raw(lab, "--then=reset")
    with office(lab):
        https(lab, expect=TLS_FAILED)


@scenario(
    question="My client says: unexpected end of file. What happened?",
    shows="The server closes the connection in answer to the ClientHello, without a word of TLS.",
    findings=("tls_closed_after_hello",),
    decisive_filter=HELLO,
    words=(r"(?i)clos|hangs up|hung up|ends|ended", r"(?i)server", r"(?i)hello|handshake|without"),
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
    oddities=RESETS,
)
def tls_closed_by_server(lab: Lab) -> None:
    raw(lab, "--then=close")
    with office(lab):
        https(lab, expect=TLS_FAILED)


@scenario(
    question="Small pages load, but HTTPS hangs since we use the VPN. Why?",
    shows="The path drops the large packets toward the client without a word (no ICMP): of the server's TLS 1.2 answer "
    "only the end arrives, the client asks for the rest in vain and gives up after 5 seconds.",
    findings=("tls_flight_lost",),
    decisive_filter="tcp.port == $https_port && (tls.handshake.type == 1 || tcp.analysis.flags)",
    words=LOST,
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
    oddities=LOSS,
)
def tls12_flight_lost(lab: Lab) -> None:
    lab.router.firewall(f"tcp sport {lab.plan.https_port} meta length > 1300 drop")
    with office(lab, secure(lab, large(lab), "TLSv1.2")):
        https(lab, "--max-time", "5", expect=TIMED_OUT)


@scenario(
    question="The server sends its answer over and over. Why does the client not react?",
    shows="Seen at the server: the path drops the large packets toward the client without a word (no ICMP); the server "
    "sends its TLS 1.3 answer again and again, the client acknowledges only the small parts and gives up.",
    findings=("tls_flight_lost",),
    decisive_filter="tcp.port == $https_port && (tls.handshake.type == 2 || tcp.analysis.flags)",
    words=LOST,
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
    side="server",
    oddities=LOSS,
)
def tls13_flight_lost_at_server(lab: Lab) -> None:
    lab.router.firewall(f"tcp sport {lab.plan.https_port} meta length > 1300 drop")
    with office(lab, secure(lab, large(lab), "TLSv1.3")):
        https(lab, "--max-time", "5", expect=TIMED_OUT)
