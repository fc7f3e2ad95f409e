"""Names of which a part is answered: one kind of record fails or is missing, or the name comes or goes meanwhile."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from explainer.escape import shell_word
from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side, Step
from explainer.protocols.dns import Lookup, lookups
from explainer.registry import rule
from explainer.rules.dns import AREA
from explainer.rules.dns_alias import plain, short
from explainer.rules.dns_resolvers import lookup_finding
from explainer.rules.dns_unbidden import beside
from explainer.wording import milliseconds

_SUBJECT = "DNS lookups"
_A, _AAAA, _MX, _SRV, _SVCB, _HTTPS, _CAA = 1, 28, 15, 33, 64, 65, 257
_EXTRAS = (_AAAA, _SVCB, _HTTPS)
_NOERROR, _SERVFAIL, _NXDOMAIN = 0, 2, 3
_SHOWN = 20
_GONE = 2  # one answer that differs may come from one of several name servers that is out of date
_Key = tuple[str, str, str]

_THEN = {
    _CAA: "Authorities issue no certificate for a name of which they get no such answer (RFC 8659).",
    _MX: "Mail for it waits at the sender until this is answered.",
    _AAAA: "Programs that use IPv4 go on; some wait first, or give up.",
}
_WITHOUT = {
    _MX: "no mail server is entered for it: senders turn to its own address, if it has one (RFC 5321, section 5.1)",
    _SRV: "no host is entered for this service (SRV)",
}


def _by_name(every: Iterable[Lookup]) -> dict[_Key, list[Lookup]]:
    """Return the answered lookups of each client, name server and name, in file order."""
    groups = defaultdict[_Key, list[Lookup]](list)
    for x in every:
        if not x.multicast and x.query_frames and x.response_frames:
            groups[x.client.address, x.server.address, plain(x.name)].append(x)
    return groups


def _of_type(group: Sequence[Lookup]) -> dict[int, list[Lookup]]:
    kinds = defaultdict[int, list[Lookup]](list)
    for x in group:
        kinds[x.type_number].append(x)
    return kinds


def _steps(group: Sequence[Lookup], shown: str, beside_it: Step | None = None) -> list[Step]:
    first = group[0]
    asked = f"{first.client.address} asks {first.server.address} for {short(first.name)} ({first.type})"
    steps = [
        Step(frames=first.query_frames[:1], text=asked),
        Step(frames=tuple(x.response_frames[0] for x in group)[:_SHOWN], text=shown),
    ]
    return [*steps, beside_it] if beside_it else steps


@rule("Name server fails for one kind of record", lookups, subject=_SUBJECT, area=AREA)
def dns_type_fails(facts: Facts) -> Iterator[Finding]:
    """A name server that fails (SERVFAIL) for one kind of record of a name, of which it gives another kind.

    Only where the client never gets that kind. Of low severity are kinds that a program can do without where it has
    the address (AAAA, HTTPS, SVCB). Left out are names that browsers and systems ask for on their own.
    """
    unasked = beside(facts[lookups])
    for group in _by_name(facts[lookups]).values():
        given = [x for x in group if x.rcode == _NOERROR and x.answers]
        for number, kind in _of_type(group).items():
            if given and not unasked(group[0]) and all(x.rcode == _SERVFAIL for x in kind):
                yield _one_fails(number, kind, given[0])


def _one_fails(number: int, failed: Sequence[Lookup], given: Lookup) -> Finding:
    first, name, server = failed[0], short(failed[0].name), failed[0].server.address
    spare = number in _EXTRAS and given.type_number == _A
    then = _THEN.get(number, "")
    return lookup_finding(
        "dns_type_fails",
        [*failed, given],
        Severity.LOW if spare else Severity.MEDIUM,
        Confidence.CERTAIN,
        Side.SERVER,
        f"The name server {server} fails (SERVFAIL) for the record {first.type} of {name}, while it gives its record"
        f" {given.type}.",
        f"Whoever runs {server}, or the domain's name servers, must see why they fail for {first.type}. {then}".strip(),
        (f"Ask for it by hand, here and elsewhere: dig {first.type} {shell_word(first.name)} @{server}",),
        _steps(
            failed,
            "the name server answers: server failure (SERVFAIL, rcode 2)",
            Step(frames=given.response_frames[:1], text=f"for {given.type} it gives an answer"),
        ),
    )


@rule("Name without a mail server or service", lookups, subject=_SUBJECT, area=AREA)
def dns_no_record(facts: Facts) -> Iterator[Finding]:
    """A name that exists and has no record of the kind that was asked for: mail servers (MX) or a service (SRV).

    For information alone: many domains have none. Left out are answers that were cut, or that only refer to others.
    """
    for group in _by_name(facts[lookups]).values():
        for number, kind in _of_type(group).items():
            if number in _WITHOUT and all(map(_empty, kind)):
                yield _none_entered(kind)


def _empty(lookup: Lookup) -> bool:
    whole = not (lookup.truncated or lookup.cut or lookup.referred)
    return lookup.rcode == _NOERROR and not lookup.answers and whole


def _none_entered(group: Sequence[Lookup]) -> Finding:
    first, name, server = group[0], short(group[0].name), group[0].server.address
    return lookup_finding(
        "dns_no_record",
        group,
        Severity.INFO,
        Confidence.CERTAIN,
        Side.EITHER,
        f"The name {name} has no record {first.type}, says the name server {server}: {_WITHOUT[first.type_number]}.",
        f"Whoever runs the domain must enter it, if {name} is meant to have one; else nobody has to act.",
        (f"Ask another name server, too: dig {first.type} {shell_word(first.name)} @RESOLVER",),
        _steps(group, f"the answer holds no record {first.type} (NOERROR)"),
    )


@rule("Name that comes or goes", lookups, subject=_SUBJECT, area=AREA)
def dns_comes_or_goes(facts: Facts) -> Iterator[Finding]:
    """A name that one name server does not know at first (NXDOMAIN) and answers later, or the other way round.

    Of low severity where it is there in the end; of medium severity where its last `_GONE` answers say that it does not
    exist, of addresses; other records, such as those that prove who owns a domain, are taken away on purpose.
    """
    for group in _by_name(facts[lookups]).values():
        for kind in _of_type(group).values():
            told = [x for x in kind if x.rcode == _NXDOMAIN or (x.rcode == _NOERROR and x.answers)]
            missing = [x.rcode == _NXDOMAIN for x in told]
            if told and missing[0] and not missing[-1]:
                yield _comes(told)
            elif told and not missing[0] and all(missing[-_GONE:]):
                yield _goes(told)


def _between(group: Sequence[Lookup], last: Lookup) -> str:
    return milliseconds(((last.query_ns or 0) - (group[0].query_ns or 0)) / 1e6)


def _comes(group: Sequence[Lookup]) -> Finding:
    first, name, server = group[0], short(group[0].name), group[0].server.address
    there = next(x for x in group if x.rcode == _NOERROR)
    missing = [x for x in group if x.rcode == _NXDOMAIN]
    return lookup_finding(
        "dns_comes_or_goes",
        [*missing, there],
        Severity.LOW,
        Confidence.CERTAIN,
        Side.EITHER,
        f"The name {name} did not exist at first, says the name server {server} (NXDOMAIN); {_between(group, there)}"
        " later it is answered.",
        "Nobody has to act, if the name was entered only then: resolvers remember for a while that a name is missing.",
        (f"See whether all name servers of the domain know it: dig +nssearch {shell_word(first.name)}",),
        _steps(
            missing,
            "the name server answers: no such name (NXDOMAIN, rcode 3)",
            Step(frames=(*there.query_frames[:1], *there.response_frames[:1]), text=f"{first.type} is answered"),
        ),
    )


def _goes(group: Sequence[Lookup]) -> Finding:
    first, name, server = group[0], short(group[0].name), group[0].server.address
    missing = [x for x in group if x.rcode == _NXDOMAIN]
    return lookup_finding(
        "dns_comes_or_goes",
        [first, *missing],
        Severity.MEDIUM if first.type_number in (_A, _AAAA) else Severity.LOW,
        Confidence.CERTAIN,
        Side.EITHER,
        f"The name {name} was answered at first, and {_between(group, missing[-1])} later it does not exist any more,"
        f" says the name server {server} (NXDOMAIN).",
        "Whoever runs the domain must enter the name again, or make all its name servers say the same.",
        (f"See whether all name servers of the domain know it: dig +nssearch {shell_word(first.name)}",),
        _steps(
            missing,
            "the name server answers: no such name (NXDOMAIN, rcode 3)",
            Step(frames=(*first.query_frames[:1], *first.response_frames[:1]), text="before, it was answered"),
        ),
    )
