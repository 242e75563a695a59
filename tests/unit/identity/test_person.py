"""Names: what can be one, which are the same, and which only look the same."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.identity.person import UnfitId, alike, canonical, look_alike, looks, require_fit, same_person


@pytest.mark.parametrize(
    "name",
    [
        "ana", "O'Neil", "ana.lopez@bank.example", 'ana "the boss"', "ana'; DROP TABLE document; --", "José",
        "Jose\u0301", "Анна Каренина", "Σωκράτης", "山田太郎", "やまだ たろう", "김철수", "王小明", "عمر",
        "עומר",
        "สมชาย", "राम", "u-17", "17",
    ],
)  # fmt: skip
def test_names_of_one_script_are_fit(name: str) -> None:
    require_fit(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "1 to 256 characters"),
        ("a" * 257, "1 to 256 characters"),
        (" ana", "no blanks around"),
        ("ana\u3000", "no blanks around"),
        ("ana\n", "no blanks around"),
        ("an\na", "letters, digits"),
        ("an\x00a", "letters, digits"),
        ("an\x1b[31ma", "letters, digits"),
        ("an\u200ba", "letters, digits"),  # zero-width space
        ("an\u200da", "letters, digits"),  # zero-width joiner
        ("an\ufeffa", "letters, digits"),
        ("an\u00ada", "letters, digits"),  # soft hyphen
        ("an\u034fa", "letters, digits"),  # combining grapheme joiner
        ("an\ufe0fa", "letters, digits"),  # variation selector
        ("\u3164", "letters, digits"),  # Hangul filler
        ("an\u202ea", "letters, digits"),  # right-to-left override
        ("an\u2066a", "letters, digits"),  # isolate
        ("an\u0378a", "letters, digits"),  # unassigned
        ("an\ue000a", "letters, digits"),  # private use
        ("an\ud800a", "letters, digits"),  # surrogate
        ("an\u00a0a", "letters, digits"),
        ("an\u2028a", "letters, digits"),
        ("ana\U0001f600", "letters, digits"),
        ("\u0301ana", "a letter or a digit"),
        ("--", "a letter or a digit"),
        ("\u0430na", "one script"),  # Cyrillic a
        ("an\u03b1", "one script"),  # Greek alpha
        ("ana\u0663", "one script"),  # Arabic digit
        ("山田ana", "one script"),
        ("\u13aa\u13ab", "one script"),  # Cherokee: nobody needs it, and it looks like Latin
    ],
)
def test_what_cannot_be_seen_or_was_made_to_deceive_is_no_name(name: str, message: str) -> None:
    with pytest.raises(UnfitId, match=message) as refused:
        canonical(name)
    assert name.strip() == "" or name not in str(refused.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ANA", "ana"),
        ("José", "JOSE\u0301"),
        ("\uff21na", "ana"),
        ("Straße", "STRASSE"),
        ("ﬁona", "Fiona"),
        ("ΣΑΣ", "σας"),
    ],
)
def test_one_person_is_one_person_in_any_case_and_form(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)
    assert same_person(one, other)


def test_a_text_that_is_no_name_is_nobodys() -> None:
    assert not same_person("", "")
    assert not same_person("an\u200ba", "an\u200ba")


@given(st.text(max_size=30))
def test_the_canonical_form_of_a_canonical_name_is_itself(name: str) -> None:
    try:
        once = canonical(name)
    except UnfitId:
        return
    assert unicodedata.is_normalized("NFKC", once)
    try:
        assert canonical(once) == once
    except UnfitId:  # folding can bring a mark to the front
        return


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("admin", "admIn"), ("alice", "aIice"), ("alice", "a1ice"), ("ben10", "benlO"), ("moses", "rnoses"),
        ("wes", "vves"),
        ("оса", "oca"), ("ΑΝΝΑ", "ANNA"), ("соре", "cope"), ("oo", "οο"), ("ana lo", "ana  lo"),
        ("ëve", "ёvе".replace("v", "ѵ")),
    ],
)  # fmt: skip
def test_names_that_read_the_same_look_alike(one: str, other: str) -> None:
    assert looks(one) & looks(other)
    assert look_alike(other, alike([one])) == one
    assert look_alike(one, alike([other])) == other


@pytest.mark.parametrize(
    ("one", "other"), [("ana", "anna"), ("jose", "josé"), ("mali", "mall"), ("ben", "беn".replace("n", "н"))]
)
def test_names_that_read_differently_do_not(one: str, other: str) -> None:
    assert look_alike(other, alike([one])) is None
