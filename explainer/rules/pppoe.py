"""PPPoE: nobody answers who looks for an access concentrator, or it refuses the session (RFC 2516)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.frame import last_ns
from explainer.protocols.ip import packets
from explainer.protocols.pppoe import Caller, callers
from explainer.registry import rule
from explainer.rules.lone import only_addressing
from explainer.rules.tcp_case import finding
from explainer.wording import count

_AREA, _SUBJECT = "the dialling of lines (PPPoE)", "PPPoE discovery"
_SHOWN = 20
_NO_SUCH = "service_name"
_MEANS = {
    _NO_SUCH: "it does not offer the service that is asked for",
    "ac_system": "it has an error of its own, such as no room for another session",
    "generic": "it answers with an error",
    "": "it confirms none, and does not say why",
}


@rule("PPPoE unanswered", callers, packets, last_ns, subject=_SUBJECT, area=_AREA)
def pppoe_unanswered(facts: Facts, *, min_asked: int = 3, min_wait_s: float = 3.0) -> Iterator[Finding]:
    """A host that looks for an access concentrator (PADI) `min_asked` times, and none answers (RFC 2516, section 5.1).

    Answers go to the asker alone: only information where the capture holds packets from host to host, and none of
    PPPoE to or from it.
    """
    for caller in facts[callers]:
        waited = (facts[last_ns] - caller.unheard_ns) / 1e9
        if len(caller.unheard) >= min_asked and waited >= min_wait_s:
            yield _unanswered(caller, waited, near=caller.heard or only_addressing(facts[packets]))


def _unanswered(caller: Caller, waited: float, *, near: bool) -> Finding:
    return finding(
        "pppoe_unanswered",
        caller.unheard[0],
        Severity.HIGH if near else Severity.INFO,
        Side.NETWORK,
        f"No access concentrator (PPPoE server of the provider) answers {caller.mac}: it asks"
        f" {count(len(caller.unheard), 'time')} in {waited:.0f} s (PADI), no offer (PADO) comes, and so no session"
        " begins.",
        Evidence.of(
            caller.unheard,
            "pppoed",
            [
                Step(
                    frames=caller.unheard[:_SHOWN],
                    text=f"{caller.mac} asks all for an access concentrator (PADI); no PADO follows",
                )
            ],
        ),
        Scope(),
        act="Whoever runs the line must act: the modem, the VLAN on the way, or the provider's side does not answer.",
        measured={"asked": len(caller.unheard), "seconds": round(waited, 3)},
        confidence=Confidence.CERTAIN if near else Confidence.POSSIBLE,
        advice=(
            "Check that the modem has its line (DSL in sync, fibre light on), and that it passes PPPoE on (bridge).",
            "Check the VLAN tag that the provider wants on this line, and whether the line is open for PPPoE.",
        ),
        limits=("whether the question, or the offer, gets lost",),
    )


@rule("PPPoE session refused", callers, subject=_SUBJECT, area=_AREA)
def pppoe_refused(facts: Facts) -> Iterator[Finding]:
    """An offer or a confirmation with an error, and no session afterwards (RFC 2516, section 5.4, appendix A).

    A confirmation (PADS) of the session 0 is one, too.
    """
    for caller in facts[callers]:
        if caller.refused:
            yield _refused(caller)


def _refused(caller: Caller) -> Finding:
    first = caller.refused[0]
    frames = tuple(refusal.frame for refusal in caller.refused)
    server = f"{first.name} ({first.server})" if first.name else first.server
    asked = f": {first.service}" if first.service and first.error == _NO_SUCH else ""
    words = f' ("{first.text}")' if first.text else ""
    again = (
        [Step(frames=frames[1:_SHOWN], text=f"the same {count(len(frames) - 1, 'more time')}")] if frames[1:] else []
    )
    return finding(
        "pppoe_refused",
        first.frame,
        Severity.HIGH,
        Side.SERVER,
        f"The access concentrator {server} refuses {caller.mac} a PPPoE session: {_MEANS[first.error]}{asked}{words}.",
        Evidence.of(
            frames,
            "pppoed",
            [Step(frames=frames[:1], text=f"{first.server} answers with an error{words}"), *again],
        ),
        Scope(),
        act="The client must ask for the service that the provider names, or for any."
        if first.error == _NO_SUCH
        else "Whoever runs the access concentrator (the provider) must act.",
        measured={"refusals": len(frames)},
        advice=(
            "Compare the service name set in the router with the provider's; most lines want none.",
            "Ask the provider: its log tells why.",
        ),
        limits=("why the other side answers so: its own log tells",),
    )
