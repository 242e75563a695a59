"""What an embedder gets of a question: its own words where they stay in this process, and elsewhere no value of it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from langchain_core.embeddings import Embeddings

from compliance_bot.ingest import prepare
from compliance_bot.models.embed import LangChainEmbedder, OnnxEmbedder
from compliance_bot.testing import HashEmbedder
from tests.integration.surfaces import surfaces

from .homes import ANA, BEN, PEOPLE, home, letters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from compliance_bot.bot import ComplianceBot
    from compliance_bot.models.embed import Embedder

    Homes = tuple[ComplianceBot, ComplianceBot]

HERE, THERE = "Maria Lopez", "Zorblax Quindle"
VALUES = {**PEOPLE, THERE: "PERSON"}
ASKED = "What did Maria Lopez pay with 4111 1111 1111 1111?"
MASKED = "What did person pay with credit card?"
QUESTIONS = [HERE, THERE, f"What did {HERE} pay with {THERE} on Friday?"]


class Service(Embeddings):
    """A model that is given texts, and keeps them to be looked at."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._model = HashEmbedder()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.texts += texts
        return [vector.astype(float).tolist() for vector in self._model.embed(texts)]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


class Silent:
    """An embedder of somebody's own that does not say where it computes."""

    dim = HashEmbedder().dim
    manifest_hash = hashlib.sha256(b"somebody's own").hexdigest()

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts += texts
        return HashEmbedder().embed(texts)


class SaysMaybe(Silent):
    """One that says something, and not that texts stay here."""

    is_local = "yes"


class Local(Silent):
    """One that says that texts stay in this process."""

    is_local = True


def fill(bot: ComplianceBot, embedder: Embedder) -> None:
    bot.embedder = embedder
    assert not bot.ingest_loader(letters(), collection="letters").rejected


@pytest.mark.parametrize("kind", [Service, Silent, SaysMaybe])
def test_an_embedder_that_may_be_elsewhere_gets_no_value_whatever_is_asked(
    kind: type[Service | Silent | SaysMaybe],
) -> None:
    given = kind()
    embedder = LangChainEmbedder(given, name="theirs", dim=384) if isinstance(given, Service) else given
    with home(VALUES) as bot:
        fill(bot, embedder)
        for who in (ANA, BEN):
            surfaces(bot, who, [ASKED])
    assert given.texts.count(MASKED) >= 2 * 9  # each way to ask, of each of them
    assert not [text for text in given.texts for word in ("maria", "lopez", "4111") if word in text.lower()]


def test_one_in_this_process_gets_the_question_as_it_was_typed() -> None:
    embedder = Local()
    with home(VALUES) as bot:
        fill(bot, embedder)
        stored = len(embedder.texts)
        assert not any("Lopez" in text for text in embedder.texts)
        for ask in (bot.ask, bot.search):
            ask(ASKED, principal=BEN)
        assert embedder.texts[stored:] == [ASKED, ASKED]


def test_the_shipped_embedder_is_local_and_any_langchain_model_is_not() -> None:
    shipped = OnnxEmbedder.load(threads=1)
    assert shipped.is_local is True
    assert not hasattr(LangChainEmbedder(shipped, name="shipped", dim=shipped.dim), "is_local")


def test_a_word_that_only_detection_takes_for_a_name_finds_what_it_is_about() -> None:
    """In the letters "Tariff" is a word; the question's detector takes it for a name. Its meaning is left."""
    with home({**VALUES, "tariff": "PERSON"}, *letters()) as bot:
        assert bot.search("tariff", principal=BEN)[0].title == "Tariff"


@pytest.fixture(scope="module")
def homes() -> Iterator[Homes]:
    """Two homes that differ only in a name that Ben may not see."""
    with home(VALUES, *letters(HERE)) as one, home(VALUES, *letters(THERE)) as other:
        yield one, other


def differing(homes: Homes) -> set[str]:
    """Return in which ways the homes look different to Ben, who asks for either name in both."""
    one, other = (surfaces(bot, BEN, QUESTIONS) for bot in homes)
    assert one.keys() == other.keys()
    return {way for way in one if one[way] != other[way]}


def test_to_who_may_not_see_a_name_homes_that_differ_in_it_look_the_same_to_the_byte(homes: Homes) -> None:
    assert differing(homes) == set()
    found = [{hit.title for hit in bot.search(HERE, principal=ANA, reveal=False) if hit.lexical} for bot in homes]
    assert found == [{"Letter to <PERSON_1>", "Letter of thanks"}, {"Letter of thanks"}]  # there is something to see


def test_vectors_made_of_values_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mechanism taken away: what is compared does show it."""
    homes = []
    with home(VALUES) as one, home(VALUES) as other:
        for bot, name in ((one, HERE), (other, THERE)):
            monkeypatch.setattr(prepare, "in_words", lambda text, name=name: text.replace("<PERSON_1>", name))
            assert not bot.ingest_loader(letters(name), collection="letters").rejected
            homes.append(bot)
        assert {way.split()[0] for way in differing((homes[0], homes[1]))} >= {"search", "retriever"}
