"""One question put to a model with a brief; the provider is not known here."""

import secrets

from explainer.llm import prompts
from explainer.llm.model import Message, Model
from explainer.model import Answer, Brief

_NONCE_BYTES = 8


def messages(brief: Brief, nonce: str) -> list[Message]:
    """Return what is sent to the model; the nonce fences the brief, so that nothing in a capture can end it early."""
    left_out = [part.key for part in brief.left_out]
    question = prompts.render("ask", question=brief.question, brief=brief.text, left_out=left_out, nonce=nonce)
    return [Message("system", prompts.render("system", nonce=nonce)), Message("user", question)]


def answer(model: Model, brief: Brief) -> Answer:
    """Return the model's answer in its own words.

    Raises:
        ModelError: the model cannot be reached or does not answer.
    """
    reply = model.reply(messages(brief, secrets.token_hex(_NONCE_BYTES)))
    return Answer(question=brief.question, verdict=reply.text.strip(), model=model.name, usage=reply.usage)
