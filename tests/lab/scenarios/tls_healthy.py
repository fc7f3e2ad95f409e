"""TLS that works, also where it looks unusual: nothing here may raise a finding."""

from __future__ import annotations

import ssl

from .. import servers
from ..clients import converse, https, trusting
from ..pki import authority, leaf
from ..programs import LabError
from ..scenario import Lab, scenario
from ..servers import Site
from ..tls import FAILURE, NOTHING_WRONG


def serve(lab: Lab, protocols: str, *directives: str) -> None:
    """A server whose certificate, of a trusted authority by way of an intermediate, is in order."""
    issuing = authority("Lab Issuing CA", issuer=lab.authority)
    certificate = leaf(lab.plan.secure_name, issuer=issuing)
    servers.names(lab)
    servers.web(lab, Site(lab.plan.https_port, certificate, protocols, directives))


@scenario(
    question="Why does my TLS handshake fail?",
    shows="A TLS 1.2 connection with a trusted certificate, a request, its answer and a clean close: it does not fail.",
    healthy=True,
    decisive_filter="tls.app_data",
    words=NOTHING_WRONG,
    answer_must_not=FAILURE,
)
def tls12_healthy(lab: Lab) -> None:
    serve(lab, "TLSv1.2")
    https(lab)


@scenario(
    question="Is this TLS connection in order?",
    shows="A TLS 1.3 connection with a trusted certificate, a request, its answer and a clean close.",
    healthy=True,
    decisive_filter="tls.app_data",
    words=NOTHING_WRONG,
    answer_must_not=FAILURE,
)
def tls13_healthy(lab: Lab) -> None:
    serve(lab, "TLSv1.3")
    https(lab)


@scenario(
    question="Why is my TLS connection reset?",
    shows="A TLS 1.2 exchange completes, the server says close_notify and FIN, and the client, which has everything, "
    "closes with a reset.",
    healthy=True,
    decisive_filter="tcp.flags.reset == 1 || tls.app_data",
    oddities="tcp.flags.reset == 1 && tcp.srcport != $https_port",
    words=(r"(?i)after|harmless|normal|no (problem|fault|finding)|complete",),
    answer_must_not=FAILURE,
)
def tls12_healthy_reset_after_close(lab: Lab) -> None:
    serve(lab, "TLSv1.2")
    converse(lab, trusting(lab, ssl.TLSVersion.TLSv1_2), reset=True)


def play_resumption(lab: Lab, version: ssl.TLSVersion) -> None:
    # s_server waits for the client's close_notify; nginx does not, and its kernel would answer it with a reset.
    servers.openssl(lab, lab.plan.https_port, leaf(lab.plan.secure_name, issuer=lab.authority))
    context = trusting(lab, version)
    session = converse(lab, context)
    if session is None:
        raise LabError("the server gave no session to resume")
    converse(lab, context, session)


@scenario(
    question="Why does the second TLS handshake show no certificate?",
    shows="Two TLS 1.2 connections; the second resumes the session of the first and so carries no certificate.",
    healthy=True,
    decisive_filter="tls.handshake.type == 2",
    words=(r"(?i)resum|session|ticket|no (problem|fault|finding)|healthy",),
    answer_must_not=FAILURE,
)
def tls12_resumption_healthy(lab: Lab) -> None:
    play_resumption(lab, ssl.TLSVersion.TLSv1_2)


@scenario(
    question="Are these two TLS connections in order?",
    shows="Two TLS 1.3 connections, of which the second resumes the session of the first with a pre-shared key.",
    healthy=True,
    decisive_filter="tls.handshake.type == 2 && tls.handshake.extension.type == 41",
    words=NOTHING_WRONG,
    answer_must_not=FAILURE,
)
def tls13_resumption_healthy(lab: Lab) -> None:
    play_resumption(lab, ssl.TLSVersion.TLSv1_3)


@scenario(
    question="Why are there two client hellos?",
    shows="The client guesses a key share of a group that the server does not want; the server asks for another with a "
    "HelloRetryRequest, and the TLS 1.3 handshake completes.",
    healthy=True,
    # RFC 8446 4.1.3: a ServerHello with this random is a HelloRetryRequest.
    decisive_filter="tls.handshake.random == "
    "cf:21:ad:74:e5:9a:61:11:be:1d:8c:02:1e:65:b8:91:c2:a2:11:16:7a:bb:8c:5e:07:9e:09:e2:c8:a8:33:9c",
    words=(r"(?i)retry|key share|group|no (problem|fault|finding)|healthy",),
    answer_must_not=FAILURE,
)
def tls13_hello_retry_healthy(lab: Lab) -> None:
    serve(lab, "TLSv1.3", "ssl_ecdh_curve secp384r1;")
    https(lab, "--curves", "X25519:P-384")


@scenario(
    question="Is this TLS connection in order?",
    shows="The client's route has an MTU of 400 bytes, so its ClientHello and the server's certificate cross in "
    "several segments each; the TLS 1.2 connection works.",
    healthy=True,
    decisive_filter="tls.handshake.type == 1 && tcp.segment.count > 1",
    words=NOTHING_WRONG,
    answer_must_not=FAILURE,
)
def tls12_split_hello_healthy(lab: Lab) -> None:
    serve(lab, "TLSv1.2")
    lab.client.run("ip", "route", "replace", "default", "via", lab.plan.gateway, "mtu", "lock", "400")
    https(lab)
