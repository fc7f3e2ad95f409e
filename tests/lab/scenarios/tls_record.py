"""TLS whose records are damaged, malformed or refused: bad MAC, garbled ClientHello, renegotiation, unknown key."""

from __future__ import annotations

import ssl

from .. import relay, servers
from ..clients import TLS_FAILED, https
from ..pki import leaf
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..tls import FAILED, NOT_CERTIFICATE, office, s_client

RESETS = "tcp.flags.reset == 1 && tcp.port == $https_port"
DAMAGED = (r"(?i)damag|corrupt|chang|alter|tamper|garbled|integrity|\bMAC\b|broken",)
# Content types: handshake and application data (RFC 8446, section 5.1).
HANDSHAKE, APPLICATION_DATA = 22, 23
BEHIND = 8444  # where the real server listens, which only the relay before it talks to


def behind_relay(lab: Lab, damages: str, kind: int, number: int, *options: str) -> None:
    """A server in order behind a load balancer that turns one bit of one record."""
    servers.openssl(lab, BEHIND, leaf(lab.plan.secure_name, issuer=lab.authority), *options)
    where = (f"--to={BEHIND}", f"--damages={damages}", f"--type={kind}", f"--number={number}")
    servers.stub(lab, relay, lab.plan.https_port, *where)


@scenario(
    question="Why does the server complain about a bad record?",
    shows="Something on the way changes one bit of the client's Finished message; the server ends the TLS 1.2 "
    "handshake with the fatal alert bad_record_mac.",
    findings=("tls_record_damaged",),
    decisive_filter="tls.alert_message.desc == 20",
    words=DAMAGED,
    answer_must_not=NOT_CERTIFICATE,
    oddities=RESETS,
)
def tls12_record_damaged(lab: Lab) -> None:
    behind_relay(lab, "client", HANDSHAKE, 3, "-tls1_2")
    with office(lab):
        https(lab, expect=TLS_FAILED)


@scenario(
    question="The handshake fails about once a day with this load balancer. What do you see?",
    shows="Something on the way changes one bit of the server's encrypted answer; the client ends the TLS 1.3 "
    "handshake with the fatal alert bad_record_mac.",
    findings=("tls_record_damaged",),
    decisive_filter="tls.alert_message.desc == 20",
    words=DAMAGED,
    answer_must_not=NOT_CERTIFICATE,
    oddities=RESETS,
)
def tls13_record_damaged(lab: Lab) -> None:
    behind_relay(lab, "server", APPLICATION_DATA, 1, "-tls1_3")
    s_client(lab, expect=FAILED)


def client_hello(name: str) -> bytes:
    """The first message of OpenSSL's client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=name)
    try:
        connection.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("a handshake needs an answer")


@scenario(
    question="My own TLS client gets an alert right after its first message. What did I do wrong?",
    shows="The client's ClientHello announces a longer list of cipher suites than the message holds; the server ends "
    "the handshake with the fatal alert decode_error.",
    findings=("tls_hello_malformed",),
    decisive_filter="tls.alert_message.desc == 50",
    words=(
        r"(?i)malformed|garbled|cannot (read|parse|decode)|could not|invalid|decod|syntax|damaged",
        r"(?i)hello|message",
    ),
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
    oddities=RESETS,
)
def tls_hello_garbled(lab: Lab) -> None:
    servers.openssl(lab, lab.plan.https_port, leaf(lab.plan.secure_name, issuer=lab.authority))
    hello = bytearray(client_hello(lab.plan.secure_name))
    # RFC 5246 7.4.1.2: record header, handshake header, version, random and session id stand before that length.
    suites_at = 5 + 4 + 2 + 32 + 1 + hello[43]
    hello[suites_at] = 0x7F
    with office(lab):
        connection = lab.client.connect(lab.plan.server, lab.plan.https_port)
        connection.sendall(hello)
        while connection.recv(4096):
            pass
        connection.close()


@scenario(
    question="The connection works for a while and then fails. The keys are in the capture.",
    shows="In the middle of a TLS 1.2 connection the client asks to negotiate anew, and the server refuses with the "
    "alert no_renegotiation; the capture holds the keys.",
    findings=("tls_renegotiation_refused",),
    decisive_filter="tls.alert_message.desc == 100",
    words=(r"(?i)renegotiat|negotiate (anew|again)|second handshake|new handshake",),
    answer_must_not=NOT_CERTIFICATE,
    # The server acknowledges the FIN late, and the client repeats it.
    oddities=f"({RESETS}) || (tcp.flags.fin == 1 && tcp.analysis.retransmission)",
)
def tls12_renegotiation_refused(lab: Lab) -> None:
    servers.openssl(lab, lab.plan.https_port, leaf(lab.plan.secure_name, issuer=lab.authority), "-no_renegotiation")
    trusted, _ = lab.authority.save(lab.directory)
    server = f"{lab.plan.server}:{lab.plan.https_port}"
    options = ("-CAfile", str(trusted), "-servername", lab.plan.secure_name, "-keylogfile", str(lab.key_log))
    # A line that begins with R makes s_client renegotiate.
    command = ("openssl", "s_client", "-connect", server, "-tls1_2", *options)
    with office(lab):
        lab.client.run(*command, stdin=b"R\n", accept=(0, 1))


@scenario(
    question="Why does our sensor not get through to the gateway?",
    shows="Client and server use pre-shared keys instead of certificates, and the client's key is not the server's; "
    "the server ends the TLS 1.2 handshake with the fatal alert bad_record_mac.",
    findings=("tls_record_damaged",),
    decisive_filter="tls.alert_message.level == 2",
    words=(r"(?i)\bkeys?\b|PSK",),
    answer_must_not=NOT_CERTIFICATE,
    oddities=RESETS,
)
def tls12_psk_differs(lab: Lab) -> None:
    cipher = ("-tls1_2", "-cipher", "PSK-AES128-GCM-SHA256", "-psk_identity", "sensor-12")
    port = lab.plan.https_port
    lab.server.serve("openssl", "s_server", "-accept", str(port), "-nocert", *cipher, "-psk", "0a1b2c3d4e5f", port=port)
    s_client(lab, *cipher, "-psk", "ffffffffffff", expect=FAILED)
