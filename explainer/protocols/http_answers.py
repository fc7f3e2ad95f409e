"""When and how much the server of a connection that carries HTTP said, told from its TCP segments (RFC 9293)."""

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from explainer.lazy import pl

if TYPE_CHECKING:
    import polars


class Ending(NamedTuple):
    """A FIN, or a `reset`, and when it came (ns since 1970)."""

    frame: int
    by_client: bool
    reset: bool
    ns: int


class Spoken:
    """What each side of each connection said: all of them at once, since a table for each would take much longer."""

    def __init__(self, segments: "polars.DataFrame") -> None:
        """Take the segments of the connections, in file order, with "unread" for those that hold no HTTP."""
        data = (pl.col("payload") > 0) & ~pl.col("retransmission")
        bare = pl.col("ack") & (pl.col("payload") == 0) & ~pl.any_horizontal("syn", "fin", "rst")
        frame, time = pl.col("frame"), pl.col("time")
        sides = segments.group_by("stream", "from_client", maintain_order=True).agg(
            frame.filter(data).alias("frames"),
            time.filter(data).alias("times"),
            pl.col("payload").filter(data).cum_sum().alias("totals"),
            frame.filter(bare).alias("bare_frames"),
            time.filter(bare).alias("bare_times"),
            frame.filter(data & pl.col("unread")).alias("unread"),
        )
        self._lists = sides.drop("stream", "from_client")
        self._places = {key: place for place, key in enumerate(sides.select("stream", "from_client").iter_rows())}
        ends = segments.filter(pl.col("fin") | pl.col("rst")).select("stream", "frame", "from_client", "rst", "time")
        self._ends: dict[int, list[tuple[int, bool, bool, int]]] = ends.rows_by_key("stream")
        self._opened = frozenset(segments.filter("syn")["stream"])

    def by_server(self, stream: int, *, client_is: bool) -> "Answers":
        """Return what the server of a connection said; `client_is`: whether the client is who TCP's start says."""
        return self._by(stream, first=not client_is, client_is=client_is)

    def begun(
        self, stream: int, asked: int, answered: int, complete: int, size: int | None, *, client_is: bool
    ) -> tuple[int, int] | None:
        """Return frame and time of where a request begins that is complete after its answer; None where it is not so.

        `asked` is the frame of the request before it (0: none), `answered` and `complete` are those of the answer and
        the request. It had begun where the client said something in between, and no more than `size`, the body, came
        after the answer: else its headers did, too. Of a connection whose start was not seen nobody can say.
        """
        said = self._by(stream, first=client_is, client_is=client_is)
        begins, time, _ = said.between(asked, answered)
        unknown = not (asked or stream in self._opened) or said.unreadable(asked, answered)
        if begins is None or time is None or unknown:
            return None
        late = size is not None and said.between(answered, complete)[2] > size
        return None if late else (begins, time)

    def _by(self, stream: int, *, first: bool, client_is: bool) -> "Answers":
        place = self._places.get((stream, first))
        ends = self._ends.get(stream, [])
        endings = [Ending(frame, by is client_is, reset, time) for frame, by, reset, time in ends]
        said = self._lists.row(place, named=True) if place is not None else {name: [] for name in self._lists.columns}
        return Answers(**said, endings=endings)


class Answers(NamedTuple):
    """When and how much the server (or the client) of one connection said, and how the connection ended.

    `frames`, `times` (ns since 1970) and `totals` (payload up to there, bytes) of its data; frames and times of its
    bare acknowledgements; the frames of what is no HTTP; each end.
    """

    frames: list[int]
    times: list[int]
    totals: list[int]
    bare_frames: list[int]
    bare_times: list[int]
    unread: list[int]
    endings: list[Ending]

    def between(self, after: int, until: int | None) -> tuple[int | None, int | None, int]:
        """Return frame and time of the first payload, and the payload in bytes, in frames from `after` + 1 on."""
        start = bisect_right(self.frames, after)
        end = len(self.frames) if until is None else bisect_right(self.frames, until)
        if start >= end:
            return None, None, 0
        before = self.totals[start - 1] if start else 0
        return self.frames[start], self.times[start], self.totals[end - 1] - before

    def ending(self, after: int) -> Ending | None:
        """Return the first end after a frame."""
        at = bisect_left(self.endings, (after + 1,))
        return self.endings[at] if at < len(self.endings) else None

    def acknowledged(self, after: int) -> tuple[int | None, int | None]:
        """Return frame and time of the first segment without data after a frame."""
        at = bisect_right(self.bare_frames, after)
        return (self.bare_frames[at], self.bare_times[at]) if at < len(self.bare_frames) else (None, None)

    def unreadable(self, after: int, until: int | None) -> bool:
        """Return whether a frame from `after` + 1 on holds something that is no HTTP."""
        at = bisect_right(self.unread, after)
        return at < len(self.unread) and (until is None or self.unread[at] <= until)
