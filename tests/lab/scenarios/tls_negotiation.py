"""TLS between programs that do not agree on a version or a cipher, or nearly do not."""

from __future__ import annotations

from .. import servers
from ..clients import TLS_FAILED, browse, https
from ..pki import leaf
from ..scenario import SAYS_EXPIRED, SAYS_HANDSHAKE_FAILS, SAYS_SELF_SIGNED, Lab, scenario
from ..servers import Site
from ..tls import WHY


@scenario(
    question=WHY,
    shows="Client and server each allow one TLS 1.2 cipher suite, and not the same one; the server ends the handshake "
    "with the fatal alert handshake_failure.",
    findings=("tls_no_common_cipher",),
    decisive_filter="tls.alert_message.desc == 40",
    words=(r"(?i)cipher", r"(?i)handshake[_ ]failure|alert"),
    answer_must_not=(SAYS_EXPIRED, SAYS_SELF_SIGNED),
)
def tls12_no_shared_cipher(lab: Lab) -> None:
    servers.names(lab)
    only = "ssl_ciphers ECDHE-ECDSA-AES256-GCM-SHA384;"
    servers.web(lab, Site(lab.plan.https_port, leaf(lab.plan.secure_name, issuer=lab.authority), directives=(only,)))
    https(lab, "--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256", expect=TLS_FAILED)


@scenario(
    question=WHY,
    shows="The server speaks TLS 1.3 only and the client TLS 1.2 at most; the server ends the handshake with the fatal "
    "alert protocol_version.",
    findings=("tls_no_common_version",),
    decisive_filter="tls.alert_message.desc == 70",
    words=(r"(?i)version", r"(?i)TLS ?(v)?1\.[23]"),
    answer_must_not=(SAYS_EXPIRED, SAYS_SELF_SIGNED, r"(?i)no (shared|common) cipher"),
)
def tls_no_common_version(lab: Lab) -> None:
    servers.names(lab)
    certificate = leaf(lab.plan.secure_name, issuer=lab.authority)
    servers.web(lab, Site(lab.plan.http_port), Site(lab.plan.https_port, certificate, "TLSv1.3"))
    browse(lab)
    https(lab, "--tls-max", "1.2", expect=TLS_FAILED)
    browse(lab)


@scenario(
    question="There is an alert in my TLS connection. Is it broken?",
    shows="The server does not serve the name that the client asks for and says so with the warning alert "
    "unrecognized_name; the TLS 1.2 handshake completes all the same and data flows.",
    healthy=True,
    decisive_filter="tls.alert_message.desc == 112",
    words=(r"(?i)warning", r"(?i)complete|succe|work|established|no (problem|fault|finding)"),
    answer_must_not=(SAYS_HANDSHAKE_FAILS,),
)
def tls_warning_alert_healthy(lab: Lab) -> None:
    certificate = leaf(lab.plan.secure_name, issuer=lab.authority)
    chain, key = certificate.save(lab.directory)
    other = ("-servername", lab.plan.web_name, "-cert2", str(chain), "-key2", str(key))
    servers.names(lab)
    servers.openssl(lab, lab.plan.https_port, certificate, "-tls1_2", *other)
    https(lab)
