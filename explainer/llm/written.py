"""What a model writes: an answer as JSON, or what can be made of its words where it writes none. Pure."""

import json
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

_LONGEST, _MOST = 2000, 20
_FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)
_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
_FRAMES = re.compile(r"\bframes?\s+#?(\d+(?:\s*(?:-|\u2013|to|,|and|&)\s*\d+)*)", re.IGNORECASE)
_RUN = re.compile(r"(\d+)\s*(?:-|\u2013|to)\s*(\d+)")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")
_LONGEST_RUN = 100

Sides = Literal["server", "client", "network", "either", "nobody", "unknown"]


class Statement(BaseModel):
    """One claim, with the frames and the ids of findings or statistics that it rests on."""

    model_config = ConfigDict(frozen=True)

    text: str
    frames: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()

    @field_validator("frames", mode="before")
    @classmethod
    def _numbers(cls, value: Any) -> Any:
        items = value if isinstance(value, list | tuple) else [value]
        return tuple(int(item) for item in items if str(item).isdecimal())[:_LONGEST_RUN]

    @field_validator("sources", mode="before")
    @classmethod
    def _ids(cls, value: Any) -> Any:
        return tuple(map(str, value if isinstance(value, list | tuple) else [value]))[:_MOST]


class Written(BaseModel):
    """A model's answer, as it was asked for."""

    model_config = ConfigDict(frozen=True)

    verdict: str
    cause: str = ""
    side: Sides = "unknown"
    claims: tuple[Statement, ...] = ()
    next_steps: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    cannot_tell: tuple[str, ...] = Field(default=())

    @field_validator("side", mode="before")
    @classmethod
    def _known_side(cls, value: Any) -> Any:
        word = str(value).lower()
        return word if word in ("server", "client", "network", "either", "nobody") else "unknown"

    @field_validator("claims", mode="before")
    @classmethod
    def _statements(cls, value: Any) -> Any:
        items = value if isinstance(value, list | tuple) else [value]
        return tuple({"text": item} if isinstance(item, str) else item for item in items)[:_MOST]

    @field_validator("next_steps", "filters", "cannot_tell", mode="before")
    @classmethod
    def _lines(cls, value: Any) -> Any:
        items = value if isinstance(value, list | tuple) else [value]
        return tuple(str(item)[:_LONGEST] for item in items if item)[:_MOST]


def schema() -> dict[str, Any]:
    """Return the JSON schema of an answer, in the strict form that servers ask for: every key there, no other."""
    words, numbers = {"type": "string"}, {"type": "array", "items": {"type": "integer"}}
    lines = {"type": "array", "items": words}
    sides = {"type": "string", "enum": ["server", "client", "network", "either", "nobody", "unknown"]}
    claim = _strict({"text": words, "frames": numbers, "sources": lines})
    return _strict(
        {
            "verdict": words, "cause": words, "side": sides, "claims": {"type": "array", "items": claim},
            "next_steps": lines, "filters": lines, "cannot_tell": lines,
        }
    )  # fmt: skip


def _strict(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def read(text: str) -> Written | None:
    """Return the answer in a reply's JSON, with or without words around it; None where there is no such JSON."""
    text = _THOUGHT.sub("", text)
    start, end = text.find("{"), text.rfind("}")
    for candidate in (text, *_FENCE.findall(text), text[start : end + 1] if 0 <= start < end else ""):
        try:
            return Written.model_validate(json.loads(candidate))
        except (ValueError, ValidationError, RecursionError):
            continue
    return None


def prose(text: str) -> Written:
    """Return the answer in a reply of plain words: its first paragraph, and a claim for each line that cites frames."""
    text = _THOUGHT.sub("", text)
    lines = [_BULLET.sub("", line).strip(" *#`\t") for line in text.splitlines()]
    lines = [line[:_LONGEST] for line in lines if line]
    claims = [Statement(text=line, frames=cited(line)) for line in lines[1:]]
    return Written(verdict=lines[0] if lines else "", claims=tuple(claims[:_MOST]))


def cited(text: str) -> tuple[int, ...]:
    """Return the frames that a text names: "frame 4", "frames 4, 6-8 and 10"."""
    found = set[int]()
    for group in _FRAMES.findall(text):
        for first, last in _RUN.findall(group):
            if 0 <= int(last) - int(first) <= _LONGEST_RUN:
                found.update(range(int(first), int(last) + 1))
        found.update(map(int, re.findall(r"\d+", group)))
    return tuple(sorted(found))


def without_frames(text: str) -> str:
    """Return the text without its frame numbers."""
    return _FRAMES.sub(" ", text)
