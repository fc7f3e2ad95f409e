"""What a model's server is shown to be let in: a key, or for Azure OpenAI a token of Microsoft Entra."""

from collections.abc import Callable
from urllib.parse import urlsplit

from explainer.errors import ModelError, SettingsError
from explainer.escape import visible
from explainer.settings import Settings

_NO_KEY = "none"  # a server of one's own asks for no key, but the client library wants a string
_AZURE = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")
_FOR_AZURE = "https://cognitiveservices.azure.com/.default"
Token = Callable[[], str]


def credential(settings: Settings) -> str | Token:
    """Return the key, or what fetches a token anew when it is needed.

    Raises:
        SettingsError: none is set and one is needed, or it can be none, or the server's address is none.
    """
    key = settings.api_key.get_secret_value()
    if not key.isascii():
        raise SettingsError("The key for the model holds letters that no key has.", "Copy it again from its source.")
    if settings.base_url and not _is_address(settings.base_url):
        raise SettingsError(
            f"{visible(settings.base_url)} is not the address of a server.",
            "Name one like http://localhost:11434/v1",
        )
    if key or settings.base_url:
        return key or (_entra() if settings.server.endswith(_AZURE) else _NO_KEY)
    raise SettingsError(
        "No key for the model is set.",
        "Set OPENAI_API_KEY, or name a server of your own with --base-url, or ask without --model.",
    )


def _entra() -> Token:
    """Return what fetches a token as whoever this machine is signed in: environment, managed identity, az login."""
    try:
        from azure.core.exceptions import ClientAuthenticationError
        from azure.identity import DefaultAzureCredential, get_bearer_token_provider
    except ImportError as error:
        raise SettingsError(
            "No key for Azure OpenAI is set.",
            "Set EXPLAINER_API_KEY, or install explainer[azure] and sign in (az login).",
        ) from error
    fetch = get_bearer_token_provider(DefaultAzureCredential(), _FOR_AZURE)

    def token() -> str:
        try:
            return fetch()
        except ClientAuthenticationError as error:
            raise ModelError(
                "Microsoft Entra gives no token for Azure OpenAI.", "Sign in (az login), or set EXPLAINER_API_KEY."
            ) from error

    return token


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
