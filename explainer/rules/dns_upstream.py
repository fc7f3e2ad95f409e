"""Why a name server fails: the server behind it, as far as the capture shows it, or the reason that it gives itself."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.model import Finding, Step
from explainer.protocols.dns import Lookup, lookups
from explainer.protocols.dns_errors import DNSSEC, NAMES
from explainer.protocols.tcp import Connection, connections
from explainer.rules.evidence import address_field

_DNS = 53
_OVER_DNS = f"(udp.port == {_DNS} || tcp.port == {_DNS})"
_MOST = 1000  # a resolver asks soon after it is asked: of a name that everybody asks for, more would tell no more
_SOON_NS = 1_000_000_000  # a resolver that has to ask does so at once
_REFUSALS = {2: "fails itself (SERVFAIL)", 5: "refuses (REFUSED)"}


class Behind(NamedTuple):
    """A name server that another one asks in vain: `how` it refuses, empty where it keeps silent.

    `back` are the frames in which it asks the very one that asks it, for the same name.
    """

    server: str
    upstream: str
    how: str
    frames: tuple[int, ...]
    back: tuple[int, ...] = ()


class Upstreams:
    """Whom the hosts of a capture ask in vain, made once: there may be thousands of failures to explain."""

    def __init__(self, every: Sequence[Lookup], attempts: Sequence[Connection]) -> None:
        self._by_name = defaultdict[str, list[Lookup]](list)
        # By the host that asks and the name that is refused (none: it gets no answer at all), each in file order.
        self._in_vain = defaultdict[tuple[str, str], dict[tuple[str, str], list[int]]](dict)
        for x in every:
            self._by_name[x.name.lower()].append(x)
            if x.multicast:
                continue
            if x.unanswered:
                self._add(x.client.address, "", x.server.address, "", x.query_frames)
            elif x.rcode in _REFUSALS and x.query_frames:
                frames = (x.query_frames[0], *x.response_frames[:1])
                self._add(x.client.address, x.name.lower(), x.server.address, _REFUSALS[x.rcode], frames)
        for c in attempts:
            if c.server.port == _DNS and c.syn_frames and c.syn_ack_frame is None and not c.server_payload:
                self._add(c.client.address, "", c.server.address, "", c.syn_frames)

    def _add(self, host: str, name: str, upstream: str, how: str, frames: Sequence[int]) -> None:
        self._in_vain[host, name].setdefault((upstream, how), []).extend(frames)

    def behind(self, finding: Finding, asked: Sequence[Lookup] = ()) -> Behind | None:
        """Return whom the finding's name server asks in vain: no answer, no connection (TCP port 53), or a refusal.

        `asked` are the questions that it never answers: what it asks soon after them is asked for them.
        """
        server, names = finding.scope.addresses[-1], ["", *sorted({name.lower() for name in finding.scope.names})]
        own = [server, *sorted(self._also(finding, names, asked) - {server})]
        found = [entry for host in own for name in names for entry in self._in_vain.get((host, name), {}).items()]
        if not found:
            return None
        first = min(found, key=lambda entry: entry[1][0])[0]
        frames = tuple(frame for key, frames in found if key == first for frame in frames)
        return Behind(server, *first, frames, self._back(names, first[0], server))

    def _back(self, names: Sequence[str], upstream: str, server: str) -> tuple[int, ...]:
        """Return the frames in which the upstream asks that server for a name for which that server asks it."""
        found = list[int]()
        for name in names:
            asked = self._by_name.get(name, [])[:_MOST]
            if any((x.client.address, x.server.address) == (server, upstream) for x in asked):
                back = (x for x in asked if (x.client.address, x.server.address) == (upstream, server))
                found += (frame for x in back for frame in x.query_frames)
        return tuple(found)

    def _also(self, finding: Finding, names: Sequence[str], asked: Sequence[Lookup]) -> set[str]:
        """Return the hosts that ask others for the same names meanwhile.

        A resolver of several addresses asks from another one than it is asked at: between question and answer, for the
        same name, it is the resolver that asks.
        """
        client, server, within = finding.scope.addresses[0], finding.scope.addresses[-1], finding.evidence.frames
        same = [x for name in names if name for x in self._between(name, within[0] + 1, within[-1])]
        for question in asked:
            following = self._between(question.name.lower(), question.first_frame, None)
            same += [x for x in following if _soon(x, question)]
        return {x.client.address for x in same if x.client.address != client and x.server.address != server}

    def _between(self, name: str, first: int, until: int | None) -> Sequence[Lookup]:
        """Return lookups of a name that begin in these frames; not more than what tells, of a name that all ask for."""
        known = self._by_name.get(name, [])
        start = bisect_left(known, first, key=_first_frame)
        end = len(known) if until is None else bisect_left(known, until, key=_first_frame)
        return known[start : min(end, start + _MOST)]


@fact("DNS lookups", lookups, connections)
def upstreams(facts: Facts) -> Upstreams:
    """Return whom the hosts of the capture ask in vain."""
    return Upstreams(facts[lookups], facts[connections])


def _first_frame(lookup: Lookup) -> int:
    return lookup.first_frame


def _soon(lookup: Lookup, question: Lookup) -> bool:
    return (lookup.query_ns or 0) - (question.query_ns or 0) <= _SOON_NS


def with_upstream(finding: Finding, behind: Behind) -> Finding:
    """Return the finding with the server behind as its cause."""
    server, other = behind.server, behind.upstream
    what = f"which {behind.how}" if behind.how else "without an answer"
    step = Step(frames=behind.frames[:20], text=f"{server} itself asks the name server {other}, {what}")
    told = f"{other}, which it asks, {behind.how}" if behind.how else f"it gets no answer from its upstream {other}"
    act = f"Whoever runs {server} must find out why {other} does not answer{' for the name' if behind.how else ''}, or"
    act, steps = f"{act} ask another one.", [step]
    if behind.back:
        told = f"it asks {other}, and that asks {server} again, so the question goes in a circle (forwarding loop)"
        act = f"Whoever runs {server} and {other} must correct their forwarders: one of them must ask another server."
        steps.append(Step(frames=behind.back[:20], text=f"{other} asks {server} for the same name"))
    return finding.model_copy(
        update={
            "title": f"{finding.title[:-1]}: {told}.",
            "act": act,
            "evidence": finding.evidence.also(
                *steps,
                frames=(*behind.frames, *behind.back),
                display_filter=f"({address_field(other)} == {other} && {_OVER_DNS})",
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
    return finding.model_copy(
        update={
            "title": f"{title} (SERVFAIL): {told}.",
            "act": act if dnssec else finding.act,
            "evidence": finding.evidence.also(step),
        }
    )
