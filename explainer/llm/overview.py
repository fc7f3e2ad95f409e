"""What a capture holds, in plain words: who speaks what with whom, and what carries it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from explainer.brief.question import Question
from explainer.llm.rows import Row, frames, rows
from explainer.model import Analysis, Claim
from explainer.wording import count, listing

_SHOWN = 4
_NAMED = 5
_SPOKEN = ("spoken",)
_EMPTY = {"TCP": "exchanges TCP packets without contents with", "UDP": "sends UDP packets to"}


def claims(analysis: Analysis, question: Question) -> list[Claim]:
    """Return the busiest traffic, of what the question names where it names some, and what it is carried in."""
    every = rows(analysis.stat("spoken"))
    named = [row for row in every if _about(row, question)]
    return [*_told(named or every, _icmp_names(analysis)), *carried(analysis)]


def _icmp_names(analysis: Analysis) -> Mapping[tuple[str, str], Sequence[str]]:
    """Return what ICMP messages are called, by sender and target."""
    said = defaultdict[tuple[str, str], list[str]](list)
    for row in rows(analysis.stat("icmp")):
        said[row["sender"], row["target"]].append(row["name"])
    return said


def without_ports(analysis: Analysis, question: Question) -> list[tuple[int, Claim]]:
    """Return what has no ports (ICMP, ARP …), with its packets: of a host that the question names, or all."""
    every = [row for row in rows(analysis.stat("spoken")) if row["port"] is None]
    return [
        (row["packets"], told)
        for row in every
        if not question.addresses or _about(row, question)
        for told in _told([row], _icmp_names(analysis))
    ]


def by_port(analysis: Analysis) -> dict[tuple[str, int], str]:
    """Return what is spoken on each port, by transport and port; of several protocols the busiest client's."""
    busiest_last = reversed(rows(analysis.stat("spoken")))
    return {(row["transport"], row["port"]): row["protocols"] for row in busiest_last if row["port"] is not None}


def protocols(analysis: Analysis) -> str:
    """Return the names of the most frequent protocols, or nothing."""
    every = [row["protocols"] for row in rows(analysis.stat("spoken")) if row["protocols"]]
    return listing(list(dict.fromkeys(every))[:_NAMED])


def _about(row: Row, question: Question) -> bool:
    if question.ports and row["port"] not in question.ports:
        return False
    if question.addresses and not {row["client"], row["server"]} & question.addresses:
        return False
    return bool(question.ports or question.addresses)


def _told(found: Sequence[Row], said: Mapping[tuple[str, str], Sequence[str]]) -> Iterator[Claim]:
    for row in found[:_SHOWN]:
        yield Claim(text=_sentence(row, said), frames=frames(row, "first_frame"), sources=_SPOKEN)
    rest = found[_SHOWN:]
    if rest:
        others = list(dict.fromkeys(row["protocols"] or _nameless(row["transport"]) for row in rest))
        more = [f"{len(others) - _NAMED} more"] if len(others) > _NAMED else []
        packets = count(sum(row["packets"] for row in rest), "packet")
        yield Claim(text=f"Besides: {listing([*others[:_NAMED], *more])} ({packets}).", sources=_SPOKEN)


def _nameless(transport: str | None) -> str:
    return f"{transport} without contents" if transport else "a protocol that is not recognised"


def _sentence(row: Row, said: Mapping[tuple[str, str], Sequence[str]]) -> str:
    packets = count(row["packets"], "packet")
    if not row["client"]:
        return f"{packets} of {row['protocols'] or 'a protocol that is not recognised'}."
    if row["port"] is None:
        what = row["protocols"] or "a protocol that is not recognised"
        ends = row["client"], row["server"]
        names = list(dict.fromkeys((*said.get(ends, ()), *said.get(ends[::-1], ()))))[:_NAMED]
        if row["protocols"].startswith("ICMP") and names:
            what += f" ({listing(names)})"
        return f"{row['client']} and {row['server']} exchange {what}: {packets}."
    others = row["servers"] - 1
    server = f"{row['server']} and {count(others, 'other')}" if others else row["server"]
    port = f"{row['transport']} port {row['port']}"
    talks = count(row["conversations"], "connection" if row["transport"] == "TCP" else "conversation")
    what = f"speaks {row['protocols']} with" if row["protocols"] else _EMPTY[row["transport"]]
    return f"{row['client']} {what} {server} ({port}): {talks}, {packets}."


def carried(analysis: Analysis) -> list[Claim]:
    """Return what carries other packets: tunnels and tags."""
    found = rows(analysis.stat("carriers"))
    if not found:
        return []
    words = [f"{row['carrier']} ({count(row['packets'], 'packet')})" for row in found[:_NAMED]]
    every = tuple(frame for row in found[:_NAMED] for frame in frames(row, "first_frame"))
    return [Claim(text=f"Packets are carried in {listing(words)}.", frames=every, sources=("carriers",))]
