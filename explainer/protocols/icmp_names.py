"""Names of ICMP types and codes (IANA, "ICMP Parameters" and "ICMPv6 Parameters")."""

_TYPES = {
    (4, 0): "echo reply", (4, 3): "destination unreachable", (4, 4): "source quench", (4, 5): "redirect",
    (4, 8): "echo request", (4, 9): "router advertisement", (4, 10): "router solicitation", (4, 11): "time exceeded",
    (4, 12): "parameter problem", (4, 13): "timestamp request", (4, 14): "timestamp reply",
    (4, 15): "information request", (4, 16): "information reply", (4, 17): "address mask request",
    (4, 18): "address mask reply", (4, 30): "traceroute", (4, 42): "extended echo request",
    (4, 43): "extended echo reply",
    (6, 1): "destination unreachable", (6, 2): "packet too big", (6, 3): "time exceeded", (6, 4): "parameter problem",
    (6, 128): "echo request", (6, 129): "echo reply", (6, 130): "multicast listener query",
    (6, 131): "multicast listener report", (6, 132): "multicast listener done", (6, 133): "router solicitation",
    (6, 134): "router advertisement", (6, 135): "neighbor solicitation", (6, 136): "neighbor advertisement",
    (6, 137): "redirect", (6, 138): "router renumbering", (6, 139): "node information query",
    (6, 140): "node information response", (6, 143): "multicast listener report (version 2)",
    (6, 144): "home agent address discovery request", (6, 145): "home agent address discovery reply",
    (6, 146): "mobile prefix solicitation", (6, 147): "mobile prefix advertisement",
    (6, 151): "multicast router advertisement", (6, 152): "multicast router solicitation",
    (6, 153): "multicast router termination", (6, 155): "RPL control", (6, 160): "extended echo request",
    (6, 161): "extended echo reply",
}  # fmt: skip
_CODES = {
    (4, 3): (
        "network unreachable", "host unreachable", "protocol unreachable", "port unreachable", "fragmentation needed",
        "source route failed", "network unknown", "host unknown", "source host isolated",
        "network administratively prohibited", "host administratively prohibited",
        "network unreachable for type of service", "host unreachable for type of service",
        "communication administratively prohibited", "host precedence violation", "precedence cutoff",
    ),
    (4, 5): ("for the network", "for the host", "for type of service and network", "for type of service and host"),
    (4, 11): ("hop limit", "fragment reassembly"),
    (4, 12): ("pointer", "missing option", "bad length"),
    (6, 1): (
        "no route", "administratively prohibited", "beyond scope of source address", "address unreachable",
        "port unreachable", "source address failed policy", "route rejected", "error in source routing header",
    ),
    (6, 3): ("hop limit", "fragment reassembly"),
    (6, 4): ("erroneous header", "unknown next header", "unknown option", "incomplete first fragment"),
}  # fmt: skip


def message(version: int, number: int, code: int | None) -> str:
    """Return the name of a message of ICMP (version 4) or ICMPv6 (6), with its code's meaning where it has one."""
    name = _TYPES.get((version, number), f"type {number}")
    codes = _CODES.get((version, number), ())
    if code is None or not (codes or code):
        return name
    return f"{name}: {codes[code] if code < len(codes) else f'code {code}'}"
