"""Routers that do not become neighbors by OSPF, although they hear each other's hellos."""

from collections.abc import Iterator
from itertools import combinations

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.ospf import Router, routers
from explainer.registry import rule
from explainer.rules.tcp_case import finding
from explainer.wording import listing

_AREA = "routers that speak OSPF"
_SHOWN = 20
_AUTHENTICATION = {0: "none", 1: "a password in clear", 2: "a keyed digest"}  # RFC 2328, appendix D


@rule("OSPF neighbors", routers, subject="OSPF routers", area=_AREA)
def ospf_neighbors(facts: Facts, *, min_hellos: int = 3, min_descriptions: int = 3) -> Iterator[Finding]:
    """Two OSPF routers on one link whose hellos do not name each other, or that get stuck before they exchange routes.

    A hello whose area, authentication type, intervals or mask differ from the receiver's own is dropped (RFC 2328
    sections 8.2 and 10.5): certain. Where all of these agree, a wrong key or a filter is possible. Neighbors whose
    interfaces have different MTUs get no further than database descriptions (section 10.6). `min_hellos` of each, as
    the first two of a router need not name anybody yet, and `min_descriptions`, as one may be lost.
    """
    for one, other in combinations(facts[routers], 2):
        if one.identifier == other.identifier or not one.shares_link(other):
            continue
        known = one.identifier in other.neighbors or other.identifier in one.neighbors
        enough = min(len(one.hellos), len(other.hellos)) >= min_hellos and _at_the_same_time(one, other)
        if enough and not known:
            yield _strangers(one, other)
        elif known and _stuck(one, other, min_descriptions):
            yield _other_mtu(one, other)


def _at_the_same_time(one: Router, other: Router) -> bool:
    return one.hellos[-1] > other.hellos[0] and other.hellos[-1] > one.hellos[0]


def _stuck(one: Router, other: Router, least: int) -> bool:
    mtus = {one.mtu, other.mtu}
    tried = max(len(one.descriptions), len(other.descriptions)) >= least
    return len(mtus) == len((one, other)) and None not in mtus and tried and not (one.requests or other.requests)


def _differences(one: Router, other: Router) -> list[str]:
    told = [
        ("the area", one.area, other.area),
        ("the authentication", *(_AUTHENTICATION.get(r.authentication, str(r.authentication)) for r in (one, other))),
        ("the hello interval", f"{one.hello_s} s", f"{other.hello_s} s"),
        ("the dead interval", f"{one.dead_s} s", f"{other.dead_s} s"),
        ("the network mask", one.mask, other.mask),
    ]
    return [f"{what} ({mine} at {one.address}, {its} at {other.address})" for what, mine, its in told if mine != its]


def _strangers(one: Router, other: Router) -> Finding:
    differs = _differences(one, other)
    pair = f"The OSPF routers {one.address} and {other.address} do not become neighbors"
    why = f"{listing(differs)} differ{'s' if len(differs) == 1 else ''}, so that each drops the other's hellos."
    if not differs:
        why = (
            "neither names the other in its hellos, although what they say of the link agrees. A wrong key"
            " (authentication) or a filter is possible."
        )
    return finding(
        "ospf_neighbors",
        one.hellos[0],
        Severity.HIGH if differs else Severity.MEDIUM,
        Side.EITHER,
        f"{pair}: {why}",
        Evidence.of((*one.hellos, *other.hellos), _filter(one, other, 1), _hellos(one, other)),
        Scope(addresses=(one.address, other.address)),
        act="Whoever runs the two routers must set both alike for this link."
        if differs
        else "Whoever runs the two routers must compare keys, and see whether each gets the other's hellos.",
        measured={"differences": len(differs), "hellos": len(one.hellos) + len(other.hellos)},
        confidence=Confidence.CERTAIN if differs else Confidence.POSSIBLE,
        advice=("Compare on both: show ip ospf interface (FRR, Cisco), or birdc show ospf interface.",),
        limits=("which of the two is set as it should be",)
        if differs
        else ("whether each router gets the other's packets", "what the keys are"),
    )


def _hellos(*pair: Router) -> Iterator[Step]:
    for router in pair:
        heard = f"it names {listing(list(router.neighbors))}" if router.neighbors else "it names no neighbor"
        text = f"{router.address} (router {router.identifier}) says hello every {router.hello_s} s: {heard}"
        yield Step(frames=router.hellos[-_SHOWN:], text=text)


def _other_mtu(one: Router, other: Router) -> Finding:
    frames = (*one.descriptions, *other.descriptions)
    return finding(
        "ospf_neighbors",
        frames[0],
        Severity.HIGH,
        Side.EITHER,
        f"The OSPF routers {one.address} and {other.address} hear each other, but exchange no routes: their interfaces"
        f" have different MTUs ({one.mtu} at {one.address}, {other.mtu} at {other.address}), and they get no further"
        " than database descriptions.",
        Evidence.of(
            frames,
            _filter(one, other, 2),
            [
                Step(frames=router.descriptions[:_SHOWN], text=f"{router.address} describes its database, MTU"
                     f" {router.mtu}")
                for router in (one, other)
            ],
        ),
        Scope(addresses=(one.address, other.address)),
        act="Whoever runs the two routers must give both interfaces of this link the same MTU.",
        measured={"mtu": one.mtu or 0, "other_mtu": other.mtu or 0, "descriptions": len(frames)},
        confidence=Confidence.PROBABLE,
        advice=("To live with it, let both ignore the MTU: ip ospf mtu-ignore (FRR, Cisco).",),
        limits=("which of the two MTUs is right for the link",),
    )  # fmt: skip


def _filter(one: Router, other: Router, kind: int) -> str:
    return f"ospf.msg == {kind} && ip.src in {{{one.address}, {other.address}}}"
