"""What a capture holds and lacks: packets recorded twice, one direction, a late start, cut frames, its clock."""

from typing import Any, NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.frame import CAPTURED_LENGTH, FRAME, LENGTH, TIME
from explainer.protocols.tcp import Endpoint, segments

COPY_MS = 200
"""A copy follows its original within the smallest retransmission time-out in use (Linux: 200 ms)."""
_A_FEW = 3  # of one or two packets alone, nothing can be said
_IDS_VARY = 0.4  # with every packet twice, half of a sender's packets have an IP id of their own


class Copies(NamedTuple):
    """TCP segments that the capture holds twice.

    `frames` has a row a copy: frame, original, hops (how much lower its TTL is); `packets` counts the segments that
    were compared.
    """

    frames: "pl.DataFrame"
    packets: int


@fact("TCP segments", segments)
def copies(facts: Facts) -> Copies:
    """Return the segments with the contents of one shortly before, and its TTL or a lower one.

    A real retransmission has an IP id of its own: where a sender's ids vary, the same id within 200 ms makes a copy.
    Where they do not (IPv6 has none), payload has to be there again within a millisecond. UDP is left out: two
    datagrams of one length may share an id.
    """
    table = facts[segments].drop_nulls("ttl").with_columns(pl.col("ip_id").fill_null(0))
    contents = ("stream", "from_client", "seq", "acknowledged", "payload", "syn", "fin", "rst")
    alike = pl.struct(*contents, "ip_id").is_duplicated()
    known = pl.col("ip_id") > 0
    ids = pl.struct("stream", "ip_id").n_unique() / pl.struct(contents).n_unique()
    varying = table.filter(known).group_by("src").agg((ids >= _IDS_VARY).alias("varies"))
    table = table.join(varying, on="src", how="left", maintain_order="left").sort("frame")
    before = (("time", "earlier"), ("ttl", "higher"), ("frame", "original"))
    seen = table.filter(alike).with_columns(
        pl.col(name).shift(1).over(*contents, "ip_id").alias(alias) for name, alias in before
    )
    apart_ms = (pl.col("time") - pl.col("earlier")).abs() / 1e6
    same_id = known & pl.col("varies") & (apart_ms <= COPY_MS)
    found = seen.filter((pl.col("ttl") <= pl.col("higher")) & (same_id | ((pl.col("payload") > 0) & (apart_ms <= 1))))
    rows = found.select("frame", "original", (pl.col("higher") - pl.col("ttl")).alias("hops"))
    return Copies(rows, table.height)


class Coverage(NamedTuple):
    """What the capture holds of one TCP connection.

    `acknowledged_unseen` are frames of the only side that is recorded, each acknowledging more of what the other sent.
    """

    stream: int
    client: Endpoint
    server: Endpoint
    client_frames: int
    server_frames: int
    starts_with_syn: bool
    payload: int
    first_frame: int
    acknowledged_unseen: tuple[int, ...]

    @property
    def one_sided(self) -> bool:
        """Return whether one side alone is recorded, with a few packets, and acknowledges data of the other."""
        there = sorted((self.client_frames, self.server_frames))
        return there[0] == 0 and there[1] >= _A_FEW and bool(self.acknowledged_unseen)


@fact("TCP connections", segments)
def coverage(facts: Facts) -> tuple[Coverage, ...]:
    """Return the coverage of each connection, by stream number."""
    table = facts[segments]
    client, live = pl.col("from_client"), pl.col("ack") & ~pl.col("rst")
    highest = pl.when(live).then("acknowledged").cum_max()
    # A SYN and a FIN count one each: only more than that is data.
    rises = (live & (highest > highest.forward_fill().shift(1) + 1)).over("stream")
    grouped = table.with_columns(rises.fill_null(value=False).alias("rises")).group_by("stream").agg(
        pl.col("client", "client_port", "server", "server_port").first(),
        client.sum().alias("client_frames"), (~client).sum().alias("server_frames"),
        pl.col("syn").any().alias("starts_with_syn"), pl.col("payload").sum(), pl.col("frame").first().alias("first"),
        pl.col("frame").filter(pl.col("rises")).head(20).alias("unseen"),
    )  # fmt: skip
    return tuple(
        Coverage(row["stream"], *ends(row), row["client_frames"], row["server_frames"], row["starts_with_syn"],
                 row["payload"], row["first"], tuple(row["unseen"]))
        for row in grouped.sort("stream").iter_rows(named=True)
    )  # fmt: skip


@fact("hosts recorded one way", coverage)
def one_way_hosts(facts: Facts) -> frozenset[str]:
    """Return the hosts of whose TCP connections only what they send is recorded, though they are answered."""
    seen = dict[str, bool]()
    for c in facts[coverage]:
        for host, own, others in (
            (c.client.address, c.client_frames, c.server_frames),
            (c.server.address, c.server_frames, c.client_frames),
        ):
            if others or c.one_sided:
                seen[host] = seen.get(host, True) and own > 0 and not others
    return frozenset(host for host, one_way in seen.items() if one_way)


def ends(row: dict[str, Any]) -> tuple[Endpoint, Endpoint]:
    """Return client and server of a row that has client, client_port, server and server_port."""
    return Endpoint(row["client"], row["client_port"]), Endpoint(row["server"], row["server_port"])


class Clock(NamedTuple):
    """The capture's times: the first and the last as nanoseconds since 1970, and the frames before whose time it is.

    `back` are pairs of a frame and the seconds by which it is earlier than the one before it.
    """

    first_frame: int
    earliest_ns: int
    latest_ns: int
    latest_frame: int
    back: tuple[tuple[int, float], ...]


@fact("frames in a row", FRAME, TIME)
def clock(facts: Facts) -> Clock | None:
    """Return the capture's times, or None where fewer than two frames have one."""
    table = facts.frames(FRAME, TIME).drop_nulls()
    if table.height < 2:  # one alone has no order
        return None
    frame, time = pl.col(FRAME.field), pl.col(TIME.field)
    steps = table.select(frame, (time.diff() / 1e9).alias("step")).filter(pl.col("step") < 0)
    low, high = table[TIME.field].arg_min(), table[TIME.field].arg_max()
    assert low is not None  # two frames have one
    assert high is not None
    return Clock(
        table[FRAME.field][low], table[TIME.field][low], table[TIME.field][high], table[FRAME.field][high],
        tuple((number, -step) for number, step in steps.iter_rows()),
    )  # fmt: skip


class Cut(NamedTuple):
    """Frames stored shorter than they were sent: their numbers, and the largest length that was stored (bytes)."""

    frames: tuple[int, ...]
    stored: int
    of: int


@fact("frames", FRAME, LENGTH, CAPTURED_LENGTH)
def cut(facts: Facts) -> Cut | None:
    """Return the frames that are cut, or None where there is no frame; `of` counts all frames."""
    table = facts.frames(FRAME, LENGTH, CAPTURED_LENGTH).drop_nulls()
    if table.is_empty():
        return None
    short = table.filter(pl.col(CAPTURED_LENGTH.field) < pl.col(LENGTH.field))
    stored = short[CAPTURED_LENGTH.field].max()
    return Cut(tuple(short[FRAME.field]), stored if isinstance(stored, int) else 0, table.height)
