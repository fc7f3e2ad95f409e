"""TLS and the name of the server: not in its certificate, not known to it, not said at all."""

from __future__ import annotations

from ..clients import NOT_TRUSTED, curl, https
from ..pki import leaf
from ..scenario import Lab, scenario
from ..servers import Site, openssl
from ..tls import CERTIFICATE_OR_ALERT, CLIENT_RESETS, FAILED, FAILURE, WHY, gnutls_cli, office, s_client, secure

ANSWERED_WITHOUT_CERTIFICATE = FAILURE[1:]
MISMATCH = (r"(?i)name", r"(?i)does not (match|cover|contain|name)|mismatch|not (issued )?for|another name|other name")
NAME_REFUSED = "tls.alert_message.desc == 112"


@scenario(
    question="Why can my program not open a secure connection to $secure_name?",
    shows="The client asks for $secure_name and gets a certificate that names only $web_name; it ends the TLS 1.2 "
    "handshake with a fatal alert.",
    findings=("tls_name_mismatch",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=(*MISMATCH, r"$secure_name", r"$web_name"),
    answer_must_not=FAILURE[1:],
    oddities=CLIENT_RESETS,
)
def tls12_other_name(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.web_name, issuer=lab.authority))):
        s_client(lab, "-verify_hostname", lab.plan.secure_name, expect=FAILED)


@scenario(
    question="The browser warns about this site. What is wrong?",
    shows="The certificate names only $web_name; the client, which asked for $secure_name, completes the TLS 1.2 "
    "handshake, compares the names only then and, as browsers do, leaves without a request or an alert of a fault.",
    findings=("tls_name_mismatch",),
    decisive_filter="tcp.port == $https_port && tls.handshake.type == 11",
    words=(*MISMATCH, r"$secure_name", r"$web_name"),
    answer_must_not=FAILURE[1:],
    oddities=CLIENT_RESETS,
)
def tls12_other_name_client_leaves(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.web_name, issuer=lab.authority))):
        https(lab, expect=NOT_TRUSTED)


@scenario(
    question="We have a wildcard certificate. Why does it not work for this host?",
    shows="The certificate names *.$secure_name, and the client asks for eu.shop.$secure_name, which is a level deeper "
    "than a wildcard reaches: the client ends the TLS 1.2 handshake with a fatal alert.",
    findings=("tls_name_mismatch",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=(*MISMATCH, r"eu\.shop\.$secure_name", r"\*\.$secure_name"),
    answer_must_not=FAILURE[1:],
    oddities=CLIENT_RESETS,
)
def tls12_wildcard_too_shallow(lab: Lab) -> None:
    name = f"eu.shop.{lab.plan.secure_name}"
    openssl(lab, lab.plan.https_port, leaf(f"*.{lab.plan.secure_name}", issuer=lab.authority), "-tls1_2")
    s_client(lab, "-verify_hostname", name, name=name, expect=FAILED)


@scenario(
    question="Does the name in the certificate fit?",
    shows="The client asks for eu.$secure_name, and the certificate names *.$secure_name, which covers it: the TLS 1.2 "
    "connection is in order.",
    healthy=True,
    decisive_filter="tcp.port == $https_port && tls.handshake.type == 11",
    words=(r"(?i)no (problem|fault|finding|issue|error)|nothing (is |was )?wrong|healthy|match|cover|fits",),
    answer_must_not=(*FAILURE, r"(?i)does not (match|cover)|mismatch"),
)
def tls12_wildcard_healthy(lab: Lab) -> None:
    name = f"eu.{lab.plan.secure_name}"
    site = secure(lab, leaf(f"*.{lab.plan.secure_name}", lab.plan.secure_name, issuer=lab.authority))
    trusted, _ = lab.authority.save(lab.directory)
    with office(lab, site, also=(f"--host-record={name},{lab.plan.server}",)):
        curl(lab, f"https://{name}:{lab.plan.https_port}/", "--cacert", str(trusted))


@scenario(
    question="Why does GnuTLS refuse this site, when the certificate is quite new?",
    shows="The certificate names only $web_name and the client asked for $secure_name; GnuTLS ends the TLS 1.2 "
    "handshake with a fatal alert.",
    findings=("tls_name_mismatch",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=(*MISMATCH, r"$secure_name"),
    answer_must_not=FAILURE[1:],
    oddities=CLIENT_RESETS,
)
def tls12_other_name_gnutls(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.web_name, issuer=lab.authority))):
        gnutls_cli(lab, expect=FAILED)


