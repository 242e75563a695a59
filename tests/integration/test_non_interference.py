"""What a person may not read changes nothing that they see: two homes that differ only in it look the same to the byte.

Random corpora of few words, so that forbidden and readable documents share most of them. `surfaces` says what is
compared and `normalised` what of it is not: ids and times. On the exact path; the approximate one (more than 15,000
readable passages) goes through an index that all share.
"""

from __future__ import annotations

import random
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from compliance_bot.records import Principal
from compliance_bot.store import search as queries
from compliance_bot.store.scope import access_classes, open_classes
from compliance_bot.testing import throw_away_bot

from .surfaces import surfaces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from compliance_bot.bot import ComplianceBot
    from compliance_bot.records import Scope
    from compliance_bot.store.connect import Transaction

    Homes = tuple[ComplianceBot, ComplianceBot]  # the first has the forbidden documents as well

ANA = Principal(id="ana", groups={"aml"}, attributes={"clearance": 1})
POLICIES = """
@id("work") permit (principal in Group::"aml",
  action in [Action::"ask", Action::"search", Action::"review", Action::"ingest"], resource);
@id("read") permit (principal in Group::"aml", action == Action::"read", resource)
  when { principal has clearance && resource has classification && resource.classification <= principal.clearance };
@id("wall") forbid (principal, action == Action::"read", resource)
  when { resource has matter } unless { principal == User::"admin" };
"""
WORDS = "fee transfer abroad crown branch harbour form sign account close member board raise report limit audit".split()
SECRET = {"classification": 3}
WALLED = {"classification": 0, "matter": "heron"}
ABSENT = str(UUID(int=7))


@dataclass(frozen=True)
class File:
    """A document to ingest."""

    folder: str
    name: str
    text: str
    attributes: tuple[tuple[str, object], ...]


@dataclass(frozen=True)
class Case:
    """Readable documents, forbidden ones before and after them, and what is asked."""

    name: str
    before: tuple[File, ...]
    readable: tuple[File, ...]
    after: tuple[File, ...]
    questions: tuple[str, ...]


def sentence(chance: random.Random) -> str:
    return " ".join(["The", *chance.choices(WORDS, k=chance.randrange(5, 12))]) + "."


def texts(chance: random.Random, number: int) -> list[str]:
    return [" ".join(sentence(chance) for _ in range(chance.randrange(1, 4))) for _ in range(number)]


def files(folder: str, written: list[str], attributes: dict[str, object], *, titles: str = "Paper") -> tuple[File, ...]:
    return tuple(
        File(folder, f"{n}.md", f"# {titles} {n}\n\n{text}\n", tuple(attributes.items()))
        for n, text in enumerate(written)
    )


def case(name: str, seed: int) -> Case:
    """Return one of the corpora."""
    chance = random.Random(seed)
    written = texts(chance, 6)
    asked = tuple(" ".join(chance.sample(WORDS, 4)) + "?" for _ in range(2))
    readable = files(f"{name}/open", written, {"classification": 1})
    shut = f"{name}/shut"
    question_words = [f"{question} {sentence(chance)}" for question in asked for _ in range(3)]
    near = [text.replace("fee", "limit") + " Secret." for text in written]
    before, after = {
        "shared words": (files(shut, question_words, SECRET), ()),
        "near duplicates": ((), files(shut, near, WALLED)),
        "exact duplicates with the same titles": (files(shut, written, SECRET), files(f"{shut}2", written, WALLED)),
        "many": (files(shut, texts(chance, 60), SECRET), files(f"{shut}2", texts(chance, 20), WALLED)),
        "around": (files(shut, texts(chance, 5), WALLED), files(f"{shut}2", question_words, SECRET)),
        "new words": ((), files(shut, [f"Zebra {text}" for text in written], SECRET)),
        "long": (files(shut, [" ".join(texts(chance, 40))], SECRET), ()),
    }[name]
    return Case(name, before, readable, after, (*asked, "zebra secret?"))


NAMES = [
    "shared words",
    "near duplicates",
    "exact duplicates with the same titles",
    "many",
    "around",
    "new words",
    "long",
]


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homes]:
    """Return two empty homes with the same policies."""
    with ExitStack() as stack:
        bots = []
        for name in ("with", "without"):
            home = tmp_path_factory.mktemp(name) / "home"
            made = stack.enter_context(throw_away_bot(home))
            (home / "policies" / "locks.cedar").write_text(POLICIES, encoding="utf-8")
            bot = stack.enter_context(type(made).open(home))
            bot.embedder, bot.detector = made.embedder, made.detector
            bots.append(bot)
        yield bots[0], bots[1]


