"""Only what stands word for word in an offered passage is cited."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.chains.cite import cite
from compliance_bot.models.contract import Quote, Reply, ReplySentence
from compliance_bot.records import ChunkId, ClassId, DocumentId, Lead, Passage, VersionId


def passage(text: str, *, chunk: str = "c1", start: int = 0, leads: tuple[Lead, ...] = (), **more: object) -> Passage:
    fields: dict[str, object] = {
        "chunk": ChunkId(chunk), "document": DocumentId("d1"), "title": "Tariff", "collection": "policies",
        "version": 2, "version_id": VersionId("v1"), "version_sha256": "aa", "sha256": "bb",
        "valid_from": datetime(2026, 1, 1, tzinfo=UTC), "ref": None, "page": None, "page_starts": (), "heading": "Fees",
        "class_id": ClassId(1),
    }  # fmt: skip
    return Passage(**{**fields, **more}, text=text, start=start, end=start + len(text), leads=leads)  # type: ignore[arg-type]


def reply(*sentences: tuple[str, list[Quote]]) -> Reply:
    return Reply(sentences=tuple(ReplySentence(text=text, quotes=tuple(quotes)) for text, quotes in sentences))


def quote(text: str, *, chunk: str = "c1", start: int | None = None) -> Quote:
    return Quote(id=ChunkId(chunk), quote=text, start=start)


def test_a_verbatim_quote_is_cited_with_its_place_in_the_document() -> None:
    cited = cite(reply(("It costs nine.", [quote("It costs nine.")])), [passage("Hm. It costs nine.", start=100)])
    (citation,) = cited.citations
    assert (citation.n, citation.start, citation.end, citation.quote) == (1, 104, 118, "It costs nine.")
    assert (citation.version, citation.heading, cited.unsupported) == (2, "Fees", 0)


def test_a_lead_in_and_an_item_are_two_quotes_of_one_sentence() -> None:
    offered = passage("- litigation files;", start=50, leads=(Lead(start=10, text="Never destroyed:"),))
    said = reply(("Never destroyed: - litigation files;", [quote("Never destroyed:"), quote("- litigation files;")]))
    cited = cite(said, [offered])
    assert [(c.n, c.start, c.quote) for c in cited.citations] == [
        (1, 10, "Never destroyed:"),
        (2, 50, "- litigation files;"),
    ]
    assert cited.sentences[0].citations == (1, 2)


def test_the_same_quote_has_one_number() -> None:
    said = reply(("A.", [quote("A.")]), ("A. B.", [quote("A."), quote("B.")]))
    cited = cite(said, [passage("A. B.")])
    assert [sentence.citations for sentence in cited.sentences] == [(1,), (1, 2)]


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ("It costs ten.", [quote("It costs ten.")]),
        ("It costs nine.", [quote("It costs nine.", chunk="c2")]),
        ("It costs nine.", [quote("It costs nine.", start=1)]),
        ("It costs nine.", [quote("It costs nine.", start=-14)]),
        ("It is free.", [quote("It costs nine.")]),
        ("It costs nine. Always.", [quote("It costs nine.")]),
        ("It costs nine.", []),
        ("It costs nine.", [quote("It costs nine."), quote("")]),
        ("it costs nine.", [quote("it costs nine.")]),
    ],
)
def test_what_does_not_stand_is_dropped_and_counted(text: str, quotes: list[Quote]) -> None:
    cited = cite(reply((text, quotes)), [passage("It costs nine.")])
    assert cited.sentences == cited.citations == ()
    assert cited.unsupported == 1


def test_a_page_is_that_of_the_quote_and_not_of_its_chunk() -> None:
    offered = passage("First page. Second page.", start=0, page=1, page_starts=(0, 12))
    said = reply(("Second page.", [quote("Second page.")]), ("First page.", [quote("First page.")]))
    assert [citation.page for citation in cite(said, [offered]).citations] == [2, 1]


@given(st.text(min_size=1, max_size=60), st.data())
def test_whatever_is_cited_stands_at_its_offsets(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    said = data.draw(st.one_of(st.just(text[start:end]), st.text(min_size=1, max_size=10)))
    offered = passage(text, start=7)
    for citation in cite(reply((said, [quote(said)])), [offered]).citations:
        assert text[citation.start - 7 : citation.end - 7] == citation.quote == said
