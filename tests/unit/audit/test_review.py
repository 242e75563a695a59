"""Review: the trail shows who asked what, and quotes only from what its reader may read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from compliance_bot.audit.record import Opened
from compliance_bot.audit.review import WITHHELD, cited_documents, show, summarise
from compliance_bot.records import DocumentId, RecordId

OPEN, CLOSED = DocumentId("open"), DocumentId("closed")
AT = datetime(2026, 3, 3, tzinfo=UTC)


def opened(citations: list[str], *, sentences: list[list[int]] | None = None) -> Opened:
    """Return a record whose citation n quotes the n-th document."""
    numbered = list(enumerate(citations, 1))
    private: dict[str, Any] = {
        "principal": {"id": "ana"},
        "question": "What is kept?",
        "answer": " ".join(f"from {name}" for name in citations),
        "sentences": [{"text": f"sentence {n}", "citations": used} for n, used in enumerate(sentences or [], 1)],
        "citations": [
            {"n": n, "title": f"T {name}", "heading": f"H {name}", "quote": f"Q {name}"} for n, name in numbered
        ],
    }
    place = {"version": 2, "sha256": "ab" * 32, "start": 5, "end": 9}
    public = {"citations": [{"n": n, "document": name, **place} for n, name in numbered]}
    envelope = {"type": "answer", "outcome": "answered", "public": public}
    return Opened(id=RecordId("r"), at=AT, envelope=envelope, private=private)


def test_everything_is_shown_to_one_who_may_read_all_that_is_quoted() -> None:
    record = opened([OPEN, CLOSED], sentences=[[1], [2]])
    shown = show(record, {OPEN, CLOSED})
    assert shown.payload == record.private
    assert (shown.record, shown.at, shown.type, shown.principal, shown.outcome) == (
        "r",
        AT,
        "answer",
        "ana",
        "answered",
    )


def test_quotes_and_what_rests_on_them_are_withheld_otherwise() -> None:
    shown = show(opened([OPEN, CLOSED], sentences=[[1], [2], [1, 2], []]), {OPEN})
    assert [citation["quote"] for citation in shown.payload["citations"]] == ["Q open", WITHHELD]
    assert [sentence["text"] for sentence in shown.payload["sentences"]] == [
        "sentence 1",
        WITHHELD,
        WITHHELD,
        "sentence 4",
    ]
    assert shown.payload["question"] == "What is kept?"


@pytest.mark.parametrize("readable", [set(), {OPEN}])
def test_no_word_of_a_withheld_document_is_left(readable: set[DocumentId]) -> None:
    shown = show(opened([CLOSED], sentences=[[1]]), readable)
    text = repr(shown.payload)
    assert not [word for word in ("T closed", "H closed", "Q closed", "from closed", "sentence 1") if word in text]


def test_the_record_itself_is_not_changed() -> None:
    record = opened([CLOSED], sentences=[[1]])
    show(record, set())
    assert record == opened([CLOSED], sentences=[[1]])


def test_a_record_without_citations_is_shown_whole() -> None:
    record = Opened(
        id=RecordId("r"),
        at=AT,
        envelope={"type": "ingest", "outcome": "done", "public": {}},
        private={"principal": {"id": "admin"}, "collection": "aml"},
    )
    assert show(record, set()).payload == record.private
    assert cited_documents(record) == frozenset()
    assert summarise([record])[0].citations == ()


def test_a_line_of_the_trail_tells_no_text() -> None:
    (line,) = summarise([opened([OPEN, CLOSED])])
    assert (line.record, line.at, line.type, line.principal, line.outcome) == ("r", AT, "answer", "ana", "answered")
    assert [(span.n, span.document, span.version, span.start, span.end) for span in line.citations] == [
        (1, OPEN, 2, 5, 9),
        (2, CLOSED, 2, 5, 9),
    ]
    assert cited_documents(opened([OPEN, CLOSED, OPEN])) == {OPEN, CLOSED}
