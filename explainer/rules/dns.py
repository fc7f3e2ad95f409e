"""Lookups that give no address: no such name, a server that fails or refuses (RFC 1035, RFC 2308)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import dropwhile
from typing import NamedTuple

from explainer.escape import shell_word
from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.dns import Lookup, lookups
from explainer.protocols.dns_errors import extended_errors
from explainer.protocols.dns_storms import storms
from explainer.registry import rule
from explainer.rules.dns_alias import circle, in_circle, plain, short, to_missing
from explainer.rules.dns_evidence import asked_for, scope_of
from explainer.rules.dns_search import bare, overtaken, shortened, with_suffix
from explainer.rules.dns_unbidden import asks_a_list, beside
from explainer.rules.dns_upstream import upstreams, with_reason, with_upstream
from explainer.rules.exposure import public
from explainer.wording import count

AREA = "name resolution"
_NOERROR, _SERVFAIL, _NXDOMAIN, _REFUSED = 0, 2, 3, 5
PRIVATE_ENDINGS = (
    ".local", ".lan", ".internal", ".intranet", ".intra", ".corp", ".home", ".private", ".localdomain", ".home.arpa",
)  # fmt: skip
"""Domains that are no part of the public tree (RFC 6762 appendix G, RFC 8375, ICANN's .internal)."""
_HARMLESS = "Nobody has to act, unless that very name was wanted: programs try such names along the way."
_REVERSE = (".in-addr.arpa", ".ip6.arpa")
_UNBIDDEN = ("wpad", "isatap")


class Answer(NamedTuple):
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
    those of updates and checks of browsers and systems, where others resolve, those for which browsers ask unbidden
    (_8443._https.name, RFC 9460), a name that was only tried with a search suffix behind it (the same client then
    resolves a shorter form of it, or one with a shorter suffix; or for that the server fails, or refuses to answer,
    which is told by itself), what a list of senders of spam does not hold (RFC 5782), and a service that a host need
    not announce (RFC 2782: _http._tcp before its name): the client then resolves that host.
    """
    every = facts[lookups]
    resolved, unasked, is_step = _resolved(every), beside(every), overtaken(every)
    told_alone = {(x.client.address, plain(x.name)) for x in every if x.rcode in (_SERVFAIL, _REFUSED)}

    def severity(lookup: Lookup) -> Severity:
        name, client, known = plain(lookup.name), lookup.client.address, resolved[lookup.client.address]
        labels = name.split(".")
        unbidden = name.endswith(_REVERSE) or "." not in name or labels[0] in _UNBIDDEN or "_https" in labels[:2]
        unbidden = unbidden or asks_a_list(name) or is_step(lookup)
        host = ".".join(dropwhile(lambda label: label.startswith("_"), labels))
        parts = shortened(name)
        lengthened = any(part in known or ("." in part and (client, part) in told_alone) for part in parts)
        harmless = unbidden or unasked(lookup) or host in known or lengthened
        return Severity.INFO if harmless else Severity.MEDIUM

    def elsewhere(lookup: Lookup) -> bool:  # dns_private_name tells of it
        return plain(lookup.name).endswith(PRIVATE_ENDINGS) and public(lookup.server.address)

    stormy = {id(x) for group in facts[storms].values() for x in group}  # dns_nxdomain_storm tells of them
    missing = (x for x in every if x.rcode == _NXDOMAIN and not elsewhere(x) and id(x) not in stormy)
    failed = [x for x in missing if plain(x.name) not in resolved[x.client.address]]
    aliases = {x.first_frame: x.answers[-1] for x in failed if x.answers}
    vain = {(x.client.address, plain(x.name)): x for x in reversed(every) if _in_vain(x)}
    longer = {x.first_frame: (x, without) for x in failed if (without := bare(x, vain))}
    for finding in answered(failed, _NXDOMAIN_MEANS, severity):
        target = aliases.get(finding.evidence.frames[0])
        as_told = told(finding)
        if finding.severity is not Severity.INFO and finding.evidence.frames[0] in longer:
            yield with_suffix(finding, *longer[finding.evidence.frames[0]])
        else:
            yield to_missing(as_told, target) if target else as_told


@rule("Name server fails", lookups, upstreams, extended_errors, subject="DNS lookups", area=AREA)
def dns_servfail(facts: Facts) -> Iterator[Finding]:
    """A lookup that is answered with SERVFAIL, and that no other lookup of the client for the same name overcomes.

    Where the capture shows that the name server itself asks another one in vain, or is refused by it, that is told with
    it; and so is the reason that the name server gives itself (extended DNS errors, RFC 8914), such as DNSSEC, and
    aliases in the answer that lead back to themselves. Of info severity are reverse lookups, names that browsers and
    systems ask for on their own, where others resolve, and a name that was only tried with a search suffix behind it
    (the same client then resolves a shorter form of it); of low severity one of one label, which does not exist with a
    suffix behind it: forwarders ask nobody for such names.
    """
    every = facts[lookups]
    failing = less_where_unwanted(every, _failing)
    reasons = facts[extended_errors]
    circles = {x.first_frame: names for x in every if x.rcode == _SERVFAIL and (names := circle(x))}
    for finding in answered(not_overcome(every, _SERVFAIL), _SERVFAIL_MEANS, failing):
        code = next((reasons[frame] for frame in finding.evidence.frames if frame in reasons), None)
        behind = facts[upstreams].behind(finding)
        if finding.severity is Severity.INFO:
            yield told(finding)
        elif finding.evidence.frames[0] in circles:
            yield in_circle(finding, circles[finding.evidence.frames[0]])
        elif behind:
            yield with_upstream(finding, behind)
        else:
            yield with_reason(finding, code) if code is not None else finding


@rule("Name server refuses", lookups, subject="DNS lookups", area=AREA)
def dns_refused(facts: Facts) -> Iterator[Finding]:
    """A lookup that is answered with REFUSED, and that no other lookup of the client for the same name overcomes.

    Of low severity are names without a dot; of info reverse lookups, which programs do for their logs, names that
    browsers and systems ask for on their own, where others resolve, and a name that was only tried with a search suffix
    behind it: the same client then resolves a shorter form of it.
    """
    every = facts[lookups]
    refused = answered(not_overcome(every, _REFUSED), _REFUSED_MEANS, less_where_unwanted(every, refusing))
    yield from map(told, refused)


def told(finding: Finding) -> Finding:
    """Return the finding; of one that is only worth knowing nobody has to act."""
    return finding.model_copy(update={"act": _HARMLESS}) if finding.severity is Severity.INFO else finding


def _resolved(every: Sequence[Lookup]) -> dict[str, set[str]]:
    """Return the names that got an answer, by client."""
    resolved = defaultdict[str, set[str]](set)
    for lookup in every:
        if lookup.rcode == _NOERROR and (lookup.answers or lookup.cut):
            resolved[lookup.client.address].add(plain(lookup.name))
    return resolved


def less_where_unwanted(every: Sequence[Lookup], usual: Callable[[Lookup], Severity]) -> Callable[[Lookup], Severity]:
    """Return the severity of a failure, less where nobody wanted the name, or where it is one label alone.

    Nobody wanted what browsers and systems ask for on their own, or what a search suffix made of another name.
    """
    resolved, unasked = _resolved(every), beside(every)
    longer = {
        (x.client.address, part) for x in every if x.rcode == _NXDOMAIN for part in shortened(plain(x.name))
    }  # fmt: skip

    def severity(lookup: Lookup) -> Severity:
        name, client = plain(lookup.name), lookup.client.address
        if unasked(lookup) or any(part in resolved[client] for part in shortened(name)):
            return Severity.INFO
        return Severity.LOW if "." not in name and (client, name) in longer else usual(lookup)

    return severity


def _in_vain(lookup: Lookup) -> bool:
    """Return whether a name does not exist, or is of one label, for which forwarders ask nobody."""
    lone = "." not in plain(lookup.name) and lookup.rcode in (_SERVFAIL, _REFUSED)
    return lookup.rcode == _NXDOMAIN or lone


def _failing(lookup: Lookup) -> Severity:
    return Severity.INFO if plain(lookup.name).endswith(_REVERSE) else Severity.HIGH


def refusing(lookup: Lookup) -> Severity:
    """Return how much it weighs that a name server does not answer for a name."""
    # Programs ask for the bare name of the machine that they run on, and go on without it; forwarders refuse it
    # (dnsmasq's domain-needed): what was asked with a suffix says more.
    name = plain(lookup.name)
    if name.endswith(_REVERSE):
        return Severity.INFO
    return Severity.LOW if "." not in name else Severity.HIGH


def not_overcome(every: Sequence[Lookup], rcode: int) -> Iterator[Lookup]:
    """Return the lookups with this code whose name the same client never got an answer about."""
    overcome = {(x.client.address, plain(x.name)) for x in every if x.rcode in (_NOERROR, _NXDOMAIN)}
    return (x for x in every if x.rcode == rcode and (x.client.address, plain(x.name)) not in overcome)


def answered(failed: Iterable[Lookup], means: Answer, severity: Callable[[Lookup], Severity]) -> Iterator[Finding]:
    """Yield a finding for each client, server and name."""
    groups = defaultdict[tuple[str, str, str], list[Lookup]](list)
    for lookup in failed:
        if not lookup.multicast:
            groups[lookup.client.address, lookup.server.address, plain(lookup.name)].append(lookup)
    for group in groups.values():
        yield _finding(group, means, severity(group[0]))


def _finding(group: Sequence[Lookup], means: Answer, severity: Severity) -> Finding:
    first, scope = group[0], scope_of(group)
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
