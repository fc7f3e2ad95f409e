"""A model consulted about one capture: what is put together for it, and what would be sent, without sending it."""

import json
from collections.abc import Callable
from os import PathLike
from pathlib import Path

from explainer.brief.build import build
from explainer.brief.tokens import Counter
from explainer.capture import tshark
from explainer.capture.selection import Selection
from explainer.capture_access import CaptureAccess
from explainer.inspection import Request
from explainer.llm import conversation, fence, written
from explainer.llm.conversation import Conversation
from explainer.llm.ledger import Ledger
from explainer.llm.looks import Looks
from explainer.llm.model import Heard, Message, Model
from explainer.llm.openai import OpenAIModel
from explainer.llm.prices import price
from explainer.llm.requests import Manner, body
from explainer.llm.tools import Toolbox
from explainer.llm.vocabulary import counter
from explainer.model import Analysis, Answer, Brief
from explainer.privacy.leaks import leaks
from explainer.privacy.mapping import Mapping
from explainer.settings import Settings

_LIMIT_S, _LIMIT_S_PER_BYTE = 60.0, 1e-6


class Consultation:
    """One capture, one model, any number of questions; the capture is read once for all of them."""

    def __init__(
        self,
        analysis: Analysis,
        settings: Settings,
        access: CaptureAccess | None,
        model: Callable[[Callable[[bytes], tuple[str, ...]]], Model],
        heard: Heard | None = None,
    ) -> None:
        self._analysis = analysis
        self._settings = settings
        self._mapping = Mapping.of(analysis) if settings.redacts else Mapping.off()
        self._looks = Looks(Toolbox(analysis, access, self._mapping.learn), self._mapping.restore) if access else None
        self._mapping.excuse(conversation.standing_text(settings.prompts, self._looks.schemas if self._looks else []))
        self._model = model
        self._access = access
        self._heard = heard
        self._nonce = conversation.new_nonce()
        self._conversation: Conversation | None = None

    def ask(self, question: str) -> Answer:
        """Return the checked answer.

        Raises:
            ModelError: the model cannot be reached, or does not answer, or something would have leaked to it.
        """
        talk = self._talk()
        return talk.ask(self._brief(question, self._settings.budget), lambda: self._half(question))

    def request(self, question: str) -> Request:
        """Return the first request as it would be sent, and what it costs where that is known; nothing is sent."""
        sent = self._messages(question)
        tools = self._looks.schemas if self._looks else []
        stream = self._heard is not None
        made = body(self._settings.model, sent, tools, written.schema(), Manner(), stream=stream)
        text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))  # as the client library writes it
        measured = counter(self._settings.model)
        tokens = measured.count(text)
        cost, priced = price(self._settings, tokens) or (None, "")
        return Request(
            body=text,
            prompt="\n\n".join(f"[{message.role}]\n{message.content}" for message in sent),
            tokens=tokens,
            counter=measured.name,
            price=cost,
            priced=priced,
            leaks=leaks(text.encode(), self._mapping),
        )

    def _messages(self, question: str) -> list[Message]:
        brief = self._brief(question, self._settings.budget)
        tools, folder = self._looks is not None, self._settings.prompts
        return conversation.messages(brief, self._nonce, mapping=self._mapping, tools=tools, folder=folder)

    def _talk(self) -> Conversation:
        if self._conversation is None:
            model = self._model(lambda payload: leaks(payload, self._mapping))  # a missing key is said at once
            index = self._access.index if self._access else None
            self._conversation = Conversation(
                model=model,
                analysis=self._analysis,
                ledger=Ledger.of(self._analysis, index),
                mapping=self._mapping,
                looks=self._looks,
                refused=self._access.complaint if self._access else lambda display_filter: "",
                folder=self._settings.prompts,
                heard=self._heard,
                nonce=self._nonce,
            )
        return self._conversation

    def _half(self, question: str) -> Brief:
        return self._brief(question, self._settings.budget // 2)

    def _brief(self, question: str, budget: int) -> Brief:
        """Return the brief whose text, as it is sent, fits into the budget."""
        measured = counter(self._settings.model)
        sent = Counter(measured.name, lambda text: measured.count(self._as_sent(text)))
        return build(self._analysis, question, budget=budget, counter=sent)

    def _as_sent(self, text: str) -> str:
        return fence.marked(self._mapping.pseudonymise(text), self._nonce)


def opened(
    analysis: Analysis,
    settings: Settings,
    capture: str | PathLike[str] | None,
    selection: Selection,
    heard: Heard | None = None,
) -> Consultation:
    """Return a consultation with the model that the settings name; without the capture it has no tools.

    Raises:
        SettingsError: no key is set, or tshark is not where the settings say.
    """
    access = None
    if capture is not None:
        path = Path(capture)
        limit = settings.time_limit_s or _LIMIT_S + _LIMIT_S_PER_BYTE * path.stat().st_size
        access = CaptureAccess(path, tshark.find(settings.tshark), selection, limit)
    return Consultation(analysis, settings, access, lambda guard: OpenAIModel.of(settings, guard), heard)
