"""What of each TCP connection's data arrived: acknowledged, never acknowledged, missing in between (RFC 9293)."""

from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.rows import neighbour
from explainer.protocols.tcp import segments


class Sent(NamedTuple):
    """What one side sent; sequence numbers are relative.

    `last` is the sequence number after its last byte in the capture, `acknowledged` the highest that the other side
    acknowledged (None: no acknowledgement is in the capture). `gap_frame` is its first segment after bytes that neither
    came later nor were acknowledged: they got lost before they reached this capture. `unacknowledged` are the frames of
    its segments, repetitions included, that begin at the last acknowledged byte.
    """

    last: int | None
    acknowledged: int | None
    gap_frame: int | None
    unacknowledged: tuple[int, ...]

    def delivered(self) -> bool:
        """Return whether everything in the capture was acknowledged."""
        return self.last is None or (self.acknowledged is not None and self.acknowledged >= self.last)


NOTHING = Sent(None, None, None, ())


class Delivery(NamedTuple):
    """One connection's data, by sender."""

    stream: int
    client: Sent
    server: Sent


@fact("TCP data", segments)
def deliveries(facts: Facts) -> dict[int, Delivery]:
    """Return the deliveries by stream number."""
    table = facts[segments].select(
        "frame", "stream", "from_client", "seq", "next_seq", "acknowledged", "ack", "rst", "payload"
    )
    heard = (
        table.filter(pl.col("ack") & ~pl.col("rst"))
        .group_by("stream", ~pl.col("from_client"))
        .agg(pl.col("acknowledged").max())
    )
    loaded = table.filter(pl.col("payload") > 0).drop("acknowledged")
    side = ("stream", "from_client")
    known = loaded.join(heard, on=side, how="left").sort(*side, "seq", "frame")
    known = known.with_columns(pl.col("next_seq").cum_max().over(side).alias("reached"))
    # Wireshark's relative numbers begin at 1, also where the SYN is not in the capture.
    covered = neighbour("reached", -1, *side).fill_null(1)
    received = pl.col("acknowledged").is_not_null() & (pl.col("acknowledged") > covered)
    after_gap = (pl.col("seq") > covered) & ~received
    judged = known.with_columns(after_gap.fill_null(value=False).alias("after_gap"))
    sent = judged.group_by(side).agg(
        pl.col("next_seq").max().alias("last"),
        pl.col("acknowledged").first(),
        pl.col("frame").filter("after_gap").min().alias("gap_frame"),
        pl.col("frame").filter(pl.col("seq") == pl.col("acknowledged")).sort().alias("unacknowledged"),
    )  # fmt: skip
    found = dict[int, dict[bool, Sent]]()
    for stream, from_client, last, acknowledged, gap_frame, frames in sent.iter_rows():
        found.setdefault(stream, {})[from_client] = Sent(last, acknowledged, gap_frame, tuple(frames))
    return {s: Delivery(s, sides.get(True, NOTHING), sides.get(False, NOTHING)) for s, sides in found.items()}