def refusing_others(lab: Lab, protocols: str) -> tuple[Site, Site]:
    """A server that rejects the handshake unless the client asks for the secure name."""
    certificate = leaf(lab.plan.secure_name, issuer=lab.authority)
    others = secure(lab, certificate, protocols, "ssl_reject_handshake on;")
    return others, secure(lab, certificate, protocols, f"server_name {lab.plan.secure_name};")


@scenario(
    question=WHY,
    shows="The client asks for $file_name, a name that this server does not serve; the server ends the handshake with "
    "the fatal alert unrecognized_name.",
    findings=("tls_name_unknown",),
    decisive_filter=NAME_REFUSED,
    words=(r"$file_name", r"(?i)(not|un)[ -]?(know|serve|recogni|configured)"),
    answer_must_not=ANSWERED_WITHOUT_CERTIFICATE,
)
def tls13_name_not_served(lab: Lab) -> None:
    with office(lab, *refusing_others(lab, "TLSv1.3")):
        curl(lab, f"https://{lab.plan.file_name}:{lab.plan.https_port}/", expect=35)


@scenario(
    question="The load balancer hangs up on our client during the handshake. Why?",
    shows="The server knows $secure_name and $web_name only; the client asks for $file_name and the server ends the "
    "TLS 1.2 handshake with the fatal alert unrecognized_name.",
    findings=("tls_name_unknown",),
    decisive_filter=NAME_REFUSED,
    words=(r"$file_name", r"(?i)(not|un)[ -]?(know|serve|recogni|configured)"),
    answer_must_not=ANSWERED_WITHOUT_CERTIFICATE,
)
def tls12_name_not_served(lab: Lab) -> None:
    certificate = leaf(lab.plan.secure_name, issuer=lab.authority)
    chain, key = certificate.save(lab.directory)
    second = ("-servername", lab.plan.web_name, "-servername_fatal", "-cert2", str(chain), "-key2", str(key))
    openssl(lab, lab.plan.https_port, certificate, "-tls1_2", *second)
    s_client(lab, name=lab.plan.file_name, expect=FAILED)


@scenario(
    question="My old program cannot connect over TLS, newer ones can. What does it do differently?",
    shows="The client says no server name at all, and the server, which needs one to choose a site, ends the TLS 1.2 "
    "handshake with the fatal alert unrecognized_name; another client that says the name is served.",
    findings=("tls_name_missing",),
    decisive_filter=NAME_REFUSED,
    words=(r"(?i)\bSNI\b|server[_ ]name|host ?name|\bname\b", r"(?i)\bno\b|without|missing|does not (say|send)|lacks"),
    answer_must_not=ANSWERED_WITHOUT_CERTIFICATE,
)
def tls12_no_name_sent(lab: Lab) -> None:
    with office(lab, *refusing_others(lab, "TLSv1.2")):
        https(lab)
        s_client(lab, name="", expect=FAILED)


@scenario(
    question=WHY,
    shows="The client connects by address and says no server name; the server needs one and ends the handshake with "
    "the fatal alert unrecognized_name.",
    findings=("tls_name_missing",),
    decisive_filter=NAME_REFUSED,
    words=(r"(?i)\bSNI\b|server[_ ]name|host ?name|\bname\b", r"(?i)\bno\b|without|missing|does not (say|send)|lacks"),
    answer_must_not=ANSWERED_WITHOUT_CERTIFICATE,
)
def tls13_no_name_sent(lab: Lab) -> None:
    with office(lab, *refusing_others(lab, "TLSv1.3")):
        curl(lab, f"https://{lab.plan.server}:{lab.plan.https_port}/", expect=35)
