"""MongoDB's messages, byte by byte (the MongoDB wire protocol, and bsonspec.org)."""

import struct
from pathlib import Path

import pytest
from sessions import FactsOf, Said, found_in, session

from explainer.model import Severity
from explainer.protocols.applications import replies

PORT = 27017
OP_REPLY, OP_MSG = 1, 2013


def element(name: str, value: object) -> bytes:
    key = name.encode() + b"\0"
    if isinstance(value, float):
        return b"\x01" + key + struct.pack("<d", value)
    if isinstance(value, int):
        return b"\x10" + key + struct.pack("<i", value)
    if isinstance(value, str):
        return b"\x02" + key + struct.pack("<i", len(value) + 1) + value.encode() + b"\0"
    if isinstance(value, bytes):
        return b"\x05" + key + struct.pack("<iB", len(value), 0) + value
    if isinstance(value, list):
        return b"\x04" + key + document({str(at): each for at, each in enumerate(value)})
    assert isinstance(value, dict)
    return b"\x03" + key + document(value)


def document(values: dict[str, object]) -> bytes:
    data = b"".join(element(name, value) for name, value in values.items()) + b"\0"
    return struct.pack("<i", 4 + len(data)) + data


def message(number: int, answers: int, kind: int, values: dict[str, object]) -> bytes:
    head = struct.pack("<IB", 0, 0) if kind == OP_MSG else struct.pack("<iqii", 8, 0, 0, 1)
    data = head + document(values)
    return struct.pack("<iiii", 16 + len(data), number, answers, kind) + data


def exchange(request: dict[str, object], answer: dict[str, object], kind: int = OP_MSG) -> tuple[Said, Said]:
    return (True, message(7, 0, OP_MSG, request)), (False, message(1, 7, kind, answer))


LOGIN: dict[str, object] = {"saslStart": 1, "payload": b"n,,n=anna", "$db": "shop"}
INSERT: dict[str, object] = {"insert": "orders", "$db": "shop"}
DENIED: dict[str, object] = {"ok": 0.0, "errmsg": "Authentication failed.", "code": 18}
DOUBLE: dict[str, object] = {"ok": 1.0, "writeErrors": [{"index": 0, "code": 11000, "errmsg": "E11000 duplicate"}]}


@pytest.mark.parametrize(
    ("said", "words", "severity"),
    [
        (exchange(LOGIN, DENIED), "refuses the login from 192.0.2.10: user name or password is wrong", Severity.HIGH),
        (exchange(LOGIN, DENIED, OP_REPLY), "user name or password is wrong", Severity.HIGH),
        (exchange(INSERT, {"ok": 0, "code": 13, "errmsg": "not authorized"}), "may not do this", Severity.MEDIUM),
        (exchange(INSERT, {"ok": 0.0, "code": 10107, "errmsg": "not primary"}), "takes no writes", Severity.HIGH),
        (exchange(INSERT, DOUBLE), "breaks a rule of the table", Severity.MEDIUM),
    ],
)
def test_errors(said: tuple[Said, Said], words: str, severity: Severity, tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found_in("database_refused", facts_of, session(tmp_path / "a.pcap", PORT, *said))
    assert words in finding.title
    assert finding.severity is severity
    assert finding.evidence.frames == (4, 5)


def test_success_and_steps_on_the_way_are_no_errors(tmp_path: Path, facts_of: FactsOf) -> None:
    step, found = {"ok": 1.0, "done": 0, "payload": b"r=1"}, {"cursor": {"firstBatch": [{"code": 18}]}, "ok": 1.0}
    for number, said in enumerate([exchange(LOGIN, step), exchange({"find": "orders"}, found)]):
        capture = session(tmp_path / f"{number}.pcap", PORT, *said)
        assert found_in("database_refused", facts_of, capture) == []


@pytest.mark.parametrize("cut", range(16, 120, 7))
def test_what_is_cut_or_broken_is_read_as_far_as_it_goes(cut: int, tmp_path: Path, facts_of: FactsOf) -> None:
    asked, (_, answer) = exchange(LOGIN, DENIED)
    capture = session(tmp_path / "a.pcap", PORT, asked, (False, answer[:cut]))
    assert {r.code for r in facts_of(capture, replies)[replies]} <= {"", "18", "error"}
