"""One question answered in one way, and what it is worth: cause, frames, backed statements, tokens, seconds, price."""

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explainer import pipeline
from explainer.capture import tshark
from explainer.capture.process import running
from explainer.llm import prices
from explainer.llm.model import Message
from explainer.llm.openai import OpenAIModel
from explainer.llm.vocabulary import counter
from explainer.llm.written import cited
from explainer.model import Answer, Usage
from explainer.settings import Settings

_LIMIT_S = 120.0
_ASK = "This is a packet capture as tshark -T json shows it, cut to fit. {question} Name the frames that show it.\n\n"


@dataclass(frozen=True)
class Result:
    """What came of one question; shares are None where there is nothing to count."""

    case: str
    way: str
    cause: bool
    backed: float | None
    frames: float | None
    tokens: int
    seconds: float
    price: float | None


def ours(case: dict[str, Any], capture: Path, settings: Settings) -> Result:
    """Return how the model does with the brief, the tools and the check."""
    started = time.monotonic()
    analysis = pipeline.analyse(capture, settings=settings)
    answer = pipeline.ask(analysis, case["question"], settings=settings, capture=capture)
    seconds = time.monotonic() - started
    text = "\n".join([answer.verdict, answer.cause, *(claim.text for claim in answer.claims if claim.backed)])
    frames = {frame for claim in answer.claims if claim.backed for frame in claim.frames}
    return Result(
        case["name"], "explainer" if answer.model else "explainer (offline)", named(case, text),
        answer.backed / answer.statements if answer.model else None, right(case, capture, settings, frames),
        _tokens(answer), seconds, _price(answer.usage, settings),
    )  # fmt: skip


def raw(case: dict[str, Any], capture: Path, settings: Settings) -> Result:
    """Return how the model does with what people give it today: tshark's JSON, cut to the same size."""
    started = time.monotonic()
    with running(tshark.find(settings.tshark), ["-n", "-r", str(capture), "-T", "json"], _LIMIT_S) as run:
        dump = b"".join(run.chunks()).decode("utf-8", "replace")
    asked = _ASK.format(question=case["question"]) + _cut(dump, settings)
    reply = OpenAIModel.of(settings).reply([Message("user", asked)])
    used = reply.usage.prompt_tokens + reply.usage.completion_tokens if reply.usage else 0
    return Result(
        case["name"], "tshark -T json", named(case, reply.text), None,
        right(case, capture, settings, set(cited(reply.text))), used, time.monotonic() - started,
        _price(reply.usage, settings),
    )  # fmt: skip


def named(case: dict[str, Any], text: str) -> bool:
    """Return whether a text names the cause, and nothing that the case excludes."""
    says = all(re.search(words, text) for words in case["words"])
    return says and not any(re.search(words, text) for words in case["answer_must_not"])


def right(case: dict[str, Any], capture: Path, settings: Settings, frames: set[int]) -> float | None:
    """Return the share of cited frames that belong to the decisive conversation, None where none is cited."""
    if not frames:
        return None
    streams = ("tcp.stream", "udp.stream")
    rows = _fields(capture, settings, case["decisive_filter"], "frame.number", *streams)
    decisive = {int(row[0]) for row in rows}
    talks = {
        f"{name} == {value}" for row in rows for name, value in zip(streams, row[1:], strict=False) if value.isdecimal()
    }
    if talks:
        decisive |= {int(row[0]) for row in _fields(capture, settings, " || ".join(sorted(talks)), "frame.number")}
    return len(frames & decisive) / len(frames)


def _fields(capture: Path, settings: Settings, display_filter: str, *names: str) -> list[list[str]]:
    words = [
        "-n",
        "-r",
        str(capture),
        "-Y",
        display_filter,
        "-T",
        "fields",
        *(w for name in names for w in ("-e", name)),
    ]
    with running(tshark.find(settings.tshark), words, _LIMIT_S) as run:
        return [line.split("\t") for line in b"".join(run.chunks()).decode().splitlines()]


HEADING = (
    "| capture | way | cause named | backed | frames right | tokens | seconds | price |\n"
    "|---|---|---|---|---|---|---|---|"
)


def row(r: Result) -> str:
    """Return a result as a line of a Markdown table."""
    return _row(r.case, r.way, "yes" if r.cause else "no", r.backed, r.frames, r.tokens, r.seconds, r.price)


def means(results: list[Result]) -> str:
    """Return a line of means for each way."""
    rows = list[str]()
    for way in dict.fromkeys(result.way for result in results):
        of_way = [result for result in results if result.way == way]
        causes = f"{sum(r.cause for r in of_way)} of {len(of_way)}"
        rows.append(
            _row(
                "all", way, causes, _mean([r.backed for r in of_way]), _mean([r.frames for r in of_way]),
                round(_mean([r.tokens for r in of_way]) or 0), _mean([r.seconds for r in of_way]) or 0.0,
                _mean([r.price for r in of_way]),
            )
        )  # fmt: skip
    return "\n".join(rows)


def _row(
    case: str, way: str, cause: str, backed: float | None, frames: float | None, tokens: int, seconds: float,
    price: float | None,
) -> str:  # fmt: skip
    shares = [f"{share:.0%}" if share is not None else "-" for share in (backed, frames)]
    cost = f"{price:.4f}" if price is not None else "-"
    return f"| {case} | {way} | {cause} | {' | '.join(shares)} | {tokens:,} | {seconds:.1f} | {cost} |"


def _mean(values: "list[float | None] | list[float] | list[int]") -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _cut(dump: str, settings: Settings) -> str:
    measured = counter(settings.model)
    low, high = 0, len(dump)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measured.count(dump[:middle]) <= settings.budget else (low, middle - 1)
    return dump[:low]


def _tokens(answer: Answer) -> int:
    return answer.usage.prompt_tokens + answer.usage.completion_tokens if answer.usage else 0


def _price(used: Usage | None, settings: Settings) -> float | None:
    found = prices.price(settings, used.prompt_tokens, used.completion_tokens) if used else None
    return found[0] if found else None
