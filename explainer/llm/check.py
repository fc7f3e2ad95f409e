"""Holding a model's answer against the capture: each statement is backed, or it is said why it is not. Pure.

Rule: what cannot be looked up is not backed; the model's own confidence counts for nothing.
"""

import re
from collections.abc import Collection, Iterable, Sequence

from explainer.llm import actors, faults, places, reading, signs
from explainer.llm.ledger import Ledger
from explainer.llm.written import Statement, Written, cited
from explainer.model import EVIDENCE_FRAMES, Claim, Finding, Severity, Side
from explainer.protocols.frame_index import Sight
from explainer.wording import count, frame_list, listing

_FAULTS = (Severity.HIGH, Severity.MEDIUM)
_SHARED_WORDS = 0.25
_FEW_WORDS = 3
_WIRESHARKS = re.compile(r"TCP|UDP|TLSv?[\d.]*|SSL|DTLS.*|QUIC|ICMP(?:v6)?|ARP")
_SET_PHRASES = re.compile(
    r"Standard query response|Standard query|No such name|Server failure|Refused"
    r"|^(?:GET|POST|PUT|HEAD|DELETE|CONNECT)\b|(?<=^HTTP/\d\.\d )\d{3}"
)
_VERSION = r"\b((?:D?TLS|SSL) \d\.\d)"
_HIDDEN = re.compile(r"Application Data|Encrypted|Protected Payload|Handshake, DCID")
_AGREED = re.compile(
    rf"\b(?:agree[ds]?|negotiate[ds]?|chose|chosen|chooses?|select(?:s|ed)?|settled?)\b[^.;]{{0,30}}?{_VERSION}",
    re.IGNORECASE,
)


def claims(written: Written, ledger: Ledger, question: str) -> tuple[Claim, ...]:
    """Return the claims of an answer, each backed or with what is amiss."""
    return tuple(_claim(statement, ledger, question) for statement in written.claims if statement.text.strip())


def verdict(written: Written, ledger: Ledger, question: str) -> str:
    """Return why the verdict and the cause are not backed, or nothing where they are."""
    text = f"{written.verdict} {written.cause}".strip()
    if not text:
        return "it says nothing"
    amiss = [*_values(text, (), ledger, question), *_contradictions(text, written, ledger)]
    found, aside = " ".join(ledger.texts.values()), " ".join(ledger.asides.values())
    found += " error" if ledger.analysis.findings else ""
    amiss += _unheard_of(text, found, aside)
    # That nothing was found is spoken of nowhere; it is held against the findings.
    if not amiss and not faults.is_healthy(text) and not _akin(text, f"{found} {aside}"):
        amiss.append("nothing that was found or measured speaks of this")
    return listing(amiss)


def side(written: Written) -> Side | None:
    """Return whose side must act, None where the model does not know."""
    return None if written.side == "unknown" else Side(written.side)


def _claim(statement: Statement, ledger: Ledger, question: str) -> Claim:
    text = statement.text
    frames = tuple(sorted({*statement.frames, *cited(text)}))
    there = [frame for frame in frames if _exists(frame, ledger)]
    amiss = [*_missing_frames(frames, there, ledger), *_missing_sources(statement.sources, ledger)]
    if not frames and not statement.sources:
        amiss.append("it cites no frame, finding or statistic")
    amiss += _values(text, statement.sources, ledger, question)
    sights = [sight for frame in there if ledger.index and (sight := ledger.index.get(frame))]
    resting = _resting(statement.sources, there, ledger)
    evidence = _evidence(statement.sources, resting, sights, ledger)
    amiss += _within(text, sights, resting, evidence, ledger) + _against(text, there, resting)
    if not amiss:
        aside = " ".join(ledger.asides.get(source, "") for source in statement.sources)
        found = f"{evidence} {signs.meant(sights)}{' error' if resting else ''}"
        amiss += _unheard_of(text, found, aside) or _unlike(statement, f"{evidence} {aside}", ledger, question)
    return Claim(text=text, frames=tuple(there), sources=statement.sources, backed=not amiss, why=listing(amiss))


