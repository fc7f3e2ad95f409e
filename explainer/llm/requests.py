"""The body of a Chat Completions request, and how to ask for less where a server understands less. Pure.

Servers differ: some refuse `temperature`, some a JSON schema (one with HTTP 500), some tools.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from explainer.llm.model import Message, Schema


@dataclass(frozen=True)
class Manner:
    """What is asked of a server beside the messages."""

    form: str = "json_schema"
    tools: bool = True
    temperature: bool = True


def body(
    model: str,
    messages: list[Message],
    tools: Sequence[Schema],
    schema: Schema | None,
    manner: Manner,
    *,
    stream: bool = False,
) -> dict[str, Any]:
    """Return the request's body."""
    # In the order in which the client library writes them, so that a dry run shows the very bytes.
    made: dict[str, Any] = {"model": model, "messages": [_message(message, manner) for message in messages]}
    if schema is not None and manner.form == "json_schema":
        made["response_format"] = {
            "type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True},
        }  # fmt: skip
    elif schema is not None and manner.form == "json_object":
        made["response_format"] = {"type": "json_object"}
    if stream:
        made["stream"] = True
    if manner.temperature:
        made["temperature"] = 0
    if tools and manner.tools:
        made["tools"] = [{"type": "function", "function": tool} for tool in tools]
    return made


def lesser(manner: Manner, tools: Sequence[Schema], schema: Schema | None, complaint: str) -> Iterator[Manner]:
    """Yield what to try next after a server refused, what it complains of first, and at last nothing but messages."""
    if manner.temperature and "temperature" in complaint:
        manner = replace(manner, temperature=False)
        yield manner
    if manner.tools and tools and "tool" in complaint.lower():
        manner = replace(manner, tools=False)
        yield manner
    if schema is not None:
        for form in ("json_object", "text"):
            if form != manner.form and manner.form != "text":
                manner = replace(manner, form=form)
                yield manner
    if manner.tools and tools:
        yield replace(manner, tools=False, form="text")


def _message(message: Message, manner: Manner) -> dict[str, Any]:
    if message.role == "tool" and not manner.tools:
        return {"role": "user", "content": message.content}
    made: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.calls and manner.tools:
        made["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.calls
        ]
    if message.role == "tool":
        made["tool_call_id"] = message.answers
    return made
