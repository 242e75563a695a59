"""Lines of JSON in, lines of JSON out: in order, each by itself, and no error with any of the input."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from compliance_bot.redaction import lines
from compliance_bot.redaction.lines import Batch, answer, batches
from compliance_bot.redaction.spans import DetectionFailed, Span
from compliance_bot.testing import ListedDetector

if TYPE_CHECKING:
    from compliance_bot.redaction.detect import Detector

DETECTOR = ListedDetector({"Ida Marsh": "PERSON", "Larkmoor": "LOCATION"})


def answered(content: bytes, detector: Any = DETECTOR, *, with_text: bool = False) -> list[dict[str, Any]]:
    made = [answer(batch, detector, with_text=with_text) for batch in batches(io.BytesIO(content))]
    shapes = [json.loads(line) for one in made for line in one.written.splitlines()]
    assert sum(one.failed for one in made) == sum("error" in shape for shape in shapes)
    return shapes


def test_spans_are_given_for_each_id_in_order() -> None:
    shapes = answered(b'{"id": "b", "text": "Ida Marsh of Larkmoor"}\n{"id": 1, "text": "nobody"}\n', with_text=True)
    (person, place) = shapes[0]["spans"]
    assert (person["start"], person["end"], person["type"], person["score"]) == (0, 9, "PERSON", 1.0)
    assert (place["start"], place["end"], place["type"]) == (13, 21, "LOCATION")
    assert shapes[0]["text"] == "<PERSON> of <LOCATION>"
    assert shapes[1] == {"id": 1, "spans": [], "text": "nobody"}
    assert [shape["id"] for shape in shapes] == ["b", 1]


def test_the_text_is_given_only_where_it_is_asked_for() -> None:
    assert set(answered(b'{"id": 1, "text": "Ida Marsh"}')[0]) == {"id", "spans"}


@pytest.mark.parametrize(
    ("line", "id_", "message"),
    [
        (b"Ida Marsh", None, "expected a JSON object"),
        (b'["Ida Marsh"]', None, "expected a JSON object"),
        (b'{"id": 3, "text": "Ida Marsh"', None, "expected a JSON object"),
        (b'{"id": 3}', 3, 'expected "text", a string'),
        (b'{"id": 3, "text": ["Ida Marsh"]}', 3, 'expected "text", a string'),
        (b'{"id": 3, "text": null}', 3, 'expected "text", a string'),
        (b'{"id": 3, "text": "Ida Marsh", "text": "nobody"}', None, "expected each key once"),
        (b'{"id": 3, "text": "Ida Marsh", "more": {"a": 1, "a": 2}}', None, "expected each key once"),
        (b'{"id": {"Ida": "Marsh"}, "text": "a"}', None, 'expected "id" to be a string or a whole number'),
        (b'{"id": true, "text": "a"}', None, 'expected "id" to be a string or a whole number'),
        (b'{"id": NaN, "text": "a"}', None, "expected a JSON object"),
        (b'{"id": 3, "text": "Ida \xff"}', None, "expected UTF-8, and byte 24 of the line is not"),
        (b"[" * 100_000, None, "expected a JSON object"),
        (b'{"id": 1, "text": "a", "n": ' + b"9" * 5000 + b"}", None, "expected a JSON object"),
    ],
)
def test_a_wrong_line_has_an_error_in_its_place_that_names_its_number_alone(
    line: bytes, id_: object, message: str
) -> None:
    shapes = answered(b'{"id": 1, "text": "a"}\n\n' + line + b'\n{"id": 4, "text": "Ida Marsh"}\n')
    assert [set(shape) for shape in shapes] == [{"id", "spans"}, {"id", "error"}, {"id", "spans"}]
    assert shapes[1] == {"id": id_, "error": f"line 3: {message}"}
    assert len(shapes[2]["spans"]) == 1


def test_an_id_may_be_left_out_and_more_may_be_there() -> None:
    assert answered(b'{"text": "a", "language": "en"}\r\n') == [{"id": None, "spans": []}]


def test_a_mark_of_the_byte_order_is_no_part_of_the_first_line() -> None:
    assert answered(b'\xef\xbb\xbf{"id": 1, "text": "a"}') == [{"id": 1, "spans": []}]


def test_a_text_with_half_a_character_is_answered(detector: Detector) -> None:
    shapes = answered(b'{"id": 1, "text": "\\ud800 ida.marsh@example.net"}', detector, with_text=True)
    assert shapes[0]["text"] == "\ud800 <EMAIL_ADDRESS>"


def test_a_line_that_is_too_long_is_left_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 64)
    long = b'{"id": 1, "text": "' + b"a" * 200 + b'"}\n'
    shapes = answered(long + b'{"id": 2, "text": "a"}\n' + long.rstrip())
    assert [shape.get("error") for shape in shapes] == [
        "line 1: expected a line of less than 64 bytes",
        None,
        "line 3: expected a line of less than 64 bytes",
    ]


class FailsAt:
    """Fails at one text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def detect(self, text: str) -> tuple[Span, ...]:
        return self.detect_each((text,))[0]

    def detect_each(self, texts: Any) -> tuple[tuple[Span, ...], ...]:
        if self.text in texts:
            raise DetectionFailed("the detector failed; the text was refused")
        return ((),) * len(texts)


def test_a_text_that_cannot_be_looked_through_does_not_take_the_others_with_it() -> None:
    content = b"".join(b'{"id": %d, "text": "%d"}\n' % (n, n) for n in range(9))
    shapes = answered(content, FailsAt("5"))
    assert [shape["id"] for shape in shapes if "error" in shape] == [5]
    assert shapes[5]["error"] == "line 6: the detector failed; the text was refused"


def test_batches_are_bounded_in_lines_and_bytes_and_name_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    made = list(batches(io.BytesIO(b'{"text": "a"}\n' * 300), "a.jsonl"))
    assert [len(batch.lines) for batch in made] == [128, 128, 44]
    assert [batch.place for batch in made] == [
        "a.jsonl lines 1 to 128",
        "a.jsonl lines 129 to 256",
        "a.jsonl lines 257 to 300",
    ]
    monkeypatch.setattr(lines, "MOST_BYTES", 30)
    assert [len(batch.lines) for batch in batches(io.BytesIO(b'{"text": "a"}\n' * 5))] == [3, 2]
    assert Batch(origin="", numbers=(4, 9), lines=(b"", b"")).place == "lines 4 to 9"
