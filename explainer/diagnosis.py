"""What `explainer doctor` looks at: tshark and its companions, the model's settings, the token table."""

from explainer.brief.tokens import ESTIMATE
from explainer.capture import tshark
from explainer.errors import ExplainerError
from explainer.escape import visible
from explainer.inspection import Check
from explainer.llm.vocabulary import DEFAULT_ENCODING, counter
from explainer.settings import Settings

_PATIENCE_S = 5.0
_SOME = 8


def checks(settings: Settings) -> tuple[Check, ...]:
    """Return what is there and what is missing, the most needed first."""
    return (*_tshark(settings), _model(settings), _tokens(settings))


def _tshark(settings: Settings) -> tuple[Check, ...]:
    try:
        program = tshark.find(settings.tshark)
        version = tshark.version(program)
    except ExplainerError as error:
        return (Check(ok=False, needed=True, text=error.message, hint=error.hint),)
    capinfos = program.companion("capinfos")
    return (
        Check(ok=True, needed=True, text=f"tshark {version} ({program.path})"),
        Check(ok=True, needed=False, text=f"capinfos ({capinfos})")
        if capinfos
        else Check(
            ok=False,
            needed=False,
            text="capinfos: a capture's format and snap length are not shown",
            hint="Install wireshark-common.",
        ),
    )


def _model(settings: Settings) -> Check:
    if not settings.model:
        text = "language model: none is set, so the findings answer (nothing leaves this machine)"
        return Check(ok=True, needed=False, text=text, hint="To ask one: --model NAME or EXPLAINER_MODEL.")
    where = settings.base_url or "OpenAI"
    if not settings.base_url and not settings.api_key.get_secret_value():
        text = f"language model: {settings.model} at {where}, but no key is set"
        return Check(ok=False, needed=False, text=text, hint="Set OPENAI_API_KEY.")
    return _reached(settings, where)


def _reached(settings: Settings, where: str) -> Check:
    """Return whether the model's server answers; nothing of any capture is sent to it."""
    from explainer.llm.openai import OpenAIModel

    try:
        known = OpenAIModel.of(settings).models(_PATIENCE_S)
    except ExplainerError as error:
        text = f"language model: {settings.model} at {where}: {error.message}"
        return Check(ok=False, needed=False, text=text, hint=error.hint)
    if known and settings.model not in known:
        some = ", ".join(map(visible, known[:_SOME]))
        text = f"language model: {where} answers, but knows no {settings.model}"
        return Check(ok=False, needed=False, text=text, hint=f"It knows: {some}.")
    private = "with pseudonyms" if settings.redacts else "with the real addresses and names"
    return Check(ok=True, needed=False, text=f"language model: {settings.model} at {where} answers; asked {private}")


def _tokens(settings: Settings) -> Check:
    found = counter(settings.model)
    if found is not ESTIMATE:
        return Check(ok=True, needed=False, text=f"token table: {found.name}")
    fetch = f"python -c 'import tiktoken; tiktoken.get_encoding(\"{DEFAULT_ENCODING}\")'"
    text = "token table: not on this machine, so briefs for a model are measured by a safe estimate"
    return Check(ok=False, needed=False, text=text, hint=f"Fetch it once while online: {fetch}")
