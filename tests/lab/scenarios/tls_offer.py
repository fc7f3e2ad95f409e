"""TLS between programs that have a version or a cipher, a group, a signature or a protocol too few in common."""

from __future__ import annotations

from .. import servers
from ..clients import TLS_FAILED, https
from ..pki import leaf
from ..scenario import Lab, scenario
from ..servers import Site
from ..tls import (
    ANY_STRENGTH,
    CLIENT_RESETS,
    FAILED,
    NOT_CERTIFICATE,
    NOTHING_WRONG,
    WHY,
    gnutls_cli,
    office,
    s_client,
    secure,
)

VERSION_REFUSED = "tls.alert_message.desc == 70"
NOTHING_IN_COMMON = "tls.alert_message.desc == 40"
COMMON = r"(?i)common|shared|agree|both|offers?|match|supports?|accepts?|allows?"
NOT_CIPHER = r"(?i)no (shared|common) cipher"


def openssl(lab: Lab, *options: str) -> None:
    """openssl s_server with a certificate in order."""
    servers.openssl(lab, lab.plan.https_port, leaf(lab.plan.secure_name, issuer=lab.authority), *options)


@scenario(
    question="The new client cannot reach our old appliance. Why?",
    shows="The server speaks TLS 1.1 at most; the client, which needs TLS 1.2 or newer, offers 1.2 and 1.3 and gets "
    "the fatal alert protocol_version.",
    findings=("tls_no_common_version",),
    decisive_filter=VERSION_REFUSED,
    words=(r"(?i)version", r"(?i)TLS ?(v)?1\.[0123]"),
    answer_must_not=(*NOT_CERTIFICATE, NOT_CIPHER),
)
def tls_server_too_old(lab: Lab) -> None:
    certificate = leaf(lab.plan.secure_name, issuer=lab.authority)
    with office(lab, secure(lab, certificate, "TLSv1 TLSv1.1", f"ssl_ciphers {ANY_STRENGTH};")):
        https(lab, "--tlsv1.2", expect=TLS_FAILED)


@scenario(
    question="curl reports a TLS failure with this server, and the log of the server shows internal error. Why?",
    shows="The server answers with TLS 1.1, the newest that it speaks; the client's security level forbids the SHA-1 "
    "signature of that version, and the client ends the handshake with the fatal alert internal_error.",
    findings=("tls_no_common_version",),
    decisive_filter="tls.handshake.type == 2 || tls.alert_message.desc == 80",
    words=(r"(?i)TLS ?(v)?1\.1", r"(?i)old|obsolete|outdated|deprecated|no longer|version"),
    answer_must_not=(*NOT_CERTIFICATE, NOT_CIPHER),
    oddities=CLIENT_RESETS,
)
def tls11_forbidden_by_client(lab: Lab) -> None:
    certificate = leaf(lab.plan.secure_name, issuer=lab.authority)
    with office(lab, secure(lab, certificate, "TLSv1 TLSv1.1", f"ssl_ciphers {ANY_STRENGTH};")):
        https(lab, expect=TLS_FAILED)


@scenario(
    question=WHY,
    shows="The client allows TLS 1.2 only and the server answers with TLS 1.1, the newest that it speaks; the client "
    "ends the handshake with the fatal alert protocol_version.",
    findings=("tls_no_common_version",),
    decisive_filter=VERSION_REFUSED,
    words=(r"(?i)version", r"(?i)TLS ?(v)?1\.[012]"),
    answer_must_not=(*NOT_CERTIFICATE, NOT_CIPHER),
    oddities=CLIENT_RESETS,
)
def tls_server_answers_too_old(lab: Lab) -> None:
    openssl(lab, "-tls1_1", "-cipher", ANY_STRENGTH)
    s_client(lab, "-tls1_2", expect=FAILED)


