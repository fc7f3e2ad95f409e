"""How a gateway's connection or request to the server behind it failed, in words that follow that server's name."""

from typing import NamedTuple

from explainer.model import Step
from explainer.protocols.http import Exchange
from explainer.protocols.tcp import Connection
from explainer.protocols.tls import Ending, Outcome
from explainer.protocols.tls import names as tls_names


class Upstream(NamedTuple):
    """What the gateway tried: `server` is the one behind it, in `words` that follow its name.

    `asker` is the address that tried it; `sure` says that it is the gateway's own. `stream` is the connection that
    failed; `passed_on` says that none did: the answer is the other server's; `likely` that it may be another matter,
    `before` that it was before the request, `own` that the cause is the gateway's.
    """

    asker: str
    server: str
    words: str
    frames: tuple[int, ...]
    display_filter: str
    stream: int | None = None
    sure: bool = True
    passed_on: bool = False
    likely: bool = False
    before: bool = False
    own: bool = False

    def cause(self, meant: str) -> str:
        """Return the cause of a title: what the status means, and " (10.0.0.3:9000 refuses the connection)"."""
        if self.own:
            return self.words
        what = f"it passes on what {self.server} behind it answers" if self.passed_on else f"{self.server} {self.words}"
        return f"{meant} ({'' if self.sure and not self.likely else 'probably because '}{what})"

    @property
    def act(self) -> str:
        """Return who must do what."""
        if self.own:
            return f"The gateway's side must look first, at {self.asker}: its log says why it asks nobody."
        if self.passed_on:
            return f"The server's side must act: {self.server}, behind the gateway (proxy), answers so."
        return f"The server's side must act: {self.server}, to which {self.asker} turns for it, {self.words}."

    @property
    def step(self) -> Step:
        """Return the step that shows it."""
        if self.own:
            return Step(frames=self.frames, text=f"before, {self.server} answered the gateway, which asks nobody now")
        who = "the gateway" if self.sure else f"{self.asker}, probably the same gateway,"
        when = "before, " if self.before else "meanwhile "
        return Step(frames=self.frames, text=f"{when}{who} turns to {self.server}, which {self.words}")


def failure(c: Connection, ending: Ending | None, until: int) -> tuple[str, int] | None:
    """Return how the connection failed, and the frame that shows it."""
    if c.syn_ack_frame is None:
        refused = min(c.server_resets, default=None)
        if refused is None:
            return "does not answer the connection request (SYN)", c.syn_frames[-1]
        return "refuses the connection", refused
    if ending and ending.outcome is Outcome.UNUSED:
        words = (
            "takes the connection, and after the TLS handshake the gateway leaves without a request: it does not accept"
            " the certificate, most often (its issuer, name or time)"
        )
        return words, ending.frame
    if ending and (ending.outcome.failed):
        return _of_tls(ending), ending.frame
    if c.server_payload or not c.client_payload:
        return None
    end = min((*c.server_ends, *c.server_resets), default=until)
    if end < until:
        return "takes the request and hangs up without an answer", end
    return "takes the request and does not answer in time", c.syn_ack_frame


def _of_tls(ending: Ending) -> str:
    if ending.outcome is Outcome.NOT_TLS:
        return f"speaks {ending.spoken or 'something else'}, not TLS, on that port"
    if ending.alert:
        who = "the gateway ends TLS with it" if ending.alert.from_client else "ends TLS itself"
        return f"takes the connection, but {who} with the alert {tls_names.alert(ending.alert.code)}"
    return "takes the connection, but TLS with it comes to nothing"


def no_answer(o: Exchange, until: int) -> tuple[str, int] | None:
    """Return how a request on a connection that was open before went without an answer."""
    if o.status is not None and (o.response_frame or 0) <= until:
        return None
    if o.unreadable and o.first_byte_frame:
        return "answers something that is no HTTP", o.first_byte_frame
    hung_up = o.closed_frame is not None and o.closed_frame < until and not o.closed_by_client
    if hung_up and o.closed_frame is not None:
        part = "in the middle of its answer" if o.response_bytes else "without an answer"
        return f"takes the request and {'resets the connection' if o.reset else 'hangs up'} {part}", o.closed_frame
    if (o.status is not None or not o.response_bytes) and o.request_frame is not None:
        return "takes the request and does not answer in time", o.request_frame
    return None
