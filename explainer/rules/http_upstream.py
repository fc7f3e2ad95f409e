"""What a gateway's connection to the server behind it shows, where a capture at the gateway holds both sides.

Rule: only a connection that the gateway opens between the request and its own error counts, and only one that failed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from explainer.model import Step
from explainer.protocols.http import Exchange
from explainer.protocols.tcp import Connection
from explainer.protocols.tls import Ending, Outcome

_GATEWAY = (502, 503, 504)  # RFC 9110, section 15.6


@dataclass(frozen=True, slots=True)
class Upstream:
    """The failed connection to the server behind, in words that follow that server's name."""

    connection: Connection
    words: str
    frame: int

    @property
    def clause(self) -> str:
        """Return what a title adds: " (10.0.0.3:9000 refuses the connection)"."""
        return f" ({self.connection.server} {self.words})"

    @property
    def act(self) -> str:
        """Return who must do what."""
        return (
            f"The server's side must act: see why {self.connection.server}, behind the gateway (proxy), {self.words}."
        )

    @property
    def step(self) -> Step:
        """Return the step that shows it."""
        frames = tuple(dict.fromkeys((self.connection.first_frame, self.frame)))
        return Step(frames=frames, text=f"meanwhile the gateway connects to {self.connection.server}, which"
                    f" {self.words}")  # fmt: skip


def upstream(e: Exchange, connections: Iterable[Connection], endings: Mapping[int, Ending]) -> Upstream | None:
    """Return the first connection that the gateway tried for this request and that failed, None where none is seen."""
    if e.status not in _GATEWAY or e.request_frame is None or e.response_frame is None:
        return None
    tried = (
        c
        for c in connections
        if c.client.address == e.server.address and e.request_frame < c.first_frame < e.response_frame and c.syn_frames
    )
    return next((found for c in tried if (found := _failed(c, endings.get(c.stream), e.response_frame))), None)


def _failed(c: Connection, ending: Ending | None, until: int) -> Upstream | None:
    if c.syn_ack_frame is None:
        refused = min(c.server_resets, default=None)
        if refused is None:
            return Upstream(c, "does not answer the connection request (SYN)", c.syn_frames[-1])
        return Upstream(c, "refuses the connection", refused)
    if ending and (ending.outcome.failed or ending.outcome is Outcome.UNUSED):
        return Upstream(c, "takes the connection, but TLS with it comes to nothing", ending.frame)
    if c.server_payload or not c.client_payload:
        return None
    end = min((*c.server_ends, *c.server_resets), default=until)
    if end < until:
        return Upstream(c, "takes the request and hangs up without an answer", end)
    return Upstream(c, "takes the request and does not answer in time", c.syn_ack_frame)
