"""Holding a model's answer against the capture: each statement is backed, or it is said why it is not. Pure.

Rule: what cannot be looked up is not backed; the model's own confidence counts for nothing.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from explainer.llm import faults, reading
from explainer.llm.ledger import Ledger
from explainer.llm.written import Statement, Written, cited
from explainer.model import EVIDENCE_FRAMES, Claim, Severity, Side
from explainer.protocols.frame_index import Sight
from explainer.wording import count, frame_list, listing

_FAULTS = (Severity.HIGH, Severity.MEDIUM)
_SHARED_WORDS = 0.25
_FEW_WORDS = 3
_SIGNS = {
    "reset": re.compile(r"\b(?:resets?|RST)\b"), "syn": re.compile(r"\bSYN\b(?!/|-| ?ACK)"),
    "finish": re.compile(r"\bFIN\b"), "retransmission": re.compile(r"\bretransmi\w+"),
}  # fmt: skip
_PROTOCOLS = (
    "arp",
    "dhcp",
    "dns",
    "http",
    "icmp",
    "quic",
    "smtp",
    "tls",
    "udp",
    "tcp",
    "ftp",
    "ssh",
    "smb2",
    "bittorrent",
)
_ALSO_CALLED = {"http": ("http", "http2"), "tls": ("tls", "ssl", "dtls", "quic"), "icmp": ("icmp", "icmpv6"),
                "smb2": ("smb", "smb2"), "dns": ("dns", "mdns", "llmnr")}  # fmt: skip
_PROTOCOL_WORD = {name: re.compile(rf"\b{name.removesuffix('2')}s?\b", re.IGNORECASE) for name in _PROTOCOLS}
_WIRESHARKS = re.compile(r"TCP|UDP|TLSv?[\d.]*|SSL|DTLS.*|QUIC|ICMP(?:v6)?|ARP")
_SET_PHRASES = re.compile(
    r"Standard query response|Standard query|No such name|Server failure|Refused"
    r"|^(?:GET|POST|PUT|HEAD|DELETE|CONNECT)\b|(?<=^HTTP/\d\.\d )\d{3}"
)
_ABSENCE = re.compile(r"\b(?:no|not|never|none|nothing|neither|absent|without|cannot)\b", re.IGNORECASE)
_CALL = re.compile(r"\b[a-z][a-z0-9+.-]*://|\bwww\.|@[\w-]+\.\w|\+\d[\d ()-]{6,}|\b1-?800\b", re.IGNORECASE)
_DANGEROUS = re.compile(
    r"\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b|\b(?:curl|wget|powershell|iwr)\b.*\||\brm\s+-\w*r|--insecure\b"
    r"|\bcurl\b.*\s-k\b"
    r"|\b(?:disabl\w+|turn(?:ing)? off|switch(?:ing)? off|bypass\w*|skip\w*)\b.{0,40}"
    r"\b(?:verif\w+|validation|firewall|antivirus|selinux|certificate checks?|security|tls)\b"
    r"|\bsend\b.{0,40}\b(?:password|credential|private key|token)",
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
    amiss = [*_values(text, ledger, question), *_contradictions(text, written, ledger)]
    found, aside = " ".join(ledger.texts.values()), " ".join(ledger.asides.values())
    amiss += _unheard_of(text, found, aside)
    # That nothing was found is spoken of nowhere; it is held against the findings.
    if not amiss and not faults.is_healthy(text) and not _akin(text, f"{found} {aside}"):
        amiss.append("nothing that was found or measured speaks of this")
    return listing(amiss)


def doubts(written: Written, ledger: Ledger, question: str, refused: Callable[[str], str]) -> tuple[str, ...]:
    """Return sentences about what in the steps and filters is not borne out; `refused` says why tshark refuses one."""
    found = list[str]()
    for number, step in enumerate(written.next_steps, 1):
        amiss = [f"it leads out of the capture ({match[0].strip()})" for match in _CALL.finditer(step)][:1]
        if _DANGEROUS.search(step):
            amiss.append("it would give a protection away, or run what it fetches")
        amiss += [f"{name} is not in the capture" for name in _strangers(step, ledger, question)]
        if amiss:
            found.append(f"Step {number} is not borne out by the packets: {listing(amiss)}.")
    for text in written.filters:
        if why := refused(text):
            found.append(f"The filter {text} does not work: {why}")
    return tuple(found)


def side(written: Written) -> Side | None:
    """Return whose side must act, None where the model does not know."""
    return None if written.side == "unknown" else Side(written.side)


def _claim(statement: Statement, ledger: Ledger, question: str) -> Claim:
    frames = tuple(sorted({*statement.frames, *cited(statement.text)}))
    there = [frame for frame in frames if _exists(frame, ledger)]
    amiss = [
        *_missing_frames(frames, there, ledger),
        *_missing_sources(statement.sources, ledger),
        *_values(statement.text, ledger, question),
    ]
    sights = [sight for frame in there if ledger.index and (sight := ledger.index.get(frame))]
    amiss += _within(statement.text, sights, ledger) + _praise(statement, there, ledger)
    evidence = _evidence(statement.sources, there, sights, ledger)
    if not frames and not statement.sources:
        amiss.append("it cites no frame, finding or statistic")
    elif not amiss:
        aside = " ".join(ledger.asides.get(source, "") for source in statement.sources)
        amiss += _unheard_of(statement.text, evidence, aside) or _unlike(
            statement.text, f"{evidence} {aside}", question
        )
    return Claim(
        text=statement.text, frames=tuple(there), sources=statement.sources, backed=not amiss, why=listing(amiss)
    )


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


def _values(text: str, ledger: Ledger, question: str) -> list[str]:
    """Return what a text names or counts that the capture does not hold."""
    amiss = [f"{name} is not in the capture" for name in _strangers(text, ledger, question)]
    amiss += [f"port {port} is not in the capture" for port in dict.fromkeys(reading.ports(text))
              if port not in ledger.ports]  # fmt: skip
    amiss += [f"the date {date} is not in the capture" for date in reading.dates(text) if date not in ledger.dates]
    unmeasured = [found.text for found in reading.quantities(text) if not ledger.holds(found)]
    return amiss + [f'"{text}" was not measured' for text in dict.fromkeys(unmeasured)]


def _strangers(text: str, ledger: Ledger, question: str) -> list[str]:
    """Return the addresses and names of a text that the capture does not hold.

    That something is absent may be said of what the question names.
    """
    unknown = [address for address in reading.addresses(text) if not ledger.knows_address(address)]
    unknown += [name for name in reading.names(text) if not ledger.knows_name(name)]
    asked = {*reading.addresses(question), *reading.names(question)} if _ABSENCE.search(text) else set[str]()
    return [name for name in dict.fromkeys(unknown) if name not in asked]


def _within(text: str, sights: Sequence[Sight], ledger: Ledger) -> list[str]:
    """Return what a text speaks of that the frames it cites do not."""
    if not sights or ledger.index is None:
        return []
    amiss = list[str]()
    named = {address for address in reading.addresses(text) if ledger.knows_address(address) and "/" not in address}
    strange = [sight.frame for sight in sights if named and not named & sight.addresses]
    if strange:
        amiss.append(f"{frame_list(strange)} {'has' if len(strange) == 1 else 'have'} none of these addresses")
    ports = set(reading.ports(text)) & ledger.ports
    if ports and not any(ports & sight.ports for sight in sights):
        amiss.append(f"no cited frame has port {listing(sorted(map(str, ports)), 'or')}")
    for sign, word in _SIGNS.items():
        if word.search(text) and not _ABSENCE.search(text) and not any(sign in sight.signs for sight in sights):
            amiss.append(f"no cited frame is a {sign if sign != 'syn' else 'SYN'}")
    spoken = frozenset[str]().union(*(s.protocols | ledger.index.spoken_in(s.stream) for s in sights))
    for name, word in _PROTOCOL_WORD.items():
        if word.search(text) and not spoken.intersection(_ALSO_CALLED.get(name, (name,))):
            amiss.append(f"no cited frame belongs to {name.upper()}")
    return amiss


def _evidence(sources: Iterable[str], frames: Sequence[int], sights: Sequence[Sight], ledger: Ledger) -> str:
    """Return the words of what a claim cites, and of the findings that rest on the same frames."""
    parts = [ledger.texts.get(source, "") for source in sources]
    listed = set(frames)
    for finding in ledger.analysis.findings:
        cut = finding.evidence.total > EVIDENCE_FRAMES and frames and max(frames) > finding.evidence.frames[-1]
        if listed & set(finding.evidence.frames) or (cut and not sources):
            parts.append(ledger.texts.get(finding.id, ""))
    parts += [f"{sight.protocol} {_own_words(sight)} {' '.join((*sight.protocols, *sight.signs))}" for sight in sights]
    return " ".join(parts)


def _own_words(sight: Sight) -> str:
    """Return what Wireshark says of a frame in words of its own: no names, paths or banners of the capture."""
    if _WIRESHARKS.fullmatch(sight.protocol):
        return sight.info
    return " ".join(_SET_PHRASES.findall(sight.info)) if sight.protocol in ("DNS", "HTTP") else ""


def _unheard_of(text: str, evidence: str, aside: str) -> list[str]:
    """Return the kinds of fault that a text affirms and its evidence does not know.

    What is merely counted, in a column's name, is known to those who state the count.
    """
    if any(counted.value > 0 and counted.noun for counted in reading.quantities(text)):
        evidence = f"{evidence}. {aside}"
    unknown = sorted(name for name in faults.spoken(text).affirmed if not faults.shows(evidence, name))
    return [f"nothing speaks of {name}" for name in unknown]


def _unlike(text: str, evidence: str, question: str) -> list[str]:
    asked = {*reading.addresses(question), *reading.names(question)}
    if _ABSENCE.search(text) and asked.intersection((*reading.addresses(text), *reading.names(text))):
        return []  # that something is absent is not spoken of anywhere
    return [] if _akin(text, evidence) else ["what it cites does not speak of this"]


def _akin(text: str, evidence: str) -> bool:
    said, known = reading.words(text), reading.words(evidence)
    return len(said & known) >= (_SHARED_WORDS * len(said) if len(said) > _FEW_WORDS else min(1, len(said)))


def _praise(statement: Statement, frames: Sequence[int], ledger: Ledger) -> list[str]:
    """Return what speaks against a claim that a connection or a certificate is in order."""
    if not faults.praises(statement.text):
        return []
    against = [
        finding.id
        for finding in ledger.analysis.findings
        if finding.severity in _FAULTS
        and (finding.id in statement.sources or set(frames) & set(finding.evidence.frames))
    ]
    return [f"it says that all is in order, yet {against[0]} was found"] if against else []


def _contradictions(text: str, written: Written, ledger: Ledger) -> list[str]:
    """Return how the verdict stands against the findings."""
    worst = [f for f in ledger.analysis.findings if f.severity in _FAULTS and not f.explained_by]
    amiss = list[str]()
    if worst and faults.is_healthy(text) and not faults.spoken(text).affirmed:
        amiss.append(f"it says that all is well, yet {worst[0].id} was found")
    titles = " ".join(finding.title for finding in worst)
    denied = sorted(name for name in faults.spoken(text).denied if faults.shows(titles, name))
    amiss += [f"it denies {name}, which was found" for name in denied]
    sides = {finding.side for finding in worst}
    named = side(written)
    if worst and named is not None and Side.EITHER not in sides and named not in (*sides, Side.EITHER):
        amiss.append(
            f"it says that {_whose(named)} must act, and the findings say {listing(sorted(map(_whose, sides)), 'or')}"
        )
    return amiss


def _whose(side: Side) -> str:
    return {Side.NOBODY: "nobody", Side.EITHER: "either side"}.get(side, f"the {side.value}")
