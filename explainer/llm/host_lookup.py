"""What a question about hosts asks for outright: who talks to whom, and what about."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from explainer.brief.question import Question
from explainer.llm import overview as traffic
from explainer.llm import spoken
from explainer.llm.rows import rows
from explainer.model import Analysis, Claim
from explainer.stats.services import service
from explainer.wording import count, listing

_HOSTS, _TALKS, _NAMES = 6, 8, 4
_EPHEMERAL = 32_768
_DHCP, _DHCP_CLIENT = 67, 68
_WELL_KNOWN = 1024  # RFC 6335: ports of the system
_LAST_UNICAST = 223  # RFC 5771: what begins with more goes to a group or to all
_HOW_MANY = re.compile(r"\b(?:how many|number of|count)\b(?: \w+){0,2}? (client|server|\w+)s?\b", re.IGNORECASE)
_WHO = re.compile(r"\bwho(?:'s| is| was)\b|\bwhat (?:is|kind of (?:host|device|machine) is) [\d:]", re.IGNORECASE)


@dataclass
class Talk:
    """What one host asks of another on one port, over any number of conversations."""

    client: str
    server: str
    transport: str
    port: int
    spoken: str
    protocols: str = ""
    turns_to_tls: bool = False
    conversations: int = 0
    packets: int = 0
    bytes: int = 0
    frame: int | None = None

    def told(self) -> str:
        """Return "DNS (name lookups), UDP port 53, 10 packets"."""
        said = self.protocols or spoken.described(self.spoken)
        usual = service(self.port) if said in (spoken.UNKNOWN, spoken.EMPTY) else ""
        said += f" (on that port usually {usual})" if usual else ""
        return f"{said}, {self.transport} port {self.port}, {count(self.packets, 'packet')}"


def talks(analysis: Analysis) -> list[Talk]:
    """Return who asks whom what, the busiest first."""
    opened = {row["stream"]: row for row in rows(analysis.stat("rtt"))}
    ports = {(row["transport"], row["port"]): row for row in rows(analysis.stat("ports"))}
    protocols = traffic.by_port(analysis)
    found = dict[tuple[str, str, str, int], Talk]()
    for transport in ("TCP", "UDP"):
        for row in rows(analysis.stat(f"conversations_{transport.lower()}")):
            client, server, port = row["a"], row["b"], row["b_port"]
            known = opened.get(row["stream"]) if transport == "TCP" else None
            if known:
                answers = address(known["server"]) == client and _port(known["server"]) == row["a_port"]
            else:
                answers = _serves(row["a_port"]) and not _serves(port)
                # A port of those that systems give to clients (Linux; RFC 6335 section 6) is no service's.
                answers = answers or (not _serves(port) and row["a_port"] < _EPHEMERAL <= port)
            if answers or (transport == "UDP" and row["a_port"] == _DHCP and port == _DHCP_CLIENT):  # it came first
                client, server, port = server, client, row["a_port"]
            about = ports.get((transport, port), {})
            layers = (about.get("spoken") or "").split(", ")
            turned = layers[0] in spoken.TURNING_TO_TLS and "tls" in layers
            said = protocols.get((transport, port))
            silent = transport == "TCP" and said == layers[0] == ""
            new = Talk(client, server, transport, port, layers[0], spoken.EMPTY if silent else said or "", turned)
            talk = found.setdefault((client, server, transport, port), new)
            talk.conversations += 1
            talk.packets += row["packets"]
            talk.bytes += row["bytes"]
            frame = known["syn_frame"] if known else about.get("first_frame")
            talk.frame = min(filter(None, (talk.frame, frame)), default=None)
    return sorted(found.values(), key=lambda talk: (-talk.packets, talk.server, talk.port))


def _serves(port: int) -> bool:
    return port < _WELL_KNOWN or bool(service(port))


def address(endpoint: str) -> str:
    """Return the address of "10.0.0.1:80"."""
    return endpoint.rpartition(":")[0].strip("[]")


def nobody(host: str) -> bool:
    """Return whether an address stands for no single host: none yet, a group, or everybody."""
    if ":" in host:
        return host == "::" or host.lower().startswith("ff")
    first = host.partition(".")[0]
    return host == "0.0.0.0" or (first.isdigit() and int(first) > _LAST_UNICAST)


def is_many(host: str) -> bool:
    """Return whether it is a group of hosts, or everybody."""
    return (nobody(host) and host not in ("0.0.0.0", "::")) or host.endswith(".255")


def _port(endpoint: str) -> int:
    return int(endpoint.rpartition(":")[2])


def called(analysis: Analysis) -> dict[str, list[str]]:
    """Return the names by which each address was asked for: by DNS, in HTTP's Host, in TLS' server name.

    What is asked of a proxy is not its own name.
    """
    proxies = _proxies(analysis)
    names = defaultdict[str, dict[str, None]](dict)
    for row in rows(analysis.stat("dns")):
        for answer in (row.get("answers") or "").split(", "):
            if answer and row["type"] in ("A", "AAAA"):
                names[answer][row["name"]] = None
    for stat, column in (("http", "host"), ("tls", "server_name"), ("quic", "server_name")):
        for row in rows(analysis.stat(stat)):
            name = (row[column] or "").partition(":")[0]
            if row["server"] in proxies or name.startswith("[") or name.replace(".", "").isdigit():
                continue
            if name:
                names[address(row["server"])][name] = None
    return {host: list(found) for host, found in names.items()}


def _proxies(analysis: Analysis) -> set[str]:
    """Return the servers that clients take for proxies: of SOCKS, or asked for a way to another host (CONNECT)."""
    asked = {row["server"] for row in rows(analysis.stat("http")) if row["method"] == "CONNECT"}
    through = (row for row in rows(analysis.stat("answers")) if row["protocol"] == "SOCKS")
    return asked | {row["server"] for row in through}


def hosts(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield which hosts are asked for what: of a named host its partners, of all the servers."""
    known, names = talks(analysis), called(analysis)
    named = [t for t in known if {t.client, t.server} & question.addresses]
    by_server = defaultdict[str, list[Talk]](list)
    for talk in named or known:
        by_server[talk.server].append(talk)
    if not by_server:
        yield from _seen(analysis)
        return
    if named and _WHO.search(question.text):
        yield from (_who(analysis, host, known, names) for host in sorted(question.addresses))
    if not named and (counted := _HOW_MANY.search(question.text)):
        yield _counted(analysis, known, counted[1].lower())
    told = [server for server in by_server if not nobody(server)] or list(by_server)
    words = [_with_names(server, names) for server in told[:_HOSTS]]
    more = [f"{len(told) - _HOSTS} more"] if len(told) > _HOSTS else []
    clients = list(dict.fromkeys(talk.client for talk in named or known if talk.server in told))
    clients = [client for client in clients if not nobody(client)] or clients
    who = listing(clients[:_NAMES]) if len(clients) <= _NAMES else count(len(clients), "client")
    frames = tuple(talk.frame for talk in named or known if talk.frame)[:_HOSTS]
    yield Claim(
        text=f"{who} {'contacts' if len(clients) == 1 else 'contact'} {listing([*words, *more])}.", frames=frames,
        sources=("conversations_tcp", "conversations_udp"),
    )  # fmt: skip
    for server, asked in list(by_server.items())[:_HOSTS]:
        said = listing([talk.told() for talk in asked[:_NAMES]])
        frames = tuple(talk.frame for talk in asked if talk.frame)[:_NAMES]
        yield Claim(text=f"{server}: {said}.", frames=frames, sources=("ports",))


