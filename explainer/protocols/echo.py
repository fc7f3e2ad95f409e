"""Pings: echo requests and what comes of them, by who asks whom (RFC 792; RFC 4443 section 4)."""

from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, last_ns
from explainer.protocols.icmp import messages
from explainer.protocols.icmp_errors import Error, errors
from explainer.protocols.ip import packets
from explainer.protocols.layers import ETHERNET

_ECHO = {(4, 8): True, (4, 0): False, (6, 128): True, (6, 129): False}
_REQUEST_4, _REPLY_4 = 8, 0
_WAYS = ("source", "target")
_WHOLE = Column("ip.reassembled.length", Kind.INT)
_WHOLE_V6 = Column("ipv6.reassembled.length", Kind.INT)


class Pings(NamedTuple):
    """The echo requests of one host to another and the replies to them.

    `requests` and `replies` are frames; `open` are the requests of which no reply came before the next one, `pairs` the
    others with their replies and the round trip in milliseconds. `strange` are the replies that are as long as no
    request: an echo repeats what it was sent. `sizes` counts the different lengths of the requests; `largest_answered`
    is the longest request of which a reply came and `smallest_open` the shortest of the others, in bytes as
    recorded, or as its fragments carry together (0: there is none). `errors` are the ICMP errors about the requests;
    `after_s` is the time from the last request to the end of the capture.
    """

    source: str
    target: str
    version: int
    requests: tuple[int, ...]
    replies: tuple[int, ...]
    open: tuple[int, ...]
    pairs: tuple[tuple[int, int, float], ...]
    strange: tuple[int, ...]
    sizes: int
    largest_answered: int
    smallest_open: int
    errors: tuple[Error, ...]
    first_ns: int
    lasted_s: float
    after_s: float


@fact("pings", messages, errors, packets, last_ns, FRAME, _WHOLE, _WHOLE_V6)
def pings(facts: Facts) -> tuple[Pings, ...]:
    """Return the pings by who asks whom, in the order of their first frame."""
    kinds = pl.DataFrame(
        [(*key, asks) for key, asks in _ECHO.items()], schema=["version", "type", "asks"], orient="row"
    ).with_columns(pl.col("version").cast(pl.Int32), pl.col("type").cast(pl.Int64))
    said = facts[messages].with_columns(pl.col("version").cast(pl.Int32), pl.col("type").cast(pl.Int64))
    table = said.join(kinds, on=["version", "type"], how="inner", maintain_order="left")
    if table.is_empty():
        return ()
    whole = facts.frames_with((_WHOLE, _WHOLE_V6), FRAME).select(
        pl.col(FRAME.field).alias("frame"), pl.coalesce(_WHOLE.field, _WHOLE_V6.field).alias("whole")
    )
    table = table.join(whole, on="frame", how="left", maintain_order="left")
    asks = pl.col("asks")
    table = table.join(facts[packets].select("frame", "length"), on="frame", maintain_order="left").with_columns(
        pl.when(asks).then("src").otherwise("dst").alias("source"),
        pl.when(asks).then("dst").otherwise("src").alias("target"),
    )  # fmt: skip
    following = pl.col("frame", "time", "asks", "length").shift(-1).over(_WAYS).name.prefix("next_")
    table = table.with_columns(following).sort("frame")
    answered = (asks & ~pl.col("next_asks")).fill_null(value=False)
    size = pl.coalesce("whole", "length")
    end = facts[last_ns]
    grouped = table.group_by(_WAYS, maintain_order=True).agg(
        pl.col("version").first(), pl.col("frame").filter(asks).alias("requests"),
        pl.col("frame").filter(~asks).alias("replies"), pl.col("frame").filter(asks & ~answered).alias("open"),
        pl.col("frame").filter(answered).alias("asked"), pl.col("next_frame").filter(answered).alias("came"),
        ((pl.col("next_time") - pl.col("time")) / 1e6).filter(answered).alias("took"),
        (pl.col("next_length").cast(pl.Int64) - pl.col("length")).filter(answered).alias("apart"),
        size.filter(answered).max().alias("largest_answered"),
        size.filter(asks & ~answered).min().alias("smallest_open"),
        pl.col("length").filter(asks).alias("lengths"), pl.col("length").filter(~asks).alias("reply_lengths"),
        pl.col("time").filter(asks).first().alias("first_ns"), pl.col("time").filter(asks).last().alias("last_ns"),
    ).filter(pl.col("requests").list.len() > 0)  # fmt: skip
    about = dict[tuple[str, str], list[Error]]()
    for error in facts[errors]:
        if not error.transport:
            about.setdefault((error.source, error.destination), []).append(error)
    return tuple(_pings(row, about, end) for row in grouped.iter_rows(named=True))


