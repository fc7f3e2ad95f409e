"""FTP's data connection, which does not come about, and SSH logins by the lengths of what is encrypted."""

from pathlib import Path

import pytest
from factories import CLIENT, SERVER
from sessions import FactsOf, asks, found_in, says
from talk import Talk, Wire

from explainer.model import Severity

LOGIN = (says("220 ready"), asks("USER anna"), says("331 go on"), asks("PASS secret"), says("230 in"))


def ftp(path: Path, *said: tuple[bool, bytes], data: str = "", wait: float = 4) -> Path:
    wire = Wire()
    control = Talk(wire, dport=21).open()
    for from_client, words in (*LOGIN, *said):
        (control.say if from_client else control.answer)(words, acked=False)
    if data:
        transfer = Talk(wire, sport=40001, dport=50000)
        if data.startswith("active"):
            transfer = Talk(wire, sport=20, dport=50000, client=SERVER, server=CLIENT)
        if data.endswith("opened"):
            transfer.open().answer(b"file").part()
        else:
            transfer._send(True, 0x02, mss=1460)
    control.wait(wait).ack(from_client=True)
    return wire.save(path)


PASSIVE = (asks("EPSV"), says("229 Entering Extended Passive Mode (|||50000|)"))
ACTIVE = (asks("PORT 192,0,2,10,195,80"), says("200 ok"), asks("LIST"))


