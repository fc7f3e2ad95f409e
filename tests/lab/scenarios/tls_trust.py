"""TLS where not the server is at fault: the client's clock is wrong, or somebody answers in the server's place."""

from __future__ import annotations

from dataclasses import replace

from ..clients import NOT_TRUSTED, browse, curl, https
from ..pki import Credential, authority, leaf
from ..scenario import SAYS_EXPIRED, SAYS_SELF_SIGNED, Lab, scenario
from ..servers import Site, names, openssl, web
from ..tls import CERTIFICATE_OR_ALERT, CLIENT_RESETS, office, secure

CLOCK = (r"(?i)clock|date|time of the client|system time", r"(?i)client")
INTERCEPTED = (
    r"(?i)intercept|proxy|middlebox|inspect|between|(an)?other (issuer|authority)|two (issuers|authorities)",
)


def two_sites(lab: Lab) -> tuple[Site, Site]:
    """The secure name and the file name, each with a certificate in order."""
    served = (lab.plan.secure_name, lab.plan.file_name)
    certificates = [leaf(name, issuer=lab.authority) for name in served]
    first, second = (
        secure(lab, certificate, "TLSv1.2", f"server_name {name};")
        for certificate, name in zip(certificates, served, strict=True)
    )
    return first, second


def fetch_both(lab: Lab, clock: str) -> None:
    """Ask both sites, by a clock that is off."""
    trusted, _ = lab.authority.save(lab.directory)
    for name in (lab.plan.secure_name, lab.plan.file_name):
        url = f"https://{name}:{lab.plan.https_port}/"
        under = ("faketime", "-f", clock)
        curl(lab, url, "--cacert", str(trusted), expect=NOT_TRUSTED, under=under)


@scenario(
    question="Since this morning this machine refuses every HTTPS site. Why?",
    shows="The client's clock is 800 days fast: it ends the TLS 1.2 handshakes with two servers with the fatal alert "
    "certificate_expired, although both certificates are valid at the time of the recording.",
    findings=("tls_client_clock",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=CLOCK,
    answer_must_not=(SAYS_SELF_SIGNED, r"(?i)renew the certificate"),
    oddities=CLIENT_RESETS,
)
def tls12_client_clock_fast(lab: Lab) -> None:
    with office(lab, *two_sites(lab)):
        fetch_both(lab, "+800d")


@scenario(
    question="A device with an empty battery cannot reach our servers. What is the reason?",
    shows="The client's clock is 800 days slow: to it the certificates of two servers are not yet valid, and it ends "
    "the TLS 1.2 handshakes with the fatal alert bad_certificate; at the time of the recording both are valid.",
    findings=("tls_certificate_refused",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=(r"(?i)certificate", r"(?i)reject|not accept|refus|bad", r"(?i)client has a wrong clock"),
    answer_must_not=(SAYS_SELF_SIGNED, SAYS_EXPIRED),
    oddities=CLIENT_RESETS,
)
def tls12_client_clock_slow(lab: Lab) -> None:
    with office(lab, *two_sites(lab)):
        fetch_both(lab, "-800d")


def intercept(lab: Lab, certificate: Credential) -> None:
    """From now on the router answers in the server's place: it takes the server's address as its own."""
    lab.router.run("ip", "address", "add", f"{lab.plan.server}/32", "dev", "lo")
    in_place = replace(lab, network=replace(lab.network, server=lab.router))
    web(in_place, secure(lab, certificate))


@scenario(
    question="The same site works in the morning and fails in the afternoon. What is different?",
    shows="The first TLS 1.2 connection to $secure_name meets the server itself; at the second a proxy on the path "
    "answers with a certificate for the same name of another authority, which the client does not trust: it ends the "
    "handshake with the fatal alert unknown_ca.",
    findings=("tls_intercepted",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=INTERCEPTED,
    answer_must_not=(SAYS_EXPIRED, SAYS_SELF_SIGNED),
    oddities=CLIENT_RESETS,
)
def tls12_intercepted(lab: Lab) -> None:
    proxy = authority("Web Gateway Inspection CA", authority("Web Gateway Root CA"))
    names(lab)
    web(lab, secure(lab, leaf(lab.plan.secure_name, issuer=lab.authority)))
    https(lab)
    intercept(lab, leaf(lab.plan.secure_name, issuer=proxy))
    https(lab, expect=NOT_TRUSTED)


@scenario(
    question="Does anybody read along in my HTTPS connections?",
    shows="The first TLS 1.2 connection to $secure_name meets the server itself; at the second a proxy on the path "
    "answers with a certificate for the same name of another authority, which the client accepts.",
    findings=("tls_intercepted",),
    decisive_filter="tcp.port == $https_port && tls.handshake.type == 11",
    words=INTERCEPTED,
    answer_must_not=(SAYS_EXPIRED, SAYS_SELF_SIGNED),
    oddities=CLIENT_RESETS,
)
def tls12_intercepted_accepted(lab: Lab) -> None:
    root = authority("Web Gateway Root CA")
    names(lab)
    web(lab, Site(lab.plan.http_port), secure(lab, leaf(lab.plan.secure_name, issuer=lab.authority)))
    browse(lab)
    https(lab)
    intercept(lab, leaf(lab.plan.secure_name, issuer=authority("Web Gateway Inspection CA", root)))
    https(lab, "--insecure")


@scenario(
    question="The certificate of this site is another one since noon. Is somebody in between?",
    shows="The server of $secure_name gets a new certificate of the same authority between two TLS 1.2 connections, "
    "and the client accepts both.",
    healthy=True,
    decisive_filter="tcp.port == $https_port && tls.handshake.type == 11",
    words=(
        r"(?i)no (problem|fault|finding|issue|error)|nothing (is |was )?wrong|healthy|renew|same (issuer|authority)",
    ),
    answer_must_not=(r"(?i)is intercepted|intercepts", SAYS_EXPIRED),
)
def tls12_renewed_healthy(lab: Lab) -> None:
    names(lab)
    for _ in range(2):
        process = openssl(lab, lab.plan.https_port, leaf(lab.plan.secure_name, issuer=lab.authority), "-tls1_2")
        https(lab)
        process.terminate()
        process.wait()
