"""Throw-away homes with a benchmark's corpus in them; with a folder to keep them in, they are made once."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from compliance_bot import Principal
from compliance_bot.bot import ComplianceBot
from compliance_bot.home import throw_away_home
from compliance_bot.policy.decide import Circumstances
from compliance_bot.store.embedded import destroy
from compliance_bot.store.scope import open_scope
from tests.benchmarks.datasets import ATTRIBUTES, READABLE, Question, obliqa, widened, xquad
from tests.benchmarks.wide import SentenceMeans

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compliance_bot.records import Scope
    from compliance_bot.store.connect import Transaction

_READ_UP_TO_CLEARANCE = """\
@id("clearance-opens")
permit (principal, action == Action::"read", resource)
when { principal has clearance && resource has classification && resource.classification <= principal.clearance };
"""
_READ_ALL_BUT_ONE = """\
@id("one-is-hidden")
permit (principal, action == Action::"read", resource)
when { principal has clearance && resource has classification && resource.classification != principal.clearance };
"""
_ONLY_NUMBERS = (
    "name: only-numbers\ndescription: Leaves names, which many of the questions ask for.\ngroups: [card, account]\n"
)
_ASK = """\
@id("all-ask")
permit (principal, action in [Action::"ask", Action::"search"], resource);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Where the data is, how much of it is taken, and where homes are kept (None: nowhere)."""

    data: Path
    limit: int | None = None
    homes: Path | None = None
    wide: int = 100_000


def reader(clearance: int) -> Principal:
    """Return a person who may read what `READABLE` says of that clearance."""
    return Principal(id=f"clearance-{clearance}", attributes={"clearance": clearance})


EVERYTHING = max(READABLE)


@contextmanager
def entered(bot: ComplianceBot, clearance: int) -> Iterator[tuple[Transaction, Scope]]:
    """Open a transaction in the scope of a person with this clearance."""
    with bot.parts.database.reading() as snapshot:
        now = Circumstances(now=datetime.now(UTC))
        yield snapshot, open_scope(snapshot, bot.parts.engine, reader(clearance), now)


@contextmanager
def obliqa_home(setup: Setup) -> Iterator[tuple[ComplianceBot, Path]]:
    """Open a home with ObliQA in it; yields the bot and the BEIR folder."""
    with _place(setup, "obliqa") as place:
        folder = obliqa(setup.data, place / "corpus", setup.limit)
        with _filled(place, folder, _READ_UP_TO_CLEARANCE) as bot:
            yield bot, folder


@contextmanager
def profiled_home(setup: Setup, name: str, profile: str) -> Iterator[tuple[ComplianceBot, Path]]:
    """Open a home with ObliQA in it, masked by a redaction profile of that name; yields the bot and the BEIR folder."""
    with _place(setup, f"obliqa-{name}") as place:
        folder = obliqa(setup.data, place / "corpus", setup.limit)
        given = {"redaction.yaml": f"default: {name}\n", f"redaction/{name}.yaml": profile}
        with _filled(place, folder, _READ_UP_TO_CLEARANCE, profile=given) as bot:
            yield bot, folder


@contextmanager
def wide_home(setup: Setup) -> Iterator[tuple[ComplianceBot, Path]]:
    """Open a home with ObliQA and new passages made of its sentences, `setup.wide` of them together."""
    with _place(setup, "wide") as place:
        small = obliqa(setup.data, place / "small", setup.limit)
        folder, made = widened(small, place / "corpus", setup.wide)
        with _filled(place, folder, _READ_UP_TO_CLEARANCE, made) as bot:
            yield bot, folder


@contextmanager
def xquad_home(setup: Setup) -> Iterator[tuple[ComplianceBot, tuple[Question, ...]]]:
    """Open a home with XQuAD's paragraphs; who has clearance n may read all of them but the n-th."""
    with _place(setup, "xquad") as place:
        folder, questions = xquad(setup.data, place / "corpus", setup.limit)
        profile = {"redaction.yaml": "default: only-numbers\n", "redaction/only-numbers.yaml": _ONLY_NUMBERS}
        with _filled(place, folder, _READ_ALL_BUT_ONE, profile=profile) as bot:
            yield bot, questions


@contextmanager
def _place(setup: Setup, name: str) -> Iterator[Path]:
    if setup.homes is not None:
        yield setup.homes / f"{name}-{setup.limit or 'all'}"
        return
    with tempfile.TemporaryDirectory() as scratch:
        try:
            yield Path(scratch)
        finally:
            destroy(Path(scratch) / "home")


@contextmanager
def _filled(
    place: Path,
    folder: Path,
    policies: str,
    made: Mapping[str, tuple[str, ...]] | None = None,
    profile: Mapping[str, str] | None = None,
) -> Iterator[ComplianceBot]:
    home, done = place / "home", place / "done"
    if not done.exists():
        with throw_away_home(home, keep=True):
            (home / "policies" / "redaction").mkdir(exist_ok=True)
            for name, text in {"bench.cedar": policies + _ASK, **(profile or {})}.items():
                (home / "policies" / name).write_text(text, encoding="utf-8")
            with ComplianceBot.open(home) as bot:
                if made:
                    _teach(bot, made)
                bot.ingest([folder / "corpus.jsonl"], collection="bench", attribute_list=folder / ATTRIBUTES)
        done.touch()
    with ComplianceBot.open(home) as bot:
        yield bot


def _teach(bot: ComplianceBot, made: Mapping[str, tuple[str, ...]]) -> None:
    """Have a bot take the vectors of made passages from their sentences."""
    named = bot._embedding
    bot.__dict__["_embedding"] = replace(named, embedder=SentenceMeans(named.embedder, made))
    assert isinstance(bot.parts.embedder, SentenceMeans), "the parts are made after the embedder"
