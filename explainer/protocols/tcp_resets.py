"""How TCP connections were reset, and what they were doing by then (RFC 9293 section 3.5)."""

from typing import Any, NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.capture_quality import ends
from explainer.protocols.tcp import Endpoint
from explainer.protocols.tcp_sent import sent

_SIDE = ("stream", "from_client")
_OTHER_DEVICE_HOPS = 2
"""By this much TTLs of one host differ when routes change; by more, another device sent it."""


class Past(NamedTuple):
    """What one side had done before the reset: frames, payload (bytes), its last data, its first FIN, its TTLs.

    `last_data` is the frame and `last_size` its payload; `windowless` says whether its receive window was closed then,
    `delivered` whether all its data was acknowledged.
    """

    frames: int
    payload: int
    last_data: int | None
    last_size: int
    windowless: bool
    fin: int | None
    delivered: bool
    ttls: tuple[int, ...]


class Reset(NamedTuple):
    """The first reset of a connection.

    `silence_s` is the time since the frame before it. `pause_s` is the time that passed before the other side sent the
    first data (`woken`) that the resetting side did not answer any more; `syn` and `syn_ack`: whether they were seen.
    `acknowledges` says whether it has the ACK flag: a program that ends its connection sets it, a host that does not
    know the connection that a segment belongs to does not (RFC 9293 section 3.10.7.1).
    """

    stream: int
    client: Endpoint
    server: Endpoint
    from_client: bool
    frame: int
    ttl: int | None
    silence_s: float
    syn: bool
    syn_ack: bool
    by: Past
    other: Past
    woken: int | None
    pause_s: float
    acknowledges: bool

    @property
    def of_client(self) -> Past:
        """Return the client's past."""
        return self.by if self.from_client else self.other

    @property
    def of_server(self) -> Past:
        """Return the server's past."""
        return self.other if self.from_client else self.by

    @property
    def client_waits(self) -> bool:
        """Return whether the client had sent the last data: it may wait for an answer."""
        return (self.of_client.last_data or 0) > (self.of_server.last_data or 0)

    @property
    def of_another(self) -> bool:
        """Return whether a device on the way sent it in its sender's name: its TTL is unlike all others of that one."""
        away = [abs(ttl - (self.ttl or 0)) for ttl in self.by.ttls]
        return bool(away) and self.ttl is not None and min(away) > _OTHER_DEVICE_HOPS


@fact("resets of TCP connections", sent)
def resets(facts: Facts) -> tuple[Reset, ...]:
    """Return each connection's first reset, in file order."""
    table = facts[sent].join(facts[sent].filter("rst").select("stream").unique(), on="stream", how="semi")
    table = table.with_columns(
        ((pl.col("time") - pl.col("time").shift(1).over("stream")) / 1e9).fill_null(0.0).alias("silence_s"),
        (pl.col("syn") & ~pl.col("ack")).any().over("stream").alias("opening"),
        (pl.col("syn") & pl.col("ack")).any().over("stream").alias("answering"),
        pl.col("frame").filter("rst").first().over("stream").alias("reset"),
    )
    first = table.filter(pl.col("frame") == pl.col("reset")).select(
        "stream", "client", "client_port", "server", "server_port", "from_client", "frame", "ttl", "silence_s",
        "opening", "answering", "ack",
    )  # fmt: skip
    before = table.filter(pl.col("frame") < pl.col("reset"))
    pasts = {(row["stream"], row["from_client"]): _past(row) for row in _pasts(before).iter_rows(named=True)}
    woken = _woken(before, first)
    rows = first.join(woken, on="stream", how="left").sort("frame")
    return tuple(_reset(row, pasts) for row in rows.iter_rows(named=True))


def _pasts(before: "pl.DataFrame") -> "pl.DataFrame":
    heard = before.filter("ack").group_by("stream", ~pl.col("from_client")).agg(pl.col("acknowledged").max())
    own = before.group_by(_SIDE).agg(
        pl.len().alias("frames"), pl.col("payload").sum(), pl.col("frame").filter("data").max().alias("last_data"),
        pl.col("payload").filter("data").last().fill_null(0).alias("last_size"),
        pl.col("frame").filter("fin").first().alias("fin"), pl.col("zero_window").last().alias("windowless"),
        pl.col("next_seq").filter("data").max().alias("last"), pl.col("ttl").unique().sort(),
    )  # fmt: skip
    return own.join(heard, on=_SIDE, how="left")


def _past(row: dict[str, Any]) -> Past:
    delivered = row["last"] is None or (row["acknowledged"] is not None and row["acknowledged"] >= row["last"])
    ttls = tuple(ttl for ttl in row["ttl"] if ttl is not None)
    return Past(
        row["frames"],
        row["payload"],
        row["last_data"],
        row["last_size"],
        row["windowless"],
        row["fin"],
        delivered,
        ttls,
    )


def _woken(before: "pl.DataFrame", first: "pl.DataFrame") -> "pl.DataFrame":
    """Return, by stream, the first data that the resetting side let pass without a word, and the pause before it."""
    by = first.select("stream", pl.col("from_client").alias("by_client"))
    table = before.join(by, on="stream", maintain_order="left")
    own = pl.col("from_client") == pl.col("by_client")
    last = pl.col("frame").filter(own).max().over("stream").fill_null(0)
    late = table.with_columns(last.alias("last_word")).filter(pl.col("data") & (pl.col("frame") > pl.col("last_word")))
    return late.group_by("stream", maintain_order=True).agg(
        pl.col("frame").first().alias("woken"), pl.col("silence_s").first().alias("pause_s")
    )


def _reset(row: dict[str, Any], pasts: dict[tuple[int, bool], Past]) -> Reset:
    nothing = Past(0, 0, None, 0, windowless=False, fin=None, delivered=True, ttls=())
    stream, by = row["stream"], row["from_client"]
    client, server = ends(row)
    return Reset(
        stream, client, server, by, row["frame"], row["ttl"], row["silence_s"], row["opening"], row["answering"],
        pasts.get((stream, by), nothing), pasts.get((stream, not by), nothing), row["woken"], row["pause_s"] or 0.0,
        row["ack"],
    )  # fmt: skip


class Probes(NamedTuple):
    """Keep-alive probes of one side after the other's last word; `windowless`: whether that closed its window."""

    stream: int
    sender: Endpoint
    peer: Endpoint
    frames: tuple[int, ...]
    lasted_s: float
    windowless: bool


@fact("keep-alive probes", sent)
def lone_probes(facts: Facts) -> tuple[Probes, ...]:
    """Return the keep-alive probes that nothing of the other side follows, where it had spoken before, by stream."""
    table = facts[sent]
    other = table.group_by("stream", ~pl.col("from_client")).agg(
        pl.col("frame").max().alias("last_word"), pl.col("zero_window").last()
    )
    late = table.filter("keep_alive").join(other, on=_SIDE).filter(pl.col("frame") > pl.col("last_word"))
    grouped = late.group_by(_SIDE).agg(
        pl.col("client", "client_port", "server", "server_port").first(), "frame",
        ((pl.col("time").max() - pl.col("time").min()) / 1e9).alias("lasted"), pl.col("zero_window_right").first(),
    )  # fmt: skip
    return tuple(
        Probes(row["stream"], *(ends(row) if row["from_client"] else ends(row)[::-1]), tuple(row["frame"]),
               row["lasted"], row["zero_window_right"])
        for row in grouped.sort(_SIDE).iter_rows(named=True)
    )  # fmt: skip
