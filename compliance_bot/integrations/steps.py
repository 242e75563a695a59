"""The steps of the governed answer as LangChain runnables, for those who take some and bring others of their own.

    with recorded(bot, principal=ana) as steps:
        chain = steps.mask | steps.retrieve | steps.recheck | steps.compose | steps.cite | steps.screen
        steps.conclude(chain.invoke(question))
    print(steps.answer.answer)

They work only inside the open case of one question: `recorded` identifies the principal and asks whether they may ask
before any step exists, and appends the record when its block ends, however it ends. The answer is handed out after that
alone: no durable record, no answer. Each step takes what the one before it made, so none can be left out by mistake.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compliance_bot.chains import answer as chain
from compliance_bot.chains.answer import Grounds, Retrieved
from compliance_bot.chains.by_name import Asked
from compliance_bot.chains.case import closing
from compliance_bot.chains.cite import Cited, cite
from compliance_bot.chains.compose import Composed, compose
from compliance_bot.chains.conclude import conclude
from compliance_bot.chains.receipts import promise, receipted
from compliance_bot.chains.screen import screen
from compliance_bot.errors import UsageError
from compliance_bot.integrations.untraced import Governed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.runnables import RunnableConfig

    from compliance_bot.bot import ComplianceBot
    from compliance_bot.chains.answer import Parts
    from compliance_bot.chains.case import Case
    from compliance_bot.policy.decide import Circumstances
    from compliance_bot.records import Answer, Asker, Principal


class CaseClosed(UsageError):
    """The case of this question is closed: a step works only inside the block of `recorded`."""


class CaseOpen(UsageError):
    """The record of this question is not committed yet: there is no answer before the block of `recorded` has ended."""


class NoConclusion(UsageError):
    """The block of `recorded` ended without an answer."""

    hint = "Call `conclude` inside the block, with what the step `screen` made."


class StepOutOfOrder(UsageError):
    def __init__(self, name: str, expected: type) -> None:
        super().__init__(f"the step {name} expects a {expected.__name__}, as the step before it makes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A reply and what it was composed from; nothing of it is checked."""

    grounds: Grounds
    composed: Composed


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The sentences whose quotes stand word for word in their passages."""

    draft: Draft
    cited: Cited


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """Verified sentences without personal data: what may become an answer."""

    draft: Draft
    cited: Cited


class Step(Governed[Any, Any]):
    """One step of an open case."""

    def __init__(self, name: str, takes: type, open_case: Callable[[], Case], do: Callable[[Any], Any]) -> None:
        self.name, self._takes, self._open_case, self._do = name, takes, open_case, do

    def act(self, input: Any, config: RunnableConfig, **_: Any) -> Any:
        self._open_case()
        if not isinstance(input, self._takes):
            raise StepOutOfOrder(str(self.name), self._takes)
        return self._do(input)


class Steps:
    """The steps for one question of one principal, who may ask."""

    def __init__(self, parts: Parts, case: Case, principal: Principal, now: Circumstances) -> None:
        self._parts, self._case, self._is_open = parts, case, True
        self._concluded: Answer | None = None
        self._answer: Answer | None = None
        step = self._step
        self.mask = step("mask", str, lambda question: chain.mask_question(parts, question, case, now))
        self.retrieve = step("retrieve", Asked, lambda asked: chain.retrieve(parts, asked, principal, now, case))
        self.recheck = step("recheck", Retrieved, lambda found: chain.recheck_all(parts, found, principal, now, case))
        self.compose = step("compose", Grounds, self._compose)
        self.cite = step("cite", Draft, self._cite)
        self.screen = step("screen", Verified, self._screen)

    @property
    def record(self) -> str:
        """Id of the record that this question leaves."""
        return self._case.id

    @property
    def answer(self) -> Answer:
        """The answer, its record committed. Raises CaseOpen inside the block, NoConclusion where there is none."""
        if self._is_open:
            raise CaseOpen
        if self._answer is None:
            raise NoConclusion
        return self._answer

    def conclude(self, screened: Screened) -> None:
        """Make an answer of what stands; it is handed out when the record is committed. Once per question."""
        self._opened()
        if not isinstance(screened, Screened):
            raise StepOutOfOrder("conclude", Screened)
        if self._concluded is not None:
            raise UsageError("a question has one answer: `conclude` was called before")
        composed = screened.draft.composed
        grounds = screened.draft.grounds
        concluded = conclude(
            self._case, self._parts, grounds, screened.cited, composed.model, fallback=composed.fallback
        )
        self._concluded = promise(self._case, concluded)

    def _compose(self, grounds: Grounds) -> Draft:
        with self._case.step("compose"):
            given = (grounds.question, grounds.hits, grounds.found, grounds.sending)
            return Draft(grounds=grounds, composed=compose(grounds.composer, *given))

    def _cite(self, draft: Draft) -> Verified:
        with self._case.step("cite"):
            return Verified(draft=draft, cited=cite(draft.composed.reply, draft.grounds.passages))

    def _screen(self, verified: Verified) -> Screened:
        with self._case.step("screen"):
            passages = verified.draft.grounds.passages
            return Screened(draft=verified.draft, cited=screen(verified.cited, self._parts.redaction, passages))

    def _step(self, name: str, takes: type, do: Callable[[Any], Any]) -> Step:
        return Step(name, takes, self._opened, do)

    def _opened(self) -> Case:
        if not self._is_open:
            raise CaseClosed
        return self._case

    def _close(self) -> None:
        self._is_open = False

    def _hand_out(self) -> None:
        if self._concluded is not None:
            self._answer = receipted(self._case, self._concluded, self._parts.signs)


@contextmanager
def recorded(
    bot: ComplianceBot,
    *,
    principal: Asker,
    purpose: str | None = None,
    model: BaseChatModel | str | None = None,
) -> Iterator[Steps]:
    """Open the case of one question and return its steps. Raises Refused, on record, where they may not ask."""
    parts, identify, circumstances = bot.opening(principal=principal, purpose=purpose, model=model)
    steps: Steps | None = None
    try:
        with closing(parts.log, "answer") as case:
            who, now = chain.admit(parts, identify, circumstances, case)
            steps = Steps(parts, case, who, now)
            yield steps
            steps._close()
    finally:
        if steps is not None:
            steps._close()
    steps._hand_out()
