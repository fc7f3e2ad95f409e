"""Products that make certificates in place of the servers' own, by the names that stand in their issuers."""

import re

from explainer.protocols.chain import Chain

_NAMES = {
    "Fortinet": r"Fortinet|FortiGate|FG\w{14,16}\b",
    "Zscaler": r"Zscaler",
    "Palo Alto Networks": r"Palo Alto Networks|PAN-?OS|pan decryption",
    "Blue Coat or Symantec ProxySG": r"Blue ?Coat|ProxySG",
    "Cisco Umbrella or Secure Web Appliance": r"Cisco Umbrella|OpenDNS|IronPort",
    "Sophos": r"Sophos (?:SSL|CA|Web)|Sophos_CA",
    "Check Point": r"Check ?Point (?:HTTPS|SSL)",
    "WatchGuard": r"WatchGuard|Fireware HTTPS",
    "SonicWall": r"SonicWALL",
    "Barracuda": r"Barracuda (?:Networks|Web|NG)",
    "Netskope": r"Netskope|goskope",
    "Forcepoint or Websense": r"Forcepoint|Websense",
    "McAfee or Skyhigh Web Gateway": r"McAfee Web Gateway|Skyhigh",
    "Squid": r"\bSquid\b",
    "Kaspersky": r"Kaspersky Anti-?Virus Personal Root|Kaspersky Web Anti",
    "Avast or AVG": r"(?:avast!?|AVG) Web/Mail Shield|Avast Web",
    "ESET": r"ESET SSL Filter",
    "Bitdefender": r"Bitdefender (?:Personal|CA SSL)",
    "mitmproxy": r"\bmitmproxy\b",
    "Fiddler": r"FiddlerRoot|DO_NOT_TRUST",
    "Burp Suite": r"PortSwigger",
    "Charles": r"Charles Proxy",
    "OWASP ZAP": r"OWASP (?:Root|ZAP|Zed)",
}


def interceptor(chain: Chain) -> str:
    """Return the product that made the certificate, by its issuers' names; nothing where the chain is public."""
    if chain.root:
        return ""
    issuers = " ".join(certificate.issuer for certificate in chain.path)
    # Compiled at first use, which few captures have: that takes longer than to load this module.
    return next((product for product, name in _NAMES.items() if re.search(name, issuers, re.IGNORECASE)), "")
