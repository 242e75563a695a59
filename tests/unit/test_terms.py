"""Index terms: what is a token, what is left out, what is stored."""

from __future__ import annotations

import itertools
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.terms import QUESTION_WORDS, STOP_WORDS, index_terms, query_terms, term_hash, tokens

KEY, OTHER_KEY = b"k" * 32, b"o" * 32


@pytest.mark.parametrize(
    ("text", "stems"),
    [
        ("Records are retained", ["record", "are", "retain"]),
        ("Rule 3.3.32(a)", ["rule", "3.3.32", "a"]),
        ("€15,000 a year", ["15,000", "a", "year"]),
        ("anti-money-laundering", ["anti", "money", "launder"]),
        ("the bank's duty", ["the", "bank", "s", "duti"]),
        ("snake_case_name", ["snake", "case", "name"]),
        ("Überprüfung STRASSE Straße", ["überprüfung", "strass", "strass"]),
        ("the ﬁnal ＫＹＣ check", ["the", "final", "kyc", "check"]),
        ("客户尽职调查", ["客", "户", "尽", "职", "调", "查"]),
        ("顧客の本人確認", list("顧客の本人確認")),
        ("KYC资料保存5年", ["kyc", "资", "料", "保", "存", "5", "年"]),
        ("고객 확인", list("고객확인")),
        ("حِفظ السجلات", ["حفظ", "سجل"]),
        ("cafe\u0301s", ["café"]),
        ("ـــ", []),
        ("", []),
        ("… — !", []),
        ("<PERSON_1> pays", ["<PERSON_1>", "pay"]),
        ("<UK_NHS_12>, <PERSON_Q3>", ["<UK_NHS_12>", "<PERSON_Q3>"]),
        ("‹PERSON_1› <b>x_1</b> <1>", ["person", "1", "b", "x", "1", "b", "1"]),
    ],
)
def test_tokens_are_stemmed_runs_of_letters_or_section_numbers(text: str, stems: list[str]) -> None:
    assert [token.stem for token in tokens(text)] == stems


@given(st.text(max_size=200))
def test_tokens_stand_in_order_at_their_offsets_in_the_original_text(text: str) -> None:
    found = tokens(text)
    assert all(0 <= token.start < token.end <= len(text) for token in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    for token in found:
        assert [one.stem for one in tokens(text[token.start : token.end])] == [token.stem]


@given(st.text(alphabet=st.characters(max_codepoint=0x24F), max_size=200))
def test_latin_text_is_split_at_whatever_is_no_letter_or_digit(text: str) -> None:
    found = [text[token.start : token.end] for token in tokens(text)]
    assert found == re.findall(r"\d+(?:[.,]\d+)*|[^\W\d_]+", text)


def test_a_part_of_a_chinese_sentence_shares_its_words_and_their_order() -> None:
    assert set(query_terms("尽职调查")) <= set(index_terms("客户尽职调查资料须保存五年。"))


def test_stop_words_are_marked_whatever_their_case() -> None:
    assert [token.is_stop for token in tokens("The KYC file OF record")] == [True, False, False, True, False]


def test_terms_of_a_passage_are_content_stems_and_bigrams_over_stop_words() -> None:
    assert index_terms("The retention of KYC records") == (
        *("retent", "kyc", "record"),
        *("retent kyc", "kyc record"),
    )


def test_a_passage_of_function_words_has_no_terms() -> None:
    assert index_terms("It is what it is, or was it?") == index_terms("what")
    assert index_terms(" ".join(sorted(STOP_WORDS))) == ()


def test_a_passage_keeps_repetitions_and_a_question_does_not() -> None:
    assert index_terms("fee fee fee").count("fee") == 3
    assert query_terms("fee fee fee") == ("fee", "fee fee")


def test_question_words_are_left_out_of_a_question_but_not_of_a_passage() -> None:
    assert query_terms("Please explain how KYC records are kept") == (
        "kyc",
        "record",
        "kept",
        "kyc record",
        "record kept",
    )
    assert "explain" in index_terms("Please explain how KYC records are kept")


def test_a_question_of_question_words_alone_keeps_them() -> None:
    assert query_terms("What does this mean?") == ("what", "mean", "what mean")


def test_a_question_of_function_words_alone_has_no_terms() -> None:
    assert query_terms("Is it, or was it?") == ()


@given(st.lists(st.sampled_from(["records", "KYC", "3.3.32", "keep", "the", "of", "duty"]), max_size=12))
def test_every_term_of_a_question_is_one_of_the_same_words_as_a_passage(words: list[str]) -> None:
    text = " ".join(words)
    assert set(query_terms(text)) <= set(index_terms(text))


PLACEHOLDERS = st.builds(
    "<{}_{}{}>".format,
    st.sampled_from(("PERSON", "EMAIL_ADDRESS", "UK_NHS", "LOCATION")),
    st.sampled_from(("", "", "Q")),
    st.integers(1, 300),
)
SHAPES = st.lists(st.sampled_from(["records", "person", "address", "1", "of", "kept", None]), max_size=12)


@given(SHAPES, st.data())
def test_a_placeholder_is_in_no_term_and_no_bigram_crosses_one(shape: list[str | None], data: st.DataObject) -> None:
    text = " ".join(word or data.draw(PLACEHOLDERS) for word in shape)
    apart = " ".join(word or "\0" for word in shape).split("\0")
    assert sorted(index_terms(text)) == sorted(term for part in apart for term in index_terms(part))


@given(SHAPES, st.data())
def test_passages_that_differ_in_nothing_but_values_have_equal_terms(
    shape: list[str | None], data: st.DataObject
) -> None:
    one, other = (" ".join(word or data.draw(PLACEHOLDERS) for word in shape) for _ in range(2))
    assert index_terms(one) == index_terms(other)
    assert len(tokens(one)) == len(tokens(other))


def test_what_stands_for_a_value_finds_no_word_and_no_word_finds_it() -> None:
    terms = set(index_terms("<PERSON_1> keeps <EMAIL_ADDRESS_7>"))
    assert terms == {"keep"}
    assert not terms & set(query_terms("person 1 e-mail address 7 PERSON_1"))


def test_word_lists_have_no_word_in_common() -> None:
    assert not STOP_WORDS & QUESTION_WORDS


def test_a_stored_term_is_the_same_for_the_same_key_and_another_for_another() -> None:
    assert term_hash("record", KEY) == term_hash("record", KEY)
    assert term_hash("record", KEY) != term_hash("record", OTHER_KEY)
    assert term_hash("record", KEY) != term_hash("records", KEY)


def test_the_stored_form_of_a_term_does_not_change() -> None:
    # A changed value would orphan every posting that exists.
    assert term_hash("kyc record", bytes(range(32))) == -7806186695695056795


@given(st.text(max_size=60), st.binary(min_size=32, max_size=32))
def test_a_stored_term_fits_a_bigint(term: str, key: bytes) -> None:
    assert -(2**63) <= term_hash(term, key) < 2**63


def test_threads_get_the_same_terms() -> None:
    texts = [f"Retaining records number {n} for reviewing customers' identities" for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(index_terms, texts)) == [index_terms(text) for text in texts]
