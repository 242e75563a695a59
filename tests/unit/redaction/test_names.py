from __future__ import annotations

import re
import time

from compliance_bot.redaction.names import completed
from compliance_bot.redaction.spans import Span, merge


def _span(text: str, value: str, kind: str = "PERSON", score: float = 0.9) -> Span:
    start = text.index(value)
    return Span(start=start, end=start + len(value), type=kind, score=score)


def _completed(text: str, *spans: Span) -> list[str]:
    return [text[span.start : span.end] for span in merge(completed(text, spans))]


def test_a_part_of_a_name_is_found_elsewhere() -> None:
    text = "Maria Lopez signed. Lopez left; later maria said that Maria and LOPEZ agreed. Lopezian was not."
    assert _completed(text, _span(text, "Maria Lopez")) == ["Maria Lopez", "Lopez", "LOPEZ"]
    text = text.replace("maria", "she")
    assert _completed(text, _span(text, "Maria Lopez")) == ["Maria Lopez", "Lopez", "Maria", "LOPEZ"]


def test_a_part_that_the_text_uses_as_a_word_is_not() -> None:
    text = "Grace Hill came. There is a grace period. Grace is not meant here, but Hill is."
    assert _completed(text, _span(text, "Grace Hill")) == ["Grace Hill", "Hill"]


def test_an_unsure_name_is_not_looked_for_elsewhere() -> None:
    text = "Maria Lopez signed. Lopez left."
    assert _completed(text, _span(text, "Maria Lopez", score=0.55)) == ["Maria Lopez"]


def test_organisations_and_places_are_found_as_a_whole() -> None:
    text = "Acme Ltd of Bad Tölz. Acme sued; Acme Ltd won in Bad Tölz, in Bad weather."
    spans = (_span(text, "Acme Ltd", "ORGANIZATION"), _span(text, "Bad Tölz", "LOCATION"))
    assert _completed(text, *spans) == ["Acme Ltd", "Bad Tölz", "Acme Ltd", "Bad Tölz"]


def test_a_name_takes_its_honorific_its_initials_and_its_suffix_with_it() -> None:
    text = "for Prof. Dr. J. R. Smith, Jr. and Mrs Lopez, and the Mr. of nobody"
    found = _completed(text, _span(text, "Smith"), _span(text, "Lopez"))
    assert found == ["Prof. Dr. J. R. Smith, Jr.", "Mrs Lopez"]


def test_a_role_is_no_part_of_a_name() -> None:
    text = "the appellant Darnell Hurt, Counsel, Lords, Judge Judy, Chief\nJustices\nand Mike Judge; Chiefton, Hurt"
    values = ("appellant Darnell Hurt", "Counsel", "Lords", "Judge Judy", "Chief\nJustices\n", "Mike Judge", "Chiefton")
    found = _completed(text, *(_span(text, value, score=0.5) for value in values))
    assert found == ["Darnell Hurt", "Judge Judy", "Mike Judge", "Chiefton"]
    for kind in ("CASE_NUMBER", "ORGANIZATION"):
        assert _completed("Witness P", _span("Witness P", "Witness P", kind)) == ["Witness P"]


def test_a_small_name_is_one_after_an_article_too() -> None:
    text = "pls check the lopez account; see the maria lopez case, a novak from prague"
    values = ("lopez", "maria lopez", "novak")
    assert _completed(text, *(_span(text, value, score=0.5) for value in values)) == list(values)


def test_many_names_in_a_long_text_are_looked_for_in_linear_time() -> None:
    text = " ".join(f"Xa{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}e Lorem" for n in range(20_000))
    spans = [Span(start=n, end=n + 5, type="PERSON", score=0.9) for n in range(0, 14_000, 12)]
    started = time.monotonic()
    assert len(merge(completed(text, spans))) > 1000
    assert time.monotonic() - started < 10


def test_organisations_named_very_often_are_looked_for_in_linear_time() -> None:
    """The same one, and very many that begin alike: a list of each for each took hours and all memory."""
    text = " ".join(f"Acme Ltd and Bank of Xa{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{n}." for n in range(12_000))
    spans = [
        Span(start=match.start(), end=match.end(), type="ORGANIZATION", score=0.9)
        for match in re.finditer(r"Acme Ltd|Bank of \w+", text)
    ]
    started = time.process_time()
    found = completed(text, spans)
    assert time.process_time() - started < 5
    assert {(span.start, span.end) for span in found} == {(span.start, span.end) for span in spans}
    assert len(found) == 2 * len(spans)
