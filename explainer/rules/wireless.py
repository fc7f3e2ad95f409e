"""Wireless stations that do not get in, or are sent away (IEEE 802.11-2020, sections 9.4.1.7 and 9.4.1.9)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.applications import Kind, Reply, replies
from explainer.registry import rule
from explainer.rules.refusals import AREA, SUBJECT
from explainer.wording import count

_STATUS = {
    "1": "for a reason that it does not name", "10": "because it cannot support what the station asks for",
    "12": "for a reason outside of the standard", "13": "because it does not know the way to authenticate",
    "15": "because the challenge was not met (a wrong WEP key)", "16": "because the station took too long",
    "17": "because it has as many stations as it can take", "18": "because the station lacks a rate that it demands",
    "40": "because an information element is wrong", "43": "because it does not accept the station's key management",
    "45": "because the station's RSN is of a version that it does not know", "53": "because the PMKID is not valid",
}  # fmt: skip
_REASONS = {
    "2": "the authentication is no longer valid", "4": "the station was inactive", "5": "it has too many stations",
    "6": "it had not authenticated", "7": "it had not associated", "14": "a message failed its integrity check (MIC)",
    "15": "the four-way handshake took too long: a wrong password is the common reason",
    "16": "the group key handshake took too long", "17": "what was agreed on in the handshake differs",
    "23": "802.1X authentication failed", "24": "the cipher is refused by its policy",
}  # fmt: skip
_LEAVING = ("0", "1", "3", "8")  # unspecified, or the sender leaves: no fault
_STEPS = ("76", "126", "127")  # on the way through SAE (IEEE 802.11-2020, 12.4.8.6): no refusal
_HANDSHAKE = 3
_TRIES = 2


@rule("Wireless association refused", replies, subject=SUBJECT, area=AREA)
def wireless_refused(facts: Facts) -> Iterator[Finding]:
    """An access point's refusal, with a status that tells why, of an association or authentication not had later."""
    talk = [reply for reply in facts[replies] if reply.protocol == "Wi-Fi" and reply.kind is Kind.LOGIN]
    for (station, base), group in _by_pair(talk).items():
        last = group[-1]
        why = _STATUS.get(last.code, "for a reason that its status tells")
        if last.ok or last.code in _STEPS:
            continue
        failed = [reply for reply in group if reply.code == last.code]
        yield _finding(
            "wireless_refused",
            failed,
            f"The access point {base} refuses the {last.request} of the station {station}: {why} (status {last.code}).",
            "Whoever runs the access point or the station must bring their settings together.",
            f"{last.request} refused with status {last.code}",
            Severity.HIGH,
        )


@rule("Wireless handshake fails", replies, subject=SUBJECT, area=AREA)
def wireless_handshake(facts: Facts, *, min_repeated: int = 2) -> Iterator[Finding]:
    """A four-way handshake that never gets past its second message, though the first is sent `min_repeated` times.

    The access point drops a second message whose check (MIC) fails: that is how a wrong password looks.
    """
    talk = [reply for reply in facts[replies] if reply.protocol == "Wi-Fi" and reply.kind is Kind.SESSION]
    for (station, base), group in _by_pair(talk).items():
        numbers = [int(reply.code) for reply in group]
        if max(numbers) >= _HANDSHAKE or numbers.count(1) < min_repeated or numbers.count(2) < _TRIES:
            continue
        yield _finding(
            "wireless_handshake",
            group,
            f"The station {station} does not get into the wireless network of {base}: the four-way handshake stops"
            " after its second message, as it does with a wrong password.",
            "Whoever sets up the station should type the wireless password anew.",
            f"{count(numbers.count(1), 'first message')} and {count(numbers.count(2), 'second message')}, no third",
            Severity.HIGH,
            Confidence.PROBABLE,
        )


@rule("Wireless station sent away", replies, subject=SUBJECT, area=AREA)
def wireless_sent_away(facts: Facts) -> Iterator[Finding]:
    """A deauthentication or disassociation whose reason tells of a fault; who leaves, or is idle, gives none."""
    talk = [r for r in facts[replies] if r.protocol == "Wi-Fi" and r.kind is Kind.OTHER and r.code not in _LEAVING]
    by_reason = defaultdict[tuple[str, str, str, str], list[Reply]](list)
    for reply in talk:
        by_reason[reply.client.address, reply.server.address, reply.code, reply.about].append(reply)
    for (station, base, code, sender), group in by_reason.items():
        why = _REASONS.get(code, "what that means stands in IEEE 802.11, table 9-49")
        who = f"The access point {base} sends the station {station} away"
        if sender == "station":
            who = f"The station {station} leaves the access point {base}"
        yield _finding(
            "wireless_sent_away",
            group,
            f"{who} ({group[0].request}, reason {code}): {why}.",
            "Whoever runs the access point should look into its log of this moment.",
            f"{group[0].request} with reason {code}",
            Severity.LOW if code in ("4", "6", "7") else Severity.MEDIUM,
        )


def _by_pair(talk: Sequence[Reply]) -> dict[tuple[str, str], list[Reply]]:
    groups = defaultdict[tuple[str, str], list[Reply]](list)
    for reply in talk:
        groups[reply.client.address, reply.server.address].append(reply)
    return groups


def _finding(
    rule_id: str,
    group: Sequence[Reply],
    title: str,
    act: str,
    step: str,
    severity: Severity,
    confidence: Confidence = Confidence.CERTAIN,
) -> Finding:
    frames = tuple(reply.frame for reply in group)
    station = group[0].client.address
    return Finding(
        id=f"{rule_id}:{frames[0]}",
        rule=rule_id,
        severity=severity,
        confidence=confidence,
        side=Side.EITHER,
        title=title,
        act=act,
        measured={"frames": len(frames)},
        evidence=Evidence.of(frames, f"wlan.addr == {station}", [Step(frames=frames[:20], text=step)]),
        scope=Scope(addresses=(station, group[0].server.address)),
        advice=("Compare security (WPA2, WPA3), password and band of both sides.",),
        limitations=("frames that the recording radio did not hear",),
    )
