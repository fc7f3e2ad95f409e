"""Numbers that a question asks for outright (round-trip times, ports …), read from the statistics."""

from collections.abc import Callable, Iterator

from explainer.brief.question import Question, Topic, parse
from explainer.llm import capture_lookup, host_lookup, port_lookup, service_lookup, talk_lookup, tcp_lookup
from explainer.llm.rows import frames as _frames
from explainer.llm.rows import rows as _rows
from explainer.model import Analysis, Claim, Severity
from explainer.wording import count, listing, milliseconds

_ROWS = 5
_PROTOCOLS = 15
_ALWAYS = ("destinations", "pings", "ports", "quic", "rtt", "tls")
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
}
_TALKS = ("conversations_tcp", "conversations_udp", "dns", "http", "hosts")
_HOSTS = ("endpoints_ip", "endpoints_ipv6", "conversations_ip", "conversations_ipv6", "hosts", "protocol_hierarchy")
_SEVERAL_FOR = {
    Topic.CONNECTIONS: ("conversations_tcp", "conversations_udp"),
    Topic.VOLUME: _HOSTS,
    Topic.DESTINATIONS: _HOSTS,
    Topic.HOSTS: _TALKS,
    Topic.OVERVIEW: _TALKS,
    Topic.PORTS: _TALKS,
    Topic.ENCRYPTED: _TALKS,
    Topic.SYSTEM: ("hosts", "software"),
    Topic.CARDS: ("hosts",),
    Topic.IP_VERSION: ("hosts",),
    Topic.ADDRESS: ("http",),
    Topic.FILES: ("http",),
}
_UNFINISHED = ("capture ends too early", "capture starts in the middle", "one direction only")
_FIRST_REDIRECTION, _FIRST_ERROR = 300, 400  # RFC 9110, section 15
_NO_PROTOCOLS = frozenset({"frame", "tcp.segments", "data", "data-text-lines"})  # nodes of Wireshark's tree


def statistics(question: str) -> tuple[str, ...]:
    """Return the ids of the statistics that an answer to this question reads."""
    topics = parse(question).topics
    one = (name for topic, name in _ONLY_FOR.items() if topic in topics)
    several = (name for topic, names in _SEVERAL_FOR.items() if topic in topics for name in names)
    return tuple(dict.fromkeys((*_ALWAYS, *one, *several)))


def claims(analysis: Analysis, question: Question) -> list[Claim]:
    """Return what the statistics say to the question, or nothing when it asks for no number."""
    return [
        claim
        for topic, look_up in _LOOKUPS.items()
        if topic in question.topics
        for claim in look_up(analysis, question)
    ]


def health(analysis: Analysis) -> list[Claim]:
    """Return the facts that speak for a working network: connections answered, and how fast."""
    return [
        *_answered_connections(analysis),
        *_answered_pings(analysis),
        *_completed_handshakes(analysis),
        *_quic_connections(analysis),
        *_warnings(analysis),
    ]


def unfinished_handshakes(analysis: Analysis) -> str:
    """Return "1 TLS handshake is" for those that neither completed nor failed, or nothing."""
    open_ones = sum(row["outcome"] in _UNFINISHED for row in _rows(analysis.stat("tls")))
    return count(open_ones, "TLS handshake is", "TLS handshakes are") if open_ones else ""


def _answered_connections(analysis: Analysis) -> Iterator[Claim]:
    rows = [row for row in _rows(analysis.stat("rtt")) if row["syn_ack_rtt_ms"] is not None]
    if not rows:
        return
    slowest = max(rows, key=lambda row: row["syn_ack_rtt_ms"])
    answered = count(len(rows), "connection request was answered", "connection requests were answered")
    worst = milliseconds(slowest["syn_ack_rtt_ms"])
    text = f"{answered}, the slowest after {worst} ({slowest['client']} to {slowest['server']})"
    yield Claim(text=f"{text}.", frames=_frames(slowest, "syn_frame", "syn_ack_frame"), sources=("rtt",))


def _answered_pings(analysis: Analysis) -> Iterator[Claim]:
    for row in [row for row in _rows(analysis.stat("pings")) if row["replies"] and row["mean_ms"] is not None][:_ROWS]:
        replies = f"{count(row['replies'], 'reply', 'replies')} to {count(row['requests'], 'ping')}"
        took = milliseconds(row["mean_ms"])
        text = f"{row['target']} sends {replies} of {row['source']}, after {took} on average"
        yield Claim(text=f"{text}.", frames=_frames(row, "first_frame", "reply_frame"), sources=("pings",))


def _completed_handshakes(analysis: Analysis) -> Iterator[Claim]:
    rows = [row for row in _rows(analysis.stat("tls")) if row["outcome"].startswith("established")]
    if not rows:
        return
    versions = listing(sorted({row["version"] for row in rows if row["version"]}))
    completed = count(len(rows), "TLS handshake was completed", "TLS handshakes were completed")
    frames = tuple(frame for row in rows[:_ROWS] for frame in _frames(row, "client_hello_frame", "server_hello_frame"))
    yield Claim(text=f"{completed}{f', with {versions}' if versions else ''}.", frames=frames, sources=("tls",))


