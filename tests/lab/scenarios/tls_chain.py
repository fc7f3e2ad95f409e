"""TLS 1.2 with what stands between the server's certificate and the authority: missing, disordered, expired."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ..clients import NOT_TRUSTED, curl, https
from ..pki import Credential, Validity, authority, issuer_at, leaf
from ..scenario import SAYS_SELF_SIGNED, Lab, scenario
from ..tls import (
    CERTIFICATE_OR_ALERT,
    CLIENT_RESETS,
    FAILED,
    FAILURE,
    NOTHING_WRONG,
    gnutls_cli,
    java,
    office,
    s_client,
    secure,
)

INTERMEDIATE_EXPIRED = Validity(timedelta(days=-700), -timedelta(days=12, hours=3))
INCOMPLETE = (
    r"(?i)intermediate|chain",
    r"(?i)missing|incomplete|not (sent|send)|lacks|without|does not (send|include)",
)
ORDER = (r"(?i)order|sorted|sequence", r"(?i)chain|intermediate|certificates")
NOT_INCOMPLETE = (r"(?i)(chain is|incomplete|missing) ?(incomplete|intermediate|chain)",)
SERVER_HELLO_OR_CERTIFICATE = "tcp.port == $https_port && tls.handshake.type == 11"


def by_intermediate(lab: Lab, validity: Validity | None = None) -> Credential:
    """A certificate of the trusted authority by way of an intermediate, which says where that can be fetched."""
    issuing = authority("Lab Issuing CA", lab.authority, *(() if validity is None else (validity,)))
    return leaf(lab.plan.secure_name, issuer=issuing, also=(issuer_at(f"http://{lab.plan.file_name}/issuing.crt"),))


@scenario(
    question="My browser opens the page, but my script says the certificate is not trusted. Why?",
    shows="The server of $secure_name sends its certificate without the intermediate that issued it; a client that "
    "trusts the root cannot build the chain and ends the TLS 1.2 handshake with the fatal alert unknown_ca.",
    findings=("tls_chain_incomplete",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=(*INCOMPLETE, r"$secure_name|server"),
    answer_must_not=FAILURE[1:],
    oddities=CLIENT_RESETS,
)
def tls12_intermediate_missing(lab: Lab) -> None:
    alone = replace(by_intermediate(lab), chain=())
    with office(lab, secure(lab, alone)):
        https(lab, expect=NOT_TRUSTED)


@scenario(
    question="Our Java program cannot connect; the browser can. Why?",
    shows="The server sends its certificate without the intermediate that issued it, and nothing in it says where that "
    "is to be had; a Java program ends the TLS 1.2 handshake with the fatal alert certificate_unknown, which gives no "
    "reason.",
    findings=("tls_chain_incomplete",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=INCOMPLETE,
    answer_must_not=FAILURE[1:],
)
def tls12_issuer_unknown_java(lab: Lab) -> None:
    issued = leaf(lab.plan.secure_name, issuer=authority("Lab Issuing CA", lab.authority))
    with office(lab, secure(lab, replace(issued, chain=()))):
        java(lab, "TLSv1.2", expect=FAILED)


@scenario(
    question="gnutls-cli refuses this server. What is the matter with its certificate?",
    shows="The server sends its certificate without the intermediate that issued it; GnuTLS ends the TLS 1.2 handshake "
    "with a fatal alert.",
    findings=("tls_chain_incomplete",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=INCOMPLETE,
    answer_must_not=FAILURE[1:],
    oddities=CLIENT_RESETS,
)
def tls12_intermediate_missing_gnutls(lab: Lab) -> None:
    with office(lab, secure(lab, replace(by_intermediate(lab), chain=()))):
        gnutls_cli(lab, expect=FAILED)


@scenario(
    question="Is the certificate chain of this server in order?",
    shows="The server sends its certificate without the intermediate, but the client has that intermediate: the TLS "
    "1.2 connection is established and data flows.",
    findings=("tls_chain_incomplete",),
    decisive_filter=SERVER_HELLO_OR_CERTIFICATE,
    words=INCOMPLETE,
    answer_must_not=FAILURE,
)
def tls12_intermediate_known(lab: Lab) -> None:
    complete = by_intermediate(lab)
    bundle = lab.directory / "bundle.crt"
    trusted, _ = lab.authority.save(lab.directory)
    sent, _ = complete.save(lab.directory)
    bundle.write_bytes(trusted.read_bytes() + sent.read_bytes())
    with office(lab, secure(lab, replace(complete, chain=()))):
        url = f"https://{lab.plan.secure_name}:{lab.plan.https_port}/"
        curl(lab, url, "--cacert", str(bundle))


@scenario(
    question="Does this server send its certificates as it should?",
    shows="The server sends its certificate, then two intermediates in the wrong order; the client sorts them out: "
    "the TLS 1.2 connection is established and data flows.",
    findings=("tls_chain_disordered",),
    decisive_filter=SERVER_HELLO_OR_CERTIFICATE,
    words=ORDER,
    answer_must_not=FAILURE,
)
def tls12_chain_wrong_order(lab: Lab) -> None:
    issuing = authority("Lab Issuing CA", authority("Lab Policy CA", lab.authority))
    certificate = leaf(lab.plan.secure_name, issuer=issuing)
    with office(lab, secure(lab, replace(certificate, chain=certificate.chain[::-1]))):
        https(lab)


@scenario(
    question="Which certificates does the server send?",
    shows="The server sends its certificate, an intermediate of another authority that has nothing to do with it, and "
    "then its own intermediate; the client passes over it: the TLS 1.2 connection is established and data flows.",
    healthy=True,
    decisive_filter=SERVER_HELLO_OR_CERTIFICATE,
    words=(r"(?i)stray|unrelated|does not belong|other|extra|order|superfluous|not needed",),
    answer_must_not=FAILURE,
)
def tls12_chain_stray(lab: Lab) -> None:
    stray = authority("Retired Issuing CA", authority("Retired Root CA")).certificate
    certificate = by_intermediate(lab)
    sent = replace(certificate, chain=(stray, *certificate.chain))
    with office(lab, secure(lab, sent)):
        https(lab)


@scenario(
    question="We renewed the certificate, and clients still refuse it. Why?",
    shows="The certificate of $secure_name is valid, but the intermediate that the server sends with it expired 12 "
    "days before the recording; the client ends the TLS 1.2 handshake with the fatal alert certificate_expired.",
    findings=("tls_certificate_expired",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=(r"(?i)expired", r"(?i)intermediate|issuer|issuing|chain|authority", r"(?i)\b12(\.\d+)? days"),
    answer_must_not=(SAYS_SELF_SIGNED,),
    oddities=CLIENT_RESETS,
)
def tls12_intermediate_expired(lab: Lab) -> None:
    with office(lab, secure(lab, by_intermediate(lab, INTERMEDIATE_EXPIRED))):
        https(lab, expect=NOT_TRUSTED)


@scenario(
    question="Is anything wrong with the certificates here?",
    shows="The server sends its certificate, the intermediate and, as it may, the private root too, which the client "
    "trusts: the TLS 1.2 connection is in order.",
    healthy=True,
    decisive_filter=SERVER_HELLO_OR_CERTIFICATE,
    words=NOTHING_WRONG,
    answer_must_not=(*FAILURE, *NOT_INCOMPLETE),
)
def tls12_chain_with_root_healthy(lab: Lab) -> None:
    certificate = by_intermediate(lab)
    sent = replace(certificate, chain=(*certificate.chain, lab.authority.certificate))
    with office(lab, secure(lab, sent)):
        https(lab)


@scenario(
    question="What does this client dislike about the server?",
    shows="The server sends a complete chain to a private root that the client does not know; the client ends the TLS "
    "1.2 handshake with the fatal alert unknown_ca.",
    findings=("tls_certificate_untrusted",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=(r"(?i)authority|issuer|root", r"(?i)unknown|not trust|does not know|untrusted|not known"),
    answer_must_not=FAILURE[1:],
    oddities=CLIENT_RESETS,
)
def tls12_private_root_unknown(lab: Lab) -> None:
    root = authority("Branch Office Root CA")
    certificate = leaf(lab.plan.secure_name, issuer=authority("Branch Office Issuing CA", root))
    sent = replace(certificate, chain=(*certificate.chain, root.certificate))
    with office(lab, secure(lab, sent)):
        s_client(lab, expect=FAILED)
