"""Asking a model about one capture: brief, looks, answer, check, one repair; the provider is not known here.

Rules: what is sent goes through the mapping; what comes back is translated and held against the capture before anybody
sees it; if nothing of it is borne out, the answer from the findings stands in its place and says why.
"""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from explainer.errors import ModelError, TooLongError
from explainer.escape import visible
from explainer.llm import advice, check, fence, looks, offline, prompts, written
from explainer.llm.failures import ASK_OFFLINE
from explainer.llm.ledger import Ledger
from explainer.llm.looks import Looks
from explainer.llm.model import Heard, Message, Model, Reply, Schema
from explainer.llm.written import Written
from explainer.model import Analysis, Answer, Brief, Claim, Usage
from explainer.privacy.mapping import Mapping
from explainer.wording import count

_NONCE_BYTES = 8
_TURNS = 6
_OPENING = 20
_BROKEN = "it is no whole JSON object: make it shorter"
_FOUND = 5


def new_nonce() -> str:
    """Return what a capture cannot know: 16 hexadecimal digits."""
    return secrets.token_hex(_NONCE_BYTES)


def messages(
    brief: Brief, nonce: str, *, mapping: Mapping | None = None, tools: bool = False, folder: Path | None = None
) -> list[Message]:
    """Return what is sent to the model; the nonce fences the brief, so that nothing in a capture can end it early."""
    mapping = mapping or Mapping.off()
    text = fence.marked(mapping.pseudonymise(brief.text), nonce)
    asked = mapping.pseudonymise(brief.question)
    question = prompts.render("ask", folder, question=asked, brief=text, nonce=nonce)
    system = prompts.render("system", folder, nonce=nonce, mark=fence.mark(nonce), redacted=mapping.active, tools=tools)
    return [Message("system", system), Message("user", question)]