def _exists(frame: int, ledger: Ledger) -> bool:
    return frame in ledger.index if ledger.index is not None else 1 <= frame <= ledger.analysis.info.frames


def _missing_frames(frames: Sequence[int], there: Sequence[int], ledger: Ledger) -> list[str]:
    missing = sorted(set(frames) - set(there))
    if not missing:
        return []
    what = f"{frame_list(missing)} {'is' if len(missing) == 1 else 'are'} not in the capture"
    return [f"{what}, which holds {count(ledger.analysis.info.frames, 'frame')}"]


def _missing_sources(sources: Iterable[str], ledger: Ledger) -> list[str]:
    unknown = [source for source in sources if not ledger.knows_source(source)]
    return [f"there is no finding or statistic {listing(unknown)}"] if unknown else []


def _values(text: str, sources: Sequence[str], ledger: Ledger, question: str) -> list[str]:
    """Return what a text names or counts that the capture does not hold."""
    amiss = [f"{name} is not in the capture" for name in places.strangers(text, ledger, question)]
    amiss += [f"port {port} is not in the capture" for port in dict.fromkeys(reading.ports(text))
              if port not in ledger.ports]  # fmt: skip
    amiss += [f"the date {date} is not in the capture" for date in reading.dates(text) if date not in ledger.dates]
    unmeasured = [found.text for found in reading.quantities(text) if not ledger.holds(found, sources)]
    return amiss + [f'"{text}" was not measured' for text in dict.fromkeys(unmeasured)]


def _resting(sources: Iterable[str], frames: Sequence[int], ledger: Ledger) -> list[Finding]:
    """Return the findings that a claim cites, and those that rest on the frames that it cites."""
    listed, found = set(frames), list[Finding]()
    for finding in ledger.analysis.findings:
        cut = finding.evidence.total > EVIDENCE_FRAMES and frames and max(frames) > finding.evidence.frames[-1]
        named = finding.id in sources or finding.rule in sources
        if named or listed & set(finding.evidence.frames) or (cut and not sources):
            found.append(finding)
    return found


def _evidence(sources: Iterable[str], resting: Iterable[Finding], sights: Sequence[Sight], ledger: Ledger) -> str:
    """Return the words of what a claim cites, and of the findings that rest on the same frames."""
    parts = [ledger.texts.get(source, "") for source in sources]
    parts += [ledger.texts.get(finding.id, "") for finding in resting]
    parts += [f"{sight.protocol} {_own_words(sight)} {' '.join((*sight.protocols, *sight.signs))}" for sight in sights]
    return " ".join(parts)


def _own_words(sight: Sight) -> str:
    """Return what Wireshark says of a frame in words of its own: no names, paths or banners of the capture."""
    if _WIRESHARKS.fullmatch(sight.protocol):
        return sight.info
    return " ".join(_SET_PHRASES.findall(sight.info)) if sight.protocol in ("DNS", "HTTP") else ""


def _within(text: str, sights: Sequence[Sight], resting: Sequence[Finding], evidence: str, ledger: Ledger) -> list[str]:
    """Return what a text says of the frames that it cites, and is not so."""
    if ledger.index is None:
        return []
    if not sights:  # a finding alone: who began it can still be told
        about = [sight for f in resting for number in f.evidence.frames if (sight := ledger.index.get(number))]
        return actors.amiss(text, list(signs.spoken(text, about)), about, ledger.parties)
    amiss = places.amiss(text, sights, evidence, ledger)
    spoken = list(signs.spoken(text, sights))
    frames = {sight.frame for sight in sights}
    steps = " ".join(step.text for f in resting for step in f.evidence.steps if frames & set(step.frames))
    if any(_HIDDEN.search(sight.info) for sight in sights):
        steps = evidence  # of what is encrypted, a finding tells by lengths and order
    amiss += [f"no cited frame is {said.sign.name}" for said in spoken
              if not said.frames and not said.sign.said.search(steps)]  # fmt: skip
    amiss += [f"a cited frame is {name}" for name in signs.denied(text, sights)]
    amiss += actors.amiss(text, spoken, sights, ledger.parties)
    return list(dict.fromkeys([*amiss, *_versions(text, sights, evidence, ledger)]))


