"""Networks that want a sign-in first: a captive portal answers in the name of every web site (RFC 8952)."""

import re
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import urlsplit

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.host_names import covers
from explainer.protocols.http import Exchange, requests
from explainer.protocols.tls import endings
from explainer.registry import rule
from explainer.rules.exchanges import (
    AREA,
    SUBJECT,
    Group,
    answered,
    asked,
    bare_host,
    frames,
    message_filter,
    scope,
)
from explainer.rules.tls_presented import Presented, presented
from explainer.wording import count

_REDIRECTS = (302, 303, 307, 308, 301)
_SHOWN = 20
_CHECKS = {
    "connectivitycheck.gstatic.com": "/generate_204", "www.gstatic.com": "/generate_204",
    "clients3.google.com": "/generate_204", "connectivitycheck.android.com": "/generate_204",
    "captive.apple.com": "/", "www.apple.com": "/library/test/success.html",
    "www.msftconnecttest.com": "/connecttest.txt", "www.msftncsi.com": "/ncsi.txt",
    "detectportal.firefox.com": "/", "nmcheck.gnome.org": "/check_network_status.txt",
    "connectivity-check.ubuntu.com": "/", "network-test.debian.org": "/nm",
}  # fmt: skip
"""Pages by which systems and browsers test whether a network lets them out, which never redirect."""
_SIGN_IN = re.compile(r"captive|portal|hot-?spot|guest|wi-?fi|wlan|log-?in|sign-?in|auth|welcome", re.IGNORECASE)


@rule("Captive portal", requests, endings, subject=SUBJECT, area=AREA)
def http_captive_portal(facts: Facts) -> Iterator[Finding]:
    """A plain request that is redirected to the sign-in page of another domain, in the name of the site asked for.

    Told where the request is a system's own check for a way out, which its maker never redirects (RFC 8952, section
    2.6), or where the same address shows the same client, by TLS, a certificate that is self-signed or for another name
    than the one asked for. A redirection alone may be any site's sign-in.
    """
    foreign = {}
    for case in presented(facts[endings]):
        name = case.ending.handshake.server_name
        if name and (case.leaf.self_signed or not covers(case.leaf, name)):
            foreign[case.ending.handshake.client.address, case.server] = case
    groups = defaultdict[tuple[str, str], list[Exchange]](list)
    for e in facts[requests]:
        target = _target(e)
        if target and (_is_check(e) or (e.client.address, e.server.address) in foreign):
            groups[e.client.address, target].append(e)
    for (_, target), group in groups.items():
        first = group[0]
        yield _portal(group, target, foreign.get((first.client.address, first.server.address)))


def _target(e: Exchange) -> str:
    """Return the host of another domain to whose sign-in page a plain request is redirected, or nothing."""
    if e.over_tls or e.secure or e.status not in _REDIRECTS or not e.location:
        return ""
    try:
        parts = urlsplit(e.location)
    except ValueError:
        return ""
    target, own = parts.hostname or "", bare_host(e)
    other = target and own and target.split(".")[-2:] != own.split(".")[-2:]
    return target if other and (_is_check(e) or _SIGN_IN.search(e.location)) else ""


def _is_check(e: Exchange) -> bool:
    path = _CHECKS.get(bare_host(e))
    return path is not None and e.path.startswith(path)


def _portal(group: Group, target: str, shown: Presented | None) -> Finding:
    first = group[0]
    steps = [asked(first), *answered(first)]
    more = tuple(e.response_frame for e in group[1:_SHOWN] if e.response_frame)
    if more:
        steps.append(Step(frames=more, text=f"the same answer to {count(len(group) - 1, 'more request')}"))
    if shown:
        name = shown.ending.handshake.server_name
        text = f"the same address shows a certificate of {shown.leaf.name} to who asks for {name}"
        steps.append(Step(frames=(shown.message.frame,), text=text))
    proof = [*frames(group), *((shown.message.frame,) if shown else ())]
    where = message_filter(group)
    return Finding(
        id=f"http_captive_portal:{first.first_frame}",
        rule="http_captive_portal",
        severity=Severity.HIGH,
        confidence=Confidence.PROBABLE,
        side=Side.CLIENT,
        title=f"The network probably wants a sign-in first (captive portal): what {first.client.address} asks of"
        f" {bare_host(first)} is redirected to {target}.",
        act=f"The client must sign in to its network: open http://{target}/, or any page without https, in a browser.",
        measured={"requests": len(group)},
        evidence=Evidence.of(
            proof, f"({where}) || tcp.stream == {shown.ending.handshake.stream}" if shown else where, steps
        ),
        scope=scope(group),
        advice=(
            "Until then https shows certificate errors, and programs fail: the portal answers in every site's name.",
            "If there is no such network, see who redirects: the site itself, or something on the way.",
        ),
        limitations=("whether the site itself redirects its visitors there",),
    )
