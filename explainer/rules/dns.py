"""Lookups that give no address: no such name, a server that fails or refuses, no answer (RFC 1035, RFC 2308)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import dropwhile

from explainer.escape import shell_word
from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.dns import Lookup, lookups
from explainer.protocols.dns_errors import extended_errors
from explainer.protocols.dns_storms import storms
from explainer.protocols.frame import last_ns
from explainer.protocols.tcp import connections
from explainer.registry import rule
from explainer.rules.dns_evidence import asked_for
from explainer.rules.dns_upstream import upstream, with_reason, with_upstream
from explainer.rules.evidence import address_field
from explainer.rules.exposure import public
from explainer.wording import count

AREA = "name resolution"
_DNS = 53
_NOERROR, _SERVFAIL, _NXDOMAIN, _REFUSED = 0, 2, 3, 5
PRIVATE_ENDINGS = (
    ".local", ".lan", ".internal", ".intranet", ".intra", ".corp", ".home", ".private", ".localdomain", ".home.arpa",
)  # fmt: skip
"""Domains that are no part of the public tree (RFC 6762 appendix G, RFC 8375, ICANN's .internal)."""
_LONGEST_NAME = 60
_REVERSE = (".in-addr.arpa", ".ip6.arpa")
_UNBIDDEN = ("wpad", "isatap")


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer without an address means; {name} and {server} are filled in."""

    rule: str
    cause: str
    shown: str
    side: Side
    act: str
    advice: tuple[str, ...]
    limits: tuple[str, ...]


_NXDOMAIN_MEANS = Answer(
    "dns_nxdomain",
    "The name {name} does not exist, says the name server {server} (NXDOMAIN).",
    "the name server {server} answers: no such name (NXDOMAIN, rcode 3)",
    Side.EITHER,
    "Whoever wrote the name must correct it, or whoever runs its domain must enter it.",
    (
        "Check the spelling of {name} where the client got it from, and any search suffix.",
        "Ask another resolver: dig {word} @RESOLVER. A private name exists on the private resolver only.",
    ),
    ("whether another name server knows the name",),
)
_SERVFAIL_MEANS = Answer(
    "dns_servfail",
    "The name server {server} cannot resolve {name} (SERVFAIL): it, or a server behind it, fails.",
    "the name server {server} answers: server failure (SERVFAIL, rcode 2)",
    Side.SERVER,
    "The name server's side must act: the upstream of {server}, or the zone of {name}, does not work.",
    (
        "On {server}, look into the resolver's log, and whether it reaches its forwarders and the domain's servers.",
        "See whether DNSSEC is the reason: dig {word} @{server} +cd",
    ),
    ("what fails behind the name server",),
)
_REFUSED_MEANS = Answer(
    "dns_refused",
    "The name server {server} refuses to answer for {name} (REFUSED).",
    "the name server {server} answers: refused (REFUSED, rcode 5)",
    Side.SERVER,
    "The name server's side must act: {server} has to serve this client, or the client must ask another one.",
    (
        "On {server}, check who may ask it (access lists, recursion).",
        "See whether it has a forwarder, or the zone of {name}.",
    ),
    ("which rule of the name server refuses",),
)


@rule("Name does not exist", lookups, storms, subject="DNS lookups", area=AREA)
def dns_nxdomain(facts: Facts) -> Iterator[Finding]:
    """A lookup that is answered with NXDOMAIN (RFC 2308), and whose name no other answer in the capture resolves.

    Of info severity are reverse lookups, which often have no name, names that Windows tries on its own (wpad, isatap),
    those for which browsers ask unbidden (_8443._https.name, RFC 9460), a name that was only tried with a search suffix
    behind it: the same client then resolves a shorter form of it, and a service that a host need not announce (RFC
    2782: _http._tcp before its name): the client then resolves that host.
    """
    every = facts[lookups]
    resolved = defaultdict[str, set[str]](set)
    for lookup in every:
        if lookup.rcode == _NOERROR and lookup.answers:
            resolved[lookup.client.address].add(_plain(lookup.name))

    def severity(lookup: Lookup) -> Severity:
        name, known = _plain(lookup.name), resolved[lookup.client.address]
        labels = name.split(".")
        shorter = (".".join(labels[:length]) for length in range(1, len(labels)))
        unbidden = name.endswith(_REVERSE) or "." not in name or labels[0] in _UNBIDDEN or "_https" in labels[:2]
        host = ".".join(dropwhile(lambda label: label.startswith("_"), labels))
        harmless = unbidden or host in known or any(part in known for part in shorter)
        return Severity.INFO if harmless else Severity.MEDIUM

    def elsewhere(lookup: Lookup) -> bool:  # dns_private_name tells of it
        return _plain(lookup.name).endswith(PRIVATE_ENDINGS) and public(lookup.server.address)

    stormy = {id(x) for group in facts[storms].values() for x in group}  # dns_nxdomain_storm tells of them
    missing = (x for x in every if x.rcode == _NXDOMAIN and not elsewhere(x) and id(x) not in stormy)
    failed = [x for x in missing if _plain(x.name) not in resolved[x.client.address]]
    aliases = {x.first_frame: x.answers[-1] for x in failed if x.answers}
    for finding in _answered(failed, _NXDOMAIN_MEANS, severity):
        target = aliases.get(finding.evidence.frames[0])
        yield _alias(finding, target) if target else finding


def _alias(finding: Finding, target: str) -> Finding:
    """Return the finding about a name that is an alias (CNAME) of the name that is missing (RFC 2308 section 2.1)."""
    name = finding.title.partition("The name ")[2].partition(" does not exist")[0]
    rest = finding.title.partition(" does not exist")[2]
    return finding.model_copy(
        update={
            "title": f"The name {name} is an alias (CNAME) of {short(target)}, which does not exist{rest}",
            "act": f"Whoever runs the domain of {name} must correct the alias, or {short(target)} must be"
            " entered again.",
        }
    )


@rule("Name server fails", lookups, connections, extended_errors, subject="DNS lookups", area=AREA)
def dns_servfail(facts: Facts) -> Iterator[Finding]:
    """A lookup that is answered with SERVFAIL, and that no other lookup of the client for the same name overcomes.

    Where the capture shows that the name server itself asks another one in vain, or is refused by it, that is told with
    it; and so is the reason that the name server gives itself (extended DNS errors, RFC 8914), such as DNSSEC.
    """
    every = facts[lookups]
    reasons = facts[extended_errors]
    for finding in _answered(_not_overcome(every, _SERVFAIL), _SERVFAIL_MEANS, _by_name):
        code = next((reasons[frame] for frame in finding.evidence.frames if frame in reasons), None)
        behind = upstream(finding, every, facts[connections])
        if behind:
            yield with_upstream(finding, behind)
        else:
            yield with_reason(finding, code) if code is not None else finding


@rule("Name server refuses", lookups, subject="DNS lookups", area=AREA)
def dns_refused(facts: Facts) -> Iterator[Finding]:
    """A lookup that is answered with REFUSED, and that no other lookup of the client for the same name overcomes.

    Of low severity are reverse lookups, and names without a dot.
    """
    yield from _answered(_not_overcome(facts[lookups], _REFUSED), _REFUSED_MEANS, _by_name)


@rule("Lookup without an answer", lookups, last_ns, connections, subject="DNS lookups", area=AREA)
def dns_unanswered(facts: Facts, *, min_wait_s: float = 4.0) -> Iterator[Finding]:
    """A question that nobody answers, nor any other question of the client for the same name.

    The capture must go on for `min_wait_s` after its last repetition: resolvers wait 5 seconds (glibc) before the next.
    A server that answers other questions of the capture makes it a matter of that question, of medium severity.
    """
    every, end = facts[lookups], facts[last_ns]
    answered = {x.server.address for x in every if x.response_frames}
    known = {(x.client.address, _plain(x.name)) for x in every if x.response_frames}
    lost = defaultdict[tuple[str, str], list[Lookup]](list)
    for x in every:
        # A repetition shows that the first question's time was over.
        asked_ns = x.query_ns if x.retransmissions else x.last_query_ns
        waited = asked_ns is not None and (end - asked_ns) / 1e9 >= min_wait_s
        if x.unanswered and x.name and waited and (x.client.address, _plain(x.name)) not in known:
            lost[x.client.address, x.server.address].append(x)
    for group in lost.values():
        finding = _unanswered(group, group[0].server.address in answered)
        behind = upstream(finding, every, facts[connections])
        yield with_upstream(finding, behind) if behind else finding


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
        scope=_scope(group),
        advice=(
            f"Ask it by hand: dig {shell_word(first.name)} @{server}",
            f"Check that {server} is the right resolver, is running, and that no firewall drops port 53 to it.",
        ),
        limitations=("where the question or its answer is lost",),
    )


def short(name: str) -> str:
    """Return the name for a sentence: a very long one is cut."""
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def _plain(name: str) -> str:
    return name.lower().rstrip(".")


def _by_name(lookup: Lookup) -> Severity:
    # Programs ask for the bare name of the machine that they run on, and go on without it.
    name = _plain(lookup.name)
    return Severity.LOW if name.endswith(_REVERSE) or "." not in name else Severity.HIGH


def _not_overcome(every: Sequence[Lookup], rcode: int) -> Iterator[Lookup]:
    overcome = {(x.client.address, _plain(x.name)) for x in every if x.rcode in (_NOERROR, _NXDOMAIN)}
    return (x for x in every if x.rcode == rcode and (x.client.address, _plain(x.name)) not in overcome)


def _answered(failed: Iterable[Lookup], means: Answer, severity: Callable[[Lookup], Severity]) -> Iterator[Finding]:
    groups = defaultdict[tuple[str, str, str], list[Lookup]](list)
    for lookup in failed:
        if not lookup.multicast:
            groups[lookup.client.address, lookup.server.address, _plain(lookup.name)].append(lookup)
    for group in groups.values():
        yield _finding(group, means, severity(group[0]))


def _finding(group: Sequence[Lookup], means: Answer, severity: Severity) -> Finding:
    first, scope = group[0], _scope(group)
    fill = {"name": short(first.name), "server": first.server.address, "word": shell_word(first.name)}
    asked = f"{first.client.address} asks {first.server.address} for {short(first.name)} ({first.type})"
    frames = [frame for x in group for frame in (*x.query_frames, *x.response_frames[:1])]
    steps = [
        *([Step(frames=first.query_frames[:20], text=asked)] if first.query_frames else []),
        Step(frames=first.response_frames[:1], text=means.shown.format(**fill)),
    ]
    if len(group) > 1:
        rest = tuple(x.response_frames[0] for x in group[1:21])
        steps.append(Step(frames=rest, text=f"the same answer to {count(len(group) - 1, 'more question')}"))
    return Finding(
        id=f"{means.rule}:{first.first_frame}",
        rule=means.rule,
        severity=severity,
        confidence=Confidence.CERTAIN,
        side=means.side,
        title=means.cause.format(**fill),
        act=means.act.format(**fill),
        measured={"questions": len(group), "rcode": first.rcode or 0},
        evidence=Evidence.of(frames, asked_for(scope.names, first.server.address), steps),
        scope=scope,
        advice=tuple(line.format(**fill) for line in means.advice),
        limitations=means.limits,
    )


def _scope(group: Sequence[Lookup]) -> Scope:
    return Scope(
        addresses=tuple(dict.fromkeys(a for x in group for a in (x.client.address, x.server.address))),
        ports=(group[0].server.port,),
        names=tuple(dict.fromkeys(x.name for x in group if x.name)),
    )
