"""Who does what: whether a frame was sent by the side that a statement says. Pure.

Rule: only where the statement names one doer in the same clause, and the capture shows who is who.
"""

import ipaddress
import re
from collections.abc import Sequence

from explainer.llm.signs import Spoken
from explainer.privacy.patterns import V4, V6
from explainer.protocols.frame_index import FrameIndex, Sight

_CLAUSE = re.compile(r"[.;:](?=\s|$)|,|\b(?:so|and|but|because|then|after|before|when|while|which)\b", re.I)
_SUBJECT = re.compile(rf"\b(?P<role>client|server)\b(?!'s|s\b)|(?P<address>{V6}|{V4})(?!'s)", re.I)
_SENDS = re.compile(
    r"\b(?:sen[dt]s?|present(?:s|ed)|return(?:s|ed)|repl(?:y|ies|ied)|answer(?:s|ed)|respond(?:s|ed)|announce[sd]"
    r"|issue[sd]|report(?:s|ed)|says?|said|end(?:s|ed)|close[sd]|refuse[sd]|reject(?:s|ed)|abort(?:s|ed)"
    r"|gives? up|gave up)\b",
    re.I,
)
_SUFFERS = re.compile(r"\b(?:is|are|was|were|gets?|got|receives?|received|sees?|saw|of|to|from|by|for|on)\b", re.I)
_ACT = re.compile(r"(?:resets|retransmit|stop)", re.I)
_REQUESTS = re.compile(r"asks?|requests?|demands?|requires?", re.I)
_AGENT = re.compile(rf"\W*(?:\w+\W+){{0,3}}?(?:by|from) (?:the )?(?:{_SUBJECT.pattern})", re.I)
_BEGINS = re.compile(
    rf"(?:{_SUBJECT.pattern})\s+(?:\w+ly )?(?:scans?|probes?|tries|tried|connects? to|queries|looks up|downloads?"
    r"|fetches)\b",
    re.I,
)
_SPEAKS = re.compile(rf"(?:{_SUBJECT.pattern}),?\s+(?:(?:itself|also|then|therefore|\w+ly)\s+)?{_SENDS.pattern}", re.I)


class Parties:
    """Who is the client and who the server of each stream: by who begins it."""

    def __init__(self, index: FrameIndex) -> None:
        self._index = index
        self._known: dict[str, tuple[str, str]] = {}

    def is_sender(self, who: re.Match[str], sight: Sight) -> bool:
        """Return whether the one that a statement names sent a frame; also where that cannot be told."""
        named = self._address(who, sight.stream)
        return not named or not sight.source or sight.source == named

    def began(self, who: re.Match[str], sight: Sight) -> bool:
        """Return whether the one that a statement names began a frame's stream; also where that cannot be told."""
        first, named = self._of(sight.stream)[0], self._address(who, sight.stream)
        return not first or not named or first == named

    def _address(self, who: re.Match[str], stream: str) -> str:
        if who["address"]:
            return who["address"]
        client, server = self._of(stream)
        return client if who["role"].lower() == "client" else server

    def _of(self, stream: str) -> tuple[str, str]:
        if stream and stream not in self._known:
            first = next(iter(self._index.of_stream(stream, 1)), None)
            self._known[stream] = _ends(first) if first else ("", "")
        return self._known.get(stream, ("", ""))


def amiss(text: str, spoken: Sequence[Spoken], sights: Sequence[Sight], parties: Parties) -> list[str]:
    """Return how a statement gives the wrong side as the one that did what the cited frames show."""
    found = list[str]()
    for said in spoken:
        who = _doer(text, said)
        if who and said.frames and not any(parties.is_sender(who, sight) for sight in said.frames):
            found.append(f"{said.sign.name} was not sent by {_named(who)}")
    for pattern, judge, wrong in (
        (_BEGINS, parties.began, "did not begin this"),
        (_SPEAKS, parties.is_sender, "sent none of these frames"),
    ):
        for match in pattern.finditer(text):
            if sights and not any(judge(match, sight) for sight in sights):
                found.append(f"{_named(match)} {wrong}")
    return list(dict.fromkeys(found))


def _doer(text: str, said: Spoken) -> re.Match[str] | None:
    """Return who is said to have sent it: the subject of its clause, or the one after "by" or "from"."""
    breaks = [match.end() for match in _CLAUSE.finditer(text, 0, said.start)]
    subjects = list(_SUBJECT.finditer(text, breaks[-1] if breaks else 0, said.start))
    if subjects:
        between = text[subjects[-1].end() : said.start]
        acts = _ACT.match(text, said.start) is not None and not _SUFFERS.search(between)
        if acts or _sends(between):
            return subjects[-1]
    return None if _REQUESTS.match(text, said.start) else _AGENT.match(text, said.end)


def _sends(between: str) -> bool:
    verb = _SENDS.search(between)
    told = verb is not None and re.search(r"\bthat\b", between[verb.end() :])  # what is reported was not sent
    return verb is not None and not told and not _SUFFERS.search(between[: verb.start()])


def _named(who: re.Match[str]) -> str:
    return who["address"] or f"the {who['role'].lower()}"


def _ends(first: Sight) -> tuple[str, str]:
    """Return who began a stream, and with whom, where its first frame tells."""
    if not first.source or ("syn" not in first.signs and first.stream.startswith("tcp")) or "[SYN, ACK" in first.info:
        return "", ""
    others = [address for address in first.addresses if address != first.source and _is_ip(address)]
    return (first.source, others[0]) if len(others) == 1 else ("", "")


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
