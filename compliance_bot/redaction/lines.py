"""Lines of JSON, each with a text, looked through one after another: `{"id", "text"}` in, `{"id", "spans"}` out.

A line that is wrong gets `{"id", "error"}` in its place, and the others go on. No error holds any of the line.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from compliance_bot.errors import ComplianceError
from compliance_bot.redaction.mask import mask_or_refuse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from compliance_bot.redaction.spans import Detects, Span

MOST_LINES = 128  # of one batch: enough to fill a model's batches
MOST_BYTES = 1 << 18  # of one batch, its last line aside
LONGEST_LINE = 1 << 26  # bytes: a longer one is an error, so that memory stays bounded

_TOO_LONG = b""  # stands for a line that is too long; no other line of a batch is empty


class WrongLine(ComplianceError):
    """The line is not a JSON object with a text."""

    id: str | int | None = None  # where the line has one that can be told


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some lines of an input, as bytes, with the number of each; `origin` names the input and may be empty."""

    origin: str
    numbers: tuple[int, ...]
    lines: tuple[bytes, ...]

    @property
    def place(self) -> str:
        """Where these lines are, for people."""
        first, last = self.numbers[0], self.numbers[-1]
        return f"{self.origin} lines {first} to {last}".lstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What is to be written for a batch, and how many of its lines were wrong or could not be looked through."""

    written: bytes
    failed: int


def batches(stream: BinaryIO, origin: str = "") -> Iterator[Batch]:
    """Yield the lines of a stream in batches; blank lines are left out. Holds no more than one batch."""
    numbers: list[int] = []
    lines: list[bytes] = []
    size = 0
    for number, line in enumerate(_lines(stream), 1):
        if line.isspace():
            continue
        numbers.append(number)
        lines.append(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
        size += len(line)
        if len(lines) == MOST_LINES or size >= MOST_BYTES:
            yield Batch(origin=origin, numbers=tuple(numbers), lines=tuple(lines))
            numbers, lines, size = [], [], 0
    if lines:
        yield Batch(origin=origin, numbers=tuple(numbers), lines=tuple(lines))


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            while (more := stream.readline(LONGEST_LINE)) and not more.endswith(b"\n"):
                pass
            line = _TOO_LONG
        yield line


def answer(batch: Batch, detector: Detects, *, with_text: bool) -> Answers:
    """Return one line of JSON for each line of the batch, in order; with the masked text where that is asked for."""
    asked = [_read(line) for line in batch.lines]
    masked = iter(mask_or_refuse([one.text for one in asked if isinstance(one, _Asked)], detector))
    shapes: list[dict[str, Any]] = []
    failed = 0
    for number, one in zip(batch.numbers, asked, strict=True):
        found = next(masked) if isinstance(one, _Asked) else one
        shape: dict[str, Any] = {"id": one.id}
        if isinstance(found, ComplianceError):
            failed += 1
            shape["error"] = f"{batch.origin} line {number}: {found}".lstrip()
        else:
            shape["spans"] = [span_shape(span) for span in found.spans]
            if with_text:
                shape["text"] = found.text
        shapes.append(shape)
    return Answers(written=b"".join(json.dumps(shape).encode() + b"\n" for shape in shapes), failed=failed)


def span_shape(span: Span) -> dict[str, Any]:
    """Return a span as JSON has it. No value."""
    return {
        "start": span.start,
        "end": span.end,
        "type": span.type,
        "score": round(span.score, 4),
        "source": span.source,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    id: str | int | None
    text: str


def _read(line: bytes) -> _Asked | WrongLine:
    if line == _TOO_LONG:
        return WrongLine(f"expected a line of less than {LONGEST_LINE} bytes")
    try:
        given = json.loads(line.decode(), object_pairs_hook=_unique, parse_constant=_refuse)
    except WrongLine as error:
        return error
    except UnicodeDecodeError as error:
        return WrongLine(f"expected UTF-8, and byte {error.start + 1} of the line is not")
    except (ValueError, RecursionError):
        return WrongLine("expected a JSON object")
    if not isinstance(given, dict):
        return WrongLine("expected a JSON object")
    text, id_ = given.get("text"), given.get("id")
    if isinstance(id_, bool) or not isinstance(id_, str | int | None):
        return WrongLine('expected "id" to be a string or a whole number')
    if not isinstance(text, str):
        wrong = WrongLine('expected "text", a string')
        wrong.id = id_
        return wrong
    return _Asked(id=id_, text=text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object. Of two values under one key a reader takes the first or the last: neither is safe."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise WrongLine("expected each key once")
    return made


def _refuse(_: str) -> NoReturn:
    raise WrongLine("expected a JSON object")  # NaN and Infinity are not JSON
