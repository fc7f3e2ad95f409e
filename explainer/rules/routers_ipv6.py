"""IPv6 routers that are none any more, and several that contradict each other (RFC 4861, RFC 6104)."""

from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.routers_ipv6 import Router, routers
from explainer.registry import rule
from explainer.rules.tcp_case import finding
from explainer.wording import listing

_AREA, _SUBJECT = "the addresses on the local network (IPv6)", "IPv6 router advertisements"
_FILTER = "icmpv6.type == 134"
_SHOWN = 20


@rule("No default router for IPv6", routers, subject=_SUBJECT, area=_AREA)
def address_router_left(facts: Facts) -> Iterator[Finding]:
    """Router advertisements of which the last of every router has the lifetime 0: it is no default router.

    Of medium severity where one had let itself be used before, and takes that back. Else for information: a router that
    only gives out prefixes (Thread, a laboratory) says the same all day.
    """
    found = facts[routers]
    if not found or any(r.lifetimes_s[-1] for r in found):
        return
    steps_down = [r for r in found if any(r.lifetimes_s)]
    told = steps_down or list(found)
    frames = [r.frames[-1] for r in told]
    names = listing([r.address for r in told])
    title = (
        f"The IPv6 router {names} takes itself back as default router (router lifetime 0): hosts lose their way out"
        " over IPv6."
        if steps_down
        else f"No IPv6 router here lets itself be used as the way out: {names} advertises itself with the router"
        " lifetime 0, so hosts get a prefix, but no default route."
    )
    yield finding(
        "address_router_left",
        frames[0],
        Severity.MEDIUM if steps_down else Severity.INFO,
        Side.NETWORK,
        title,
        Evidence.of(
            [frame for r in told for frame in (r.frames[0], r.frames[-1])],
            _FILTER,
            [Step(frames=tuple(frames[:_SHOWN]), text="router advertisement with the router lifetime 0")],
        ),
        Scope(addresses=tuple(r.address for r in told)),
        act=f"Whoever runs the router {names} must act, if IPv6 is to lead out of this network: it has lost its own"
        " way, is being shut down, or is set so.",
        measured={"routers": len(told)},
        confidence=Confidence.CERTAIN,
        advice=(
            "On the router: does it have an IPv6 default route itself? radvd: AdvDefaultLifetime; see its log.",
            "On a host: ip -6 route shows whether there is a default route.",
        ),
        limits=("whether this network is meant to reach others over IPv6",),
    )


@rule("IPv6 routers contradict each other", routers, subject=_SUBJECT, area=_AREA)
def address_second_router(facts: Facts) -> Iterator[Finding]:
    """Routers that both want to be the default router and give out other prefixes: one may be a stranger (RFC 6104).

    Routers that back each other up give out the same ones, and are left out, as is who gives out none or says with the
    lifetime 0 that it leads nowhere.
    """
    offering = [r for r in facts[routers] if r.lifetimes_s[-1] and r.prefixes]
    apart = [r for r in offering if all(r is o or not set(r.prefixes) & set(o.prefixes) for o in offering)]
    if len(apart) > 1:
        yield _apart(apart)


def _apart(found: Sequence[Router]) -> Finding:
    frames = [r.frames[0] for r in found]
    names = listing([r.address for r in found])
    return finding(
        "address_second_router",
        frames[0],
        Severity.MEDIUM,
        Side.NETWORK,
        f"{len(found)} IPv6 routers want to be the default router of this network and give out different prefixes:"
        f" {names}. One of them is probably not meant to be there (a rogue router advertisement); hosts that use it may"
        " not get out.",
        Evidence.of(
            frames,
            _FILTER,
            [Step(frames=(r.frames[0],), text=f"{r.address} gives out {listing(list(r.prefixes))}") for r in found],
        ),
        Scope(addresses=tuple(r.address for r in found)),
        act="Whoever runs the local network must act: find out which router is meant, and switch the other off.",
        measured={"routers": len(found)},
        confidence=Confidence.PROBABLE,
        advice=(
            f"Find the routers by their MAC addresses in the switch's table: {names}",
            "RA Guard on the switch (RFC 6105) stops others; often it is a computer that shares its connection.",
        ),
        limits=("which of the routers is meant to be there", "whether two ways out are wanted (two providers)"),
    )
