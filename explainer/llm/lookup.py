"""Numbers that a question asks for outright (round-trip times, ports …), read from the statistics."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from explainer.brief.question import Question, Topic, parse
from explainer.model import Analysis, Claim, Stat
from explainer.wording import count, listing, milliseconds

_ROWS = 5
_PROTOCOLS = 15
_NO_PROTOCOLS = frozenset({"frame", "tcp.segments", "data", "data-text-lines"})  # nodes of Wireshark's tree

Row = dict[str, Any]


def statistics(question: str) -> tuple[str, ...]:
    """Return the ids of the statistics that an answer to this question reads."""
    wanted = ("destinations", "ports", "rtt", "tls")
    return (*wanted, "protocol_hierarchy") if Topic.PROTOCOLS in parse(question).topics else wanted


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
    return [*_answered_connections(analysis), *_completed_handshakes(analysis), *_warnings(analysis)]


def unfinished_handshakes(analysis: Analysis) -> str:
    """Return "1 TLS handshake is" for those that neither completed nor failed, or nothing."""
    open_ones = sum(row["outcome"] == "not finished" for row in _rows(analysis.stat("tls")))
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


def _completed_handshakes(analysis: Analysis) -> Iterator[Claim]:
    rows = [row for row in _rows(analysis.stat("tls")) if row["outcome"] == "established"]
    if not rows:
        return
    versions = listing(sorted({row["version"] for row in rows if row["version"]}))
    completed = count(len(rows), "TLS handshake was completed", "TLS handshakes were completed")
    frames = tuple(frame for row in rows[:_ROWS] for frame in _frames(row, "client_hello_frame", "server_hello_frame"))
    yield Claim(text=f"{completed}{f', with {versions}' if versions else ''}.", frames=frames, sources=("tls",))


def _warnings(analysis: Analysis) -> Iterator[Claim]:
    for row in [row for row in _rows(analysis.stat("tls")) if row["warnings"]][:_ROWS]:
        text = f"An alert of level warning is no failure: {row['warnings']}; the connection went on."
        if row["outcome"] == "established":
            yield Claim(text=text, frames=_frames(row, "warning_frame"), sources=("tls",))


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


def _ports(analysis: Analysis, question: Question) -> Iterator[Claim]:
    for row in _rows(analysis.stat("ports")):
        if row["port"] not in question.ports:
            continue
        service = f" ({row['service']})" if row["service"] else ""
        conversations = count(row["conversations"], "conversation")
        text = f"{row['transport']} port {row['port']}{service}: {conversations}, {count(row['packets'], 'packet')}"
        yield Claim(text=f"{text}, {row['bytes']:,} bytes.", frames=_frames(row, "first_frame"), sources=("ports",))


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
    Topic.RTT: _rtt,
    Topic.PORTS: _ports,
    Topic.PROTOCOLS: _protocols,
    Topic.DESTINATIONS: _destinations,
}


def _rows(stat: Stat | None) -> Sequence[Row]:
    if stat is None:
        return []
    names = [column.name for column in stat.columns]
    return [dict(zip(names, row, strict=True)) for row in stat.rows]


def _frames(row: Row, *names: str) -> tuple[int, ...]:
    return tuple(row[name] for name in names if row[name] is not None)
