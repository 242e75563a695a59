"""Documents from LangChain loaders: the community's and one's own, with metadata that decide who may read them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.document_loaders import BaseLoader
from langchain_core.documents import Document

from compliance_bot import ComplianceBot, Principal
from compliance_bot.errors import Refused
from compliance_bot.policy.attributes import UndeclaredAttribute


@pytest.fixture(scope="module")
def bot(home: Path) -> Iterator[ComplianceBot]:
    with ComplianceBot.open(home) as opened:
        yield opened


class Pages(BaseLoader):
    """Brings what it was given, and then fails if it is told to."""

    def __init__(self, *documents: Document, fails: bool = False) -> None:
        self._documents, self._fails = documents, fails

    def lazy_load(self) -> Iterator[Document]:
        yield from self._documents
        if self._fails:
            raise OSError("no words of mine")


def page(text: str, **metadata: object) -> Document:
    return Document(page_content=text, metadata=metadata)


def titles(bot: ComplianceBot, collection: str) -> set[str]:
    return {d.title for d in bot.documents(principal="admin") if d.collection == collection}


def test_pages_of_one_source_are_one_document_with_pages(bot: ComplianceBot) -> None:
    loader = Pages(
        page("# Moat\n\nThe moat is drained each spring.", source="s3://x/moat.pdf", page=0, title="Moat"),
        page("The eel trap is emptied by jan.novak@x.example.", source="s3://x/moat.pdf", page=1),
        page("The drawbridge is oiled monthly.", source="s3://x/bridge.pdf", page=0),
    )
    report = bot.ingest_loader(loader, collection="castle")
    assert (report.ingested, report.rejected) == (2, ())
    assert titles(bot, "castle") == {"Moat", "bridge.pdf"}
    (hit,) = bot.search("eel trap", principal="admin", k=1)
    assert hit.page == 2 or hit.passage.page_starts
    answer = bot.ask("Who empties the eel trap?", principal="admin", reveal=False)
    assert answer.citations[0].page == 2
    assert "jan.novak" not in answer.answer
    assert bot.ingest_loader(loader, collection="castle").skipped == 2


def test_metadata_become_attributes_that_the_policies_see(bot: ComplianceBot) -> None:
    loader = Pages(
        page("Turnips are sown in May.", source="a", level="2", labels=["roots", "spring"]),
        page("Leeks are sown in March.", source="b", level=3, labels=[]),
    )
    mapping = {"level": "classification", "labels": "tags"}
    assert bot.ingest_loader(loader, collection="garden", metadata_attributes=mapping).ingested == 2
    found = {d.title: d.attributes for d in bot.documents(principal="admin") if d.collection == "garden"}
    assert found["a"]["classification"] == 2
    assert found["a"]["tags"] == frozenset({"roots", "spring"})
    assert found["b"]["classification"] == 3


def test_what_decides_who_may_read_is_never_guessed(bot: ComplianceBot) -> None:
    loader = Pages(
        page("No level at all.", source="a"),
        page("A level that is none.", source="b", level="high"),
        page("One level here.", source="c", level=1),
        page("Another there.", source="c", level=2),
        page("All is well.", source="d", level=1),
    )
    report = bot.ingest_loader(loader, collection="levels", metadata_attributes={"level": "classification"})
    assert report.ingested == 1
    assert {one.path: one.reason.partition(" ")[0] for one in report.rejected} == {"a": "its", "b": "the", "c": "its"}
    given = {"metadata_attributes": {"level": "classification"}, "attributes": {"classification": 5}}
    report = bot.ingest_loader(Pages(page("No level.", source="e")), collection="levels", **given)  # type: ignore[arg-type]
    assert report.ingested == 1
    (found,) = [d for d in bot.documents(principal="admin") if d.title == "e"]
    assert found.attributes["classification"] == 5


def test_an_undeclared_attribute_is_refused_before_the_loader_begins(bot: ComplianceBot) -> None:
    loader = Pages(fails=True)
    with pytest.raises(UndeclaredAttribute, match="colour"):
        bot.ingest_loader(loader, collection="x", metadata_attributes={"colour": "colour"})
    with pytest.raises(Refused):
        bot.ingest_loader(loader, collection="x", principal=Principal(id="stranger"))


def test_a_loader_that_fails_midway_loses_nothing_that_it_brought(bot: ComplianceBot) -> None:
    loader = Pages(page("The millstone weighs a ton.", source="mill"), page("", source="empty"), fails=True)
    report = bot.ingest_loader(loader, collection="mill")
    assert report.ingested == 1
    assert [one.path for one in report.rejected] == ["(loader)", "empty"] or {one.path for one in report.rejected} == {
        "(loader)",
        "empty",
    }
    assert "no words of mine" not in str(report)


def test_documents_without_a_source_are_known_by_their_text(bot: ComplianceBot) -> None:
    documents = [page("Foxes dig."), page("Hares run.")]
    assert bot.ingest_loader(documents, collection="loose").ingested == 2
    assert bot.ingest_loader(documents, collection="loose").skipped == 2


def test_a_loader_of_the_community(bot: ComplianceBot, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package says that it is on its way out
        loaders = pytest.importorskip(
            "langchain_community.document_loaders", reason="the extra `loaders` is not installed"
        )
        file = tmp_path / "boats.csv"
        file.write_text("boat,berth\nHeron,12\nPetrel,14\n", encoding="utf-8")
        loader = loaders.CSVLoader(str(file), metadata_columns=["berth"])
        report = bot.ingest_loader(loader, collection="boats", source_keys=("source", "row"))
        (tmp_path / "note.txt").write_text("The Petrel is repainted in June.", encoding="utf-8")
        report_of_text = bot.ingest_loader(loaders.TextLoader(str(tmp_path / "note.txt")), collection="boats")
    assert (report.ingested, report_of_text.ingested) == (2, 1)
    assert "June" in bot.ask("When is the Petrel repainted?", principal="admin").answer
