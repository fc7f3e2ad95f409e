"""Numbers that a question asks for outright (round-trip times, ports …), read from the statistics."""

import re
from collections.abc import Callable, Iterator

from explainer.brief.question import Question, Topic, parse
from explainer.llm import (
    account_lookup,
    address_lookup,
    arp_lookup,
    call_lookup,
    capture_lookup,
    change_lookup,
    gateway_lookup,
    host_lookup,
    host_outcome,
    login_lookup,
    names_outcome,
    neighbor_lookup,
    network_lookup,
    outcome_lookup,
    port_lookup,
    rate_lookup,
    said_lookup,
    service_lookup,
    talk_lookup,
    tcp_lookup,
    tls_lookup,
)
from explainer.llm.rows import frames as _frames
from explainer.llm.rows import rows as _rows
from explainer.model import Analysis, Claim, Severity
from explainer.wording import listing

_ROWS = 5
_PROTOCOLS = 15
_ALWAYS = (
    "answers", "arp", "carriers", "destinations", "dhcp", "dhcpv6", "dns", "http", "icmp", "ospf", "pings", "ports",
    "quic", "rtp", "rtt", "spoken", "tls", "unanswered",
)  # fmt: skip
_ONLY_FOR = {
    Topic.PROTOCOLS: "protocol_hierarchy",
    Topic.SEGMENT_SIZE: "tcp_health",
    Topic.SLOWNESS: "timing",
    Topic.OUTCOME: "http",
    Topic.PASSWORDS: "accounts",
    Topic.ACCOUNTS: "accounts",
    Topic.FILES: "files",
    Topic.NAMES: "dns",
    Topic.COUNT: "protocol_hierarchy",
    Topic.IP_VERSION: "protocol_hierarchy",
    Topic.NAME_SERVER: "dns",
    Topic.ADDRESS: "dns",
    Topic.SITES: "http",
    Topic.SOFTWARE: "software",
    Topic.CARDS: "endpoints_eth",
    Topic.LENGTHS: "packet_lengths",
    Topic.LOSS: "tcp_health",
    Topic.CARRIERS: "tags",
    Topic.ARP: "arp",
    Topic.DEVICES: "devices",
    Topic.CLOSING: "closings",
    Topic.RESETS: "closings",
    Topic.FRAGMENTS: "fragments",
    Topic.TOPICS: "topics",
    Topic.SEARCHES: "directory_searches",
    Topic.CLOCK: "time_servers",
    Topic.GROUPS: "multicast_groups",
    Topic.TREE: "spanning_tree",
}
_TALKS = ("conversations_tcp", "conversations_udp", "dns", "http", "hosts")
_HOSTS = ("endpoints_ip", "endpoints_ipv6", "conversations_ip", "conversations_ipv6", "hosts")
_SEVERAL_FOR = {
    Topic.CONNECTIONS: ("conversations_tcp", "conversations_udp"),
    Topic.VOLUME: (*_HOSTS, "protocol_hierarchy"),
    Topic.DESTINATIONS: _HOSTS,
    Topic.HOSTS: _TALKS,
    Topic.OVERVIEW: _TALKS,
    Topic.PORTS: _TALKS,
    Topic.ENCRYPTED: _TALKS,
    Topic.SYSTEM: ("hosts", "software"),
    Topic.CARDS: ("hosts",),
    Topic.GATEWAY: ("hosts", "dhcp_settings"),
    Topic.LEASES: ("dhcp_settings", "dhcpv6"),
    Topic.OWN_ADDRESS: (*_HOSTS, *_TALKS),
    Topic.RATE: ("conversations_tcp", "conversations_udp"),
    Topic.CHANGES: ("conversations_tcp", "conversations_udp"),
    Topic.TUNNELS: ("conversations_tcp", "conversations_udp"),
    Topic.IP_VERSION: ("hosts",),
    Topic.ADDRESS: ("http",),
    Topic.FILES: ("http", "closings"),
    Topic.SILENCE: ("closings",),
    Topic.OUTCOME: ("closings",),
    Topic.LOGIN: ("accounts", *_TALKS),
    Topic.INTERFACES: ("dns",),
    Topic.NO_IPV6: ("dns", "hosts"),
}
_SAID, _IS = (
    frozenset({Topic.MAILS, Topic.FILES, Topic.SEARCHES, Topic.PROTOCOLS}),
    re.compile(r"\s*(?:is|are|was|were)\b", re.IGNORECASE),
)
"""What was said, searched or fetched, and in which protocol, is no answer to whether it is encrypted."""
_NO_PROTOCOLS = frozenset({"frame", "tcp.segments", "data", "data-text-lines"})  # nodes of Wireshark's tree


