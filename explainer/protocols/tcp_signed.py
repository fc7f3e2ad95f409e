"""Routers that sign their BGP connections (TCP MD5, RFC 2385; TCP-AO, RFC 5925), where both ask and none answers."""

from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, Look, View, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME
from explainer.protocols.tcp import Connection, connections

_KIND = Column("tcp.option_kind", Kind.INT, many=True)
_SIGNATURES = {19, 29}
_BGP = 179
_MOST = 200


class Pair(NamedTuple):
    """Two routers that ask each other for a BGP session in vain: the SYNs of each, and which of them sign theirs."""

    asked: tuple[tuple[str, tuple[int, ...]], ...]
    signing: tuple[str, ...]
    streams: tuple[int, ...]


def _in_vain(facts: Facts) -> dict[frozenset[str], list[Connection]]:
    """Return the unanswered connections to BGP's port between two hosts of which each asks the other, and again."""
    found = dict[frozenset[str], list[Connection]]()
    for c in facts[connections]:
        if c.server.port == _BGP and c.syn_frames and not c.server_frames:
            found.setdefault(frozenset((c.client.address, c.server.address)), []).append(c)
    return {pair: asked for pair, asked in found.items() if all(_asks_again(asked, router) for router in pair)}


def _asks_again(asked: list[Connection], router: str) -> bool:
    return sum(len(c.syn_frames) for c in asked if c.client.address == router) > 1


def _view(facts: Facts) -> View | None:
    frames = sorted(c.syn_frames[0] for asked in _in_vain(facts).values() for c in asked)
    return View(tuple(frames[:_MOST])) if frames else None


_LOOK = Look("signed BGP connections", (connections,), (FRAME, _KIND), _view)


@fact("BGP routers that ask each other in vain", connections, _LOOK)
def unanswered_pairs(facts: Facts) -> tuple[Pair, ...]:
    """Return the pairs of which one router at least signs what it sends: who expects another signature drops it."""
    seen = facts.look(_LOOK)
    if seen is None:
        return ()
    signed = seen.filter(pl.col(_KIND.field).list.eval(pl.element().is_in(_SIGNATURES)).list.any())
    frames = set(signed[FRAME.field])
    found = list[Pair]()
    for asked in _in_vain(facts).values():
        syns = dict[str, tuple[int, ...]]()
        for c in asked:
            syns[c.client.address] = (*syns.get(c.client.address, ()), *c.syn_frames)
        signing = dict.fromkeys(c.client.address for c in asked if c.syn_frames[0] in frames)
        if signing:
            found.append(Pair(tuple(syns.items()), tuple(signing), tuple(c.stream for c in asked)))
    return tuple(found)
