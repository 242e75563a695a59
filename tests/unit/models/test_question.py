"""What a question asks for."""

from __future__ import annotations

import pytest

from compliance_bot.models.question import Kind, offers, read


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How long are client files kept?", Kind.DURATION),
        ("What is the retention period for client files?", Kind.DURATION),
        ("By when must a breach be reported?", Kind.DURATION),
        ("How often is the register reviewed?", Kind.DURATION),
        ("How many directors are there?", Kind.NUMBER),
        ("What is the maximum value of a gift?", Kind.NUMBER),
        ("When was the policy approved?", Kind.DATE),
        ("Who approves a bonus?", Kind.PERSON),
        ("Where are the files kept?", Kind.PLACE),
        ("Why are calls recorded?", Kind.REASON),
        ("What does 'client' mean?", Kind.DEFINITION),
        ("What must a firm do before it outsources?", Kind.OPEN),
        ("May staff accept gifts?", Kind.OPEN),
    ],
)
def test_the_wording_tells_the_kind_of_answer(question: str, kind: Kind) -> None:
    assert read(question).kind is kind


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("How long are files kept?", "Files are kept for six (6) calendar years.", 1.0),
        ("How long are files kept?", "Files are kept in the archive.", -1.0),
        ("How soon is it reported?", "It is reported without delay.", 1.0),
        ("How many days does a client have?", "A client has 30 days.", 1.0),
        ("What is the limit for 500 clients?", "The limit is for 500 clients.", -1.0),
        ("When was it approved?", "It was approved on 3 March 2026.", 1.0),
        ("Who approves it?", "It goes to the Risk Committee.", 1.0),
        ("Who approves it?", "It is approved in writing.", -1.0),
        ("Why are calls recorded?", "Calls are recorded in order to settle disputes.", 1.0),
        ("What must a firm do?", "A firm must report.", 0.0),
    ],
)
def test_a_text_offers_the_kind_of_answer_that_the_question_lacks(question: str, text: str, expected: float) -> None:
    assert offers(text, read(question)) == expected


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("Who approves it?", "<PERSON_1> approves it.", 1.0),
        ("Who approves it?", "It is approved in <LOCATION_1>.", -1.0),
        ("Who approves it?", "It is approved for <EMAIL_ADDRESS_1>.", -1.0),
        ("Where are files kept?", "Files are kept in <LOCATION_2>.", 1.0),
        ("Where are files kept?", "Files are kept at <STREET_ADDRESS_1>.", 1.0),
        ("Where are files kept?", "Files are kept by <PERSON_1>.", -1.0),
        ("When was it approved?", "It was approved on <DATE_TIME_1>.", 1.0),
        ("When was it approved?", "<PERSON_1998> approved it.", -1.0),
        ("How many directors are there?", "<PERSON_1> and <PERSON_2> are directors.", -1.0),
        ("How many directors are there?", "<PERSON_1> is one of 5 directors.", 1.0),
        ("How long are files kept?", "<PERSON_6> years of files are kept.", -1.0),
        ("How many days does <PERSON_Q1> have?", "<PERSON_30> has days.", -1.0),
        ("What must a firm do?", "<PERSON_1> must report.", 0.0),
    ],
)
def test_what_stands_for_a_value_is_an_answer_of_its_kind_and_its_number_is_none(
    question: str, text: str, expected: float
) -> None:
    assert offers(text, read(question)) == expected


def test_words_that_only_say_what_is_asked_for_are_no_topic() -> None:
    asked = read("How long must bonus records be kept?")
    assert asked.stems == ("bonus", "record", "kept")
    assert asked.pairs == ((0, 1), (1, 2))


def test_a_question_of_asking_words_alone_keeps_them() -> None:
    assert read("How long?").stems == ("long",)
    assert read("What?").stems == ("what",)
    assert read("?").stems == ()