def _quic_connections(analysis: Analysis) -> Iterator[Claim]:
    for row in [row for row in _rows(analysis.stat("quic")) if row["outcome"] == "established"][:_ROWS]:
        steps = [
            f"{name} (frame {row[column]})"
            for name, column in (("Version Negotiation", "negotiation_frame"), ("Retry", "retry_frame"))
            if row[column] is not None
        ]
        normal = f"; {listing(steps)} before it {'are' if len(steps) > 1 else 'is'} normal" if steps else ""
        text = f"The QUIC connection of {row['client']} to {row['server']} was completed: both sides send data (1-RTT)"
        frames = _frames(row, "negotiation_frame", "retry_frame", "client_data_frame", "server_data_frame")
        yield Claim(text=f"{text}{normal}.", frames=frames, sources=("quic",))


def _warnings(analysis: Analysis) -> Iterator[Claim]:
    for row in [row for row in _rows(analysis.stat("tls")) if row["warnings"]][:_ROWS]:
        text = f"An alert of level warning is no failure: {row['warnings']}; the connection went on."
        if row["outcome"].startswith("established"):
            yield Claim(text=text, frames=_frames(row, "warning_frame", "outcome_frame"), sources=("tls",))


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
    """Return the addresses that packets were sent to or connections made from."""
    found = {row["address"] for row in _rows(analysis.stat("destinations"))}
    return found | {_address(row[side]) for row in _rows(analysis.stat("rtt")) for side in ("client", "server")}


def _address(endpoint: str) -> str:
    return endpoint.rpartition(":")[0].strip("[]")


def _outcomes(analysis: Analysis, question: Question) -> Iterator[Claim]:
    rows = [row for row in _rows(analysis.stat("http")) if row["method"] and row["status"]]
    if Topic.ACCOUNTS in question.topics:  # a login is asked about, not a page
        return
    if rows and all(row["status"] < _FIRST_ERROR for row in rows):
        last = rows[-1]
        more = f" {count(len(rows) - 1, 'request')} before it met no error either." if len(rows) > 1 else ""
        how = "succeeded: it was answered" if last["status"] < _FIRST_REDIRECTION else "was answered"
        text = f"No fault was found: {last['method']} {last['path']} {how} with HTTP {last['status']}."
        frames = tuple(frame for row in rows[-_ROWS:] for frame in _frames(row, "request_frame", "response_frame"))
        yield Claim(text=f"{text}{more}", frames=frames, sources=("http",))


def _protocols(analysis: Analysis, question: Question) -> Iterator[Claim]:
    shares = dict[str, float]()
    for row in _rows(analysis.stat("protocol_hierarchy")):
        name, above = row["protocol"], row["path"].split("/")[:-1]
        if name not in above and name not in _NO_PROTOCOLS:  # what carries itself would count twice
            shares[name] = shares.get(name, 0.0) + row["frame_share"]
    if shares:
        largest = sorted(shares, key=lambda name: (-shares[name], name))[:_PROTOCOLS]
        words = [f"{name} ({shares[name]:.4g} % of the frames)" for name in largest]
        yield Claim(text=f"The protocols in this capture are {listing(words)}.", sources=("protocol_hierarchy",))


def _suspicion(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield that none of the suspicious things that are looked for was found, where that is so."""
    if Topic.OVERVIEW in question.topics or any(question.concerns(finding) for finding in analysis.findings):
        return
    faults = any(finding.severity is not Severity.INFO for finding in analysis.findings)
    begins = "Nothing suspicious was found" if faults else "No fault was found, and nothing suspicious"
    text = (
        f"{begins}: no scan for hosts or ports, no guessing of passwords, no tunnel in DNS,"
        " no mining, no BitTorrent, no remote control from the internet. That is no proof that there is none"
    )
    yield Claim(
        text=f"{text}: what is encrypted cannot be read, and malware may look like ordinary traffic.",
        sources=("rules",),
    )


_LOOKUPS: dict[Topic, Callable[[Analysis, Question], Iterator[Claim]]] = {
    Topic.SLOWNESS: tcp_lookup.slowness,
    Topic.OUTCOME: _outcomes,
    Topic.RTT: tcp_lookup.rtt,
    Topic.PORTS: port_lookup.ports,
    Topic.COUNT: capture_lookup.size,
    Topic.LENGTHS: capture_lookup.lengths,
    Topic.LOSS: tcp_lookup.losses,
    Topic.WHEN: capture_lookup.when,
    Topic.CONNECTIONS: capture_lookup.connections,
    Topic.NAME_SERVER: service_lookup.name_servers,
    Topic.ADDRESS: service_lookup.addresses_of,
    Topic.PROTOCOLS: _protocols,
    Topic.DESTINATIONS: capture_lookup.talkers,
    Topic.ALERTS: _alerts,
    Topic.SEGMENT_SIZE: tcp_lookup.segment_sizes,
    Topic.TLS_DETAILS: service_lookup.tls_details,
    Topic.SYSTEM: service_lookup.system,
    Topic.CARDS: host_lookup.cards,
    Topic.IP_VERSION: capture_lookup.ip_version,
    Topic.VOLUME: capture_lookup.volume,
    Topic.FILES: talk_lookup.files,
    Topic.ENCRYPTED: service_lookup.encrypted,
    Topic.PASSWORDS: talk_lookup.passwords,
    Topic.ACCOUNTS: talk_lookup.accounts,
    Topic.SITES: service_lookup.sites,
    Topic.SOFTWARE: service_lookup.software,
    Topic.NAMES: talk_lookup.names,
    Topic.HOSTS: host_lookup.hosts,
    Topic.OVERVIEW: host_lookup.overview,
    Topic.SUSPICION: _suspicion,
}
