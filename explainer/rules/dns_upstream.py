"""Why a name server fails: the server behind it, as far as the capture shows it, or the reason that it gives itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from explainer.model import Evidence, Finding, Step
from explainer.protocols.dns import Lookup
from explainer.protocols.dns_errors import DNSSEC, NAMES
from explainer.protocols.tcp import Connection
from explainer.rules.evidence import address_field

_DNS = 53
_OVER_DNS = f"(udp.port == {_DNS} || tcp.port == {_DNS})"
_SOON_NS = 1_000_000_000  # a resolver that has to ask does so at once
_REFUSALS = {2: "fails itself (SERVFAIL)", 5: "refuses (REFUSED)"}


@dataclass(frozen=True, slots=True)
class Behind:
    """A name server that another one asks in vain: `how` it refuses, empty where it keeps silent."""

    server: str
    upstream: str
    how: str
    frames: tuple[int, ...]


def upstream(
    finding: Finding, lookups: Sequence[Lookup], connections: Sequence[Connection], asked: Sequence[Lookup] = ()
) -> Behind | None:
    """Return whom the finding's name server asks in vain: no answer, no connection (TCP port 53), or a refusal.

    `asked` are the questions that it never answers: what it asks soon after them is asked for them.
    """
    client, server = finding.scope.addresses[0], finding.scope.addresses[-1]
    names, within = {name.lower() for name in finding.scope.names}, finding.evidence.frames
    own = {server}
    # A resolver of several addresses asks from another one than it is asked at: between question and answer, for the
    # same name, it is the resolver that asks.
    for x in lookups:
        between = within[0] < x.first_frame < within[-1] or any(_soon(x, question) for question in asked)
        if x.name.lower() in names and x.client.address != client and x.server.address != server and between:
            own.add(x.client.address)
    found = [behind for host in sorted(own) for behind in _in_vain(host, names, lookups, connections)]
    if not found:
        return None
    first = found[0]
    same = tuple(f for x in found if (x.upstream, x.how) == (first.upstream, first.how) for f in x.frames)
    return Behind(server, first.upstream, first.how, same)


def _soon(lookup: Lookup, question: Lookup) -> bool:
    return 0 <= (lookup.query_ns or 0) - (question.query_ns or 0) <= _SOON_NS and lookup.name == question.name


def _in_vain(
    server: str, names: set[str], lookups: Sequence[Lookup], connections: Sequence[Connection]
) -> Iterator[Behind]:
    for x in lookups:
        if x.client.address != server or x.multicast:
            continue
        if x.unanswered:
            yield Behind(server, x.server.address, "", x.query_frames)
        elif x.rcode in _REFUSALS and x.query_frames and x.name.lower() in names:
            how = _REFUSALS[x.rcode]
            yield Behind(server, x.server.address, how, (x.query_frames[0], *x.response_frames[:1]))
    for c in connections:
        silent = c.syn_frames and c.syn_ack_frame is None and not c.server_payload
        if c.client.address == server and c.server.port == _DNS and silent:
            yield Behind(server, c.server.address, "", c.syn_frames)


def with_upstream(finding: Finding, behind: Behind) -> Finding:
    """Return the finding with the server behind as its cause."""
    server, other = behind.server, behind.upstream
    what = f"which {behind.how}" if behind.how else "without an answer"
    step = Step(frames=behind.frames[:20], text=f"{server} itself asks the name server {other}, {what}")
    told = f"{other}, which it asks, {behind.how}" if behind.how else f"it gets no answer from its upstream {other}"
    evidence = finding.evidence
    return finding.model_copy(
        update={
            "title": f"{finding.title[:-1]}: {told}.",
            "act": f"Whoever runs {server} must find out why {other} does not answer"
            f"{' for the name' if behind.how else ''}, or ask another one.",
            "evidence": Evidence.of(
                (*evidence.frames, *behind.frames),
                f"({evidence.display_filter}) || ({address_field(other)} == {other} && {_OVER_DNS})",
                (*evidence.steps, step),
            ),
            "scope": finding.scope.model_copy(update={"addresses": (*finding.scope.addresses, other)}),
        }
    )


def with_reason(finding: Finding, code: int) -> Finding:
    """Return the finding with the reason that the name server gives (RFC 8914)."""
    reason = NAMES.get(code, "an unknown reason")
    dnssec = code in DNSSEC
    told = f"the check of its signatures (DNSSEC) fails ({reason})" if dnssec else f"the name server says why: {reason}"
    title = finding.title.partition(" (SERVFAIL)")[0]
    act = "Whoever runs the domain must act: its DNSSEC signatures or keys are wrong, missing or out of date."
    step = Step(frames=finding.evidence.frames[-1:], text=f"extended DNS error {code}: {reason}")
    evidence = finding.evidence
    return finding.model_copy(
        update={
            "title": f"{title} (SERVFAIL): {told}.",
            "act": act if dnssec else finding.act,
            "evidence": Evidence.of(evidence.frames, evidence.display_filter, (*evidence.steps, step)),
        }
    )
