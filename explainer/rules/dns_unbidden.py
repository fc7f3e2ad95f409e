"""Names that browsers and operating systems ask for on their own: updates, connectivity checks, their makers' services.

Rule: a name is in the table where a program asks for it without its user's wish. Where such a name does not resolve,
and others do, nothing that was wanted fails: so it is in every network without a way to the internet.
"""

import re
from collections.abc import Callable, Iterable

from explainer.model import Finding, Severity
from explainer.protocols.dns import Lookup
from explainer.rules.dns_alias import plain

_NAMES = frozenset({
    # Chromium, Chrome, Android
    "clients1.google.com", "clients2.google.com", "clients3.google.com", "clients4.google.com", "clients5.google.com",
    "clients6.google.com", "clients2.googleusercontent.com", "accounts.google.com", "android.clients.google.com",
    "mtalk.google.com", "update.googleapis.com", "redirector.gvt1.com", "edgedl.me.gvt1.com", "dl.google.com",
    "tools.google.com", "safebrowsing.google.com", "safebrowsing.googleapis.com", "content-autofill.googleapis.com",
    "safebrowsingohttpgateway.googleapis.com", "optimizationguide-pa.googleapis.com",
    "passwordsleakcheck-pa.googleapis.com", "connectivitycheck.gstatic.com", "connectivitycheck.android.com",
    # Firefox
    "detectportal.firefox.com", "aus5.mozilla.org", "ciscobinary.openh264.org", "incoming.telemetry.mozilla.org",
    # Windows, Edge
    "www.msftconnecttest.com", "ipv6.msftconnecttest.com", "www.msftncsi.com", "dns.msftncsi.com",
    "ctldl.windowsupdate.com", "settings-win.data.microsoft.com", "config.edge.skype.com", "edge.microsoft.com",
    "msedge.api.cdp.microsoft.com", "time.windows.com",
    # Apple
    "captive.apple.com", "mesu.apple.com", "gdmf.apple.com", "time.apple.com",
    # Linux
    "connectivity-check.ubuntu.com", "daisy.ubuntu.com", "motd.ubuntu.com", "changelogs.ubuntu.com", "ntp.ubuntu.com",
    "api.snapcraft.io", "nmcheck.gnome.org", "network-test.debian.org",
})  # fmt: skip
_ENDINGS = (
    ".services.mozilla.com", ".cdn.mozilla.net", ".events.data.microsoft.com", ".ls.apple.com", ".pool.ntp.org",
)  # fmt: skip
# Lists of senders of spam: a name that does not exist there says that the sender is not listed (RFC 5782 section 2.1).
_LISTED = re.compile(r"(?:\d{1,3}\.){4}.*[a-z]|(?:[0-9a-f]\.){32}.*[a-z]")
ACT = "Nobody has to act, unless that very name was wanted: browsers and systems ask for it on their own."


def is_unbidden(name: str) -> bool:
    """Return whether programs ask for the name without anybody's wish."""
    return name in _NAMES or name.endswith(_ENDINGS)


def asks_a_list(name: str) -> bool:
    """Return whether it asks a list of senders of spam about an address."""
    return _LISTED.fullmatch(name) is not None


def beside(every: Iterable[Lookup]) -> Callable[[Lookup], bool]:
    """Return whether a lookup is of such a name, while its client gets addresses of others."""
    served = {x.client.address for x in every if x.answers and not is_unbidden(plain(x.name))}
    return lambda lookup: lookup.client.address in served and is_unbidden(plain(lookup.name))


def calmed(finding: Finding) -> Finding:
    """Return the finding as one that is only worth knowing."""
    return finding.model_copy(update={"severity": Severity.INFO, "act": ACT})
