"""How a TLS handshake may end, and how one did: the outcome, and the frame that decides it."""

from enum import StrEnum
from typing import NamedTuple

from explainer.protocols.tcp import Connection
from explainer.protocols.tls.encrypted import Flight
from explainer.protocols.tls.handshake import Handshake
from explainer.protocols.tls.messages import Alert


class Outcome(StrEnum):
    """How a handshake ended."""

    ESTABLISHED = "established"
    UNUSED = "established but not used"
    ALERT_FROM_CLIENT = "failed: alert from client"
    ALERT_FROM_SERVER = "failed: alert from server"
    REJECTED_BY_CLIENT = "rejected by client, probably"
    REJECTED_BY_SERVER = "rejected by server after Finished, probably"
    REFUSED_BY_SERVER = "refused by server after ServerHello, probably"
    LEFT_BY_CLIENT = "left by client in the middle"
    LEFT_BY_SERVER = "left by server in the middle"
    SILENCE = "no ServerHello"
    RESET_AFTER_HELLO = "reset after ClientHello"
    CLOSED_AFTER_HELLO = "closed after ClientHello"
    NOT_TLS = "peer is not TLS"
    HELLO_UNACKNOWLEDGED = "ClientHello never acknowledged"
    FLIGHT_LOST = "server flight lost"
    ONE_DIRECTION = "one direction only"
    STARTED_LATE = "capture starts in the middle"
    ENDED_EARLY = "capture ends too early"

    @property
    def failed(self) -> bool:
        """Return whether the connection could not be used."""
        return self not in (
            Outcome.ESTABLISHED, Outcome.UNUSED, Outcome.ONE_DIRECTION, Outcome.STARTED_LATE, Outcome.ENDED_EARLY
        )  # fmt: skip


class Ending(NamedTuple):
    """A handshake, its connection, and its end: `frame` decides it, `alert` is the one that did."""

    handshake: Handshake
    connection: Connection
    outcome: Outcome
    frame: int
    alert: Alert | None = None
    flight: Flight | None = None
    spoken: str = ""

    @property
    def waited_s(self) -> float:
        """Return how long nothing but TCP's own answers followed the last ClientHello, to the connection's end."""
        hellos = self.handshake.client_hellos
        return (self.connection.last_ns - hellos[-1].time_ns) / 1e9 if hellos else 0.0
