"""Chat Completions, the common denominator of OpenAI and the servers that are compatible with it, through `openai`."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from explainer.errors import LeakError, ModelError
from explainer.escape import visible
from explainer.llm.credentials import credential
from explainer.llm.failures import ASK_OFFLINE, failure, is_refused_request, waiting_s
from explainer.llm.model import Call, Heard, Message, Reply, Schema
from explainer.llm.requests import Manner, body, lesser
from explainer.model import Usage
from explainer.settings import Settings

if TYPE_CHECKING:
    from openai import OpenAI

_WAITS = 2
Guard = Callable[[bytes], tuple[str, ...]]
"""Names what the bytes of a request hold that must not be sent."""


def _nothing(payload: bytes) -> tuple[str, ...]:
    return ()


@dataclass
class OpenAIModel:
    """A model behind an OpenAI-compatible server; it remembers what the server does not understand."""

    name: str
    client: "OpenAI"
    manner: Manner = field(default_factory=Manner)
    wait: Callable[[float], None] = time.sleep

    @classmethod
    def of(cls, settings: Settings, guard: Guard = _nothing) -> "OpenAIModel":
        """Return the model that the settings name; `guard` sees the bytes of each request before they are sent.

        Raises:
            SettingsError: a key is needed and none is set, or the server's address is none.
        """
        key = credential(settings)
        # Imported here: it takes longer to load than a small capture takes to analyse.
        from openai import AzureOpenAI, DefaultHttpxClient, OpenAI

        def refuse(request: Any) -> None:
            if found := guard(request.content):
                raise LeakError(
                    f"The request was not sent: it still holds {found[0]}.",
                    "Please report this. Ask without --model, or with --no-redact if it may leave this machine.",
                )

        client = DefaultHttpxClient(event_hooks={"request": [refuse]})
        common: dict[str, Any] = {"timeout": settings.model_timeout_s, "max_retries": 0, "http_client": client}
        if settings.api_version:
            common |= {"azure_endpoint": settings.base_url, "api_version": settings.api_version}
            entrance = {"api_key": key} if isinstance(key, str) else {"azure_ad_token_provider": key}
            return cls(settings.model, AzureOpenAI(**entrance, **common))
        return cls(settings.model, OpenAI(api_key=key, base_url=settings.base_url or None, **common))

    def reply(
        self,
        messages: list[Message],
        tools: Sequence[Schema] = (),
        schema: Schema | None = None,
        heard: Heard | None = None,
    ) -> Reply:
        """Return the model's reply; raises ModelError with what to do."""
        import openai

        waits, manner = 0, self.manner
        tried: Iterator[Manner] | None = None
        while True:
            try:
                request = body(self.name, messages, tools, schema, manner, stream=heard is not None)
                reply = self._asked(request, heard)
            except openai.OpenAIError as error:
                if waits < _WAITS and (pause := waiting_s(error)) is not None:
                    waits += 1
                    self.wait(pause)
                    continue
                tried = tried or lesser(manner, tools, schema, str(error))
                following = next(tried, None) if is_refused_request(error) else None
                if following is None:
                    raise failure(error) from error
                manner = following
                continue
            self.manner = manner
            return reply

    def models(self, time_limit_s: float) -> list[str]:
        """Return the names of the models that the server knows; raises ModelError where it does not answer."""
        import openai

        try:
            return [model.id for model in self.client.with_options(timeout=time_limit_s).models.list()]
        except openai.NotFoundError:
            return []  # some servers answer questions, but do not say what they know
        except openai.OpenAIError as error:
            raise failure(error) from error

    def _asked(self, request: dict[str, Any], heard: Heard | None) -> Reply:
        from httpx2 import HTTPError

        try:
            return self._streamed(request, heard) if heard else self._whole(request)
        except (HTTPError, json.JSONDecodeError) as error:
            raise ModelError("The model's server went away in the middle of its answer.", ASK_OFFLINE) from error

    def _whole(self, request: dict[str, Any]) -> Reply:
        from openai.types.chat import ChatCompletion

        done = self.client.chat.completions.create(**request)
        if not isinstance(done, ChatCompletion):  # a web page, say, where the address lacks its /v1
            raise ModelError("What answers there is no model's server.", f"Check --base-url. {ASK_OFFLINE}")
        choice = done.choices[0] if done.choices else None
        message = choice.message if choice else None
        calls = [
            Call(call.id or f"call_{number}", call.function.name, call.function.arguments or "{}")
            for number, call in enumerate((message.tool_calls if message else None) or ())
            if call.type == "function"
        ]
        text = (message.content or message.refusal or "") if message else ""
        return self._reply(text, calls, choice.finish_reason if choice else None, done.usage)

    def _streamed(self, request: dict[str, Any], heard: Heard) -> Reply:
        parts, calls = list[str](), dict[int, list[str]]()
        ended, usage = None, None
        for chunk in self.client.chat.completions.create(**request):
            usage = chunk.usage or usage
            for choice in chunk.choices:
                ended = choice.finish_reason or ended
                if choice.delta.content:
                    parts.append(choice.delta.content)
                    heard(choice.delta.content)
                for call in choice.delta.tool_calls or ():
                    held = calls.setdefault(call.index or 0, ["", "", ""])
                    held[0] = call.id or held[0]
                    if call.function:
                        held[1] += call.function.name or ""
                        held[2] += call.function.arguments or ""
        if ended is None and not calls and parts:
            raise ModelError("The model's server went away in the middle of its answer.", ASK_OFFLINE)
        made = [Call(id_ or f"call_{index}", name, text or "{}") for index, (id_, name, text) in sorted(calls.items())]
        return self._reply("".join(parts), made, ended, usage)

    def _reply(self, text: str, calls: Iterable[Call], ended: str | None, used: Any) -> Reply:
        calls = tuple(calls)
        if ended == "content_filter":
            raise ModelError("The model's server withheld the answer (content filter).", ASK_OFFLINE)
        if not text.strip() and not calls:
            raise ModelError(f"The model {visible(self.name)} gave an empty reply.", ASK_OFFLINE)
        usage = Usage(prompt_tokens=used.prompt_tokens, completion_tokens=used.completion_tokens) if used else None
        return Reply(text, usage, calls, cut=ended == "length")
