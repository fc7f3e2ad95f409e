"""Answers by number: which are refusals, how they are called, and that somebody tells them."""

import pytest
from factories import CLIENT, SERVER

from explainer.protocols.applications import Reply
from explainer.protocols.applications.messages import Message
from explainer.protocols.applications.outcomes import OUTCOMES
from explainer.protocols.applications.talk import DIALECTS
from explainer.protocols.tcp import Endpoint

ROWS = (
    ("gtp", "gtp.cause", 128, 199, "no resources available"),
    ("gtpv2", "gtpv2.cause", 16, 78, "missing or unknown APN"),
    ("pfcp", "pfcp.cause", 1, 65, "session context not found"), ("isup", "isup.cause_indicator", 16, 17, "user busy"),
    ("q931", "q931.cause_value", 31, 1, "unallocated number"),
    ("smpp", "smpp.command_status", 0, 14, "invalid password"),
    ("nas-5gs", "nas_5gs.mm.5gmm_cause", None, 11, "PLMN not allowed"), ("mgcp", "mgcp.rsp.rspcode", 200, 500, ""),
    ("iscsi", "iscsi.login.status", 0, 0x201, "authentication failure"),
    ("mpls-echo", "mpls_echo.return_code", 3, 4, "no mapping for the FEC"),
    ("cip", "cip.genstat", 6, 5, "path destination unknown"), ("enip", "enip.status", 0x7F, 101, "invalid length"),
    ("iec60870_asdu", "iec60870_asdu.causetx", 7, 46, "unknown common address"),
    ("m3ua", "m3ua.error_code", 99, 25, "invalid routing context"), ("dccp", "dccp.reset_code", 1, 9, "too busy"),
)  # fmt: skip


def answers(layer: str, field: str, number: int) -> list[tuple[bool, str, str]]:
    ends = Endpoint(SERVER, 1), Endpoint(CLIENT, 2)
    said = Message(4, 4, None, *ends, ("ip", layer), {field: (str(number),)})
    found = [reply for reply in DIALECTS[layer].read((said,)) if isinstance(reply, Reply)]
    return [(reply.ok, reply.code, reply.text) for reply in found]


@pytest.mark.parametrize(("layer", "field", "good", "bad", "name"), ROWS, ids=lambda value: str(value)[:20])
def test_a_number_that_refuses_is_told_with_its_name_and_no_other(
    layer: str, field: str, good: int | None, bad: int, name: str
) -> None:
    assert answers(layer, field, bad) == [(False, str(bad), name)]
    assert good is None or answers(layer, field, good) == [(True, "", "")]


def test_every_dialect_of_numbers_is_read() -> None:
    assert {dialect.layer for dialect in OUTCOMES} <= DIALECTS.keys()
