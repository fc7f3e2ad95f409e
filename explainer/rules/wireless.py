"""Wireless stations that do not get in, or are sent away (IEEE 802.11-2020, sections 9.4.1.7 and 9.4.1.9)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.applications import Kind, Reply, Sign, replies, signs
from explainer.registry import rule
from explainer.rules.refusals import AREA, SUBJECT
from explainer.rules.wireless_words import GRANTED, REASONS, STATUS
from explainer.wording import count

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
        why = STATUS.get(last.code, "for a reason that its status tells")
        if last.code in (*GRANTED, *_STEPS):
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
        why = REASONS.get(code, "its number is in no table of IEEE 802.11-2020")
        who, side = f"The access point {base} sends the station {station} away", "access point"
        if sender == "station":
            who, side = f"The station {station} leaves the access point {base}", "station"
        yield _finding(
            "wireless_sent_away",
            group,
            f"{who} ({group[0].request}, reason {code}): {why}.",
            f"Whoever runs the {side} should look into its log of this moment.",
            f"{group[0].request} with reason {code}",
            Severity.LOW if code in ("4", "6", "7") else Severity.MEDIUM,
        )


@rule("WEP in use", signs, subject="signs of risky protocols", area="the network's policy")
def wep_in_use(facts: Facts) -> Iterator[Finding]:
    """Shared Key authentication, which belongs to WEP alone (IEEE 802.11-2020, 12.3.3.3): told to who asks for it.

    The standard has had WEP for obsolete since 2012. Where stations use WEP with Open System authentication, nothing
    in these frames tells it from WPA.
    """
    by_base = defaultdict[str, list[Sign]](list)
    for sign in facts[signs]:
        if sign.what == "wep":
            by_base[sign.server.address].append(sign)
    for base, group in by_base.items():
        frames, stations = tuple(s.frame for s in group), tuple(dict.fromkeys(s.client.address for s in group))
        yield Finding(
            id=f"wep_in_use:{frames[0]}",
            rule="wep_in_use",
            severity=Severity.INFO,
            confidence=Confidence.CERTAIN,
            side=Side.SERVER,
            title=f"The wireless network of {base} uses WEP ({stations[0]} authenticates with a shared key), whose"
            " encryption is broken: anybody within reach can find the key in minutes.",
            act="Whoever runs the access point should change it to WPA2 or WPA3.",
            measured={"frames": len(frames), "stations": len(stations)},
            evidence=Evidence.of(
                frames,
                f"wlan.fixed.auth.alg == 1 && wlan.bssid == {base}",
                [Step(frames=frames[:20], text="authentication with a shared key (algorithm 1), which is WEP's")],
            ),
            scope=Scope(addresses=(base, *stations[:20])),
            advice=("Set WPA2 (AES) or WPA3 on the access point, and a new password.",),
            limitations=("whether somebody listens",),
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