@scenario(
    question="Is the encryption of this connection up to date?",
    shows="Client and server are both told to use TLS 1.0: the connection is established and data flows.",
    findings=("tls_obsolete_version",),
    decisive_filter="tls.handshake.type == 2",
    words=(r"(?i)TLS ?(v)?1\.0", r"(?i)old|obsolete|outdated|deprecated|unsafe|insecure|no longer"),
    answer_must_not=(*NOT_CERTIFICATE, r"(?i)handshake (fails|failed)"),
    oddities=CLIENT_RESETS,
)
def tls10_works(lab: Lab) -> None:
    certificate = leaf(lab.plan.secure_name, issuer=lab.authority)
    with office(lab, secure(lab, certificate, "TLSv1 TLSv1.1", f"ssl_ciphers {ANY_STRENGTH};")):
        https(lab, "--tlsv1.0", "--tls-max", "1.0", "--ciphers", ANY_STRENGTH)


@scenario(
    question="Which TLS version does this old printer speak, and is that a problem?",
    shows="The server speaks TLS 1.1 at most and the client offers 1.1 and 1.2: they agree on TLS 1.1 and data flows.",
    findings=("tls_obsolete_version",),
    decisive_filter="tls.handshake.type == 2",
    words=(r"(?i)TLS ?(v)?1\.1", r"(?i)old|obsolete|outdated|deprecated|unsafe|insecure|no longer"),
    answer_must_not=(*NOT_CERTIFICATE, r"(?i)handshake (fails|failed)"),
    oddities=CLIENT_RESETS,
)
def tls11_works(lab: Lab) -> None:
    openssl(lab, "-tls1_1", "-cipher", ANY_STRENGTH)
    s_client(lab, "-no_tls1_3", "-no_tls1", "-cipher", ANY_STRENGTH)


@scenario(
    question="Which side has to change something so that this handshake works?",
    shows="Client and server each allow one TLS 1.3 cipher suite, and not the same one; the server ends the handshake "
    "with the fatal alert handshake_failure.",
    findings=("tls_no_common_cipher",),
    decisive_filter=NOTHING_IN_COMMON,
    words=(r"(?i)cipher", COMMON),
    answer_must_not=NOT_CERTIFICATE,
)
def tls13_no_shared_cipher(lab: Lab) -> None:
    certificate = leaf(lab.plan.secure_name, issuer=lab.authority)
    only = "ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256;"
    with office(lab, secure(lab, certificate, "TLSv1.3", only)):
        https(lab, "--tlsv1.3", "--tls13-ciphers", "TLS_AES_128_GCM_SHA256", expect=TLS_FAILED)


@scenario(
    question="After hardening the server, GnuTLS clients fail. Why?",
    shows="The server, GnuTLS, allows ChaCha20 only and the client AES only, in TLS 1.2; the server ends the "
    "handshake with a fatal alert.",
    findings=("tls_no_common_cipher",),
    decisive_filter="tls.alert_message",
    words=(r"(?i)cipher", COMMON),
    answer_must_not=NOT_CERTIFICATE,
    oddities="tcp.flags.reset == 1 && tcp.port == $https_port",
)
def tls12_no_shared_cipher_gnutls(lab: Lab) -> None:
    base = "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL"
    certificate = leaf(lab.plan.secure_name, issuer=lab.authority)
    servers.gnutls(lab, lab.plan.https_port, certificate, f"--priority={base}:+CHACHA20-POLY1305")
    gnutls_cli(lab, f"--priority={base}:+AES-128-GCM", expect=FAILED)


@scenario(
    question="Why does the server answer handshake_failure?",
    shows="The server allows the group P-521 only and the client X25519 only; the server ends the TLS 1.3 handshake "
    "with the fatal alert handshake_failure.",
    findings=("tls_no_common_group",),
    decisive_filter=NOTHING_IN_COMMON,
    words=(r"(?i)group|curve|key exchange", COMMON),
    answer_must_not=(*NOT_CERTIFICATE, NOT_CIPHER),
)
def tls13_no_shared_group(lab: Lab) -> None:
    with office(
        lab, secure(lab, leaf(lab.plan.secure_name, issuer=lab.authority), "TLSv1.3", "ssl_ecdh_curve secp521r1;")
    ):
        https(lab, "--curves", "X25519", expect=TLS_FAILED)


