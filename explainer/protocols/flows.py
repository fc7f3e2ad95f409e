"""Who talks with whom over what: TCP connections and UDP conversations with the protocols that are spoken in them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from explainer.facts import Column, Facts, fact
from explainer.lazy import pl
from explainer.protocols import tcp, udp
from explainer.protocols.first_words import unusual_ports
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.http_again import hidden_http
from explainer.protocols.tcp import Endpoint, connections
from explainer.protocols.tls.again import hidden
from explainer.protocols.udp_conversations import conversations

_LAYERS = {"TCP": r".*(?:^|:)tcp:(.*)$", "UDP": r".*(?:^|:)udp:(.*)$"}
"""What is in the innermost segment or datagram: tshark's last stream number is its own."""


class Flow(NamedTuple):
    """One connection or conversation; `protocols` are the layers that tshark sees over TCP or UDP in its frames, or
    what its first words are, where tshark takes it for something else because of a port.

    `answered` says whether the server sent data, or accepted the connection.
    """

    transport: str
    stream: int
    client: Endpoint
    server: Endpoint
    protocols: frozenset[str]
    first_frame: int
    frames: int
    answered: bool


@fact("protocols that ports hide", hidden_http, hidden, unusual_ports)
def misnamed(facts: Facts) -> dict[int, str]:
    """Return the layer of each TCP stream that tshark takes for something else because of its port."""
    named = {each.stream: each.layer for each in facts[unusual_ports]}
    return named | dict.fromkeys(facts[hidden], "tls") | dict.fromkeys(facts[hidden_http], "http")


@fact("flows", connections, conversations, misnamed, FRAME, PROTOCOLS, tcp.STREAM, udp.STREAM)
def flows(facts: Facts) -> tuple[Flow, ...]:
    """Return the flows, TCP first, by stream number."""
    spoken = {
        name: _spoken(facts, column, _LAYERS[name]) for name, column in (("TCP", tcp.STREAM), ("UDP", udp.STREAM))
    }
    spoken["TCP"] |= {stream: frozenset({layer}) for stream, layer in facts[misnamed].items()}
    over_tcp = (
        Flow(
            "TCP", c.stream, c.client, c.server, spoken["TCP"].get(c.stream, frozenset()), c.first_frame, c.frames,
            c.syn_ack_frame is not None or c.server_payload > 0,
        )
        for c in facts[connections]
    )  # fmt: skip
    over_udp = (
        Flow("UDP", c.stream, c.client, c.server, _of(spoken["UDP"], c.streams), c.first_frame, c.frames, True)
        for c in facts[conversations]
    )
    return (*over_tcp, *over_udp)


def _of(spoken: Mapping[int, frozenset[str]], streams: Iterable[int]) -> frozenset[str]:
    return frozenset[str]().union(*(spoken.get(stream, ()) for stream in streams))


def _spoken(facts: Facts, stream: Column, layers: str) -> dict[int, frozenset[str]]:
    table = facts.frames(PROTOCOLS, stream)
    patterns = (
        table.select(pl.col(stream.field).list.last().alias("stream"), pl.col(PROTOCOLS.field).alias("layers"))
        .drop_nulls()
        .unique()
        .with_columns(pl.col("layers").str.extract(layers).fill_null(""))
        .group_by("stream")
        .agg(pl.col("layers").unique())
    )
    return {
        number: frozenset(name for text in texts for name in text.split(":") if name)
        for number, texts in patterns.iter_rows()
    }
