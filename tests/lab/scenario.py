"""What a scenario is: a function that plays it, and the truth about what it plays.

Rules
* The truth is data, and stands on top of the function that makes it true.
* Texts name the network through the plan ($server, $https_port, $secure_name), never by a literal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .network import Host, Network, Side
from .pki import Credential, authority
from .plan import Plan

KEY_LOG = "tls.keys"


@dataclass(frozen=True)
class Lab:
    """What a scenario plays with."""

    plan: Plan
    network: Network
    directory: Path

    @property
    def client(self) -> Host:
        return self.network.client

    @property
    def router(self) -> Host:
        return self.network.router

    @property
    def server(self) -> Host:
        return self.network.server

    @property
    def key_log(self) -> Path:
        """Keys that a client leaves here go into the capture."""
        return self.directory / KEY_LOG

    @cached_property
    def authority(self) -> Credential:
        """The root that the clients trust."""
        return authority("Lab Root CA")


@dataclass(frozen=True)
class Scenario:
    name: str
    play: Callable[[Lab], None]
    question: str
    shows: str
    decisive_filter: str
    words: tuple[str, ...]
    findings: tuple[str, ...]
    answer_must_not: tuple[str, ...]
    healthy: bool
    side: Side
    later: bool
    finish: Callable[[bytes], bytes] | None
    oddities: str
    records: str
    snap: int


# What an answer says when it is wrong. Phrases, not words: "not expired" is part of a good answer.
SAYS_EXPIRED = r"(?i)certificate (has |is )?expired"
SAYS_SELF_SIGNED = r"(?i)certificate is self[- ]signed"
SAYS_REFUSED = r"(?i)connection (was |is )?refused"
SAYS_HANDSHAKE_FAILS = r"(?i)handshake (fails|failed)"

SCENARIOS: dict[str, Scenario] = {}


def scenario(
    *,
    question: str,
    shows: str,
    decisive_filter: str,
    words: tuple[str, ...],
    findings: tuple[str, ...] = (),
    answer_must_not: tuple[str, ...] = (),
    healthy: bool = False,
    side: Side = "client",
    later: bool = False,
    finish: Callable[[bytes], bytes] | None = None,
    oddities: str = "",
    records: str = "",
    snap: int = 0,
) -> Callable[[Callable[[Lab], None]], Callable[[Lab], None]]:
    """Register a function as the scenario of its name, with its truth.

    question         what a user would ask, in plain words
    shows            one sentence: what the script did, so what is true
    decisive_filter  a display filter that picks the deciding frames
    words            patterns that a good answer matches, each; answer_must_not: patterns that it does not match
    findings         the rules that fire; healthy: nothing is wrong, and no rule may fire
    later            no rule knows this yet; tests skip it and say so
    finish           what is done to the recorded bytes afterwards
    oddities         a display filter: the resets, retransmissions, ICMP and failed lookups that are meant to be there;
                     a recording with others is thrown away
    records          a capture filter, where the recorder keeps something else than IP; snap: bytes kept of each frame
    """

    def register(play: Callable[[Lab], None]) -> Callable[[Lab], None]:
        name = play.__name__
        if name in SCENARIOS:
            raise ValueError(f"two scenarios are called {name}")
        texts = (question, shows, decisive_filter, words, findings, answer_must_not)
        SCENARIOS[name] = Scenario(name, play, *texts, healthy, side, later, finish, oddities, records, snap)
        return play

    return register
