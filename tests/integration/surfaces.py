"""Everything that a person can see of a home, in one value that can be compared.

`surfaces` asks by every way that the product has; `normalised` makes two homes comparable. What it takes out is what is
random or a time, and nothing else: ids become numbers in the order in which they first appear, moments become one word,
durations go, and so do the place of a record in its lane, which counts what others did as well, the number of a
passage's access class, which `records` says never leaves the process, and receipts, which are salted.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, is_dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from compliance_bot.errors import ComplianceError
from compliance_bot.integrations.langchain import ComplianceRetriever
from compliance_bot.integrations.steps import recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from compliance_bot.bot import ComplianceBot
    from compliance_bot.records import Principal

_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\"[0-9a-f]{16}\"")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:?\d\d|Z)?")
_LEFT_OUT = frozenset({"timings_ms", "timings_us", "lane", "class_id", "receipt"})
# Under a broken lock the record of a question says which passages were denied: that is what it is for.
_DENIED = frozenset({"denied", "denied_by"})
_SALTED = "payload"  # of an envelope: a commitment to the sealed half, another one each time
_NAMED_ANEW = "index"  # the state of the index, under another name in each record


def normalised(value: object) -> str:
    """Return a value as JSON, with ids, moments and durations as this module's first lines say."""
    text = _MOMENT.sub("(moment)", json.dumps(_plain(value), indent=1, sort_keys=True, ensure_ascii=False))
    numbers: dict[str, str] = {}
    return _ID.sub(lambda match: numbers.setdefault(match.group(), f"(id {len(numbers) + 1})"), text)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict) or hasattr(value, "items"):
        return {str(name): _plain(one) for name, one in value.items() if name not in _LEFT_OUT}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, value))
    return value.isoformat() if isinstance(value, datetime) else value


def surfaces(
    bot: ComplianceBot,
    who: Principal,
    questions: Sequence[str],
    *,
    others: Iterable[str] = (),
    records: Iterable[str] = (),
) -> dict[str, str]:
    """Return what a person sees of a home by every way there is, each normalised.

    `others` are ids of documents that they may not see, or of none; `records` are acts of others.
    """
    found: dict[str, str] = {}

    def see(name: str, act: Callable[[], object]) -> None:
        try:
            found[name] = normalised(act())
        except ComplianceError as error:
            found[name] = f"{type(error).__name__} {error.exit_code}: {error} ({error.hint})"

    for question in questions:
        _ask(bot, who, question, see)
    see("documents", lambda: bot.documents(principal=who))
    titled = sorted((one.title, one.document) for one in bot.documents(principal=who))
    see("shown", lambda: [bot.document(id_, principal=who) for _, id_ in titled])
    see("history", lambda: [bot.history(id_, principal=who) for _, id_ in titled])
    see("sample", lambda: sorted(bot.sample_passages(1000, principal=who, seed=1).passages, key=lambda one: one.text))
    see("quality", lambda: bot.redaction_quality(principal=who))
    for number, other in enumerate(others):
        for version in (None, 1, 99):
            see(
                f"other {number} version {version}",
                lambda id_=other, v=version: bot.document(id_, principal=who, version=v),
            )
        see(f"other {number} confirm", lambda id_=other: bot.confirm_redaction(id_, 0, 5, principal=who))
        see(f"other {number} history", lambda id_=other: bot.history(id_, principal=who))
        see(f"other {number} delete", lambda id_=other: bot.delete(id_, principal=who))
    for number, record in enumerate(records):
        see(f"record {number}", lambda id_=record: bot.record(id_, principal=who))
    see("passages", lambda: [bot.has_passages([ref], principal=who) for ref in ("canary-ref", "no-ref")])
    return found


def _ask(bot: ComplianceBot, who: Principal, question: str, see: Callable[[str, Callable[[], object]], None]) -> None:
    see(f"ask {question}", lambda: bot.ask(question, principal=who))
    see(f"stream {question}", lambda: list(bot.stream(question, principal=who)))
    see(f"search {question}", lambda: [bot.search(question, principal=who, k=k) for k in (1, 2, 10)])
    see(f"retriever {question}", lambda: _retrieved(bot, who, question))
    see(f"steps {question}", lambda: _stepped(bot, who, question))
    see(f"own record {question}", lambda: _own_record(bot, who, question))
    exact = bot.parts
    bot.parts = replace(exact, exact_threshold=0)
    try:
        see(f"approximate {question}", lambda: bot.search(question, principal=who))
    finally:
        bot.parts = exact


def _retrieved(bot: ComplianceBot, who: Principal, question: str) -> object:
    documents = ComplianceRetriever(bot=bot, principal=who).invoke(question)
    return [(one.page_content, one.metadata) for one in documents]


def _stepped(bot: ComplianceBot, who: Principal, question: str) -> object:
    with recorded(bot, principal=who) as steps:
        chain = steps.mask | steps.retrieve | steps.recheck | steps.compose | steps.cite | steps.screen
        steps.conclude(chain.invoke(question))
    return steps.answer


def _own_record(bot: ComplianceBot, who: Principal, question: str) -> object:
    """Return the record of one's own question, as a reviewer sees it."""
    shown = bot.record(bot.ask(question, principal=who).record, principal=who)
    public: Mapping[str, Any] = shown.envelope["public"]
    envelope = {name: one for name, one in shown.envelope.items() if name != _SALTED}
    envelope["public"] = {name: one for name, one in public.items() if name not in {*_DENIED, _NAMED_ANEW}}
    return replace(shown, envelope=envelope)
