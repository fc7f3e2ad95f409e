"""Numbers that a question asks for outright (round-trip times, ports …), read from the statistics."""

from collections.abc import Callable, Iterator

from explainer.brief.question import Question, Topic, parse
from explainer.llm import health, overview, talk_lookup
from explainer.llm.rows import Row
from explainer.llm.rows import frames as _frames
from explainer.llm.rows import rows as _rows
from explainer.model import Analysis, Claim
from explainer.wording import count, listing, milliseconds

_ROWS = 5
_PROTOCOLS = 15
_ALWAYS = (
    "answers",
    "carriers",
    "destinations",
    "dhcp",
    "dns",
    "http",
    "icmp",
    "ports",
    "quic",
    "rtt",
    "spoken",
    "tls",
    "unanswered",
)
_ONLY_FOR = {
    Topic.PROTOCOLS: "protocol_hierarchy",
    Topic.SEGMENT_SIZE: "tcp_health",
    Topic.SLOWNESS: "timing",
    Topic.OUTCOME: "http",
    Topic.PASSWORDS: "accounts",
    Topic.ACCOUNTS: "accounts",
    Topic.FILES: "files",
    Topic.NAMES: "dns",
}
_SLOW_CONNECT_MS, _SLOW_SERVER_MS = 300, 1000  # as the rules about slowness have it
_FIRST_REDIRECTION, _FIRST_ERROR = 300, 400  # RFC 9110, section 15
_NO_PROTOCOLS = frozenset({"frame", "tcp.segments", "data", "data-text-lines"})  # nodes of Wireshark's tree


def statistics(question: str) -> tuple[str, ...]:
    """Return the ids of the statistics that an answer to this question reads."""
    topics = parse(question).topics
    return (*_ALWAYS, *(name for topic, name in _ONLY_FOR.items() if topic in topics))


def claims(analysis: Analysis, question: Question) -> list[Claim]:
    """Return what the statistics say to the question, or nothing when it asks for no number."""
    return [
        claim
        for topic, look_up in _LOOKUPS.items()
        if topic in question.topics
        for claim in look_up(analysis, question)
    ]


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


def _segment_sizes(analysis: Analysis, question: Question) -> Iterator[Claim]:
    rows = _rows(analysis.stat("tcp_health"))
    named = [r for r in rows if {_address(r["client"]), _address(r["server"])} & question.addresses]
    told = [row for row in named or rows if row["client_mss"] is not None or row["server_mss"] is not None]
    for row in sorted(told, key=lambda row: min(row["client_mss"] or 65535, row["server_mss"] or 65535))[:_ROWS]:
        sides = [
            f"{side} {row[name]} announces a maximum segment size (MSS) of {row[f'{name}_mss']} bytes"
            for name, side in (("client", "the client"), ("server", "the server"))
            if row[f"{name}_mss"] is not None
        ]
        smallest = min(row["client_mss"] or 65535, row["server_mss"] or 65535)
        about = f", so segments carry at most {smallest} bytes (an MTU of about {smallest + 40})"
        text = listing(sides) + about
        yield Claim(text=f"{text[:1].upper()}{text[1:]}.", frames=_syn_frames(analysis, row), sources=("tcp_health",))


def _syn_frames(analysis: Analysis, row: Row) -> tuple[int, ...]:
    same = (r for r in _rows(analysis.stat("rtt")) if r["stream"] == row["stream"])
    return next((_frames(r, "syn_frame", "syn_ack_frame") for r in same), ())


def addresses(analysis: Analysis) -> set[str]:
    """Return the addresses that packets were sent to or connections made from."""
    found = {row["address"] for row in _rows(analysis.stat("destinations"))}
    return found | {_address(row[side]) for row in _rows(analysis.stat("rtt")) for side in ("client", "server")}


def _address(endpoint: str) -> str:
    return endpoint.rpartition(":")[0].strip("[]")


def _rtt(analysis: Analysis, question: Question) -> Iterator[Claim]:
    rows = [row for row in _rows(analysis.stat("rtt")) if row["syn_ack_rtt_ms"] is not None]
    named = [r for r in rows if {_address(r["client"]), _address(r["server"])} & question.addresses]
    for row in (named or rows)[:_ROWS]:
        between = f"between {row['client']} and {row['server']}"
        text = f"The round-trip time {between} is {milliseconds(row['syn_ack_rtt_ms'])} (SYN to SYN/ACK)"
        if row["initial_rtt_ms"] is not None:
            text += f"; the handshake was complete after {milliseconds(row['initial_rtt_ms'])}"
        yield Claim(text=f"{text}.", frames=_frames(row, "syn_frame", "syn_ack_frame", "ack_frame"), sources=("rtt",))


def _outcomes(analysis: Analysis, question: Question) -> Iterator[Claim]:
    yield from health.accepted(analysis)
    yield from health.leases(analysis)
    rows = [row for row in _rows(analysis.stat("http")) if row["method"] and row["status"]]
    if rows and all(row["status"] < _FIRST_ERROR for row in rows):
        last = rows[-1]
        more = f" {count(len(rows) - 1, 'request')} before it met no error either." if len(rows) > 1 else ""
        how = "succeeded: it was answered" if last["status"] < _FIRST_REDIRECTION else "was answered"
        text = f"No fault was found: {last['method']} {last['path']} {how} with HTTP {last['status']}."
        frames = tuple(frame for row in rows[-_ROWS:] for frame in _frames(row, "request_frame", "response_frame"))
        yield Claim(text=f"{text}{more}", frames=frames, sources=("http",))