def _pings(row: dict[str, object], about: dict[tuple[str, str], list[Error]], end: int) -> Pings:
    # What a tunnel or MPLS adds in one direction alone makes all of them longer by the same.
    apart = set(row["apart"])  # type: ignore[call-overload]  # a list column
    more = apart.pop() if len(apart) == 1 else 0
    lengths = {length + more for length in row["lengths"]}  # type: ignore[attr-defined]
    strange = tuple(
        frame
        for frame, length in zip(row["replies"], row["reply_lengths"], strict=True)  # type: ignore[call-overload]
        if length not in lengths
    )
    first, last = int(str(row["first_ns"])), int(str(row["last_ns"]))
    return Pings(
        source=str(row["source"]),
        target=str(row["target"]),
        version=int(str(row["version"])),
        requests=tuple(row["requests"]),  # type: ignore[arg-type]
        replies=tuple(row["replies"]),  # type: ignore[arg-type]
        open=tuple(row["open"]),  # type: ignore[arg-type]
        pairs=tuple(zip(row["asked"], row["came"], row["took"], strict=True)),  # type: ignore[call-overload]
        strange=strange,
        sizes=len(lengths),
        largest_answered=int(str(row["largest_answered"] or 0)),
        smallest_open=int(str(row["smallest_open"] or 0)),
        errors=tuple(about.get((str(row["source"]), str(row["target"])), ())),
        first_ns=first,
        lasted_s=(last - first) / 1e9,
        after_s=(end - last) / 1e9,
    )


class Broadcast(NamedTuple):
    """Pings to everybody, as one host's by their source address, and the replies to that host: of how many hosts.

    `forged` says that they come from another network card than the replies go to.
    """

    source: str
    target: str
    requests: tuple[int, ...]
    replies: tuple[int, ...]
    hosts: int
    forged: bool


@fact("pings to everybody", messages, ETHERNET.headers)
def broadcast_pings(facts: Facts) -> tuple[Broadcast, ...]:
    """Return the pings to IPv4 broadcast addresses (that end in 255), by first frame."""
    cards = facts[ETHERNET.headers].select("frame", sender="src", receiver="dst").unique("frame")
    table = facts[messages].filter(pl.col("version") == 4).join(cards, on="frame", how="left", maintain_order="left")
    asked = table.filter((pl.col("type") == _REQUEST_4) & pl.col("dst").str.ends_with(".255"))
    heard = (
        table.filter(pl.col("type") == _REPLY_4).group_by("dst").agg("frame", "src", pl.col("receiver").drop_nulls())
    )
    replies = {target: (frames, hosts, to) for target, frames, hosts, to in heard.iter_rows()}
    groups = asked.group_by("src", "dst", maintain_order=True).agg("frame", pl.col("sender").drop_nulls())
    found = list[Broadcast]()
    for source, target, requests, senders in groups.iter_rows():
        frames, hosts, to = replies.get(source, ((), (), ()))
        forged = bool(senders and to) and set(senders).isdisjoint(to)
        found.append(Broadcast(source, target, tuple(requests), tuple(frames), len(set(hosts)), forged))
    return tuple(found)