@scenario(
    question=WHY,
    shows="The server has a certificate with an elliptic key and the client accepts RSA signatures only; the server "
    "ends the TLS 1.3 handshake with the fatal alert handshake_failure.",
    findings=("tls_no_common_signature",),
    decisive_filter=NOTHING_IN_COMMON,
    words=(r"(?i)signature", COMMON),
    answer_must_not=(*NOT_CERTIFICATE, NOT_CIPHER),
)
def tls13_no_shared_signature(lab: Lab) -> None:
    openssl(lab)
    s_client(lab, "-tls1_3", "-sigalgs", "rsa_pss_rsae_sha256", expect=FAILED)


@scenario(
    question="Our HTTP/2 client fails against this server, a browser does not. Why?",
    shows="The client offers only a protocol by ALPN that the server does not speak; the server ends the TLS 1.3 "
    "handshake with the fatal alert no_application_protocol.",
    findings=("tls_alpn_mismatch",),
    decisive_filter="tls.alert_message.desc == 120",
    words=(r"(?i)ALPN|application protocol|protocol", COMMON),
    answer_must_not=(*NOT_CERTIFICATE, NOT_CIPHER),
)
def tls13_alpn_refused(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=lab.authority), "TLSv1.3")):
        s_client(lab, "-alpn", "h2,grpc-exp", expect=FAILED)


@scenario(
    question="What do these two not agree on?",
    shows="The client offers http/1.1 by ALPN and the server speaks h2 only; the server ends the TLS 1.2 handshake "
    "with the fatal alert no_application_protocol.",
    findings=("tls_alpn_mismatch",),
    decisive_filter="tls.alert_message.desc == 120",
    words=(r"(?i)ALPN|application protocol|protocol", r"(?i)http/1\.1|h2"),
    answer_must_not=(*NOT_CERTIFICATE, NOT_CIPHER),
)
def tls12_alpn_refused(lab: Lab) -> None:
    openssl(lab, "-tls1_2", "-alpn", "h2")
    s_client(lab, "-alpn", "http/1.1", expect=FAILED)


@scenario(
    question="Why does the second attempt with the older version fail?",
    shows="The client says that it fell back to TLS 1.2 (TLS_FALLBACK_SCSV), and the server, which speaks TLS 1.3, "
    "ends the handshake with the fatal alert inappropriate_fallback.",
    findings=("tls_fallback_refused",),
    decisive_filter="tls.alert_message.desc == 86",
    words=(r"(?i)fall(s|ing)?[ -]?back|fell back|older version|downgrade|lower version",),
    answer_must_not=(*NOT_CERTIFICATE, NOT_CIPHER),
)
def tls12_fallback_refused(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=lab.authority), "TLSv1.2 TLSv1.3")):
        s_client(lab, "-no_tls1_3", "-fallback_scsv", expect=FAILED)


@scenario(
    question="Do these two agree on HTTP/2?",
    shows="Client and server agree on h2 by ALPN; the TLS 1.3 connection and the request work.",
    healthy=True,
    decisive_filter="tls.handshake.extensions_alpn_str == h2",
    words=NOTHING_WRONG,
    answer_must_not=(*NOT_CERTIFICATE, NOT_CIPHER),
)
def tls13_http2_healthy(lab: Lab) -> None:
    certificate = leaf(lab.plan.secure_name, issuer=lab.authority)
    with office(lab, Site(lab.plan.https_port, certificate, "TLSv1.2 TLSv1.3", listening="http2")):
        https(lab, "--http2")
