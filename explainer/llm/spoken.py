"""What is spoken on a port, in a few plain words."""

from explainer.protocols.plain_names import plain

ENCRYPTED = frozenset({"dtls", "esp", "gquic", "isakmp", "openvpn", "quic", "ssh", "ssl", "tls", "wg"})
"""Layers of which only who talks to whom can be read."""
TURNING_TO_TLS = frozenset({"ftp", "imap", "ldap", "mysql", "nntp", "pgsql", "pop", "rdp", "smtp", "tds", "xmpp"})
"""Layers that begin in clear text and may go on with TLS on the same connection (STARTTLS and the like)."""
OWN_WAYS = frozenset({"cotp", "kerberos", "rdp", "t125", "tds", "tpkt"})
"""Layers that bring an encryption of their own (RDP's RC4, Kerberos' tickets, TLS inside TDS), at least for secrets."""
NOTHING_KNOWN = ("", "data")
UNKNOWN = "an unknown protocol"
EMPTY = "TCP packets without contents"


def name(layer: str) -> str:
    """Return the protocol's name as people write it."""
    return plain(layer).partition(" (")[0]


def described(layer: str) -> str:
    """Return "DNS (name lookups)", and that it is unknown where tshark names none."""
    return UNKNOWN if layer in NOTHING_KNOWN else plain(layer)
