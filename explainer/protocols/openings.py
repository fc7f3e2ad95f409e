"""The first bytes of TCP streams that tshark recognises nothing in, or in one direction of which it does not.

Rule: bytes are read in a second look at just those frames, since most captures need none.
"""

from dataclasses import dataclass

from explainer.facts import Column, Facts, Look, View, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.tcp import segments

PAYLOAD = Column("tcp.payload")

BYTES = 512
"""How many bytes of a segment are kept."""
_SEGMENTS = 4
_LONGEST_FILTER = 25_000  # characters; Windows gives a whole command line 32,767
_EMPTY_LAYERS = ("data", "tpkt", "cotp", "rdp", "_ws.malformed", "_ws.short")
"""Layers over TCP that say nothing of what is inside them."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The first bytes of a segment's payload."""

    frame: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Opening:
    """The first segments with payload of a stream, by sender."""

    stream: int
    client: tuple[Piece, ...]
    server: tuple[Piece, ...]


def _first_segments(facts: Facts) -> "pl.DataFrame":
    """Return the first segments with payload of each unrecognised stream and direction: frame, stream, from_client."""
    layer = pl.col(PROTOCOLS.field).str.extract(r".*:tcp:([^:]+)")
    loaded = (
        facts[segments]
        .filter(pl.col("payload") > 0)
        .join(facts.frames(FRAME, PROTOCOLS), left_on="frame", right_on=FRAME.field, maintain_order="left")
        .select("frame", "stream", "from_client", "server", "server_port", layer.alias("layer"))
    )
    tls, empty = pl.col("layer") == "tls", pl.col("layer").is_null() | pl.col("layer").is_in(_EMPTY_LAYERS)
    unknown = loaded.filter(
        (tls | empty).fill_null(value=True).all().over("stream")
        & ~tls.fill_null(value=False).any().over("stream", "from_client").all().over("stream")
    )
    first = unknown.filter(pl.int_range(pl.len()).over("stream", "from_client") < _SEGMENTS)
    # Of many streams to one port the later ones are likely to be the same.
    turn = pl.col("stream").rank("dense").over("server", "server_port")
    return first.with_columns(turn.alias("turn")).sort("turn", "frame")


def _view(facts: Facts) -> View | None:
    first = _first_segments(facts)
    if first.is_empty():
        return None
    texts = first["frame"].cast(pl.String)
    fitting = (texts.str.len_bytes() + 2).cum_sum() < _LONGEST_FILTER
    numbers = ", ".join(texts.filter(fitting))
    return View(f"frame.number in {{{numbers}}}")


OPENINGS = Look("first bytes of unrecognised TCP streams", (segments, FRAME, PROTOCOLS), (FRAME, PAYLOAD), _view)


@fact("first bytes of unrecognised TCP streams", segments, OPENINGS)
def openings(facts: Facts) -> tuple[Opening, ...]:
    """Return the openings by stream number."""
    seen = facts.look(OPENINGS)
    if seen is None:
        return ()
    start = pl.col(PAYLOAD.field).str.replace_all(":", "").str.head(2 * BYTES)
    pieces = (
        seen.select(pl.col(FRAME.field).alias("frame"), start.alias("start"))
        .drop_nulls()
        .join(facts[segments].select("frame", "stream", "from_client"), on="frame")
        .sort("stream", "frame")
    )
    found = dict[int, tuple[list[Piece], list[Piece]]]()
    for frame, text, stream, from_client in pieces.iter_rows():
        found.setdefault(stream, ([], []))[0 if from_client else 1].append(Piece(frame, bytes.fromhex(text)))
    return tuple(Opening(stream, tuple(client), tuple(server)) for stream, (client, server) in found.items())
