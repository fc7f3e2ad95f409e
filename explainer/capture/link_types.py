"""Names of the link types that captures use, by Wireshark's WTAP_ENCAP number (frame.encap_type; wiretap/wtap.h)."""

_NAMES = {
    1: "Ethernet",
    2: "Token Ring",
    4: "PPP",
    7: "raw IP",
    15: "BSD loopback",
    18: "Cisco HDLC",
    20: "802.11",
    21: "802.11 with Prism header",
    23: "802.11 with radiotap",
    25: "Linux cooked",
    27: "Frame Relay",
    39: "PPP with direction",
    115: "USB (Linux)",
    129: "raw IPv4",
    130: "raw IPv6",
    163: "Netlink",
    210: "Linux cooked v2",
}


def link_type(number: int) -> str:
    """Return the link type's name, or its number where we know none."""
    return _NAMES.get(number, f"link type {number}")
