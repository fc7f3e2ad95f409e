"""TLS with certificates that are expired, self-signed or of an unknown authority."""

from __future__ import annotations

from .. import servers
from ..clients import NOT_TRUSTED, browse, curl, https
from ..pcapng import cut_in_last_packet
from ..pki import EXPIRED_12_DAYS_AGO, authority, leaf
from ..scenario import SAYS_EXPIRED, SAYS_HANDSHAKE_FAILS, SAYS_REFUSED, SAYS_SELF_SIGNED, Lab, scenario
from ..servers import Site
from ..tls import CERTIFICATE_OR_ALERT, CLIENT_RESETS, WHY


def play_expired(lab: Lab, *options: str, expect: int = NOT_TRUSTED, protocols: str = "TLSv1.2") -> None:
    """A client asks, over TLS, a server whose certificate expired 12 days ago; a healthy web site stands beside it."""
    certificate = leaf(lab.plan.secure_name, issuer=lab.authority, validity=EXPIRED_12_DAYS_AGO)
    pages = {"index.html": 1500, "news.html": 24_000}
    secure = Site(lab.plan.https_port, certificate, protocols)
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port, pages=pages), secure)
    browse(lab)
    https(lab, *options, expect=expect)
    browse(lab, "news.html")


@scenario(
    question=WHY,
    shows="The certificate of $secure_name expired 12 days before the recording; the client checks it and ends the "
    "TLS 1.2 handshake with the fatal alert certificate_expired (the reset after it is only how curl closes); lookups "
    "and a web site work.",
    findings=("tls_certificate_expired",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=(r"(?i)expired", r"(?i)\b12(\.\d+)? days", r"$secure_name"),
    answer_must_not=(SAYS_SELF_SIGNED, SAYS_REFUSED, r"(?i)no (shared|common) (cipher|version)"),
    oddities=CLIENT_RESETS,
)
def tls12_expired(lab: Lab) -> None:
    play_expired(lab)


@scenario(
    question=WHY,
    shows="The recording of an expired certificate (as in tls12_expired), whose file ends in the middle of its last "
    "packet.",
    findings=("tls_certificate_expired",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=(r"(?i)expired", r"(?i)\bcut\b|truncat|incomplete|cut short"),
    answer_must_not=(SAYS_SELF_SIGNED,),
    finish=cut_in_last_packet,
    oddities=CLIENT_RESETS,
)
def tls12_capture_cut(lab: Lab) -> None:
    play_expired(lab)


@scenario(
    question="Is the certificate of this server in order?",
    shows="The certificate of $secure_name expired 12 days before the recording, but the client does not check it: "
    "the TLS 1.2 connection is established and data flows.",
    findings=("tls_certificate_expired",),
    decisive_filter="tcp.port == $https_port && (tls.handshake.type == 11 || tls.app_data)",
    words=(r"(?i)expired", r"(?i)\b12(\.\d+)? days", r"(?i)established|accepted|complete|succe|works|data"),
    answer_must_not=(SAYS_HANDSHAKE_FAILS,),
)
def tls12_expired_accepted(lab: Lab) -> None:
    play_expired(lab, "--insecure", expect=0)


@scenario(
    question=WHY,
    shows="The certificate of $secure_name is expired; under TLS 1.3 it is encrypted, and only the client's fatal "
    "alert certificate_expired, which OpenSSL sends in clear, tells.",
    findings=("tls_alert",),
    decisive_filter="tls.alert_message.desc == 45",
    words=(r"(?i)expired", r"(?i)alert"),
    answer_must_not=(r"(?i)\b12 days", SAYS_SELF_SIGNED),
    oddities=CLIENT_RESETS,
)
def tls13_expired_openssl(lab: Lab) -> None:
    play_expired(lab, protocols="TLSv1.3")


@scenario(
    question=WHY,
    shows="The certificate of $secure_name is signed by itself; the client checks it and ends the TLS 1.2 handshake "
    "with the fatal alert unknown_ca.",
    findings=("tls_certificate_self_signed",),
    decisive_filter=CERTIFICATE_OR_ALERT,
    words=(r"(?i)self[- ]signed|signed by itself", r"(?i)unknown[_ ]ca|not trust|untrusted|reject|refus"),
    answer_must_not=(SAYS_EXPIRED,),
    oddities=CLIENT_RESETS,
)
def tls12_self_signed(lab: Lab) -> None:
    servers.web(lab, Site(lab.plan.https_port, leaf(lab.plan.secure_name, issuer=None)))
    servers.names(lab)
    https(lab, expect=NOT_TRUSTED)


@scenario(
    question="Can I trust this server?",
    shows="The certificate of $secure_name is signed by itself and the client does not check it: the connection is "
    "established and data flows.",
    findings=("tls_certificate_self_signed",),
    decisive_filter="tcp.port == $https_port && (tls.handshake.type == 11 || tls.app_data)",
    words=(r"(?i)self[- ]signed|signed by itself", r"(?i)established|accepted|complete|succe|works|data"),
    answer_must_not=(SAYS_HANDSHAKE_FAILS, SAYS_EXPIRED),
)
def tls12_self_signed_accepted(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port), Site(lab.plan.https_port, leaf(lab.plan.secure_name, issuer=None)))
    browse(lab)
    https(lab, "--insecure")


@scenario(
    question=WHY,
    shows="The certificate of $secure_name comes from a private authority by way of an intermediate; the client does "
    "not know that authority and ends the TLS 1.2 handshake with the fatal alert unknown_ca.",
    findings=("tls_certificate_untrusted",),
    decisive_filter="tls.alert_message.desc == 48",
    words=(r"(?i)unknown[_ ]ca|authority|issuer", r"(?i)alert"),
    answer_must_not=(SAYS_SELF_SIGNED, SAYS_EXPIRED),
    oddities=CLIENT_RESETS,
)
def tls12_unknown_ca(lab: Lab) -> None:
    private = authority("Private Issuing CA", issuer=authority("Private Root CA"))
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port), Site(lab.plan.https_port, leaf(lab.plan.secure_name, issuer=private)))
    browse(lab)
    https(lab, expect=NOT_TRUSTED)
    curl(lab, f"http://{lab.plan.web_name}:{lab.plan.http_port}/", "--fail")
