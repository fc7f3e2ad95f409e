"""The statistics of accounts and files, and what an answer takes from them."""

from pathlib import Path

import pytest
from factories import CLIENT, SERVER, UDP, datagram, ip
from messages import get, response
from sessions import asks, says, session, talk
from talk import Wire

from explainer import analyse, ask
from explainer.model import Analysis, Cell


@pytest.fixture(scope="module")
def transfer(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    wire = Wire()
    login = (says("220 ready"), asks("USER anna"), says("331 go on"), asks("PASS secret"), says("230 in"))
    stored = (asks("STOR plan.pdf"), says("150 go on"), says("226 done"), asks("RETR x.txt"), says("550 no"))
    talk(wire, 21, *login, *stored)
    talk(wire, 80, (True, get("/", "Authorization: Basic YmVydDpzZWNyZXQ=")), (False, response(200)), sport=40001)
    return analyse(wire.save(tmp_path_factory.mktemp("talk") / "c.pcap"), strict=True)


def cells(analysis: Analysis, name: str) -> list[dict[str, Cell]]:
    stat = analysis.stat(name)
    assert stat is not None
    return [dict(zip((column.name for column in stat.columns), row, strict=True)) for row in stat.rows]


def test_accounts_are_listed_once_without_their_secrets(transfer: Analysis) -> None:
    found = cells(transfer, "accounts")
    assert [(row["protocol"], row["user"], row["accepted"], row["clear_text"]) for row in found] == [
        ("FTP", "anna", True, True), ("HTTP", "bert", True, True),
    ]  # fmt: skip
    assert [(row["user_frame"], row["secret_frame"], row["reply_frame"]) for row in found[:1]] == [(5, 7, 8)]
    assert "secret'" not in str(found)


def test_who_asks_for_a_remote_desktop_or_is_not_answered_is_an_account_that_nobody_judged(
    tmp_path: Path, captures: Path
) -> None:
    cookie = b"Cookie: mstshash=WOLKE\r\n" + bytes.fromhex("0100080003000000")
    request = bytes((len(cookie) + 6, 0xE0, 0, 0, 0, 0, 0)) + cookie
    asked = b"\x03\x00" + (len(request) + 4).to_bytes(2, "big") + request
    desktop = analyse(session(tmp_path / "c.pcap", 3389, (True, asked)), strict=True)
    found = [
        (row["protocol"], row["user"], row["accepted"], row["clear_text"])
        for analysis in (desktop, analyse(captures / "snmp_wrong_privacy_password.pcapng"))
        for row in cells(analysis, "accounts")
    ]
    assert found == [("RDP", "WOLKE", None, False), ("SNMP", "anna", None, False)]


def test_files_say_what_was_done(transfer: Analysis) -> None:
    assert [(row["action"], row["name"], row["ok"]) for row in cells(transfer, "files")] == [
        ("uploads", "plan.pdf", True), ("downloads", "x.txt", False),
    ]  # fmt: skip


def test_questions_about_files_and_accounts_are_answered(transfer: Analysis) -> None:
    answer = ask(transfer, "What was uploaded, and with whose account?")
    text = " ".join((answer.verdict, *(claim.text for claim in answer.claims)))
    assert "uploads plan.pdf" in text
    assert "The account anna (FTP" in text


def test_a_question_about_names_lists_who_asked_for_what(captures: Path) -> None:
    answer = ask(analyse(captures / "dns_slow_healthy.pcapng"), "Who asked for which names?")
    assert "asks 10.20.1.1 for" in answer.verdict
    assert answer.claims[0].frames


def test_where_nothing_was_said_nothing_is_listed(tmp_path: Path) -> None:
    analysis = analyse(session(tmp_path / "c.pcap", 21, says("220 ready")), strict=True)
    assert cells(analysis, "files") == []
    assert cells(analysis, "accounts") == []


def tftp(*packets: tuple[bool, int, bytes]) -> Wire:
    """Return a recording of requests to port 69 (of the client's port) and of answers to it."""
    wire = Wire()
    for of_client, port, data in packets:
        ends = (CLIENT, SERVER) if of_client else (SERVER, CLIENT)
        ports = (port, 69) if of_client else (2000, port)
        wire.put(ip(*ends, UDP, datagram(*ports, data)))
    return wire


def test_files_of_tftp_that_are_refused(tmp_path: Path) -> None:
    asked = ((True, 5001, b"\0\1one\0octet\0"), (True, 5002, b"\0\2two\0octet\0"), (False, 5001, b"\0\5\0\1gone\0"))
    analysis = analyse(tftp(*asked).save(tmp_path / "tftp.pcap"), strict=True)
    found = cells(analysis, "files")
    assert [(row["action"], row["name"], row["ok"], row["reply_frame"]) for row in found] == [
        ("downloads", "one", False, 3), ("uploads", "two", None, None),
    ]  # fmt: skip
    assert ask(analysis, "which files were fetched?").verdict.endswith("it is refused.")


@pytest.mark.parametrize(
    ("status", "text", "accepted"), [(200, "Invalid username or password", False), (302, "", None), (403, "", False)]
)
def test_a_form_with_a_password_and_its_answer(status: int, text: str, accepted: bool | None, tmp_path: Path) -> None:
    body = b"user=anna&pass=x"
    asked = get("/login", f"Content-Length: {len(body)}", "Content-Type: application/x-www-form-urlencoded")
    wire = Wire()
    talk(
        wire,
        80,
        (True, asked.replace(b"GET", b"POST") + body),
        (False, response(status, text, "Content-Type: text/plain")),
    )
    (row,) = cells(analyse(wire.save(tmp_path / "form.pcap"), strict=True), "accounts")
    assert (row["user"], row["accepted"]) == ("anna", accepted)
    assert row["reply_frame"] is not None


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Did the upload work?", "uploads plan.pdf"), ("Did the download work?", "RETR x.txt"),
        ("which files were transferred?", "uploads plan.pdf"),
    ],
)  # fmt: skip
def test_an_upload_is_not_answered_with_a_download(question: str, words: str, transfer: Analysis) -> None:
    assert words in ask(transfer, question).verdict