def _slowness(analysis: Analysis, question: Question) -> Iterator[Claim]:
    rows = _rows(analysis.stat("timing"))
    named = [r for r in rows if {_address(r["client"]), _address(r["server"])} & question.addresses]
    slowest = sorted(named or rows, key=lambda r: (-max(r["connect_ms"] or 0, r["slowest_ms"]), r["stream"]))
    for row in slowest[:_ROWS]:
        yield _phases(row)


def _phases(row: Row) -> Claim:
    connect, between = row["connect_ms"], f"{row['client']} to {row['server']}"
    if connect is not None and connect >= _SLOW_CONNECT_MS:
        verdict = f"Yes, the network between them is slow ({between})"
    elif row["server_ms"] >= _SLOW_SERVER_MS:
        waited = f"{milliseconds(row['slowest_ms'])} until frame {row['slowest_frame']}"
        verdict = f"Yes, waiting for the server took longest: {waited} ({between})"
    else:
        verdict = f"No, it is not slow ({between})"
    phases = [f"SYN/ACK after {milliseconds(connect)} (frame {row['syn_ack_frame']})"] if connect is not None else []
    if row["acknowledged_ms"] is not None:
        took = milliseconds(row["acknowledged_ms"])
        phases.append(f"the first request acknowledged after {took} (frame {row['acknowledged_frame']})")
    took = milliseconds(row["first_byte_ms"])
    phases.append(f"its response begun after {took} (frame {row['response_frame']})")
    phases.append(f"and transferred in {milliseconds(row['transfer_ms'])} more (frame {row['last_frame']})")
    frames = _frames(row, "syn_frame", "syn_ack_frame", "request_frame", "acknowledged_frame", "response_frame")
    return Claim(text=f"{verdict}: {', '.join(phases)}.", frames=frames, sources=("timing",))


def _ports(analysis: Analysis, question: Question) -> Iterator[Claim]:
    yield from overview.on_ports(analysis, question)
    for row in _rows(analysis.stat("ports")):
        if row["port"] not in question.ports:
            continue
        service = f" ({row['service']})" if row["service"] else ""
        conversations = count(row["conversations"], "conversation")
        text = f"{row['transport']} port {row['port']}{service}: {conversations}, {count(row['packets'], 'packet')}"
        yield Claim(text=f"{text}, {row['bytes']:,} bytes.", frames=_frames(row, "first_frame"), sources=("ports",))
    yield from _tls_on_ports(analysis, question)


def _tls_on_ports(analysis: Analysis, question: Question) -> Iterator[Claim]:
    rows = [r for r in _rows(analysis.stat("tls")) if int(r["server"].rpartition(":")[2]) in question.ports]
    for row in rows[:_ROWS]:
        name = f" for {row['server_name']}" if row["server_name"] else ""
        text = f"On {row['server']} runs TLS{name}: {row['version'] or 'no version agreed'}, {row['outcome']}"
        frames = _frames(row, "client_hello_frame", "server_hello_frame", "outcome_frame")
        yield Claim(text=f"{text}.", frames=frames, sources=("tls",))


def _tunnels(analysis: Analysis, question: Question) -> Iterator[Claim]:
    found = overview.carried(analysis)
    if found:
        yield from found
        yield from overview.claims(analysis, question)[:_ROWS]
    else:
        yield Claim(
            text="No tunnel, and no tag such as a VLAN's, was recognised around packets.", sources=("carriers",)
        )


def _encryption(analysis: Analysis, question: Question) -> Iterator[Claim]:
    rows = [row for row in _rows(analysis.stat("tls")) if row["outcome"].startswith("established")]
    named = [r for r in rows if {_address(r["client"]), _address(r["server"])} & question.addresses]
    for row in (named or rows)[:_ROWS]:
        text = f"Yes: the connection of {row['client']} to {row['server']} is encrypted, by {row['version'] or 'TLS'}"
        frames = _frames(row, "client_hello_frame", "server_hello_frame")
        yield Claim(text=f"{text}; its handshake was completed.", frames=frames, sources=("tls",))


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


def _destinations(analysis: Analysis, question: Question) -> Iterator[Claim]:
    rows = _rows(analysis.stat("destinations"))[:_ROWS]
    if rows:
        words = [f"{r['address']} {r['transport']} port {r['port']} ({count(r['packets'], 'packet')})" for r in rows]
        yield Claim(text=f"Most packets go to {listing(words)}.", sources=("destinations",))


_LOOKUPS: dict[Topic, Callable[[Analysis, Question], Iterator[Claim]]] = {
    Topic.SLOWNESS: _slowness,
    Topic.TUNNELS: _tunnels,
    Topic.ENCRYPTION: _encryption,
    Topic.OUTCOME: _outcomes,
    Topic.RTT: _rtt,
    Topic.PORTS: _ports,
    Topic.PROTOCOLS: _protocols,
    Topic.DESTINATIONS: _destinations,
    Topic.ALERTS: _alerts,
    Topic.SEGMENT_SIZE: _segment_sizes,
    Topic.FILES: talk_lookup.files,
    Topic.PASSWORDS: talk_lookup.passwords,
    Topic.ACCOUNTS: talk_lookup.accounts,
    Topic.NAMES: talk_lookup.names,
}
