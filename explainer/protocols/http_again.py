"""HTTP that Wireshark's defaults do not show: on ports that they give to another protocol (8085, 9092, 5672 …).

Rule: a stream is looked at once more only where its first words say that both sides speak HTTP, of which samples are
read; the statistics of what Wireshark shows stay those of the defaults.
"""

from collections.abc import Sequence

from explainer.facts import Facts, Look, View, fact
from explainer.lazy import pl
from explainer.protocols.banners import spoken
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.http_messages import COLUMNS, MESSAGES
from explainer.protocols.streams import STREAM_NEEDS, with_streams
from explainer.protocols.tcp import CONTENT, connections, segments

_DISSECTORS = {"HTTP": "http", "HTTP/2": "http2"}
_ANSWER = b"HTTP/"
_COLUMNS = (FRAME, PROTOCOLS, *COLUMNS)
_SAMPLES, _SEGMENTS, _STREAMS, _MOST_FRAMES = 3, 3, 2_000, 3_000
_BYTES = 16


@fact("TCP streams without HTTP", segments, FRAME, PROTOCOLS)
def _others(facts: Facts) -> "pl.DataFrame":
    """Return the segments with payload of streams in which tshark sees neither HTTP nor TLS.

    Columns: frame, stream, from_client, kind (one number for each server's port and the layer there), sample.
    """
    said = (
        facts[segments]
        .filter((pl.col("payload") > 0) & ~pl.col("retransmission"))
        .select("frame", "stream", "from_client", "server", "server_port", "client_port")
        .join(_spoken(facts), on="frame", maintain_order="left")
    )
    place = ("server", "server_port", "layer")
    streams = (
        said.group_by("stream")
        # Of the layers of a stream the first one counts that says anything.
        .agg(pl.col("server", "server_port").first(), pl.col("layer").drop_nulls().first(), pl.col("web").any())
        .filter(~pl.col("web"))
        .with_columns(pl.col("layer").fill_null(""))
        .select(
            "stream",
            pl.struct(place).rank("dense").alias("kind"),
            pl.col("stream").rank("dense").over(place).alias("sample"),
        )
    )
    return said.drop("server", "layer", "web").join(streams, on="stream", maintain_order="left")


def _spoken(facts: Facts) -> "pl.DataFrame":
    """Return for each frame whether tshark sees HTTP or TLS in it, and the layer over TCP; each path is read once."""
    frames, path = facts.frames(FRAME, PROTOCOLS), pl.col(PROTOCOLS.field)
    web = path.str.contains(r":(?:http2?|tls)\b").fill_null(value=False)
    layers = frames.select(PROTOCOLS.field).unique()
    layers = layers.with_columns(web.alias("web"), path.str.extract(r":tcp:([^:]+)").alias("layer"))
    known = frames.join(layers, on=PROTOCOLS.field, how="left", nulls_equal=True, maintain_order="left")
    return known.select(pl.col(FRAME.field).alias("frame"), "web", "layer")


def _first(facts: Facts) -> View | None:
    few = pl.int_range(pl.len()).over("stream", "from_client") < _SEGMENTS
    first = facts[_others].filter((pl.col("sample") <= _SAMPLES) & few)["frame"].head(_MOST_FRAMES)
    return None if first.is_empty() else View(tuple(first.sort()))


FIRST = Look("first words of TCP streams without HTTP", (_others,), (FRAME, CONTENT), _first)


@fact("HTTP on unexpected ports", _others, connections, FIRST)
def hidden_http(facts: Facts) -> dict[int, str]:
    """Return the "Decode As" rule for each stream that is likely to hold HTTP which tshark does not see, by stream.

    A server that hangs up on a request without a word may be no web server at all, such as a database.
    """
    seen = facts.look(FIRST)
    if seen is None:
        return {}
    words = dict(seen.select(FRAME.field, CONTENT.field).drop_nulls().iter_rows())
    hung_up = [c.stream for c in facts[connections] if not c.server_payload and (c.server_ends or c.server_resets)]
    sampled = facts[_others].filter(pl.col("frame").is_in(list(words)) & ~pl.col("stream").is_in(hung_up))
    rules = dict[int, str]()
    for (kind, _), rows in sampled.group_by("kind", "stream", maintain_order=True):
        said: tuple[list[bytes], list[bytes]] = ([], [])
        for frame, from_client in rows.select("frame", "from_client").iter_rows():
            said[not from_client].append(bytes.fromhex(words[frame].replace(":", "")[: 2 * _BYTES]))
        name, turned = _http(*said)
        if name:
            port = rows["client_port" if turned else "server_port"][0]
            rules[kind] = f"tcp.port=={port},{_DISSECTORS[name]}"
    streams = facts[_others].filter(pl.col("kind").is_in(list(rules))).select("stream", "kind").unique().sort("stream")
    return {stream: rules[kind] for stream, kind in streams.head(_STREAMS).iter_rows()}


def _http(client: Sequence[bytes], server: Sequence[bytes]) -> tuple[str, bool]:
    """Return which HTTP both sides speak, or nothing, and whether the server is who asks (of an unseen beginning)."""
    names = {name for side in (client, server) for name in [next(filter(None, map(_named, side)), "")] if name}
    name = "HTTP/2" if "HTTP/2" in names else next(iter(names), "")
    turned = any(data.startswith(_ANSWER) for data in client)
    return (name, turned) if names <= _DISSECTORS.keys() else ("", False)


def _named(data: bytes) -> str:
    name = spoken(data)
    return "" if name == "plain text" else name


def _view(facts: Facts) -> View | None:
    rules = facts[hidden_http]
    if not rules:
        return None
    frames = facts[segments].filter(pl.col("stream").is_in(list(rules)))["frame"]
    return View(with_streams(facts, frames), "http || http2", tuple(sorted(set(rules.values()))))


AGAIN = Look("HTTP that the defaults do not show", (hidden_http, segments, *STREAM_NEEDS), _COLUMNS, _view)


@fact("frames with HTTP", AGAIN, *_COLUMNS)
def http_frames(facts: Facts) -> "pl.DataFrame":
    """Return the frames with a layer of HTTP, as Wireshark shows them or as a second look does, in file order."""
    table = facts.frames(*_COLUMNS)
    message = pl.any_horizontal(pl.col(column.field).is_not_null() for column in MESSAGES)
    shown = table.filter(message | pl.col(PROTOCOLS.field).str.contains(":http", literal=True))
    again = facts.look(AGAIN)
    if again is None or again.is_empty():
        return shown
    others = shown.filter(~pl.col(FRAME.field).is_in(again[FRAME.field].implode()))
    return pl.concat([others, again.select(table.columns)]).sort(FRAME.field)