def put(bot: ComplianceBot, folder: Path, written: tuple[File, ...]) -> None:
    """Ingest files, all of one folder with the same attributes."""
    for place in dict.fromkeys((file.folder, file.attributes) for file in written):
        inside = [file for file in written if (file.folder, file.attributes) == place]
        for file in inside:
            path = folder / file.folder / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text, encoding="utf-8")
        report = bot.ingest([folder / place[0]], collection="papers", attributes=dict(place[1]))
        assert (report.ingested, report.rejected) == (len(inside), ())


def forget(bot: ComplianceBot, *, readable: bool) -> None:
    """Delete the forbidden documents, or the readable ones."""
    for one in bot.documents(principal="admin"):
        if (one.attributes["classification"] == 1) == readable:
            bot.delete(one.document, principal="admin")


def differing(homes: Homes, questions: tuple[str, ...]) -> set[str]:
    """Return in which ways the first home looks different to Ana from the second."""
    hidden = [one.document for one in homes[0].documents(principal="admin") if one.attributes["classification"] != 1]
    # To a forbidden document of the one home, an absent one of the other stands.
    one = surfaces(homes[0], ANA, questions, others=[*hidden, ABSENT, ABSENT][:2], records=[ABSENT])
    other = surfaces(homes[1], ANA, questions, others=[ABSENT, ABSENT], records=[ABSENT])
    assert one.keys() == other.keys()
    return {name for name in one if one[name] != other[name]}


@pytest.mark.parametrize("name", NAMES)
def test_forbidden_documents_change_nothing_that_is_seen(homes: Homes, tmp_path: Path, name: str) -> None:
    whole, bare = homes
    given = case(name, seed=len(name))
    put(whole, tmp_path, given.before)
    for bot in (whole, bare):
        put(bot, tmp_path, given.readable)
    put(whole, tmp_path, given.after)
    assert len(whole.documents(principal="admin")) > len(bare.documents(principal="admin"))
    assert differing((whole, bare), given.questions) == set()
    forget(whole, readable=False)
    assert differing((whole, bare), given.questions) == set()
    for bot in (whole, bare):
        forget(bot, readable=True)


def test_document_frequencies_of_everything_would_be_seen(
    homes: Homes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mechanism taken away: what is compared does show it."""
    whole, bare = homes
    given = case("shared words", seed=1)
    put(whole, tmp_path, given.before)
    for bot in (whole, bare):
        put(bot, tmp_path, given.readable)
    frequencies = queries.document_frequencies

    def everywhere(transaction: Transaction, scope: Scope, terms: Sequence[int]) -> dict[int, int]:
        every = tuple(one.id for one in access_classes(transaction))
        open_classes(transaction, every)
        found = frequencies(transaction, replace(scope, classes=every), terms)
        open_classes(transaction, scope.classes)
        return found

    monkeypatch.setattr(queries, "document_frequencies", everywhere)
    found = differing((whole, bare), given.questions)
    assert {name.split()[0] for name in found} >= {"search", "retriever"}
    monkeypatch.undo()
    assert differing((whole, bare), given.questions) == set()
    for bot in (whole, bare):
        forget(bot, readable=True)
    forget(whole, readable=False)


def test_ingest_says_the_same_of_a_file_that_is_there_forbidden_and_of_one_that_is_not(
    homes: Homes, tmp_path: Path
) -> None:
    """Its attributes are those that it has already: others would be refused, as decision 4 says."""
    whole, bare = homes
    secret = files("secret", ["The fee is raised."], SECRET)
    put(whole, tmp_path, secret)

    def report(bot: ComplianceBot) -> object:
        return bot.ingest([tmp_path / "secret"], collection="papers", attributes=SECRET, principal=ANA)

    path = tmp_path / "secret" / "0.md"
    for text in (secret[0].text, secret[0].text, "# Other\n\nAnother text.\n"):
        path.write_text(text, encoding="utf-8")
        assert report(whole) == report(bare)
    for bot in (whole, bare):
        forget(bot, readable=False)