def test_ftp_passive(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found_in("ftp_data_blocked", facts_of, ftp(tmp_path / "a.pcap", *PASSIVE, data="dropped"))
    assert "its connection to the passive port 50000 is never answered" in finding.title
    wanted = (*PASSIVE, asks("RETR a"), says("150 here"), says("226 done"))
    assert found_in("ftp_data_blocked", facts_of, ftp(tmp_path / "b.pcap", *wanted, data="opened")) == []
    assert found_in("ftp_data_blocked", facts_of, ftp(tmp_path / "c.pcap", *PASSIVE)) == []


def test_ftp_active(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found_in("ftp_data_blocked", facts_of, ftp(tmp_path / "a.pcap", *ACTIVE))
    assert "(active mode), never comes" in finding.title
    refused = (*ACTIVE, says("550 no"))
    assert found_in("ftp_data_blocked", facts_of, ftp(tmp_path / "b.pcap", *refused)) == []
    assert found_in("ftp_data_blocked", facts_of, ftp(tmp_path / "c.pcap", *ACTIVE, wait=1)) == []


def test_ftp_active_as_the_servers_side_sees_it(tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found_in("ftp_data_blocked", facts_of, ftp(tmp_path / "a.pcap", *ACTIVE, data="active, dropped"))
    assert "the server's connection to 192.0.2.10:50000 of the client is never answered" in finding.title
    assert found_in("ftp_data_blocked", facts_of, ftp(tmp_path / "b.pcap", *ACTIVE, data="active, opened")) == []


@pytest.mark.parametrize(
    ("lengths", "fires"),
    [((44, 76, 76), True), ((44, 52), True), ((44, 76, 28, 412), False), ((44,), False), ((44, *[76] * 20), False)],
    ids=["two refusals", "one refusal", "let in", "no answer to the login", "too many"],
)
def test_ssh_logins(lengths: tuple[int, ...], fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    newkeys = b"\0\0\0\x0c\x0a\x15" + bytes(10)
    wire = Wire()
    talk = Talk(wire, dport=22).open().exchange(b"SSH-2.0-a\r\n", b"SSH-2.0-b\r\n").answer(newkeys).say(newkeys)
    for length in lengths:
        talk.exchange(bytes([length % 250]) * 44, bytes([length % 249]) * length)
    findings = found_in("ssh_login_refused", facts_of, talk.part().wire.save(tmp_path / "c.pcap"))
    assert [finding.severity for finding in findings] == ([Severity.MEDIUM] if fires else [])


@pytest.mark.parametrize(
    ("lengths", "fires"),
    [((44, 76, 28, 412), True), ((52, 84, 36), True), ((44, 76, 76), False), ((44, 76, 29), False), ((28, 44), False)],
    ids=["let in", "let in, blocks of 16", "refused", "of another length", "before the service"],
)
def test_ssh_logins_that_were_accepted(
    lengths: tuple[int, ...], fires: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    newkeys = b"\0\0\0\x0c\x0a\x15" + bytes(10)
    wire = Wire()
    talk = Talk(wire, dport=22).open().exchange(b"SSH-2.0-a\r\n", b"SSH-2.0-b\r\n").answer(newkeys).say(newkeys)
    for length in lengths:
        talk.exchange(bytes([length % 250]) * 44, bytes([length % 249]) * length)
    findings = found_in("ssh_login_accepted", facts_of, talk.part().wire.save(tmp_path / "c.pcap"))
    assert [finding.severity for finding in findings] == [Severity.INFO] * fires


def test_a_user_who_leaves_at_the_first_question_was_not_refused(tmp_path: Path, facts_of: FactsOf) -> None:
    newkeys = b"\0\0\0\x0c\x0a\x15" + bytes(10)
    wire = Wire()
    talk = Talk(wire, dport=22).open().exchange(b"SSH-2.0-a\r\n", b"SSH-2.0-b\r\n").answer(newkeys).say(newkeys)
    talk.exchange(bytes(44), bytes(44)).exchange(bytes(60), bytes(80)).wait(1.3).part()
    assert found_in("ssh_login_refused", facts_of, wire.save(tmp_path / "c.pcap")) == []


@pytest.mark.parametrize(("sessions", "at_once", "fires"), [(5, True, True), (4, True, False), (5, False, False)])
def test_refused_ssh_logins_at_the_same_time(
    sessions: int, at_once: bool, fires: bool, tmp_path: Path, facts_of: FactsOf
) -> None:
    newkeys = b"\0\0\0\x0c\x0a\x15" + bytes(10)
    wire, open_ones = Wire(), []
    for number in range(sessions):
        talk = Talk(wire, dport=22, sport=40000 + number).open().exchange(b"SSH-2.0-a\r\n", b"SSH-2.0-b\r\n")
        talk.answer(newkeys).say(newkeys).exchange(bytes(44), bytes(44))
        for _ in range(2):
            talk.exchange(bytes(60), bytes(76))
        open_ones.append(talk if at_once else talk.part())
    for talk in open_ones if at_once else ():
        talk.part()
    assert bool(found_in("scan_logins", facts_of, wire.save(tmp_path / "c.pcap"))) is fires


@pytest.mark.parametrize(("named", "words"), [("10,0,0,5", "(NAT)"), ("192,0,2,10", "behind NAT that is another one")])
def test_an_address_that_the_server_does_not_take(named: str, words: str, tmp_path: Path, facts_of: FactsOf) -> None:
    no = (asks(f"PORT {named},195,80"), says("500 Illegal PORT command."))
    (finding,) = found_in("ftp_data_blocked", facts_of, ftp(tmp_path / "a.pcap", *no))
    assert "does not accept the place that the client names" in finding.title
    assert words in finding.title
    # EPRT is not known: PORT, or passive mode, follows.
    for number, more in enumerate((ACTIVE, (*PASSIVE, asks("LIST"), says("150 here")))):
        unknown = (asks("EPRT |1|192.0.2.10|50000|"), says("500 Unknown command."), *more)
        found = found_in("ftp_data_blocked", facts_of, ftp(tmp_path / f"{number}.pcap", *unknown, data="opened"))
        assert all("does not accept the place" not in finding.title for finding in found)


@pytest.mark.parametrize(("answer", "tells"), [("550 Permission denied", 0), ("150 go on", 1)])
def test_the_reset_of_a_data_connection_of_a_refused_transfer(
    answer: str, tells: int, tmp_path: Path, facts_of: FactsOf
) -> None:
    wire = Wire()
    control = Talk(wire, dport=21).open()
    for from_client, words in (*LOGIN, *PASSIVE):
        (control.say if from_client else control.answer)(words, acked=False)
    transfer = Talk(wire, sport=40001, dport=50000).open()
    control.say(b"STOR a\r\n")
    transfer.reset(from_client=False)
    control.answer(answer.encode() + b"\r\n").part()
    assert len(found_in("tcp_reset", facts_of, wire.save(tmp_path / "c.pcap"))) == tells
