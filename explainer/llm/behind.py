"""The fault behind a gateway's error: where another finding is about the connection that failed, it is the cause."""

from collections.abc import Sequence

from explainer.model import Answer, Claim, Finding

_UPSTREAM = "upstream_stream"
_ABOUT_TLS = "tls_"
"""What TLS failed for takes a rule of its own to tell; of other failures the gateway's finding says all."""


def told(answer: Answer, finding: Finding, others: Sequence[Finding]) -> Answer:
    """Return the answer, with the fault of the connection behind the gateway as its cause where one is known."""
    stream = finding.measured.get(_UPSTREAM)
    of_stream = (f for f in others if f.rule.startswith(_ABOUT_TLS) and stream in f.scope.streams)
    cause = None if stream is None else next(of_stream, None)
    if cause is None:
        return answer
    proof = (Claim(text=step.text, frames=step.frames, sources=(cause.id,)) for step in cause.evidence.steps)
    return answer.model_copy(
        update={
            "verdict": f"{answer.verdict} Behind it, where the gateway is the client: {cause.title}",
            "act": cause.act.replace("The client's side", "The gateway's side"),
            "claims": (*answer.claims, *proof),
            "also": tuple(claim for claim in answer.also if cause.id not in claim.sources),
            "next_steps": (*cause.advice, *answer.next_steps),
            "filters": (*answer.filters, cause.evidence.display_filter),
            "not_shown": tuple(dict.fromkeys((*answer.not_shown, *cause.limitations))),
        }
    )
