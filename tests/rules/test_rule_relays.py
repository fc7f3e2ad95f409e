"""Relays that hang up, as they turn to a server in vain."""

from pathlib import Path

import pytest
from factories import ACK, SERVER, SYN
from sessions import FactsOf, found_in
from talk import Talk, Wire

BACKEND = "198.51.100.99"
STARTUP = b"\0\0\0\x08\x04\xd2\x16\x2f"
"""PostgreSQL's question for TLS."""


def relayed(
    path: Path, *, asker: str = SERVER, accepted: bool = False, answers: bool = True, late: bool = False
) -> Path:
    """Write a connection that its server ends without a word, and one that `asker` wants of a backend meanwhile."""
    wire = Wire()
    client = Talk(wire, dport=5432).open().say(STARTUP)
    if late:
        client.close(from_client=False).close(from_client=True)
    behind = Talk(wire, sport=50001, dport=5432, client=asker, server=BACKEND)
    if accepted:
        behind.open()
    else:
        behind._send(True, SYN, mss=1460)
        if answers:
            behind.client_seq += 1
            behind.reset(from_client=False)
    if not late:
        client.close(from_client=False).close(from_client=True)
    wire.wait(2)
    client._send(False, ACK)
    return wire.save(path)


@pytest.mark.parametrize(("answers", "words"), [(True, "refuses its connection"), (False, "does not answer")])
def test_what_a_relay_tries_in_vain_is_the_cause(answers: bool, words: str, tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found_in("server_hung_up", facts_of, relayed(tmp_path / "c.pcap", answers=answers))
    assert f"{BACKEND}:5432, to which it turns meanwhile, {words}" in finding.title
    assert finding.act.startswith(f"The server's side must act: {BACKEND}:5432")


@pytest.mark.parametrize(
    "other",
    [{"accepted": True}, {"asker": "192.0.2.77"}, {"late": True}],
    ids=["accepted", "somebody else's", "too late"],
)
def test_what_is_of_something_else(other: dict[str, bool | str], tmp_path: Path, facts_of: FactsOf) -> None:
    (finding,) = found_in("server_hung_up", facts_of, relayed(tmp_path / "c.pcap", **other))  # type: ignore[arg-type]  # by name
    assert BACKEND not in finding.title
