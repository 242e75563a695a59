"""From documents to a cited, recorded answer, as a user types it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import Cli

RETENTION = """# Records retention

## KYC records

Branches keep KYC records for {years} years after the customer relationship ends.
Questions go to records@example.com.

## Destruction

The following files are never destroyed:

- litigation files;
- files under a regulator's request, unless the regulator has closed it.
"""

Write = Callable[[str, str], Path]
pytestmark = pytest.mark.usefixtures("retention")


@pytest.fixture(scope="module")
def retention_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("documents") / "retention.md"
    path.write_text(RETENTION.format(years="five"), encoding="utf-8")
    return path


@pytest.fixture
def retention(cli: Cli, retention_file: Path) -> Path:
    """The file, ingested."""
    assert cli("ingest", retention_file, "--collection", "policies").code == 0
    return retention_file


def test_an_answer_quotes_its_document_verbatim(cli: Cli) -> None:
    answer = cli("ask", "How long do branches keep KYC records?", "--as", "ana", "--json").json
    assert not answer["abstained"]
    (citation,) = answer["citations"]
    assert "five years" in citation["quote"]
    shown = cli("documents", "show", citation["document"], "--text", "--as", "ana", "--json").json
    assert shown["text"][citation["start"] : citation["end"]] == citation["quote"]
    assert shown["sha256"] == citation["sha256"] == hashlib.sha256(shown["text"].encode()).hexdigest()
    assert answer["sentences"][0]["citations"] == [1]
    assert citation["heading"].endswith("KYC records")


def test_a_list_item_is_quoted_with_its_lead_in_and_exception(cli: Cli) -> None:
    answer = cli("ask", "Which files under a regulator's request are never destroyed?", "--as", "ana", "--json").json
    quotes = " ".join(citation["quote"] for citation in answer["citations"])
    assert "The following files are never destroyed:" in quotes
    assert "unless the regulator has closed it" in quotes


def test_personal_data_is_masked_in_text_question_and_answer(cli: Cli) -> None:
    (document,) = [d for d in cli("documents", "list", "--json").json["documents"] if d["title"] == "Records retention"]
    seen = cli("documents", "show", document["document"], "--text", "--json").json["text"]
    text = cli("documents", "show", document["document"], "--text", "--no-reveal", "--json").json["text"]
    assert seen == text.replace("<EMAIL_ADDRESS_1>", "records@example.com")  # the administrator may see it
    assert "records@example.com" not in text
    assert text == cli("documents", "show", document["document"], "--text", "--as", "ana", "--json").json["text"]
    answer = cli("ask", "Do questions on records go to somebody@example.org?", "--as", "ana", "--json").json
    assert answer["redactions"]["EMAIL_ADDRESS"] >= 1
    record = cli("audit", "show", answer["record"], "--json")
    assert "example.org" not in record.out


def test_an_unanswerable_question_is_an_abstention_with_exit_code_0(cli: Cli) -> None:
    result = cli("ask", "What is the capital requirement for crypto custodians?", "--as", "ana", "--json")
    assert result.code == 0
    assert result.json["abstained"]
    assert result.json["sentences"] == []
    assert "no source" in result.json["answer"]


def test_an_unchanged_file_is_skipped(cli: Cli, retention: Path) -> None:
    again = cli("ingest", retention, "--collection", "policies", "--json")
    assert again.code == 0
    assert again.json == {"ingested": 0, "skipped": 1, "rejected": []}


def test_a_changed_sentence_is_quoted_by_the_next_question_with_its_new_version(cli: Cli, retention: Path) -> None:
    try:
        retention.write_text(RETENTION.format(years="six"), encoding="utf-8")
        assert cli("ingest", retention, "--collection", "policies", "--json").json["ingested"] == 1
        answer = cli("ask", "How long do branches keep KYC records?", "--as", "ana", "--json").json
        (citation,) = answer["citations"]
        assert "six years" in citation["quote"]
        history = cli("documents", "history", citation["document"], "--json").json["versions"]
        assert [version["version"] for version in history] == list(range(len(history), 0, -1))
        assert citation["version"] == history[0]["version"] > 1
        assert history[1]["valid_to"] == history[0]["valid_from"]
        old = cli("documents", "show", citation["document"], "--version", "1", "--text", "--json").json
        assert "five years" in old["text"]
    finally:
        retention.write_text(RETENTION.format(years="five"), encoding="utf-8")
        cli("ingest", retention, "--collection", "policies")


def test_a_search_finds_the_passage_and_shows_normalised_scores_only(cli: Cli) -> None:
    hits = cli("search", "KYC records retention", "--as", "ana", "-k", "3", "--json").json["hits"]
    assert hits[0]["score"] == 1.0
    assert all(0 <= hit["score"] <= 1 for hit in hits)
    assert "KYC" in hits[0]["text"]
    assert set(hits[0]) >= {"ref", "document", "version", "chunk", "score", "page", "heading", "start", "end", "text"}


def test_every_act_leaves_a_record_that_names_who_and_what(cli: Cli) -> None:
    answer = cli("ask", "How long do branches keep KYC records?", "--as", "ana", "--json").json
    newest, *_ = cli("audit", "list", "--json").json["records"]
    assert (newest["record"], newest["principal"], newest["outcome"]) == (answer["record"], "ana", "answered")
    (quoted,) = answer["citations"]
    assert newest["citations"] == [{key: quoted[key] for key in ("n", "document", "version", "sha256", "start", "end")}]
    shown = cli("audit", "show", answer["record"], "--json").json
    assert shown["payload"]["question"] == "How long do branches keep KYC records?"
    assert shown["payload"]["citations"][0]["quote"] == answer["citations"][0]["quote"]
    assert "KYC" not in json.dumps(shown["envelope"])
    assert "ana" not in json.dumps(shown["envelope"]).replace("branch", "")
    reading, listing, *_ = cli("audit", "list", "--json").json["records"]
    assert (reading["type"], listing["type"]) == ("audit.show", "audit.list")


def test_ready_passages_keep_their_id(cli: Cli, write: Write) -> None:
    lines = [
        {"_id": "R-1", "title": "Liquidity", "text": "A bank reports its liquidity ratio every Tuesday."},
        {"_id": "R-2", "title": "Capital", "text": "A bank reports its capital ratio every quarter."},
    ]
    corpus = write("corpus.jsonl", "\n".join(map(json.dumps, lines)))
    assert cli("ingest", corpus, "--collection", "policies", "--json").json["ingested"] == 2
    assert cli("ingest", corpus, "--collection", "policies", "--json").json["skipped"] == 2
    hits = cli("search", "liquidity ratio", "--as", "ana", "--json").json["hits"]
    assert hits[0]["ref"] == "R-1"
    answer = cli("ask", "When does a bank report its liquidity ratio?", "--as", "ana", "--json").json
    assert answer["citations"][0]["ref"] == "R-1"


def test_attributes_are_typed_by_the_schema_and_reclassify_on_the_next_ingest(cli: Cli, write: Write) -> None:
    path = write("tariff.md", "# Tariff\n\nA transfer abroad costs nine crowns.\n")
    cli("ingest", path, "--collection", "policies", "--set", "classification=1", "--set", "tags=fees|retail")
    document = _document(cli, "Tariff")
    assert document["attributes"] == {"classification": 1, "collection": "policies", "tags": ["fees", "retail"]}
    moved = cli("ingest", path, "--collection", "policies", "--set", "classification=3", "--json")
    assert moved.json == {"ingested": 1, "skipped": 0, "rejected": []}
    document = _document(cli, "Tariff")
    assert document["attributes"] == {"classification": 3, "collection": "policies"}
    assert document["versions"] == 1


def test_a_list_of_attributes_holds_for_single_files(cli: Cli, tmp_path: Path, write: Write) -> None:
    write("folder/one.md", "# Lending one\n\nText of the first.\n")
    write("folder/two.md", "# Lending two\n\nText of the second.\n")
    listed = write("attributes.csv", "path,classification,tags\none.md,2,a|b\ntwo.md,,\n")
    result = cli("ingest", tmp_path / "folder", "--collection", "lending", "--attributes", listed, "--json")
    assert result.json["ingested"] == 2
    assert _document(cli, "Lending one")["attributes"]["tags"] == ["a", "b"]
    assert "classification" not in _document(cli, "Lending two")["attributes"]


def test_a_line_for_a_corpus_holds_for_its_passages_and_one_for_a_passage_is_stronger(
    cli: Cli, tmp_path: Path, write: Write
) -> None:
    rows = [{"_id": f"C-{n}", "title": f"Cellar rule {n}", "text": f"Cellar {n} is locked at ten."} for n in (1, 2)]
    write("cellars/corpus.jsonl", "\n".join(map(json.dumps, rows)))
    ingest = ("ingest", tmp_path / "cellars", "--collection", "cellars", "--json", "--attributes")
    listed = write("attributes.csv", "path,classification,tags\ncorpus.jsonl,3,rulebook\nC-2,1,\n")
    assert cli(*ingest, listed).json["ingested"] == 2
    attributes = [_document(cli, f"Cellar rule {n}")["attributes"] for n in (1, 2)]
    assert [one["classification"] for one in attributes] == [3, 1]
    assert [one["tags"] for one in attributes] == [["rulebook"], ["rulebook"]]
    misspelt = write("attributes.csv", "path,classification\ncorpus.jsonl,1\nC-22,3\n")
    assert cli(*ingest, misspelt).json["ingested"] == 0


def test_a_deleted_document_is_found_by_nobody_and_its_record_stays(cli: Cli, write: Write) -> None:
    path = write("secret.md", "# Vault code\n\nThe vault of the Northgate branch opens at seven.\n")
    cli("ingest", path, "--collection", "policies")
    document = _document(cli, "Vault code")["document"]
    assert cli("documents", "delete", document).code == 0
    assert cli("documents", "show", document).code == 1
    assert cli("ask", "When does the vault of the Northgate branch open?", "--json").json["abstained"]
    assert any(r["type"] == "documents.delete" for r in cli("audit", "list", "--json").json["records"])


def test_the_terminal_shows_numbered_quotes_with_document_version_and_date(cli: Cli) -> None:
    shown = cli("ask", "How long do branches keep KYC records?", "--as", "ana").out
    assert "[1] Records retention, version" in shown
    assert "“Branches keep KYC records for" in shown
    assert "record 0" in shown


def test_doctor_finds_nothing_wrong(cli: Cli) -> None:
    result = cli("doctor", "--json")
    assert result.code == 0
    checks = result.json["checks"]
    assert not [check for check in checks if check["state"] == "problem"]
    assert {"settings", "home", "keys", "policies", "models", "chat model", "database", "indexes", "audit log"} <= {
        check["check"] for check in checks
    }


def _document(cli: Cli, title: str) -> dict[str, object]:
    (document,) = [d for d in cli("documents", "list", "--json").json["documents"] if d["title"] == title]
    return dict(document)


def test_retrieval_is_evaluated_in_this_home_or_where_it_lacks_the_passages_in_a_throw_away_one(
    cli: Cli, tmp_path: Path
) -> None:
    topics = ("harbour dues", "pilot licences", "cargo insurance", "crew rest hours", "ballast water")
    passages = [
        {"_id": f"E-{n}", "title": "", "text": f"The rules on {topic} apply to all vessels."}
        for n, topic in enumerate(topics)
    ]
    queries = [{"_id": f"Q-{n}", "text": f"What applies to {topic}?"} for n, topic in enumerate(topics)]
    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, passages)), encoding="utf-8")
    (tmp_path / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)), encoding="utf-8")
    # Every question is judged by its own passage, the last one by a passage that does not answer it.
    gold = "query-id\tcorpus-id\tscore\n" + "".join(f"Q-{n}\tE-{n % 4}\t1\n" for n in range(5))
    (tmp_path / "qrels" / "test.tsv").write_text(gold, encoding="utf-8")
    apart = cli("evaluate", "retrieval", tmp_path, "--json")
    assert "throw-away" in apart.err
    assert apart.json["n"] == 5
    assert apart.json["metrics"]["recall@10"] == 1.0
    assert 0.8 < apart.json["metrics"]["map@10"] < 1.0
    cli("ingest", tmp_path / "corpus.jsonl", "--collection", "vessels")
    here = cli("evaluate", "retrieval", tmp_path, "--limit", "4", "--json")
    assert here.err == ""
    assert here.json["metrics"]["map@10"] == 1.0
