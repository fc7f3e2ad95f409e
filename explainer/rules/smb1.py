"""SMB 1, the outdated Windows file sharing protocol, and a pattern of its exploits."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.applications import Sign, signs
from explainer.registry import rule
from explainer.rules.evidence import stream_filter

_SUBJECT = "signs of risky protocols"
_AREA = "outdated file sharing"


@rule("SMB 1 in use", signs, subject=_SUBJECT, area=_AREA)
def unwanted_smb1(facts: Facts) -> Iterator[Finding]:
    """A server that answers in SMB 1 (SMBv1, CIFS), or a client that goes on in it; Microsoft withdrew it in 2014.

    A client that only offers SMB 1 beside newer versions, which the server then takes, does not use it.
    """
    for group in _by_pair(facts[signs], "smb1"):
        first = group[0]
        yield _finding(
            "unwanted_smb1",
            group,
            Confidence.CERTAIN,
            title=f"{first.client.address} and {first.server.address} use SMBv1 (SMB version 1, CIFS), an outdated file"
            " sharing protocol that attackers and worms break.",
            act=f"Whoever runs {first.server.address} should switch SMBv1 off and offer SMB 2 or 3; old devices that"
            " know nothing else need an update or a place apart.",
            step="negotiation and first answer in SMB 1 (\\xffSMB)",
            advice=(
                "On Windows: Set-SmbServerConfiguration -EnableSMB1Protocol $false",
                "On Samba: server min protocol = SMB2",
            ),
            limits=("whether a device needs it",),
        )


@rule("Pattern of an SMB 1 exploit", signs, subject=_SUBJECT, area=_AREA)
def smb1_exploit_pattern(facts: Facts) -> Iterator[Finding]:
    """A Trans2 SESSION_SETUP in SMB 1, which no ordinary client sends: scanners for DoublePulsar (MS17-010) do."""
    for group in _by_pair(facts[signs], "smb1-exploit"):
        first = group[0]
        yield _finding(
            "smb1_exploit_pattern",
            group,
            Confidence.PROBABLE,
            title=f"{first.client.address} tests {first.server.address} for the DoublePulsar back door over SMBv1"
            " (MS17-010, EternalBlue): it sends a Trans2 SESSION_SETUP.",
            act=f"Whoever answers for {first.client.address} must say whether it may scan; otherwise take it off the"
            f" network, and check {first.server.address}.",
            step="Trans2 subcommand SESSION_SETUP (0x000e)",
            advice=(f"See whether {first.server.address} has the update MS17-010, and switch SMBv1 off.",),
            limits=("whether the test, or an attack, succeeded",),
        )


def _by_pair(seen: Sequence[Sign], what: str) -> Iterator[list[Sign]]:
    groups = defaultdict[tuple[str, str], list[Sign]](list)
    for sign in seen:
        if sign.what == what:
            groups[sign.client.address, sign.server.address].append(sign)
    yield from groups.values()


def _finding(
    rule_id: str,
    group: Sequence[Sign],
    confidence: Confidence,
    *,
    title: str,
    act: str,
    step: str,
    advice: tuple[str, ...],
    limits: tuple[str, ...],
) -> Finding:
    first, frames = group[0], tuple(sign.frame for sign in group)
    streams = tuple(dict.fromkeys(sign.stream for sign in group if sign.stream is not None))
    return Finding(
        id=f"{rule_id}:{first.frame}",
        rule=rule_id,
        severity=Severity.MEDIUM,
        confidence=confidence,
        side=Side.SERVER if rule_id == "unwanted_smb1" else Side.CLIENT,
        title=title,
        act=act,
        measured={"frames": len(group), "connections": len(streams)},
        evidence=Evidence.of(frames, f"{stream_filter(streams)} && smb", [Step(frames=frames[:20], text=step)]),
        scope=Scope(
            streams=streams[:100], addresses=(first.client.address, first.server.address), ports=(first.server.port,)
        ),
        advice=advice,
        limitations=limits,
    )
