"""Answers that do not fit the question, by address or by id: resolvers drop them (RFC 5452 section 9.1)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.dns import Lookup, lookups
from explainer.registry import rule
from explainer.rules.dns import AREA
from explainer.rules.dns_alias import plain, short
from explainer.rules.dns_evidence import asked_for, scope_of
from explainer.rules.tcp_case import finding

_SHOWN = 20
_IN_TIME_NS = 10_000_000_000  # longer than glibc and dig wait (5 seconds); ids come again after minutes


@rule("Answer from another address", lookups, subject="DNS lookups", area=AREA)
def dns_other_source(facts: Facts) -> Iterator[Finding]:
    """A question over UDP without an answer, and one with its id and name, to its port, from another server.

    A server with several addresses that answers from the wrong one, or a NAT on one way alone; the client drops such
    answers, since anybody could have forged them. Of low severity where the client gets an answer otherwise.
    """
    every = facts[lookups]
    strays = defaultdict[tuple[object, ...], list[Lookup]](list)
    for x in every:
        if x.response_frames and not x.query_frames and x.transport == "UDP" and not x.multicast:
            strays[x.client, x.id, plain(x.name)].append(x)
    answered = {(x.client.address, plain(x.name)) for x in every if x.query_frames and x.response_frames}
    groups = defaultdict[tuple[str, str, str], list[tuple[Lookup, Lookup]]](list)
    for x in every:
        for stray in strays.get((x.client, x.id, plain(x.name)), ()) if x.unanswered else ():
            in_time = 0 <= (stray.response_ns or 0) - (x.query_ns or 0) <= _IN_TIME_NS
            if in_time and stray.server.address != x.server.address:
                groups[x.client.address, x.server.address, stray.server.address].append((x, stray))
    for group in groups.values():
        first = group[0][0]
        yield _told(group, overcome=(first.client.address, plain(first.name)) in answered)


def _told(group: Sequence[tuple[Lookup, Lookup]], *, overcome: bool) -> Finding:
    asked, stray = group[0]
    client, server, other = asked.client.address, asked.server.address, stray.server.address
    about = scope_of([asked for asked, _ in group])
    steps = [
        Step(frames=asked.query_frames[:_SHOWN], text=f"{client} asks {server} for {short(asked.name)}"),
        Step(frames=stray.response_frames[:1], text=f"the answer to it (same id) comes from {other}"),
        *(
            [Step(frames=tuple(s.response_frames[0] for _, s in group[1:_SHOWN]), text="the same again")]
            if len(group) > 1
            else []
        ),
    ]
    return finding(
        "dns_other_source",
        asked.first_frame,
        Severity.LOW if overcome else Severity.HIGH,
        Side.SERVER,
        f"The answer about {short(asked.name)} comes from {other}, not from the name server {server} that {client}"
        " asked: clients drop such an answer, so the lookup fails.",
        Evidence.of(
            [frame for question, answer in group for frame in (*question.query_frames, *answer.response_frames)],
            asked_for(about.names, server),
            steps,
        ),
        about.model_copy(update={"addresses": (*about.addresses, other)}),
        act=f"The name server's side must act: {server} has to answer from the address at which it is asked; look for"
        " several addresses of one server, and for address translation (NAT) on one way alone.",
        measured={"questions": len(group)},
        confidence=Confidence.PROBABLE,
        advice=(
            f"dig {short(asked.name)} @{server} says: reply from unexpected source.",
            "Let the server listen on each of its addresses by itself (interface-automatic in Unbound).",
        ),
        limits=("whether a device between this place and the client sets the address right",),
    )


@rule("Answer with another id", lookups, subject="DNS lookups", area=AREA)
def dns_wrong_id(facts: Facts) -> Iterator[Finding]:
    """A question over UDP without an answer, and answers of that server to its port, name and type, with another id.

    RFC 5452 section 9.1: the client drops them, since anybody could have forged them. Of low severity where the client
    gets an answer otherwise.
    """
    every = facts[lookups]
    strays = defaultdict[tuple[object, ...], list[Lookup]](list)
    for x in every:
        if x.response_frames and not x.query_frames and x.transport == "UDP" and not x.multicast:
            strays[x.client, x.server, x.type_number, plain(x.name)].append(x)
    answered = {(x.client.address, plain(x.name)) for x in every if x.query_frames and x.response_frames}
    groups = defaultdict[tuple[str, str], list[tuple[Lookup, Lookup]]](list)
    for x in every:
        for stray in strays.get((x.client, x.server, x.type_number, plain(x.name)), ()) if x.unanswered else ():
            if 0 <= (stray.response_ns or 0) - (x.query_ns or 0) <= _IN_TIME_NS and stray.id != x.id:
                groups[x.client.address, x.server.address].append((x, stray))
    for group in groups.values():
        first = group[0][0]
        yield _unfit(group, overcome=(first.client.address, plain(first.name)) in answered)


def _unfit(group: Sequence[tuple[Lookup, Lookup]], *, overcome: bool) -> Finding:
    asked, stray = group[0]
    client, server = asked.client.address, asked.server.address
    about = scope_of([question for question, _ in group])
    return finding(
        "dns_wrong_id",
        asked.first_frame,
        Severity.LOW if overcome else Severity.HIGH,
        Side.SERVER,
        f"The name server {server} answers about {short(asked.name)} with another id (0x{stray.id:04x}) than that of"
        f" the question (0x{asked.id:04x}): {client} drops such an answer, so the lookup fails.",
        Evidence.of(
            [frame for question, answer in group for frame in (*question.query_frames, *answer.response_frames)],
            asked_for(about.names, server),
            [
                Step(frames=asked.query_frames[:_SHOWN], text=f"{client} asks for {short(asked.name)}, id"
                f" 0x{asked.id:04x}"),
                Step(frames=tuple(s.response_frames[0] for _, s in group[:_SHOWN]), text="the answer to that port and"
                " name carries another id"),
            ],
        ),
        about,
        act=f"The name server's side must act: {server}, or a device on the way that changes DNS, has to return the id"
        " of the question; if neither is yours, somebody may be forging answers.",
        measured={"questions": len({id(question) for question, _ in group})},
        confidence=Confidence.PROBABLE,
        advice=(
            f"dig {short(asked.name)} @{server} says: ID mismatch.",
            "Record at the name server, too: whether the id is already wrong there tells who changes it.",
        ),
        limits=("who sets the wrong id", "whether the question that it belongs to is missing in this capture"),
    )  # fmt: skip
