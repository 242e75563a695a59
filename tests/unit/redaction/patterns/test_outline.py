from __future__ import annotations

import re
import threading

from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.redaction.detect import Detector
from compliance_bot.redaction.patterns.outline import Outline, Words, capitalised, matches, outline

_TEXTS = st.text(alphabet="aAzZ09 .-_'\n()/é²ñÄ漢", max_size=60)
_DIGIT_FIRST = re.compile(r"[0-9](?<![0-9A-Za-z][0-9])[0-9]{0,3}(?:[ .-]?[0-9A-Z]){0,4}")
_WORD = re.compile(r"[A-Z][^\W\d_]*")


@given(_TEXTS)
def test_an_outline_has_an_octet_for_each_character(text: str) -> None:
    seen = Outline(text)
    assert len(seen.octets) == len(seen.shape) == len(text)
    assert [n for n, octet in enumerate(seen.shape) if octet == ord("0")] == [
        m.start() for m in re.finditer("[0-9]", text)
    ]
    assert [n for n, octet in enumerate(seen.shape) if octet == ord("A")] == [
        m.start() for m in re.finditer("[A-Z]", text)
    ]


@given(_TEXTS)
def test_matches_at_rows_of_digits_are_those_of_a_search(text: str) -> None:
    found = matches(_DIGIT_FIRST, text, Outline(text).digits)
    assert [match.span() for match in found] == [match.span() for match in _DIGIT_FIRST.finditer(text)]


@given(_TEXTS)
def test_capitalised_words_are_found_as_a_search_finds_them(text: str) -> None:
    words = {"A", "Z", "Az", "Aé", "Zañ", "AA", "Aa"}
    expected = [
        (match.start(), match.group())
        for match in _WORD.finditer(text)
        if match.group() in words and not text[: match.start()][-1:].isalnum()
    ]
    assert capitalised(text, Outline(text), Words(words)) == expected


@given(_TEXTS)
def test_no_number_has_more_digits_than_the_most(text: str) -> None:
    runs = re.findall(r"[0-9](?:[ ().\-/\r\n\t]{0,3}[0-9])*", text)
    assert all(sum(map(str.isdigit, re.sub("[^0-9]", "", run))) <= Outline(text).most_digits for run in runs)


def test_the_detector_keeps_no_text() -> None:
    Detector.load().detect("Call Maria at +1 212 555 0123.")
    assert outline.cache_info().currsize == 0


def test_threads_that_share_a_detector_find_what_one_does() -> None:
    detector = Detector.load()
    texts = [
        f"Mail {name}{n}@bank.example of Acme {name.title()} Ltd by 3 May 202{n}."
        for n in range(9)
        for name in ("ann", "bob")
    ]
    alone = [detector.detect(text) for text in texts]
    together: dict[int, list[object]] = {}

    def detect_all(number: int) -> None:
        together[number] = [detector.detect(text) for text in texts]

    threads = [threading.Thread(target=detect_all, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(together[number] == alone for number in range(4))