def _who(analysis: Analysis, host: str, known: Sequence[Talk], names: dict[str, list[str]]) -> Claim:
    """Return what one host is called, which card it has, what it is asked for and what it asks for."""
    serves = list(
        dict.fromkeys(t.protocols or spoken.described(t.spoken) for t in known if t.server == host and t.spoken)
    )
    asks = list(dict.fromkeys(t.server for t in known if t.client == host and not nobody(t.server)))
    row = next((row for row in rows(analysis.stat("hosts")) if row["address"] == host), None)
    parts = [
        "is no single host, but a group or everybody (multicast, broadcast)" if is_many(host) else "",
        f"is called {listing(names[host][:_NAMES])}" if names.get(host) else "",
        f"{'is sent' if is_many(host) else 'answers for'} {listing(serves[:_NAMES])}" if serves else "",
        f"asks {listing(asks[:_NAMES])}" if asks else "",
        f"its packets come from the network card {row['macs']}" if row and row["macs"] else "",
    ]
    frames = (row["first_frame"],) if row else ()
    text = f"{host} {', '.join(part for part in parts if part)}"
    return Claim(text=f"{text}.", frames=frames, sources=("hosts", "conversations_tcp", "conversations_udp"))


def _counted(analysis: Analysis, known: Sequence[Talk], what: str) -> Claim:
    """Return how many clients, servers or hosts there are; groups and everybody are none."""
    sides = {"client": [t.client for t in known], "server": [t.server for t in known]}
    sending = [row["address"] for row in rows(analysis.stat("hosts"))]
    found = [host for host in dict.fromkeys(sides.get(what, sending)) if not nobody(host)]
    more = [f"{len(found) - _HOSTS} more"] if len(found) > _HOSTS else []
    names = {"client": "client that asks others", "server": "server that is asked"}
    plural = {"client": "clients that ask others", "server": "servers that are asked"}
    number = count(len(found), names.get(what, "address that sends packets"),
                   plural.get(what, "addresses that send packets"))  # fmt: skip
    firsts = {row["address"]: row["first_frame"] for row in rows(analysis.stat("hosts"))}
    frames = tuple(firsts[host] for host in found[:_HOSTS] if host in firsts)
    listed = f": {listing([*found[:_HOSTS], *more])}" if found else ""
    return Claim(text=f"The capture shows {number}{listed}.", frames=frames, sources=("hosts", "conversations_tcp"))


