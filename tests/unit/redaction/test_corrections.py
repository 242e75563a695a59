"""What somebody said of detection is found, and spared, as they wrote it and nowhere else."""

from __future__ import annotations

import pytest

from compliance_bot.records import ClassId
from compliance_bot.redaction.corrections import Corrected, Correction, Corrections, none, words_of
from compliance_bot.testing import ListedDetector

ONE, OTHER = ClassId(1), ClassId(2)


def marked(surface: str, type_: str = "PERSON") -> Correction:
    return Correction(type=type_, surface=surface, is_personal=True)


def spared(surface: str, *classes: ClassId, type_: str = "PERSON") -> Correction:
    return Correction(type=type_, surface=surface, is_personal=False, classes=frozenset(classes))


def found(said: Corrections, text: str) -> list[tuple[str, str]]:
    return [(text[one.start : one.end], one.type) for one in said.occurrences(text)]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Zora Quill came.", ["Zora Quill"]),
        ("ZORA QUILL came.", ["ZORA QUILL"]),
        ("Zora\n  Quill's cat", ["Zora\n  Quill"]),
        ("(Zora Quill)", ["Zora Quill"]),
        ("zora quill, a colour", []),
        ("Zora Quillfeather", []),
        ("McZora Quill", []),
        ("Zora, Quill", []),
    ],
)
def test_a_marked_value_is_found_as_whole_words_as_written_or_in_capitals(text: str, seen: list[str]) -> None:
    assert [words for words, _ in found(Corrections((marked("Zora Quill"),)), text)] == seen


def test_the_longest_of_several_is_found_where_they_begin_together() -> None:
    said = Corrections((marked("Zora"), marked("Zora Quill", "ORGANIZATION")))
    assert found(said, "Zora Quill and Zora") == [("Zora Quill", "ORGANIZATION"), ("Zora", "PERSON")]


def test_what_has_marks_at_its_ends_is_found() -> None:
    assert found(Corrections((marked("#A-17/b", "CASE_NUMBER"),)), "see#A-17/b.") == [("#A-17/b", "CASE_NUMBER")]


def test_the_newest_correction_of_a_value_counts() -> None:
    text = "Zora Quill"
    (span,) = Corrections((marked(text),)).occurrences(text)
    assert Corrections((marked(text), spared(text, ONE))).spares(text, span) == {ONE}
    assert Corrections((spared(text, ONE), spared(text, OTHER))).spares(text, span) == {ONE, OTHER}
    assert Corrections((spared(text, ONE), marked(text))).spares(text, span) == frozenset()


def test_something_is_spared_as_its_type_and_however_it_is_written() -> None:
    said = Corrections((spared("Zora Quill", ONE),))
    detector = ListedDetector({"Mr ZORA  QUILL": "PERSON", "Zora": "LOCATION"})
    text = "Mr ZORA  QUILL of Zora"
    assert [said.spares(text, one) for one in detector.detect(text)] == [{ONE}, frozenset()]


def test_a_detector_finds_what_was_marked_whatever_its_profile_and_asks_each_time() -> None:
    said = none()
    detector = Corrected(ListedDetector({"Ana": "PERSON"}), lambda: said)
    assert [one.type for one in detector.detect("Ana and Zora")] == ["PERSON"]
    said = Corrections((marked("Zora", "CASE_NUMBER"),))
    assert [one.type for one in detector.detect("Ana and Zora")] == ["PERSON", "CASE_NUMBER"]
    assert [one.type for one in detector.patterns.detect("Zora")] == ["CASE_NUMBER"]
    assert detector.detect_each(["Zora", "Ana"]) == (detector.detect("Zora"), detector.detect("Ana"))


def test_a_detector_spares_only_where_it_is_told_to() -> None:
    said = Corrections((spared("Ana", ONE),))
    inner = ListedDetector({"Ana": "PERSON"})
    assert Corrected(inner, lambda: said).detect("Ana") == inner.detect("Ana")
    assert Corrected(inner, lambda: said, spares=True).detect("Ana") == ()
    taken_back = Corrections((marked("Zora"), spared("Zora", ONE)))
    assert len(Corrected(inner, lambda: taken_back).detect("Zora")) == 1
    assert Corrected(inner, lambda: taken_back, spares=True).detect("Zora") == ()


def test_a_text_that_was_kept_before_is_shown_with_what_was_marked_behind_its_type() -> None:
    assert Corrections((marked("Zora Quill"),)).hidden("Zora Quill and ZORA QUILL") == "<PERSON> and <PERSON>"
    assert none().hidden("Zora Quill") == "Zora Quill"


def test_no_text_with_a_marked_value_lacks_its_words() -> None:
    assert words_of("O'Neil-Quill 7b") == ("O", "Neil", "Quill", "7b", "NEIL", "QUILL", "7B")


def test_no_value_is_in_what_a_correction_prints() -> None:
    assert "Zora" not in repr(marked("Zora Quill"))
