"""TLS certificates that are valid and still not fit: wrong purpose, weak, not yet valid, without a promised proof."""

from __future__ import annotations

from cryptography import x509

from ..clients import NOT_TRUSTED, https
from ..pki import CLIENTS, VALID_IN_12_DAYS, authority, leaf, leaf_signed_with_sha1, rsa_key
from ..scenario import Lab, scenario
from ..tls import (
    ANY_STRENGTH,
    CERTIFICATE_OR_ALERT,
    CLIENT_RESETS,
    FAILED,
    FAILURE,
    WHY,
    gnutls_cli,
    java,
    office,
    secure,
)

CERTIFICATE = "tcp.port == $https_port && tls.handshake.type == 11"
NOT_YET = (r"(?i)not (yet )?valid|not valid (yet|before|until)|too early|future", r"(?i)\b12(\.\d+)? days|clock|date")
SHORT_KEY = (r"(?i)weak|short|1024|small|too few bits", r"(?i)key|RSA")


@scenario(
    question=WHY,
    shows="The certificate of $secure_name becomes valid 12 days after the recording; the client ends the TLS 1.2 "
    "handshake with a fatal alert.",
    findings=("tls_certificate_not_yet_valid",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=(*NOT_YET, r"$secure_name"),
    answer_must_not=FAILURE[1:],
    oddities=CLIENT_RESETS,
)
def tls12_not_yet_valid(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=lab.authority, validity=VALID_IN_12_DAYS))):
        https(lab, expect=NOT_TRUSTED)


@scenario(
    question="Is this certificate all right?",
    shows="The certificate of $secure_name becomes valid 12 days after the recording, but the client does not check "
    "it: the TLS 1.2 connection is established and data flows.",
    findings=("tls_certificate_not_yet_valid",),
    decisive_filter=CERTIFICATE,
    words=NOT_YET,
    answer_must_not=FAILURE,
)
def tls12_not_yet_valid_accepted(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=lab.authority, validity=VALID_IN_12_DAYS))):
        https(lab, "--insecure")


@scenario(
    question="Why do all clients refuse our new certificate?",
    shows="The intermediate authority that issued the certificate of $secure_name may only certify names below"
    " partner.example (name constraints); the client ends the TLS 1.2 handshake with a fatal alert.",
    findings=("tls_name_constrained",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=(r"$secure_name", r"(?i)name constraints", r"partner\.example"),
    answer_must_not=FAILURE[1:],
    oddities=CLIENT_RESETS,
)
def tls12_name_constrained(lab: Lab) -> None:
    limited = authority("Example Partner CA", lab.authority, only_below="partner.example")
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=limited))):
        https(lab, expect=NOT_TRUSTED)


@scenario(
    question="Our new certificate is accepted nowhere. What did we order wrongly?",
    shows="The certificate of $secure_name is in order but for its purpose: its extended key usage allows client "
    "authentication only; the client ends the TLS 1.2 handshake with a fatal alert.",
    findings=("tls_certificate_usage",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=(r"(?i)purpose|usage|client authentication|clientAuth|meant for|intended", r"(?i)server"),
    answer_must_not=FAILURE[1:],
    oddities=CLIENT_RESETS,
)
def tls12_for_clients_only(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=lab.authority, usage=CLIENTS))):
        https(lab, expect=NOT_TRUSTED)


@scenario(
    question=WHY,
    shows="The server presents as its own the certificate of an authority, which may sign certificates and nothing "
    "else; the client ends the TLS 1.2 handshake with a fatal alert.",
    findings=("tls_certificate_usage",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=(r"(?i)authority|\bCA\b|sign(s|ing)? certificates|usage|purpose",),
    answer_must_not=FAILURE[1:],
    oddities=CLIENT_RESETS,
)
def tls12_authority_as_server(lab: Lab) -> None:
    with office(lab, secure(lab, authority(lab.plan.secure_name, lab.authority, key=rsa_key()))):
        https(lab, expect=NOT_TRUSTED)


@scenario(
    question="Why does the update of our client break the connection to the old machine?",
    shows="The certificate of $secure_name has an RSA key of 1024 bits; the client finds that too weak and ends "
    "the TLS 1.2 handshake with a fatal alert.",
    findings=("tls_certificate_weak",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=SHORT_KEY,
    answer_must_not=FAILURE[1:],
    oddities=CLIENT_RESETS,
)
def tls12_short_key(lab: Lab) -> None:
    weak = leaf(lab.plan.secure_name, issuer=lab.authority, key=rsa_key(1024))
    with office(lab, secure(lab, weak, "TLSv1.2", f"ssl_ciphers {ANY_STRENGTH};")):
        https(lab, expect=NOT_TRUSTED)


@scenario(
    question="How safe is the connection to this old machine?",
    shows="The certificate of $secure_name is signed with SHA-1, and the client is told to accept that: "
    "the TLS 1.2 connection is established and data flows.",
    findings=("tls_certificate_weak",),
    decisive_filter=CERTIFICATE,
    words=(r"(?i)weak|broken|unsafe|outdated|obsolete|insecure|old", r"(?i)SHA-?1"),
    answer_must_not=FAILURE,
)
def tls12_sha1_signature_accepted(lab: Lab) -> None:
    weak = leaf_signed_with_sha1(lab.plan.secure_name, lab.authority, lab.directory)
    with office(lab, secure(lab, weak, "TLSv1.2", f"ssl_ciphers {ANY_STRENGTH};")):
        https(lab, "--ciphers", ANY_STRENGTH)


@scenario(
    question="GnuTLS rejects a certificate that OpenSSL accepts. Why?",
    shows="The certificate of $secure_name demands that the server staple an OCSP response (RFC 7633), and the server "
    "sends none; GnuTLS ends the TLS 1.2 handshake with a fatal alert.",
    findings=("tls_staple_missing",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=(r"(?i)OCSP|stapl",),
    answer_must_not=FAILURE[1:],
    oddities=CLIENT_RESETS,
)
def tls12_staple_missing(lab: Lab) -> None:
    promise = x509.TLSFeature([x509.TLSFeatureType.status_request])
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=lab.authority, also=(promise,)))):
        gnutls_cli(lab, expect=FAILED)


@scenario(
    question="Java says PKIX path building failed. What is the cause?",
    shows="The certificate of $secure_name is signed by itself; Java ends the TLS 1.2 handshake with the fatal alert "
    "certificate_unknown.",
    findings=("tls_certificate_self_signed",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=(r"(?i)self[- ]signed|signed by itself",),
    answer_must_not=FAILURE[1:2],
    oddities=CLIENT_RESETS,
)
def tls12_self_signed_java(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=None))):
        java(lab, "TLSv1.2", expect=FAILED)
