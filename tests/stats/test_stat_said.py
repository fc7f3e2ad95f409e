"""Searches, topics, times, multicast groups and the spanning tree: what is counted, and what an answer takes of it."""

import struct
from pathlib import Path

import pytest
from factories import CLIENT, SERVER, UDP, datagram, ethernet, ip, pcap
from sessions import FactsOf, session

from explainer import analyse, ask
from explainer.model import Analysis, Cell
from explainer.protocols.applications import clocks, searches
from explainer.protocols.multicast import memberships
from explainer.protocols.spanning_tree import bridges

ROOT, OTHER = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")


def bpdu(bridge: bytes, root: bytes, *, change: bool = False, cost: int = 0) -> bytes:
    """Return a configuration BPDU (IEEE 802.1D, section 9.3.1)."""
    body = b"\0\0\0\0" + bytes([int(change)]) + struct.pack("!H", 32768) + root + struct.pack("!I", cost)
    body += struct.pack("!H", 32768) + bridge + struct.pack("!HHHHH", 0x8001, 0, 20 << 8, 2 << 8, 15 << 8)
    return bytes.fromhex("0180c2000000") + bridge + struct.pack("!H", len(body) + 3) + b"\x42\x42\x03" + body


def igmp(*records: tuple[int, str]) -> bytes:
    """Return a report of version 3 (RFC 3376, section 4.2)."""
    groups = b"".join(bytes([kind, 0, 0, 0, *map(int, group.split("."))]) for kind, group in records)
    return ethernet(ip(CLIENT, "224.0.0.22", 2, b"\x22\0\0\0\0\0" + struct.pack("!H", len(records)) + groups))


def answers(analysis: Analysis, question: str) -> list[str]:
    answer = ask(analysis, question)
    return [answer.verdict, *(claim.text for claim in answer.claims)]


def rows(analysis: Analysis, name: str) -> list[tuple[Cell, ...]]:
    stat = analysis.stat(name)
    assert stat is not None
    return list(stat.rows)


def test_the_root_bridge_is_named(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(tmp_path / "a.pcap", [bpdu(ROOT, ROOT), bpdu(OTHER, ROOT, change=True, cost=4), bpdu(ROOT, ROOT)])
    own, other = facts_of(capture, bridges)[bridges]
    assert (own.is_root, own.frames, own.changes) == (True, (1, 3), ())
    assert (other.is_root, other.root_priority, other.cost, other.changes) == (False, 32768, 4, (2,))
    told = answers(analyse(capture, strict=True), "Which is the root bridge?")
    assert told[0].startswith("The root bridge is 02:00:00:00:00:01 (priority 32768), says")
    assert any("topology change in 1 frame" in text for text in told)


def test_who_joins_which_group(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = pcap(
        tmp_path / "a.pcap", [igmp((4, "239.1.2.3"), (4, "239.9.9.9")), igmp((3, "239.9.9.9"), (6, "239.1.2.3"))]
    )
    assert [(m.action, m.group, m.frames) for m in facts_of(capture, memberships)[memberships]] == [
        ("joins", "239.1.2.3", (1,)), ("joins", "239.9.9.9", (1,)), ("leaves", "239.9.9.9", (2,)),
    ]  # fmt: skip
    told = answers(analyse(capture, strict=True), "Who joined which group?")
    assert told[0] == f"{CLIENT} joins the multicast groups 239.1.2.3 and 239.9.9.9 (IGMP)."


def test_without_either_nothing_is_counted(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "a.pcap", 21, (False, b"220 ready\r\n"))
    known = facts_of(capture, bridges, memberships, searches, clocks)
    assert (known[bridges], known[memberships], known[searches], known[clocks]) == ((), (), (), ())


def ntp(mode: int, stratum: int, received: int = 0, sent: int = 0) -> bytes:
    """Return an NTP packet of version 4 (RFC 5905, section 7.3); times in seconds since 1900."""
    head = bytes([4 << 3 | mode, stratum, 6, 0]) + bytes(12)
    body = head + struct.pack("!QQQQ", 0, 0, received << 32, sent << 32)
    ports = (40000, 123) if mode == 3 else (123, 40000)
    ends = (CLIENT, SERVER) if mode == 3 else (SERVER, CLIENT)
    return ethernet(ip(*ends, UDP, datagram(*ports, body)))


@pytest.mark.parametrize(
    ("question", "stratum", "words"),
    [
        ("Is the clock synchronised?", 2, f"Yes: the time server {SERVER} answers {CLIENT}, and is at stratum 2"),
        ("Which stratum is it?", 3, f"The time server {SERVER} answers {CLIENT}, and is at stratum 3"),
    ],
)
def test_the_stratum_of_a_time_server(question: str, stratum: int, words: str, tmp_path: Path) -> None:
    capture = pcap(tmp_path / "a.pcap", [ntp(3, 0), ntp(4, stratum, 1, 1)])
    assert answers(analyse(capture, strict=True), question)[0].startswith(words)


def test_the_clock_of_a_recording(captures: Path) -> None:
    analysis = analyse(captures / "ntp_time_healthy.pcapng", strict=True)
    ((client, server, stratum, synchronised, offset, *_),) = rows(analysis, "time_servers")
    assert (client, server, stratum, synchronised) == ("10.20.1.10", "10.20.2.20", 8, True)
    assert isinstance(offset, float)
    assert abs(offset) < 1


def test_searches_and_topics_of_recordings(captures: Path) -> None:
    nobody = analyse(captures / "ldap_nobody_found.pcapng", strict=True)
    assert [row[2:6] for row in rows(nobody, "directory_searches")] == [("dc=example", "uid=berta", 0, 0)]
    assert "for uid=berta below dc=example: nobody is found" in answers(nobody, "What was searched for?")[0]
    session_of = analyse(captures / "mqtt_session_healthy.pcapng", strict=True)
    assert {row[3] for row in rows(session_of, "topics")} == {"publishes", "subscribes to", "gets"}
    assert " publishes " in answers(session_of, "Which topics were published?")[0]
    assert " subscribes to " in answers(session_of, "Who subscribes to what?")[0]


def test_mails_and_mailboxes_of_recordings(captures: Path) -> None:
    mail = analyse(captures / "smtp_greylisted_healthy.pcapng", strict=True)
    told = answers(mail, "Who wrote to whom?")
    assert told[0].startswith("anna@example.org writes to ")
    assert "the mail is accepted (250)" in " ".join(told)
    assert answers(mail, "How many mails were sent?")[0] == "1 of 2 mails were accepted."
