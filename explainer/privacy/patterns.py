"""What in a text tells of people and networks by its looks: addresses, names, paths, distinguished names."""

import ipaddress
import re

V4 = r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w=]|\.\d)"
"""No object identifier: neither longer, nor the type of an attribute (2.5.4.17=…)."""
V6 = (
    r"(?<![\w:.])(?=[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:)[0-9A-Fa-f:]*(?:[0-9A-Fa-f]|::)(?:\.\d{1,3}){0,3}"
    r"(?!\w|:[0-9A-Fa-f:])"
)
"""It may stand before a colon: "the log of 2001:db8::1: it says why"."""
MAC = (
    r"(?<![\w:-])(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?![\w:-])"
    r"|(?<![\w:-])(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}(?![\w:-])"
)
_REVERSE = r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}\.in-addr\.arpa\b"
_URL = r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>)\]]+"
_MAIL = r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)*"
SSH_ALGORITHM = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+@(?:openssh\.com|libssh\.org|lysator\.liu\.se)|zlib@openssh\.com")
"""Names of algorithms have a domain, too (RFC 4251, section 6)."""
_TELEPHONE = r"\btel:\+?\d[\d.-]*\d"
_DISTINGUISHED = (
    r"(?<![\w])(?:CN|OU?|L|ST|STREET|UID|DC|SERIALNUMBER|emailAddress)=(?:\\.|[^,+;\"')\\])*?"
    r"(?=[,+;\"')]|\.\s|\.?$|\s(?:valid|and|is|to|for|has|was|issued|needs|with|without)\b)"
)
_ENTRY = r"(?<!\w)(?:cn|ou?|uid|dc|sAMAccountName)=[^\s,+;:\"')\]]+"
_HOST = (
    r"(?<![\w\ufffd.@$-])(?:(?:\*\.)?[^\W_]?[\w\ufffd-]*(?:\.[\w\ufffd-]+)+\.?(?![\w\ufffd-])|[\w\ufffd-]{16,}(?=…))"
)
"""With what Wireshark shows of octets that are no text, and cut within its first label: in a name, a tunnel carries
somebody's data."""
_PATH = r"(?<![\w/.:<>\]-])/[^\s\"',;)\]<>|]+"
TELLING = re.compile(
    f"(?P<url>{_URL})|(?P<mail>{_MAIL})|(?P<tel>{_TELEPHONE})|(?P<dn>{_DISTINGUISHED}|{_ENTRY})|(?P<reverse>{_REVERSE})|(?P<mac>{MAC})"
    f"|(?P<v6>{V6})|(?P<v4>{V4})|(?P<path>{_PATH})|(?P<host>{_HOST})",
    re.MULTILINE,
)
ADDRESSES = re.compile(f"{MAC}|{V6}|{V4}")
_OCTET = re.compile(r"[0-9A-Fa-f]{2}")
BACKWARDS = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?=\.in-addr\.arpa\b)")


def bounded(phrase: str) -> str:
    """Return a pattern that finds the phrase where it is not a part of a longer word, or one of bytes in a row."""
    before = r"(?<![\w-])" if phrase[:1].isalnum() else ""
    after = r"(?![\w-])" if phrase[-1:].isalnum() else ""
    if _OCTET.fullmatch(phrase):
        before, after = before + r"(?<![0-9A-Fa-f]{2}:)", after + r"(?!:[0-9A-Fa-f]{2})"
    return before + re.escape(phrase) + after


def backwards_quad(quad: str) -> str:
    """Return an IPv4 address as a reverse lookup names it: 10.1.2.3 as 3.2.1.10."""
    return ".".join(reversed(quad.split(".")))


def canonical(text: str) -> str:
    """Return an address (MAC, IPv4, IPv6) as it is written most often, empty for anything else."""
    if re.fullmatch(MAC, text):
        return text.lower().replace("-", ":")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""
