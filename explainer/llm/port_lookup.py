"""What a question about ports asks for outright: what traffic goes there, and between whom."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.brief.question import Question, Topic
from explainer.llm import overview, spoken
from explainer.llm.host_lookup import Talk, talks
from explainer.llm.rows import Row
from explainer.llm.rows import frames as _frames
from explainer.llm.rows import rows as _rows
from explainer.model import Analysis, Claim
from explainer.wording import count, listing

_ROWS, _PORTS = 5, 15
_SERVICE = "service"
_VERSION = re.compile(r"\b(?:tls|ssl) ?v?\d", re.IGNORECASE)
OPEN = re.compile(r"\bopen\b", re.IGNORECASE)


def ports(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield what traffic goes to the ports that are named, and between whom; where none is, which ports are asked."""
    known = talks(analysis)
    protocols = overview.by_port(analysis)
    if OPEN.search(question.text):
        yield from _accepting(analysis, question)
    elif not question.ports and not question.about_a_fault and question.topics == {Topic.PORTS}:
        yield from _used(analysis)
    for row in _asked_for(analysis, question):
        service = f" ({row['service']})" if row["service"] else ""
        conversations = count(row["conversations"], "conversation")
        text = f"{row['transport']} port {row['port']}{service}: {conversations}, {count(row['packets'], 'packet')}"
        here = [talk for talk in known if (talk.transport, talk.port) == (row["transport"], row["port"])]
        said = protocols.get((row["transport"], row["port"])) or spoken.described(
            (row.get("spoken") or "").split(",")[0]
        )
        text += f", {row['bytes']:,} bytes; what is said there is {said}{_between(here)}"
        yield Claim(text=f"{text}.", frames=_frames(row, "first_frame"), sources=("ports",))
    yield from _tls_on_ports(analysis, question)


def in_use(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield that a protocol which the question names is spoken, by whom and with whom."""
    if _VERSION.search(question.text):  # that TLS is spoken does not say which
        return
    words = set(re.findall(r"[a-z0-9/-]+", question.text.lower()))
    for row in [row for row in _rows(analysis.stat("spoken")) if _named(row["protocols"]) & words][:_ROWS]:
        ends = f" by {row['client']} with {row['server']}" if row["client"] and row["server"] else ""
        text = f"Yes: {row['protocols']} is spoken{ends} ({count(row['packets'], 'packet')})"
        yield Claim(text=f"{text}.", frames=_frames(row, "first_frame"), sources=("spoken",))


def _named(protocols: str) -> set[str]:
    """Return the first words of protocols' names: of "BitTorrent DHT and STUN (…)" "bittorrent" and "stun"."""
    names = re.sub(r" \([^)]*\)", "", protocols).lower()
    return {name.split()[0] for name in re.split(r", | and ", names) if name.split()} - {"an", "a"}


def _accepting(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield which ports of each server accepted a connection."""
    found = defaultdict[str, dict[int, int]](dict)
    for row in [row for row in _rows(analysis.stat("rtt")) if row["syn_ack_frame"] is not None]:
        host, _, port = row["server"].rpartition(":")
        found[host.strip("[]")].setdefault(int(port), row["syn_ack_frame"])
    named = {host: accepted for host, accepted in found.items() if host in question.addresses}
    for host, accepted in list((named or found).items())[:_ROWS]:
        which = listing([str(port) for port in sorted(accepted)[:_PORTS]])
        text = f"{host} accepts connections on the TCP {'port' if len(accepted) == 1 else 'ports'} {which}"
        yield Claim(text=f"{text}.", frames=tuple(accepted.values())[:_PORTS], sources=("rtt",))


def _used(analysis: Analysis) -> Iterator[Claim]:
    rows = _rows(analysis.stat("ports"))
    if rows:
        words = [f"{r['transport']} {r['port']}{f' ({r[_SERVICE]})' if r[_SERVICE] else ''}" for r in rows[:_PORTS]]
        more = [f"{len(rows) - _PORTS} more"] if len(rows) > _PORTS else []
        frames = tuple(row["first_frame"] for row in rows[:_ROWS])
        text = f"The ports that are asked, the busiest first, are {listing([*words, *more])}."
        yield Claim(text=text, frames=frames, sources=("ports",))


def _asked_for(analysis: Analysis, question: Question) -> list[Row]:
    """Return the rows of the ports that the question names."""
    return [row for row in _rows(analysis.stat("ports")) if row["port"] in question.ports]


def _between(found: Sequence[Talk]) -> str:
    pairs = list(dict.fromkeys(f"{talk.client} to {talk.server}" for talk in found))
    more = [f"{len(pairs) - _ROWS} more"] if len(pairs) > _ROWS else []
    return f", from {listing([*pairs[:_ROWS], *more])}" if pairs else ""


def _tls_on_ports(analysis: Analysis, question: Question) -> Iterator[Claim]:
    rows = [r for r in _rows(analysis.stat("tls")) if int(r["server"].rpartition(":")[2]) in question.ports]
    for row in rows[:_ROWS]:
        name = f" for {row['server_name']}" if row["server_name"] else ""
        agreed = row["server_hello_frame"] is not None
        text = f"On {row['server']} runs TLS{name}: {row['version'] or 'no version agreed'}, {row['outcome']}"
        text = text if agreed else f"{row['client']} tries TLS{name} with {row['server']}: {row['outcome']}"
        frames = _frames(row, "client_hello_frame", "server_hello_frame", "outcome_frame")
        yield Claim(text=f"{text}.", frames=frames, sources=("tls",))


def known(analysis: Analysis) -> set[int]:
    """Return the ports of either side of every conversation; none where the conversations were not counted."""
    names = ("conversations_tcp", "conversations_udp")
    return {row[end] for name in names for row in _rows(analysis.stat(name)) for end in ("a_port", "b_port")}