def statistics(question: str) -> tuple[str, ...]:
    """Return the ids of the statistics that an answer to this question reads."""
    topics = parse(question).topics
    one = (name for topic, name in _ONLY_FOR.items() if topic in topics)
    several = (name for topic, names in _SEVERAL_FOR.items() if topic in topics for name in names)
    return tuple(dict.fromkeys((*_ALWAYS, *one, *several)))


def claims(analysis: Analysis, question: Question) -> list[Claim]:
    """Return what the statistics say to the question, once, or nothing when it asks for no number."""
    found = list[Claim]()
    beside = _SAID if Topic.ENCRYPTED in question.topics and _IS.match(question.text) else frozenset[Topic]()
    for topic, look_up in _LOOKUPS.items():
        if topic in question.topics - beside:
            found.extend(look_up(analysis, question))
    return list({(claim.text, claim.frames): claim for claim in found}.values())


def _alerts(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield what the alerts mean for the connections: the fatal ones first."""
    rows = _rows(analysis.stat("tls"))
    for row in [row for row in rows if "alert" in row["outcome"] or "(" in row["outcome"]][:_ROWS]:
        text = f"The connection of {row['client']} to {row['server']} {row['outcome']}"
        yield Claim(text=f"{text}.", frames=_frames(row, "outcome_frame"), sources=("tls",))
    for row in [row for row in rows if row["warnings"] and row["outcome"].startswith("established")][:_ROWS]:
        text = (
            f"The connection did not fail: the alert {row['warnings']} is only a warning, the handshake was completed"
        )
        yield Claim(
            text=f"{text} and the connection went on.",
            frames=_frames(row, "warning_frame", "outcome_frame"),
            sources=("tls",),
        )


def addresses(analysis: Analysis) -> set[str]:
    """Return the addresses that packets were sent to, or come from, and those that ARP tells of."""
    found = {row["address"] for row in _rows(analysis.stat("destinations"))}
    found |= {row[side] for row in _rows(analysis.stat("spoken")) for side in ("client", "server")}
    found |= {row[side] for row in _rows(analysis.stat("arp")) for side in ("asker", "target")}
    return found | {
        host_lookup.address(row[side]) for row in _rows(analysis.stat("rtt")) for side in ("client", "server")
    }


def _protocols(analysis: Analysis, question: Question) -> Iterator[Claim]:
    yield from tls_lookup.http_versions(analysis, question)
    shares = dict[str, float]()
    for row in _rows(analysis.stat("protocol_hierarchy")):
        name, above = row["protocol"], row["path"].split("/")[:-1]
        marks = name.startswith("_ws.")  # Wireshark's own, such as _ws.malformed
        if name not in above and name not in _NO_PROTOCOLS and not marks:  # what carries itself would count twice
            shares[name] = shares.get(name, 0.0) + row["frame_share"]
    if shares:
        largest = sorted(shares, key=lambda name: (-shares[name], name))[:_PROTOCOLS]
        words = [f"{name} ({shares[name]:.4g} % of the frames)" for name in largest]
        yield Claim(text=f"The protocols in this capture are {listing(words)}.", sources=("protocol_hierarchy",))


def _slowness(analysis: Analysis, question: Question) -> Iterator[Claim]:
    yield from names_outcome.durations(analysis, question)
    yield from tcp_lookup.slowness(analysis, question)


def _suspicion(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield that none of the suspicious things that are looked for was found, where that is so."""
    concerned = (f for f in analysis.findings if question.concerns(f) and not question.asks_more_of(f))
    if Topic.OVERVIEW in question.topics or any(concerned):
        return
    faults = any(finding.severity is not Severity.INFO for finding in analysis.findings)
    begins = "Nothing suspicious was found" if faults else "No fault was found, and nothing suspicious"
    two_cards = any(finding.rule.startswith("address_duplicate") for finding in analysis.findings)
    of_arp = " no ARP spoofing," if _rows(analysis.stat("arp")) and not two_cards else ""
    text = (
        f"{begins}: no scan for hosts or ports, no guessing of passwords, no tunnel in DNS,{of_arp}"
        " no mining, no BitTorrent, no remote control from the internet. That is no proof that there is none"
    )
    yield Claim(
        text=f"{text}: what is encrypted cannot be read, and malware may look like ordinary traffic.",
        sources=("rules",),
    )


_LOOKUPS: dict[Topic, Callable[[Analysis, Question], Iterator[Claim]]] = {
    Topic.TLS_STEPS: tls_lookup.steps,
    Topic.LOGIN: login_lookup.logins,
    Topic.TOPICS: said_lookup.topics,
    Topic.SEARCHES: said_lookup.searches,
    Topic.MAILS: said_lookup.mails,
    Topic.CLOCK: said_lookup.clocks,
    Topic.GROUPS: said_lookup.groups,
    Topic.TREE: said_lookup.tree,
    Topic.NO_IPV6: names_outcome.without_ipv6,
    Topic.SMB_VERSION: service_lookup.smb_versions,
    Topic.FRAGMENTS: network_lookup.fragments,
    Topic.ROUTING: neighbor_lookup.ospf,
    Topic.FILE_STATE: capture_lookup.state,
    Topic.REACH: host_outcome.reached,
    Topic.GATEWAY: gateway_lookup.gateways,
    Topic.LEASES: address_lookup.leases,
    Topic.OWN_ADDRESS: address_lookup.own_address,
    Topic.CALLS: call_lookup.calls,
    Topic.CHANGES: change_lookup.changes,
    Topic.RATE: rate_lookup.rates,
    Topic.SLOWNESS: _slowness,
    Topic.CLOSING: tcp_lookup.closings,
    Topic.STATUS: outcome_lookup.status_codes,
    Topic.OUTCOME: outcome_lookup.outcomes,
    Topic.LOSS: tcp_lookup.losses,  # before COUNT: how many packets were lost?
    Topic.IN_USE: port_lookup.in_use,
    Topic.CARRIERS: network_lookup.carriers,
    Topic.TUNNELS: network_lookup.vpns,
    Topic.RTT: tcp_lookup.rtt,
    Topic.PINGS: network_lookup.pings,
    Topic.PORTS: port_lookup.ports,
    Topic.COUNT: capture_lookup.size,
    Topic.LENGTHS: capture_lookup.lengths,
    Topic.WHEN: capture_lookup.when,
    Topic.CONNECTIONS: capture_lookup.connections,
    Topic.NAME_SERVER: service_lookup.name_servers,
    Topic.ADDRESS: service_lookup.addresses_of,
    Topic.PROTOCOLS: _protocols,
    Topic.DESTINATIONS: capture_lookup.talkers,
    Topic.ALERTS: _alerts,
    Topic.SEGMENT_SIZE: tcp_lookup.segment_sizes,
    Topic.TLS_DETAILS: tls_lookup.details,
    Topic.SYSTEM: service_lookup.system,
    Topic.CARDS: host_lookup.cards,
    Topic.ARP: arp_lookup.requests,
    Topic.DEVICES: network_lookup.devices,
    Topic.IP_VERSION: capture_lookup.ip_version,
    Topic.VOLUME: capture_lookup.volume,
    Topic.FILES: talk_lookup.files,
    Topic.PASSWORDS: talk_lookup.passwords,
    Topic.ENCRYPTED: service_lookup.encrypted,
    Topic.ACCOUNTS: account_lookup.accounts,
    Topic.SITES: service_lookup.sites,
    Topic.SOFTWARE: service_lookup.software,
    Topic.NAMES: talk_lookup.names,
    Topic.INTERFACES: capture_lookup.interfaces,
    Topic.HOSTS: host_lookup.hosts,
    Topic.OVERVIEW: host_lookup.overview,
    Topic.SUSPICION: _suspicion,
}
