"""Jobs that a printer takes while it is stopped."""

import pytest
from factories import CLIENT, SERVER

from explainer.protocols.applications.messages import Message
from explainer.protocols.applications.printing import ipp
from explainer.protocols.applications.records import Reply
from explainer.protocols.tcp import Endpoint

ENDS = Endpoint(CLIENT, 40000), Endpoint(SERVER, 631)
LOOKS, CREATES = "0x000b", "0x0005"


def asked(frame: int, operation: str) -> Message:
    values = {"ipp.operation_id": (operation,), "http.request.uri": ("/printers/office",)}
    return Message(frame, frame, 0, *ENDS, ("tcp", "http", "ipp"), values)


def told(frame: int, **values: tuple[str, ...]) -> Message:
    named = {name.replace("__", "."): value for name, value in values.items()}
    return Message(frame, frame, 0, *ENDS[::-1], ("tcp", "http", "ipp"), {"ipp.status_code": ("0x0000",)} | named)


@pytest.mark.parametrize(
    ("names", "values", "stopped"),
    [
        (("printer-name", "printer-state", "printer-type"), ("5", "4"), [(1, 2)]),
        (("printer-name", "printer-state"), ("3",), []),
        (("finishings-default", "printer-state"), ("5", "3"), []),
        (("printer-name",), (), []),
    ],
    ids=["stopped", "idle", "another number comes before", "not told"],
)
def test_a_stopped_printer_takes_a_job(
    names: tuple[str, ...], values: tuple[str, ...], stopped: list[tuple[int, int]]
) -> None:
    looked = asked(1, LOOKS), told(2, ipp__name=names, ipp__enum_value=values)
    records = [r for r in ipp((*looked, asked(3, CREATES), told(4))) if isinstance(r, Reply)]
    assert [(r.request_frame, r.frame) for r in records if r.code == "stopped"] == stopped
    assert [r for r in ipp(looked) if isinstance(r, Reply)] == []


def test_a_printer_that_is_started_again_is_not_stopped() -> None:
    state = ("printer-state",)
    talk = (
        asked(1, LOOKS), told(2, ipp__name=state, ipp__enum_value=("5",)),
        asked(3, LOOKS), told(4, ipp__name=state, ipp__enum_value=("3",)), asked(5, CREATES), told(6),
    )  # fmt: skip
    assert [r.code for r in ipp(talk) if isinstance(r, Reply)] == [""]
