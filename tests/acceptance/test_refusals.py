"""What is refused, on record, without telling what exists: questions that are none, and acts without a right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import Cli

Write = Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("", "empty"),
        ("  \n\t ", "empty"),
        ("why " * 25_000, "characters"),
        ("what\udcff\udcfe", "UTF-8"),
        ("a\0b", "not text"),
    ],
)
def test_a_question_that_is_no_question_is_a_usage_error_and_on_record(cli: Cli, question: str, message: str) -> None:
    result = cli("ask", question, "--as", "ana", "--json")
    assert result.code == 2
    assert message in result.json["error"]["message"]
    newest = cli("audit", "list", "--limit", "1", "--json").json["records"][0]
    assert (newest["type"], newest["outcome"], newest["principal"]) == ("answer", "refused", "ana")


def test_a_purpose_that_is_not_text_is_a_usage_error(cli: Cli) -> None:
    assert cli("ask", "When does the Harbour branch open?", "--purpose", "a\udcff", "--as", "ana").code == 2


def test_a_question_of_stop_words_only_is_an_abstention(cli: Cli) -> None:
    result = cli("ask", "what is the of and to it", "--as", "ana", "--json")
    assert result.code == 0
    assert result.json["abstained"]


def test_an_unknown_person_is_refused_and_the_refusal_is_on_record(cli: Cli) -> None:
    result = cli("ask", "When does the Harbour branch open?", "--as", "mallory", "--json")
    assert result.code == 1
    assert result.json["error"]["type"] == "UnknownPrincipal"
    newest = cli("audit", "list", "--limit", "1", "--json").json["records"][0]
    assert (newest["type"], newest["outcome"]) == ("answer", "refused")


def test_ingest_into_a_collection_without_the_right_is_refused_and_on_record(cli: Cli, write: Write) -> None:
    path = write("mine.md", "# Mine\n\nA document of Frank.\n")
    for collection in ("policies", "no-such-collection"):
        result = cli("ingest", path, "--collection", collection, "--as", "frank", "--json")
        assert result.code == 1
        assert result.json["error"]["message"] == "Not permitted, or there is no such thing."
    newest = cli("audit", "list", "--limit", "1", "--json").json["records"][0]
    assert (newest["type"], newest["outcome"], newest["principal"]) == ("ingest", "refused", "frank")


def test_forbidden_and_absent_are_told_in_the_same_words(cli: Cli, write: Write) -> None:
    path = write("board.md", "# Board minutes\n\nThe board decided to close the Quarry branch.\n")
    cli("ingest", path, "--collection", "board")
    (document,) = [d for d in cli("documents", "list", "--json").json["documents"] if d["title"] == "Board minutes"]
    unknown = cli("documents", "delete", document["document"], "--as", "mallory", "--json")
    assert unknown.code == 1
    newest = cli("audit", "list", "--limit", "1", "--json").json["records"][0]
    assert (newest["type"], newest["outcome"]) == ("documents.delete", "refused")
    for command in ("show", "history", "delete"):
        forbidden = cli("documents", command, document["document"], "--as", "ana", "--json")
        absent = cli("documents", command, "6a1bd5a5-58f3-4eb2-9c1c-1d1a5b5cf1a1", "--as", "ana", "--json")
        no_id = cli("documents", command, "no id at all", "--as", "ana", "--json")
        assert (forbidden.code, forbidden.out) == (absent.code, absent.out) == (no_id.code, no_id.out)
    assert cli("ask", "Which branch did the board decide to close?", "--as", "ana", "--json").json["abstained"]
    assert not cli("ask", "Which branch did the board decide to close?", "--json").json["abstained"]


def test_nothing_is_permitted_by_default(cli: Cli) -> None:
    for command in (("ask", "Anything?"), ("search", "anything"), ("audit", "list")):
        assert cli(*command, "--as", "frank").code == 1
    assert cli("documents", "list", "--as", "frank", "--json").json == {"documents": []}
