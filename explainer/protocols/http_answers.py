"""When and how much the server of a connection that carries HTTP said, told from its TCP segments (RFC 9293)."""

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from explainer.lazy import pl

if TYPE_CHECKING:
    import polars


class Answers:
    """When and how much the server of one connection said, and how the connection ended."""

    def __init__(self, table: "polars.DataFrame", *, client_is: bool) -> None:
        sent = table.filter(pl.col("from_client") != client_is)
        said = sent.filter((pl.col("payload") > 0) & ~pl.col("retransmission"))
        self.frames: list[int] = said["frame"].to_list()
        self.times: list[int] = said["time"].to_list()
        self.totals = [0, *accumulate(said["payload"].to_list())]
        bare = sent.filter(pl.col("ack") & (pl.col("payload") == 0) & ~pl.any_horizontal("syn", "fin", "rst"))
        self.bare: list[tuple[int, int]] = bare.select("frame", "time").rows()
        self.unread: list[int] = said.filter("unread")["frame"].to_list()
        ending = table.filter(pl.col("fin") | pl.col("rst")).select("frame", pl.col("from_client") == client_is, "rst")
        self.endings: list[tuple[int, bool, bool]] = ending.rows()

    def between(self, after: int, until: int | None) -> tuple[int | None, int | None, int]:
        """Return frame and time of the first payload, and the payload in bytes, in frames from `after` + 1 on."""
        start = bisect_right(self.frames, after)
        end = len(self.frames) if until is None else bisect_right(self.frames, until)
        if start >= end:
            return None, None, 0
        return self.frames[start], self.times[start], self.totals[end] - self.totals[start]

    def ending(self, after: int) -> tuple[int, bool, bool] | None:
        """Return frame, whether by the client, and whether by a reset, of the first end after a frame."""
        at = bisect_left(self.endings, (after + 1,))
        return self.endings[at] if at < len(self.endings) else None

    def acknowledged(self, after: int) -> tuple[int | None, int | None]:
        """Return frame and time of the first segment without data after a frame."""
        at = bisect_left(self.bare, (after + 1,))
        return self.bare[at] if at < len(self.bare) else (None, None)

    def unreadable(self, after: int, until: int | None) -> bool:
        """Return whether a frame from `after` + 1 on holds something that is no HTTP."""
        at = bisect_right(self.unread, after)
        return at < len(self.unread) and (until is None or self.unread[at] <= until)
