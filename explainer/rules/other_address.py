"""A name of several addresses, one of which cannot be reached: the client goes on to the next (RFC 8305, RFC 6724)."""

from collections.abc import Sequence
from dataclasses import dataclass

from explainer.model import Evidence, Finding, Severity, Step
from explainer.protocols.dns import Lookup
from explainer.protocols.tcp import Connection
from explainer.rules.attempts import Group
from explainer.rules.dns_alias import plain, short
from explainer.wording import milliseconds

_NOTICED_MS = 1000.0
_IN_TIME_NS = 150_000_000_000  # Linux gives a SYN up after 130 seconds, and a program then tries the next address


@dataclass(frozen=True, slots=True)
class Detour:
    """The connection to another address of the same name, and how long after the first attempt it was asked for."""

    name: str
    connection: Connection
    waited_ms: float


def detour(group: Group, every: Sequence[Connection], lookups: Sequence[Lookup]) -> Detour | None:
    """Return how the client reached the name of an address that failed: at another address, on the same port, later."""
    first, last = group[0], group[-1]
    dead = {c.server for c in group}
    if len(dead) > 1:
        return None
    names = {plain(x.name): x.name for x in lookups if first.server.address in x.answers}
    others = {a: plain(x.name) for x in lookups if plain(x.name) in names for a in x.answers}
    for c in every:
        name = others.get(c.server.address)
        fits = name and c.server.port == first.server.port and c.server not in dead and c.syn_ack_frame and c.syn_ns
        if name and fits and _of_same(c, first) and 0 <= c.syn_ns[0] - last.syn_ns[0] <= _IN_TIME_NS:
            return Detour(names[name], c, (c.syn_ns[0] - last.syn_ns[0]) / 1e6)
    return None


def _of_same(one: Connection, other: Connection) -> bool:
    """Return whether one host may have asked for both: with IPv4 and IPv6 it has two addresses."""
    same_family = (":" in one.client.address) == (":" in other.client.address)
    return not same_family or one.client.address == other.client.address


def went_on(finding: Finding, found: Detour | None) -> Finding:
    """Return the finding with what became of the client: it is connected, after a wait that it may notice."""
    if found is None:
        return finding
    name, server, frame = short(found.name), found.connection.server, found.connection.syn_ack_frame or 0
    family = "IPv4" if ":" not in server.address else "IPv6"
    waited = f", {milliseconds(found.waited_ms)} later" if found.waited_ms >= _NOTICED_MS else ", soon after"
    evidence = finding.evidence
    step = Step(frames=(frame,), text=f"{server.address}, another address of {name}, accepts{waited}")
    noticed = found.waited_ms >= _NOTICED_MS
    return finding.model_copy(
        update={
            "severity": min(finding.severity, Severity.MEDIUM if noticed else Severity.LOW, key=_weight),
            "title": f"{finding.title.removesuffix('.')}. It is one of several addresses of {name}: the client is then"
            f" connected to another one, {server.address} ({family}){waited}.",
            "act": f"{finding.act} Until then, take that address out of the records of {name}.",
            "measured": {**finding.measured, "waited_ms": round(found.waited_ms, 3)},
            "evidence": Evidence.of(
                (*evidence.frames, frame),
                f"({evidence.display_filter}) || tcp.stream == {found.connection.stream}",
                (*evidence.steps, step),
            ),
        }
    )


def _weight(severity: Severity) -> int:
    return -severity.rank
