"""When two values are the same, and by which parts of it a name is known."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.redaction.kinds import KINDS
from compliance_bot.redaction.values import NAMES, normal_form, parts

TYPES = st.sampled_from(sorted(KINDS))
ODD = (
    "",
    " ",
    "\0",
    "\u0301",
    "’",
    "'s",
    "-",
    "…",
    "Mr",
    "mr.",
    "ﬁ",
    "ß",
    "İ",
    "ı",
    "\udcff",
    "🙂",
    "\u200b",
    "١٢٣",
    "²",
)


@pytest.mark.parametrize(
    ("type_", "one", "other"),
    [
        ("PERSON", "Maria Lopez", "MARIA LOPEZ"),
        ("PERSON", "Maria Lopez", "maría  lópez"),
        ("PERSON", "Maria Lopez", "Mari\u0301a\nLopez"),
        ("PERSON", "Maria Lopez", "Ms. Maria Lopez"),
        ("PERSON", "Maria Lopez", "Prof. Dr. Maria Lopez"),
        ("PERSON", "Maria Lopez", "Señora Maria Lopez"),
        ("PERSON", "Maria Lopez", "Maria Lopez's"),
        ("PERSON", "Maria Lopez", "Maria Lopez’s"),
        ("PERSON", "James", "James’"),
        ("PERSON", "Maria Lopez", "Ｍａｒｉａ Ｌｏｐｅｚ"),
        ("PERSON", "J. R. Smith", "J R Smith"),
        ("PERSON", "Strauß", "STRAUSS"),
        ("ORGANIZATION", "Harbour Bank, Ltd.", "harbour bank ltd"),
        ("LOCATION", "Zürich", "ZURICH"),
        ("CREDIT_CARD", "4111 1111 1111 1111", "4111111111111111"),
        ("CREDIT_CARD", "4111-1111-1111-1111", "4111 1111\n1111 1111"),
        ("IBAN_CODE", "DE89 3704 0044 0532 0130 00", "de89370400440532013000"),
        ("PHONE_NUMBER", "+44 20 7946 0958", "+44-(20)-7946.0958"),
        ("US_SSN", "219-09-9999", "219 09 9999"),
        ("EMAIL_ADDRESS", "Ann.Lee@Bank.example", "ann.lee@bank.EXAMPLE"),
        ("DATE_TIME", "3 March 2026", "3  march\n2026"),
    ],
)
def test_two_ways_to_write_a_value_are_one(type_: str, one: str, other: str) -> None:
    assert normal_form(type_, one) == normal_form(type_, other)


@pytest.mark.parametrize(
    ("type_", "one", "other"),
    [
        ("PERSON", "Maria Lopez", "Maria Schmidt"),
        ("PERSON", "Maria Lopez", "Lopez Maria"),
        ("PERSON", "Maria Lopez", "Lopez"),
        ("PERSON", "Mrs", "Mr"),
        ("EMAIL_ADDRESS", "ann.lee@bank.example", "annlee@bank.example"),
        ("EMAIL_ADDRESS", "ann.lee@bank.example", "ann-lee@bank.example"),
        ("IP_ADDRESS", "10.1.11.1", "10.11.1.1"),
        ("DATE_TIME", "1/11/2020", "11/1/2020"),
        ("URL", "https://bank.example/a", "https://bank.example/a/"),
        ("CREDIT_CARD", "4111 1111 1111 1111", "4111 1111 1111 1112"),
    ],
)
def test_two_values_are_two(type_: str, one: str, other: str) -> None:
    assert normal_form(type_, one) != normal_form(type_, other)


@pytest.mark.parametrize(
    ("type_", "name", "known_by"),
    [
        ("PERSON", "Maria Lopez", ("maria", "lopez")),
        ("PERSON", "Ms Lopez", ("lopez",)),
        ("PERSON", "Prof. Dr. M. Lopez-Garcia", ("lopez-garcia", "lopez", "garcia")),
        ("PERSON", "Siobhán O’Neill's", ("siobhan", "o’neill")),
        ("PERSON", "Ludwig van der Rohe", ("ludwig", "rohe")),
        ("PERSON", "Lopez Lopez", ("lopez",)),
        ("PERSON", "Van der", ("van", "der")),
        ("PERSON", "Mr", ("mr",)),
        ("PERSON", "李小龙", ("李小龙",)),
        ("ORGANIZATION", "Bank of the Harbour plc", ("bank", "harbour")),
        ("ORGANIZATION", "The Company", ("the", "company")),
        ("ORGANIZATION", "3 Mobile 24", ("mobile", "24")),
        ("LOCATION", "Saint-Denis-la-Plaine", ("saint-denis-la-plaine", "saint", "denis", "plaine")),
        ("LOCATION", "…", ("...",)),
        ("EMAIL_ADDRESS", "maria.lopez@bank.example", ()),
        ("CREDIT_CARD", "4111 1111 1111 1111", ()),
        ("PERSON", "", ()),
    ],
)
def test_a_name_is_known_by_what_tells_it_apart(type_: str, name: str, known_by: tuple[str, ...]) -> None:
    assert sorted(parts(type_, name)) == sorted(known_by)


def test_a_value_is_known_by_so_many_parts_and_no_more() -> None:
    letters = "abcdefghij"
    name = " ".join(a + b + c for a, b, c in itertools.product(letters, repeat=3))
    assert len(parts("PERSON", name)) == 64


@given(TYPES, st.one_of(st.text(max_size=40), st.lists(st.sampled_from(ODD), max_size=5).map(" ".join)))
def test_nothing_that_is_written_fails(type_: str, written: str) -> None:
    form = normal_form(type_, written)
    assert bool(form) or not written.strip() or not any(character.isalnum() for character in written)
    known_by = parts(type_, written)
    assert all(known_by)
    assert len(set(known_by)) == len(known_by)
    assert not known_by or type_ in NAMES


@given(
    st.sampled_from(NAMES),
    st.lists(st.text("abcdefghijklmnopqrstuvwxyzéßø客", min_size=1, max_size=8), min_size=1, max_size=4),
    st.sampled_from(("{}", "Ms {}", " {} ", "{}’s", "{}'s", "Dr. {}")),
    st.sampled_from((str.upper, str.title, str.lower, str)),
    st.sampled_from((" ", "  ", "\n", "\u00a0")),
)
def test_names_of_one_normal_form_are_known_by_the_same_parts(
    type_: str, words: list[str], around: str, case: type[str], blank: str
) -> None:
    plain, dressed = " ".join(words), around.format(case(blank.join(words)))
    if normal_form(type_, plain) == normal_form(type_, dressed):
        assert parts(type_, plain) == parts(type_, dressed)


@given(st.text("0123456789", min_size=8, max_size=19), st.lists(st.integers(1, 18), max_size=6))
def test_blanks_within_a_number_tell_nothing_apart(digits: str, places: list[int]) -> None:
    written = "".join(f" {digit}" if n in places else digit for n, digit in enumerate(digits))
    assert normal_form("CREDIT_CARD", written) == digits
