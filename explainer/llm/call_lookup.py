"""What a question about telephone calls asks for: who calls whom, whether it comes about, and how long they speak."""

from collections.abc import Iterator, Sequence

from explainer.brief.question import Question
from explainer.llm import health
from explainer.llm.host_lookup import address
from explainer.llm.rows import Row, frames, rows
from explainer.model import Analysis, Claim

_ROWS = 6
_CHALLENGES = ("401", "407")
_CANCELLED = "487"  # Request Terminated (RFC 3261, section 21.4.25): the caller's own CANCEL
_ENDS = ("client", "server")


def calls(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield each call with its end, and the voice or video that it carried."""
    every = [row for row in rows(analysis.stat("answers")) if row["protocol"] == "SIP"]
    asked = [row for row in every if row["request"] == "INVITE"]
    # A challenge is no answer where the caller then gives its credentials (RFC 3261, section 22).
    told = [
        row for row, later in zip(asked, [*asked[1:], None], strict=False) if not (later and row["code"] in _CHALLENGES)
    ]
    for row in told[:_ROWS]:
        yield _call(row, every, rows(analysis.stat("rtp")))
    yield from health.voice(analysis)
    if not told and not question.about_a_fault:
        text = "This capture cannot tell: no answer to a telephone call (SIP, INVITE) is in it"
        yield Claim(text=f"{text}.", sources=("answers",))


def _not_taken(row: Row) -> str:
    if row["code"] == _CANCELLED:
        return "the caller hangs up before it is taken"
    return f"the answer is {row['code']}, the call does not come about"


def _call(row: Row, every: Sequence[Row], streams: Sequence[Row]) -> Claim:
    caller, called = address(row["client"]), address(row["server"])
    ends = {caller, called}
    over = [row for row in every if row["request"] == "BYE" and {address(row[end]) for end in _ENDS} == ends]
    spoken = [s["lasted_s"] for s in streams if ends & {address(s["source"]), address(s["destination"])}]
    text = f"{caller} calls {row['about'] or called} at {called}"
    text += ": the call is taken" if row["ok"] else f": {_not_taken(row)}"
    text += f"; voice or video is sent for {max(spoken):.1f} s" if row["ok"] and spoken else ""
    end = next((each for each in over if (each["request_frame"] or 0) > row["frame"]), None) if row["ok"] else None
    text += f"; {address(end['client'])} hangs up (BYE)" if end else ""
    at = frames(row, "request_frame", "frame") + (frames(end, "request_frame") if end else ())
    return Claim(text=f"{text}.", frames=at, sources=("answers", "rtp"))