def _seen(analysis: Analysis) -> Iterator[Claim]:
    found = rows(analysis.stat("hosts"))
    if found:
        words = [f"{row['address']} ({count(row['packets'], 'packet')} sent)" for row in found[:_HOSTS]]
        frames = tuple(row["first_frame"] for row in found[:_HOSTS])
        yield Claim(text=f"The hosts that send packets are {listing(words)}.", frames=frames, sources=("hosts",))


def _with_names(host: str, names: dict[str, list[str]]) -> str:
    known = names.get(host, [])[:_NAMES]
    return f"{host} ({listing(known)})" if known else host


def overview(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield what the hosts do: who asks whom in which protocol, the busiest first, and what carries it."""
    known, names = talks(analysis), called(analysis)
    named = [t for t in known if {t.client, t.server} & question.addresses]
    by_client = defaultdict[str, list[Talk]](list)
    for talk in named or known:
        by_client[talk.client].append(talk)
    if not by_client:
        yield from traffic.claims(analysis, question) or _seen(analysis)
        return
    told = traffic.without_ports(analysis, question)[:_HOSTS]
    for client, asked in list(by_client.items())[:_HOSTS]:
        words = [f"{_with_names(talk.server, names)}: {talk.told()}" for talk in asked[:_TALKS]]
        more = [f"{len(asked) - _TALKS} more"] if len(asked) > _TALKS else []
        frames = tuple(talk.frame for talk in asked if talk.frame)[:_TALKS]
        said = Claim(
            text=f"{client} talks to {'; '.join([*words, *more])}.", frames=frames,
            sources=("conversations_tcp", "conversations_udp", "ports"),
        )  # fmt: skip
        told.append((sum(talk.packets for talk in asked), said))
    yield from (said for _, said in sorted(told, key=lambda pair: -pair[0]))
    yield from traffic.carried(analysis)


def cards(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield the Ethernet addresses that packets came from."""
    known = [row for row in rows(analysis.stat("hosts")) if row["macs"]]
    named = [row for row in known if row["address"] in question.addresses]
    for row in [r for r in rows(analysis.stat("arp")) if r["target"] in question.addresses and r["reply_mac"]][:_HOSTS]:
        frames = (row["first_frame"], row["reply_frame"])
        text = (
            f"{row['target']} is at the Ethernet (MAC) address {row['reply_mac']}: so it says by ARP to {row['asker']}"
        )
        yield Claim(text=f"{text}.", frames=frames, sources=("arp",))
    if not known:
        found = rows(analysis.stat("endpoints_eth"))
        text = "This capture cannot tell: its frames hold no Ethernet addresses."
        if found:
            text = f"The Ethernet (MAC) addresses are {listing([row['address'] for row in found[:_HOSTS]])}."
        yield Claim(text=text, sources=("endpoints_eth",))
        return
    # A host may have an IPv4 address and several of IPv6: only several of IPv4 are a sign of a router.
    shared = [row["macs"] for row in known if ":" not in row["address"] and not nobody(row["address"])]
    for row in [row for row in named or known if not nobody(row["address"])][:_HOSTS]:
        router = (
            ", which other addresses have too: the card of a router, most likely"
            if shared.count(row["macs"]) > 1
            else ""
        )
        text = f"Packets of {row['address']} come from the Ethernet (MAC) address {row['macs']}{router}"
        yield Claim(text=f"{text}.", frames=(row["first_frame"],), sources=("hosts",))
