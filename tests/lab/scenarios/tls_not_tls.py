"""TLS spoken to who does not speak it, something else spoken to who speaks TLS, and TLS where nobody looks for it."""

from __future__ import annotations

from .. import mail_stub, servers, stubs
from ..clients import TLS_FAILED, browse, curl
from ..pki import EXPIRED_12_DAYS_AGO, leaf
from ..scenario import SAYS_REFUSED, SAYS_SELF_SIGNED, Lab, scenario
from ..servers import Site
from ..tls import FAILED, FAILURE, NOT_CERTIFICATE, NOTHING_WRONG, office, python, s_client, secure

# Ports that mean a service; Wireshark does not look for TLS at the last.
SSH, SUBMISSION, UNKNOWN = 22, 587, 9999
EMPTY_REPLY = 52
PLAIN = (r"(?i)plain|unencrypted|without (TLS|encryption)|not (use|speak) TLS|HTTP", r"(?i)TLS|HTTPS|encrypt")
TO_PLAIN = (r"(?i)(not|no|does not) (speak|expect|use|understand) ?(TLS)?|plain|unencrypted|HTTP|SSH|SMTP", r"(?i)TLS")
RESETS = "tcp.flags.reset == 1 && tcp.port == $https_port"


@scenario(
    question="Why does the server answer 400 to my request?",
    shows="The client sends a plain HTTP request to the TLS port of nginx, which answers HTTP 400, in plain text too.",
    findings=("tls_plain_http",),
    decisive_filter="tcp.port == $https_port && tcp.len > 0",
    words=PLAIN,
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
    oddities=RESETS,
)
def tls_plain_http_to_nginx(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=lab.authority))):
        curl(lab, f"http://{lab.plan.secure_name}:{lab.plan.https_port}/")


@scenario(
    question="The server closes my connection without an answer. Why?",
    shows="The client sends a plain HTTP request to a TLS port, and the server closes the connection.",
    findings=("tls_plain_http",),
    decisive_filter="tcp.port == $https_port && tcp.len > 0",
    words=PLAIN,
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
    oddities=RESETS,
)
def tls_plain_http_to_openssl(lab: Lab) -> None:
    servers.openssl(lab, lab.plan.https_port, leaf(lab.plan.secure_name, issuer=lab.authority))
    with office(lab):
        curl(lab, f"http://{lab.plan.secure_name}:{lab.plan.https_port}/", expect=EMPTY_REPLY)


@scenario(
    question="My program says: wrong version number. Which TLS version does the server want?",
    shows="The client speaks TLS to the plain HTTP port of the web server, which answers HTTP 400: no version at all.",
    findings=("tls_to_plain_port",),
    decisive_filter="tcp.port == $http_port && http.response.code == 400",
    words=TO_PLAIN,
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
    oddities="tcp.flags.reset == 1 && tcp.port == $http_port",
)
def tls_to_http_port(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)
    curl(lab, f"https://{lab.plan.web_name}:{lab.plan.http_port}/", expect=TLS_FAILED)
    browse(lab)


@scenario(
    question="I cannot open a TLS connection to this machine. Is its certificate bad?",
    shows="The client speaks TLS to an SSH server, which says its version in plain text and closes.",
    findings=("tls_to_plain_port",),
    decisive_filter=f"tcp.port == {SSH} && tcp.len > 0",
    words=TO_PLAIN,
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
    oddities=f"tcp.flags.reset == 1 && tcp.port == {SSH}",
)
def tls_to_ssh_port(lab: Lab) -> None:
    answers = (r"--banner=SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", r"--reply=Invalid SSH identification string.\r\n")
    servers.stub(lab, stubs, SSH, "raw", *answers)
    with office(lab):
        s_client(lab, port=SSH, expect=FAILED)


@scenario(
    question="Our program cannot send mail: wrong version number. What is the matter?",
    shows="The client speaks TLS at once to port 587, where the mail server greets in plain text and expects STARTTLS.",
    findings=("tls_to_plain_port",),
    decisive_filter=f"tcp.port == {SUBMISSION} && tcp.len > 0",
    words=TO_PLAIN,
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
    oddities=f"tcp.flags.reset == 1 && tcp.port == {SUBMISSION}",
)
def tls_to_smtp_port(lab: Lab) -> None:
    servers.stub(lab, mail_stub, SUBMISSION, "smtp")
    with office(lab):
        program = f"smtplib.SMTP_SSL('{lab.plan.secure_name}', {SUBMISSION}, local_hostname='{lab.plan.web_name}')"
        python(lab, f"import smtplib; {program}", expect=FAILED)


@scenario(
    question="Why does the program not get a connection to port 9999?",
    shows="TLS 1.2 on port 9999: the certificate of $secure_name expired 12 days before the recording, and the client "
    "ends the handshake with the fatal alert certificate_expired.",
    findings=("tls_certificate_expired",),
    decisive_filter=f"tcp.port == {UNKNOWN} && tcp.len > 0",
    words=(r"(?i)expired", r"(?i)\b12(\.\d+)? days"),
    answer_must_not=(SAYS_SELF_SIGNED, SAYS_REFUSED),
    oddities=f"tcp.flags.reset == 1 && tcp.dstport == {UNKNOWN}",
)
def tls12_expired_on_odd_port(lab: Lab) -> None:
    expired = leaf(lab.plan.secure_name, issuer=lab.authority, validity=EXPIRED_12_DAYS_AGO)
    with office(lab, Site(UNKNOWN, expired)):
        s_client(lab, port=UNKNOWN, expect=FAILED)


@scenario(
    question="What runs on port 9999, and is it in order?",
    shows="A TLS 1.3 connection in order on port 9999.",
    healthy=True,
    decisive_filter=f"tcp.port == {UNKNOWN} && tcp.len > 0",
    words=NOTHING_WRONG,
    answer_must_not=FAILURE,
    oddities=f"tcp.flags.reset == 1 && tcp.port == {UNKNOWN}",
)
def tls13_on_odd_port_healthy(lab: Lab) -> None:
    servers.openssl(lab, UNKNOWN, leaf(lab.plan.secure_name, issuer=lab.authority), "-tls1_3")
    with office(lab):
        s_client(lab, port=UNKNOWN)
