"""PPPoE discovery: who looks for an access concentrator, and what it is answered (RFC 2516, section 5)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from explainer.facts import Column, Facts, Kind, Look, fact
from explainer.protocols.eth import DESTINATION, SOURCE
from explainer.protocols.frame import FRAME, OF_LAYERS, TIME, with_layer

_CODE, _SESSION = Column("pppoe.code", Kind.INT), Column("pppoe.session_id", Kind.INT)
_NAME, _SERVICE = Column("pppoed.tags.ac_name"), Column("pppoed.tags.service_name")
_ERRORS = {name: Column(f"pppoed.tags.{name}_error") for name in ("service_name", "ac_system", "generic")}
_COLUMNS = (FRAME, TIME, SOURCE, DESTINATION, _CODE, _SESSION, _NAME, _SERVICE, *_ERRORS.values())
_PADI, _PADS = 0x09, 0x65
_EVERYBODY = "ff:ff:ff:ff:ff:ff"
_MOST = 2000


class Refusal(NamedTuple):
    """An answer with an error: its kind and words, who says it (`name` as in its offer), for what service.

    The kind is empty where the confirmation holds no words: its session number, 0, says no all the same.
    """

    frame: int
    server: str
    name: str
    service: str
    error: str
    text: str


class Caller(NamedTuple):
    """A host that looks for an access concentrator.

    `unheard` are its PADI after the last answer to it, since `unheard_ns`; `heard` says whether a frame from it to one
    host, or to it, is in the capture; `refused` are the answers with an error after the last session that it was given.
    """

    mac: str
    unheard: tuple[int, ...]
    unheard_ns: int
    heard: bool
    refused: tuple[Refusal, ...]


_LOOK = Look("PPPoE discovery", OF_LAYERS, _COLUMNS, with_layer("pppoed", _MOST))


@fact("PPPoE discovery", _LOOK)
def callers(facts: Facts) -> tuple[Caller, ...]:
    """Return the hosts that look for an access concentrator, by first frame."""
    seen = facts.look(_LOOK)
    if seen is None:
        return ()
    by_caller = dict[str, list[dict[str, Any]]]()
    for row in seen.drop_nulls([FRAME.field, TIME.field, _CODE.field]).sort(FRAME.field).iter_rows(named=True):
        source, target = (row[SOURCE.field] or [""])[0], (row[DESTINATION.field] or [""])[0]
        if row[_CODE.field] == _PADI:
            by_caller.setdefault(source, []).append(row)
        else:
            for mac in {source, target} & by_caller.keys():
                by_caller[mac].append(row)
    return tuple(_read(mac, said) for mac, said in by_caller.items())


def _read(mac: str, said: Sequence[dict[str, Any]]) -> Caller:
    unheard, refused = list[dict[str, Any]](), list[Refusal]()
    name = ""
    for row in said:
        if row[_CODE.field] == _PADI:
            unheard.append(row)
            continue
        unheard.clear()
        name = row[_NAME.field] or name
        error = next((kind for kind, column in _ERRORS.items() if row[column.field]), "")
        confirmed = row[_CODE.field] == _PADS
        if error or (confirmed and not row[_SESSION.field]):
            server, text = (row[SOURCE.field] or [""])[0], row[_ERRORS[error].field] if error else ""
            refused.append(Refusal(row[FRAME.field], server, name, row[_SERVICE.field] or "", error, text))
        elif confirmed:
            refused.clear()
    heard = any((row[DESTINATION.field] or [_EVERYBODY])[0] != _EVERYBODY for row in said)
    frames = tuple(row[FRAME.field] for row in unheard)
    return Caller(mac, frames, unheard[0][TIME.field] if unheard else 0, heard, tuple(refused))
