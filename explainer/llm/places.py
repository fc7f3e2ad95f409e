"""Whether what a statement names is in the capture, and in the frames that it cites: addresses, ports, names. Pure."""

import re
from collections.abc import Sequence

from explainer.llm import reading
from explainer.llm.ledger import Ledger
from explainer.protocols.frame_index import Sight
from explainer.wording import frame_list, listing

ABSENCE = re.compile(r"\b(?:no|not|never|none|nothing|neither|absent|without|cannot)\b", re.IGNORECASE)
_CLAIMS = re.compile(r"\b(?:claims?|owns?|is at|belongs to)\b", re.IGNORECASE)
_PROTOCOLS = (
    "arp", "dhcp", "dns", "http", "icmp", "quic", "smtp", "tls", "udp", "tcp", "ftp", "ssh", "smb2", "bittorrent",
)  # fmt: skip
_OF_A_FRAME = frozenset({"arp", "icmp", "dns", "dhcp"})
"""Of these each frame is one; of the others, a stream is."""
_ALSO_CALLED = {"http": ("http", "http2"), "tls": ("tls", "ssl", "dtls", "quic"), "icmp": ("icmp", "icmpv6"),
                "smb2": ("smb", "smb2"), "dns": ("dns", "mdns", "llmnr")}  # fmt: skip
_PROTOCOL_WORD = {name: re.compile(rf"\b{name.removesuffix('2')}s?\b", re.IGNORECASE) for name in _PROTOCOLS}


def strangers(text: str, ledger: Ledger, question: str) -> list[str]:
    """Return the addresses and names of a text that the capture does not hold.

    That something is absent may be said of what the question names.
    """
    unknown = [address for address in reading.addresses(text) if not ledger.knows_address(address)]
    unknown += [name for name in reading.names(text) if not ledger.knows_name(name)]
    asked = {*reading.addresses(question), *reading.names(question)} if ABSENCE.search(text) else set[str]()
    return [name for name in dict.fromkeys(unknown) if name not in asked]


def amiss(text: str, sights: Sequence[Sight], evidence: str, ledger: Ledger) -> list[str]:
    """Return what a text names that the frames it cites, and the findings that rest on them, do not."""
    return [
        *_addresses(text, sights, ledger), *_ports(text, sights, ledger),
        *_protocols(text, sights, evidence, ledger), *_names(text, sights, evidence, ledger),
    ]  # fmt: skip


def _addresses(text: str, sights: Sequence[Sight], ledger: Ledger) -> list[str]:
    named = {address for address in reading.addresses(text) if ledger.knows_address(address) and "/" not in address}
    strange = [s.frame for s in sights if named and not named & (s.addresses | set(reading.addresses(s.info)))]
    if not strange:
        return _owners(text, sights)
    return [f"{frame_list(strange)} {'has' if len(strange) == 1 else 'have'} none of these addresses"]


def _owners(text: str, sights: Sequence[Sight]) -> list[str]:
    """Return the MAC addresses that do not claim an address in any cited ARP answer, where a text says they do."""
    answers = {found for s in sights if " is at " in s.info for found in reading.addresses(s.info)}
    named = [address for address in reading.addresses(text) if address.count(":") == 5]
    wrong = [address for address in named if address not in answers] if answers and _CLAIMS.search(text) else []
    return [f"{listing(wrong)} {'does' if len(wrong) == 1 else 'do'} not claim it"] if wrong else []


def _ports(text: str, sights: Sequence[Sight], ledger: Ledger) -> list[str]:
    ports = set(reading.ports(text)) & ledger.ports
    if not ports or any(ports & sight.ports for sight in sights):
        return []
    return [f"no cited frame has port {listing(sorted(map(str, ports)), 'or')}"]


def _protocols(text: str, sights: Sequence[Sight], evidence: str, ledger: Ledger) -> list[str]:
    own = frozenset[str]().union(*(sight.protocols for sight in sights))
    streams = frozenset[str]().union(*(ledger.index.spoken_in(s.stream) for s in sights)) if ledger.index else own
    found = list[str]()
    for name, word in _PROTOCOL_WORD.items():
        spoken = own if name in _OF_A_FRAME else own | streams
        called = _ALSO_CALLED.get(name, (name,))
        if word.search(text) and not spoken.intersection(called) and not word.search(evidence):
            found.append(f"no cited frame belongs to {name.upper()}")
    return found


def _names(text: str, sights: Sequence[Sight], evidence: str, ledger: Ledger) -> list[str]:
    """Return that the cited frames are about other names, where the capture tells what they are about."""
    named = {name for name in reading.names(text) if ledger.knows_name(name)}
    about = set(reading.names(evidence)).union(
        *(reading.names(sight.info) for sight in sights), *(ledger.names_of(s.frame, s.stream) for s in sights)
    )
    if not named or not about or any(_covers(mine, theirs) for mine in named for theirs in about):
        return []
    return [f"the cited frames are not about {listing(sorted(named), 'or')}"]


def _covers(first: str, second: str) -> bool:
    """Return whether two names are the same, or one is the end of the other."""
    first, second = (name.removeprefix("*.").rstrip(".") for name in (first, second))
    return first == second or first.endswith(f".{second}") or second.endswith(f".{first}")
