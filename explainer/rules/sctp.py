"""SCTP associations that do not come about, or are torn down (RFC 9260)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.applications import Reply, Sign, replies, signs
from explainer.protocols.applications.sctp import ASKED, REQUEST
from explainer.protocols.tcp import Endpoint
from explainer.registry import rule
from explainer.rules.evidence import address_field
from explainer.rules.refusals import AREA, SUBJECT, SUBJECT_OF_SIGNS, Family, Meaning, refusals
from explainer.rules.tcp_case import finding
from explainer.wording import count

_SHOWN = 20
_ASKS_PROGRAM = ("See in the log of the program that aborts: SCTP itself does not say more.",)
_REFUSED = Meaning(
    "nothing listens there, or what listens does not take this client",
    "The server's side must start the service on that port, or let this client in; or the client must use another"
    " port or address.", Side.EITHER,
    advice=("On Linux: ss --sctp --listening; and compare the port and, for SIGTRAN, the configured peers.",),
)  # fmt: skip
_WANTED = Meaning(
    "its program ended it", "Nobody, unless the program was to go on: its log tells why it ended.", Side.NOBODY,
    Severity.LOW, _ASKS_PROGRAM,
)  # fmt: skip
_BROKEN = Meaning(
    "it cannot go on with it, for the cause that it names", "Both sides must act: they do not agree on the protocol,"
    " or one has lost what it knew of the association.", Side.EITHER, Severity.MEDIUM, _ASKS_PROGRAM,
)  # fmt: skip
_FULL = Meaning("it has no room for it", "The side that aborts must act.", Side.SERVER, Severity.MEDIUM)
_USER, _NO_ROOM = "ABORT 12", "ABORT 4"


def _meaning(reply: Reply) -> Meaning:
    if reply.code == _NO_ROOM:
        return _FULL
    if reply.request == REQUEST:
        return _REFUSED
    return _WANTED if reply.code in ("ABORT", _USER) else _BROKEN


def _told(reply: Reply) -> str:
    if reply.request == REQUEST:
        return (
            f"{reply.server.address} refuses {reply.client.address} an SCTP association with port {reply.server.port}"
        )
    return f"{reply.server.address} aborts the SCTP association with {reply.client.address}"


_FAMILY = Family(
    "sctp_aborted", "sctp", _told, _meaning, ("why it was aborted, beyond the cause that the chunk names",)
)


@rule("SCTP association aborted", replies, subject=SUBJECT, area=AREA)
def sctp_aborted(facts: Facts) -> Iterator[Finding]:
    """An ABORT (RFC 9260, section 3.3.7): in answer to an INIT a refusal; later, the end of an association.

    An ABORT of the user, or without a cause, is how programs end what they need no more: low.
    """
    yield from refusals([reply for reply in facts[replies] if reply.protocol == "SCTP"], _FAMILY)


@rule("SCTP association unanswered", signs, replies, subject=SUBJECT_OF_SIGNS, area=AREA)
def sctp_unanswered(facts: Facts, *, min_inits: int = 2) -> Iterator[Finding]:
    """A host that asks `min_inits` times for an association (INIT), and nothing comes back.

    The repetition itself tells: an INIT is sent again where no answer came in time (RFC 9260, section 5.1, T1-init).
    One alone may be answered behind the end of the capture. Where the same server accepts others, it is of medium
    severity.
    """
    groups = defaultdict[tuple[str, Endpoint], list[Sign]](list)
    for sign in facts[signs]:
        if sign.what == ASKED:
            groups[sign.client.address, sign.server].append(sign)
    takes = {reply.server.address for reply in facts[replies] if reply.protocol == "SCTP" and reply.ok}
    for (client, server), group in groups.items():
        if len(group) >= min_inits:
            yield _unanswered(client, server, group, Severity.MEDIUM if server.address in takes else Severity.HIGH)


def _unanswered(client: str, server: Endpoint, group: Sequence[Sign], severity: Severity) -> Finding:
    frames = [sign.frame for sign in group]
    return finding(
        "sctp_unanswered",
        frames[0],
        severity,
        Side.EITHER,
        f"{server.address} does not answer {client}, which asks {count(len(frames), 'time')} for an SCTP association"
        f" with port {server.port} (INIT).",
        Evidence.of(
            frames,
            f"sctp.chunk_type == 1 && {address_field(server.address)} == {server.address}",
            [
                Step(frames=tuple(frames[:_SHOWN]), text=f"{client} asks for an association (INIT)"),
                Step(frames=(), text="No INIT ACK and no ABORT comes back."),
            ],
        ),
        Scope(addresses=(client, server.address), ports=(server.port,)),
        act=f"{server.address} must be looked at: is it on, does it speak SCTP, and does a firewall on the way let IP"
        " protocol 132 through?",
        measured={"inits": len(frames)},
        advice=(
            "Many firewalls and most NATs drop SCTP: it has to be allowed by name.",
            f"Record at {server.address}, too: it shows whether the INITs arrive.",
        ),
        limits=("whether the server is off, silent, or behind a filter",),
    )