@dataclass
class Conversation:
    """Questions about one capture; `refused` says why tshark refuses a filter, `heard` is given words as they come."""

    model: Model
    analysis: Analysis
    ledger: Ledger
    mapping: Mapping = field(default_factory=Mapping.off)
    looks: Looks | None = None
    refused: Callable[[str], str] = lambda display_filter: ""
    folder: Path | None = None
    heard: Heard | None = None
    nonce: str = field(default_factory=new_nonce)
    _said: list[Message] = field(default_factory=list)
    _used: list[Usage] = field(default_factory=list)

    def ask(self, brief: Brief, shorter: Callable[[], Brief] | None = None) -> Answer:
        """Return the checked answer to the brief's question; a further one goes on from what was said.

        A model that cannot read as much is given the `shorter` brief, once.

        Raises:
            ModelError: the model cannot be reached or does not answer.
        """
        self._used.clear()
        before = list(self._said)
        try:
            first = self._answered(self._asking(brief))
        except TooLongError:
            if shorter is None or before:
                self._said = before
                raise
            brief = shorter()
            first = self._answered(self._asking(brief))
        return self._checked(brief, first)

    def _asking(self, brief: Brief) -> list[Message]:
        if self._said:
            again = prompts.render("again", self.folder, question=self.mapping.pseudonymise(brief.question))
            return [*self._said, Message("user", again)]
        return messages(brief, self.nonce, mapping=self.mapping, tools=self.looks is not None, folder=self.folder)

    def _answered(self, sent: list[Message]) -> Written:
        """Return what the model writes in the end, after as many looks as it wants and is allowed."""
        for turn in range(_TURNS):
            offered = self.looks.schemas if self.looks and turn < _TURNS - 1 else []
            reply = self._reply(sent, offered)
            if not reply.calls or not offered or self.looks is None:
                break
            sent.append(Message("assistant", reply.text, reply.calls))
            sent += self._looked(reply)
        sent.append(Message("assistant", reply.text))
        if _is_broken(reply):
            sent.append(Message("user", prompts.render("repair", self.folder, amiss=[_BROKEN])))
            reply = self._reply(sent, [])
            sent.append(Message("assistant", reply.text))
            if _is_broken(reply):
                raise ModelError(f"The answer of {visible(self.model.name)} breaks off, or is no JSON.", ASK_OFFLINE)
        self._said = sent
        return self._read(reply)

    def _looked(self, reply: Reply) -> list[Message]:
        assert self.looks is not None
        results = list[Message]()
        for call, stat in zip(reply.calls, self.looks.run(reply.calls), strict=True):
            self.ledger.learn_stat(stat)
            text = fence.marked(self.mapping.pseudonymise(looks.text(stat)), self.nonce)
            shown = prompts.render("result", self.folder, look=stat.id, nonce=self.nonce, text=text)
            results.append(Message("tool", shown, answers=call.id))
        return results

    def _reply(self, sent: list[Message], offered: list[dict[str, object]]) -> Reply:
        # A name that a tool has brought to light may stand in what was said before.
        clean = [m if m.role == "system" else replace(m, content=self.mapping.pseudonymise(m.content)) for m in sent]
        reply = self.model.reply(clean, offered, written.schema(), self.heard)
        if reply.usage:
            self._used.append(reply.usage)
        return reply

    def _read(self, reply: Reply) -> Written:
        found = written.read(reply.text) or written.prose(reply.text)
        back = self.mapping.restore
        claims = tuple(s.model_copy(update={"text": back(s.text)}) for s in found.claims)
        lines = {name: tuple(map(back, getattr(found, name))) for name in ("next_steps", "filters", "cannot_tell")}
        return found.model_copy(
            update={"verdict": back(found.verdict), "cause": back(found.cause), "claims": claims, **lines}
        )

    def _checked(self, brief: Brief, first: Written) -> Answer:
        answer = self._held(brief, first)
        if answer.backed < answer.statements:
            mended = self._held(brief, self._mended(answer))
            if (mended.backed, -mended.statements) >= (answer.backed, -answer.statements) and mended.backed:
                answer = mended
        if not answer.backed:
            return self._instead(brief, answer)
        return answer

    def _mended(self, answer: Answer) -> Written:
        amiss = [f"the verdict: {answer.verdict_why}"] if answer.verdict_why else []
        amiss += [f'"{claim.text}": {claim.why}' for claim in answer.claims if not claim.backed]
        lines = [self.mapping.pseudonymise(line) for line in amiss]
        self._said.append(Message("user", prompts.render("repair", self.folder, amiss=lines)))
        reply = self._reply(self._said, [])
        self._said.append(Message("assistant", reply.text))
        return self._read(reply)

    def _held(self, brief: Brief, said: Written) -> Answer:
        """Return the answer as the capture bears it out."""
        found = offline.answer(self.analysis, brief.question)
        return Answer(
            question=brief.question,
            verdict=said.verdict,
            cause=said.cause if said.cause != said.verdict else "",
            side=check.side(said),
            claims=check.claims(said, self.ledger, brief.question),
            next_steps=said.next_steps,
            filters=tuple(text for text in said.filters if not self.refused(text)),
            not_shown=said.cannot_tell,
            verdict_why=check.verdict(said, self.ledger, brief.question),
            doubts=advice.doubts(said, self.ledger, brief.question, self.refused),
            found=(
                Claim(text=found.verdict, frames=found.claims[0].frames if found.claims else ()),
                *found.also[:_FOUND],
            ),
            tool_calls=tuple(self.looks.taken) if self.looks else (),
            model=self.model.name,
            usage=self._usage(),
        )

    def _usage(self) -> Usage | None:
        if not self._used:
            return None
        return Usage(
            prompt_tokens=sum(used.prompt_tokens for used in self._used),
            completion_tokens=sum(used.completion_tokens for used in self._used),
        )

    def _instead(self, brief: Brief, answer: Answer) -> Answer:
        why = answer.verdict_why or next((claim.why for claim in answer.claims if claim.why), "")
        said = (
            f"The answer of {self.model.name} is not shown: none of its {count(answer.statements, 'statement')}"
            f" is borne out by the packets (of the verdict: {why}). This is the answer from the findings."
        )
        found = offline.answer(self.analysis, brief.question)
        return found.model_copy(update={"note": said, "usage": answer.usage, "tool_calls": answer.tool_calls})


def _is_broken(reply: Reply) -> bool:
    """Return whether a reply was meant to be JSON, and is none; plain words can be read as they are."""
    return written.read(reply.text) is None and (reply.cut or "{" in reply.text[:_OPENING])


def standing_text(folder: Path | None, tools: Sequence[Schema]) -> str:
    """Return what is sent with every question, whatever the capture: the prompts' own words, the tools, the schema."""
    system = prompts.render("system", folder, nonce="", mark="", redacted=True, tools=True)
    asked = prompts.render("ask", folder, question="", brief="", nonce="")
    return f"{system} {asked} {json.dumps([*tools, written.schema()])}"
