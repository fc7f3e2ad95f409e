"""Lookups that nobody answers (RFC 1035): the name server is down, or questions or answers are lost."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.escape import shell_word
from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.dns import Lookup, lookups
from explainer.protocols.frame import last_ns
from explainer.protocols.tcp import connections
from explainer.registry import rule
from explainer.rules.dns import AREA
from explainer.rules.dns_alias import plain, short
from explainer.rules.dns_evidence import scope_of
from explainer.rules.dns_unbidden import beside, calmed
from explainer.rules.dns_upstream import upstream, with_upstream
from explainer.rules.evidence import address_field
from explainer.wording import count


@rule("Lookup without an answer", lookups, last_ns, connections, subject="DNS lookups", area=AREA)
def dns_unanswered(facts: Facts, *, min_wait_s: float = 4.0) -> Iterator[Finding]:
    """A question that nobody answers, nor any other question of the client for the same name.

    The capture must go on for `min_wait_s` after its last repetition: resolvers wait 5 seconds (glibc) before the next.
    A server that answers other questions of the capture makes it a matter of that question, of medium severity; of
    info, where browsers and systems ask for the name on their own and others resolve.
    """
    every, end = facts[lookups], facts[last_ns]
    answered = {x.server.address for x in every if x.response_frames}
    known = {(x.client.address, plain(x.name)) for x in every if x.response_frames}
    lost = defaultdict[tuple[str, str], list[Lookup]](list)
    for x in every:
        # A repetition shows that the first question's time was over.
        asked_ns = x.query_ns if x.retransmissions else x.last_query_ns
        waited = asked_ns is not None and (end - asked_ns) / 1e9 >= min_wait_s
        if x.unanswered and x.name and waited and (x.client.address, plain(x.name)) not in known:
            lost[x.client.address, x.server.address].append(x)
    unasked = beside(every)
    for group in lost.values():
        # What somebody wanted is told of, if there is any.
        group.sort(key=unasked)
        finding = _unanswered(group, group[0].server.address in answered)
        behind = upstream(finding, every, facts[connections])
        told = with_upstream(finding, behind) if behind else finding
        yield calmed(told) if unasked(group[0]) else told


def _unanswered(group: Sequence[Lookup], server_is_up: bool) -> Finding:
    first, server = group[0], group[0].server.address
    frames = [frame for lookup in group for frame in lookup.query_frames]
    contrast = f"{server} answers other questions in this capture" if server_is_up else f"{server} answers nothing here"
    return Finding(
        id=f"dns_unanswered:{first.first_frame}",
        rule="dns_unanswered",
        severity=Severity.MEDIUM if server_is_up else Severity.HIGH,
        confidence=Confidence.CERTAIN,
        side=Side.EITHER,
        title=f"The name server {server} never answered the question about {short(first.name)}: no answer came in"
        " time.",
        act=f"Either the name server {server} is down, or the questions or answers are lost on the way (UDP port 53).",
        measured={"questions": len(group), "queries": len(frames)},
        evidence=Evidence.of(
            frames,
            f"dns && {address_field(server)} == {server}",
            [
                Step(
                    frames=first.query_frames[:20], text=f"{first.client.address} asks {server} for {short(first.name)}"
                ),
                Step(frames=(), text=f"No answer comes to {count(len(group), 'question')}; {contrast}."),
            ],
        ),
        scope=scope_of(group),
        advice=(
            f"Ask it by hand: dig {shell_word(first.name)} @{server}",
            f"Check that {server} is the right resolver, is running, and that no firewall drops port 53 to it.",
        ),
        limitations=("where the question or its answer is lost",),
    )
