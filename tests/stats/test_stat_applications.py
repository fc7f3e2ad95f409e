"""The statistics of accounts and files, and what an answer takes from them."""

from pathlib import Path

import pytest
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
