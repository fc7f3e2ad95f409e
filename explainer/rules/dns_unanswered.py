"""Lookups that nobody answers (RFC 1035): the name server is down, or questions or answers are lost."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.escape import shell_word
from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.capture_quality import one_way_hosts
from explainer.protocols.dns import Lookup, lookups
from explainer.protocols.dns_fragments import partial_answers
from explainer.protocols.frame import last_ns
from explainer.protocols.icmp_errors import UNREACHABLE, errors
from explainer.registry import rule
from explainer.rules.dns import AREA
from explainer.rules.dns_alias import plain, short
from explainer.rules.dns_evidence import scope_of
from explainer.rules.dns_unbidden import beside, calmed
from explainer.rules.dns_upstream import upstreams, with_upstream
from explainer.rules.evidence import address_field
from explainer.wording import count

_DNS = 53


@rule(
    "Lookup without an answer", lookups, last_ns, upstreams, partial_answers, errors, one_way_hosts,
    subject="DNS lookups", area=AREA,
)  # fmt: skip
def dns_unanswered(facts: Facts, *, min_wait_s: float = 4.0) -> Iterator[Finding]:
    """A question that nobody answers, nor any other question of the client for the same name.

    The capture must go on for `min_wait_s` after its last repetition: resolvers wait 5 seconds (glibc) before the next.
    A server that answers other questions of the capture makes it a matter of that question, of medium severity; of
    info, where browsers and systems ask for the name on their own and others resolve. Where fragments come from the
    server after the question, and no whole packet with them, its answer arrives only in part. What ICMP says is
    unreachable is told by `path_udp_unreachable`; so is the rest of what the client asks there, as hosts return only a
    few packets a second. Silent where TCP shows that of what the client hears nothing is
    recorded.
    """
    every, end = facts[lookups], facts[last_ns]
    unheard = facts[one_way_hosts] - {x.client.address for x in every if x.response_frames}
    answered = {x.server.address for x in every if x.response_frames}
    known = {(x.client.address, plain(x.name)) for x in every if x.response_frames}
    returned = {
        ((e.source, e.source_port), (e.destination, e.destination_port))
        for e in facts[errors] if e.kind == UNREACHABLE
    }  # fmt: skip
    closed = {(client, server) for (client, _), (server, port) in returned if port == _DNS and server not in answered}
    lost = defaultdict[tuple[str, str], list[Lookup]](list)
    for x in every:
        # A repetition shows that the first question's time was over.
        asked_ns = x.query_ns if x.retransmissions else x.last_query_ns
        waited = asked_ns is not None and (end - asked_ns) / 1e9 >= min_wait_s
        by_icmp = (x.client, x.server) in returned or (x.client.address, x.server.address) in closed
        silent = x.unanswered and not by_icmp and x.client.address not in unheard
        if silent and x.name and waited and (x.client.address, plain(x.name)) not in known:
            lost[x.client.address, x.server.address].append(x)
    unasked = beside(every)
    for group in lost.values():
        # What somebody wanted is told of, if there is any.
        group.sort(key=unasked)
        finding = _unanswered(group, group[0].server.address in answered)
        behind = facts[upstreams].behind(finding, group)
        parts = [frame for x in group for frame in facts[partial_answers].get(x.first_frame, ())]
        if parts:
            cut = [x for x in group if x.first_frame in facts[partial_answers]]
            yield _in_part(_unanswered(cut, server_is_up=True), cut[0], list(dict.fromkeys(parts)))
        else:
            told = with_upstream(finding, behind) if behind else finding
            yield calmed(told) if unasked(group[0]) else told


def _in_part(finding: Finding, lookup: Lookup, parts: Sequence[int]) -> Finding:
    """Return the finding with its cause: the server answers, in fragments that do not all arrive."""
    server, client, name = lookup.server.address, lookup.client.address, short(lookup.name)
    step = Step(frames=tuple(parts[:20]), text=f"{server} answers in fragments, of which the rest never arrives")
    evidence = finding.evidence
    shown = f"({evidence.display_filter}) || (ip.src == {server} && (ip.flags.mf == 1 || ip.frag_offset > 0))"
    return finding.model_copy(
        update={
            "title": f"The answer of the name server {server} about {name} does not arrive whole: it is too long for"
            f" one packet, and only a part of its fragments reaches {client}.",
            "act": f"Whoever runs the path must act, as something on it drops fragments; or {server} must send less"
            " over UDP.",
            "side": Side.NETWORK,
            "confidence": Confidence.PROBABLE,
            "severity": Severity.HIGH,
            "evidence": Evidence.of((*evidence.frames, *parts), shown, (*evidence.steps[:1], step)),
            "advice": (
                f"Ask for less at once: dig +bufsize=1232 {shell_word(lookup.name)} @{server}; or by TCP: dig +tcp",
                f"On {server}, set the largest answer over UDP to 1,232 bytes (edns-udp-size, max-udp-size), and let"
                " TCP port 53 through.",
                "Look for a firewall between the two that drops fragments.",
            ),
            "limitations": ("where on the way the fragments are lost",),
        }
    )


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
