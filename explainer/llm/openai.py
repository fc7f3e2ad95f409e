"""Chat Completions, the common denominator of OpenAI and the servers that are compatible with it, through `openai`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from explainer.errors import ModelError, SettingsError
from explainer.escape import visible
from explainer.llm.model import Message, Reply
from explainer.model import Usage
from explainer.settings import Settings

if TYPE_CHECKING:
    from openai import OpenAI

_OFFLINE = "Ask again without --model: the answer from the findings needs no model."
_NO_KEY = "none"  # a server of one's own asks for no key, but the client library wants a string


@dataclass(frozen=True)
class OpenAIModel:
    """A model behind an OpenAI-compatible server."""

    name: str
    client: "OpenAI"

    @classmethod
    def of(cls, settings: Settings) -> "OpenAIModel":
        """Return the model that the settings name.

        Raises:
            SettingsError: OpenAI's own service is meant and no key is set.
        """
        # Imported here: it takes longer to load than a small capture takes to analyse.
        from openai import OpenAI

        key = settings.api_key.get_secret_value()
        if not key and not settings.base_url:
            raise SettingsError(
                "No key for the model is set.",
                "Set OPENAI_API_KEY, or name a server of your own with --base-url, or ask without --model.",
            )
        if not key.isascii():
            raise SettingsError(
                "The key for the model holds letters that no key has.", "Copy it again from its source."
            )
        if settings.base_url and not _is_address(settings.base_url):
            raise SettingsError(
                f"{visible(settings.base_url)} is not the address of a server.",
                "Name one like http://localhost:11434/v1",
            )
        client = OpenAI(
            api_key=key or _NO_KEY,
            base_url=settings.base_url or None,
            timeout=settings.model_timeout_s,
            max_retries=1,
        )
        return cls(settings.model, client)

    def reply(self, messages: list[Message]) -> Reply:
        """Return the model's reply; raises ModelError with what to do."""
        import openai
        from openai.types.chat import ChatCompletion

        sent: list[Any] = [{"role": message.role, "content": message.content} for message in messages]
        try:
            done = self.client.chat.completions.create(model=self.name, messages=sent, temperature=0)
        except openai.OpenAIError as error:
            raise _model_error(error) from error
        if not isinstance(done, ChatCompletion):  # a web page, say, where the address lacks its /v1
            raise ModelError("What answers there is no model's server.", f"Check --base-url. {_OFFLINE}")
        text = done.choices[0].message.content if done.choices else None
        if not (text or "").strip():
            raise ModelError(f"The model {visible(self.name)} gave an empty reply.", _OFFLINE)
        used = done.usage
        usage = Usage(prompt_tokens=used.prompt_tokens, completion_tokens=used.completion_tokens) if used else None
        return Reply(text or "", usage)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _model_error(error: Exception) -> ModelError:
    """Return the error as a sentence about what is the matter; subclasses stand before their parents."""
    import openai

    match error:
        case openai.APITimeoutError():
            said = "The model's server did not answer in time."
        case openai.APIConnectionError():
            said = "The model's server cannot be reached."
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            said = "The model's server does not accept the key."
        case openai.RateLimitError() if error.code == "insufficient_quota":
            said = "The account of this key has no quota left."
        case openai.RateLimitError():
            said = "The model's server is asked too often at the moment."
        case openai.NotFoundError():
            said = "The model's server knows no such model."
        case openai.BadRequestError() if error.code == "context_length_exceeded":
            said = "The brief is too long for this model: make it smaller with --budget."
        case openai.APIStatusError():
            said = f"The model's server answered with the error {error.status_code}."
        case _:
            said = "The model's answer could not be read."
    return ModelError(said, _OFFLINE)