def _versions(text: str, sights: Sequence[Sight], evidence: str, ledger: Ledger) -> list[str]:
    agreed = {version for sight in sights if (version := ledger.versions.get(sight.stream))}
    if wrong := [match[1] for match in _AGREED.finditer(text) if agreed and match[1] not in agreed]:
        return [f"{listing(sorted(agreed))} was agreed on, not {wrong[0]}"]
    known = f"{evidence} {' '.join(agreed)} {' '.join(sight.protocol.replace('v', ' ') for sight in sights)}"
    return [f"nothing speaks of {version}" for version in re.findall(_VERSION, text) if version not in known][:1]


def _unheard_of(text: str, evidence: str, aside: str) -> list[str]:
    """Return the kinds of fault that a text affirms and its evidence does not know.

    What is merely counted, in a column's name, is known to those who state the count.
    """
    if any(counted.value > 0 and counted.noun for counted in reading.quantities(text)):
        evidence = f"{evidence}. {aside}"
    unknown = sorted(name for name in faults.spoken(text).affirmed if not faults.shows(evidence, name))
    return [f"nothing speaks of {name}" for name in unknown]


def _unlike(statement: Statement, evidence: str, ledger: Ledger, question: str) -> list[str]:
    text = statement.text
    asked = {*reading.addresses(question), *reading.names(question)}
    if places.ABSENCE.search(text) and asked.intersection((*reading.addresses(text), *reading.names(text))):
        return []  # that something is absent is not spoken of anywhere
    if any(ledger.is_from(found, statement.sources) for found in reading.quantities(text)):
        return []  # the number itself is what was cited
    frames = {*statement.frames, *cited(text)}
    sights = [sight for frame in frames if ledger.index and (sight := ledger.index.get(frame))]
    return [] if _akin(text, f"{evidence} {signs.meant(sights)}") else ["what it cites does not speak of this"]


def _akin(text: str, evidence: str) -> bool:
    said, known = reading.words(text), reading.words(evidence)
    return len(said & known) >= (_SHARED_WORDS * len(said) if len(said) > _FEW_WORDS else min(1, len(said)))


def _against(text: str, frames: Collection[int], resting: Sequence[Finding]) -> list[str]:
    """Return how a claim stands against the findings that rest on what it cites."""
    worst = [finding for finding in resting if finding.severity in _FAULTS]
    failing = [finding for finding in worst if faults.fails(finding.title)]
    amiss = [f"it says that all is in order, yet {failing[0].id} was found"] if failing and faults.praises(text) else []
    if any(
        faults.contradicts_silence(text, finding.title)
        for finding in worst
        if set(frames) & set(finding.evidence.frames)
    ):
        amiss.append("it speaks of an answer, and none was found")
    return amiss + _denials(text, [finding for finding in resting if finding.severity is not Severity.INFO])


def _denials(text: str, findings: Iterable[Finding]) -> list[str]:
    titles = ". ".join(finding.title for finding in findings)
    denied = sorted(name for name in faults.spoken(text).denied if faults.shows(titles, name))
    return [f"it denies {name}, which was found" for name in denied]


def _contradictions(text: str, written: Written, ledger: Ledger) -> list[str]:
    """Return how the verdict stands against the findings."""
    worst = [f for f in ledger.analysis.findings if f.severity in _FAULTS and not f.explained_by]
    amiss = list[str]()
    if worst and faults.is_healthy(text) and not faults.spoken(text).affirmed:
        amiss.append(f"it says that all is well, yet {worst[0].id} was found")
    amiss += _denials(text, worst)
    sides = {finding.side for finding in worst}
    named = side(written)
    if worst and named is not None and Side.EITHER not in sides and named not in (*sides, Side.EITHER):
        amiss.append(
            f"it says that {_whose(named)} must act, and the findings say {listing(sorted(map(_whose, sides)), 'or')}"
        )
    return amiss


def _whose(side: Side) -> str:
    return {Side.NOBODY: "nobody", Side.EITHER: "either side"}.get(side, f"the {side.value}")
