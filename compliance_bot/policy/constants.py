"""Evaluate what of a Cedar expression does not depend on the resource: values, and the operators on them.

Follows the Cedar language (docs.cedarpolicy.com, "Operators and functions"): values of different types are unequal, and
any other operation on a wrong type, an overflow, or an absent attribute is an error. Types that no policy about
documents needs (decimal, ipaddr) and tags are not here: the compiler refuses them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from compliance_bot.policy.values import milliseconds, ordered
from compliance_bot.records import EntityRef

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LEAST, _MOST = -(2**63), 2**63 - 1
_DAY_MS = 86_400_000
_DATETIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d{3}))?(?:Z|([+-])(\d\d)(\d\d)))?", re.ASCII
)
_DURATION = re.compile(r"(-?)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?", re.ASCII)
_UNITS_MS = (_DAY_MS, 3_600_000, 60_000, 1000, 1)


class EvaluationError(Exception):
    """Evaluating this is an error in Cedar."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A datetime, in milliseconds since 1970."""

    ms: int


@dataclass(frozen=True, slots=True)
class Span:
    """A duration, in milliseconds."""

    ms: int


# A set is a tuple: 1 and true are two elements, which Python's own sets would take for one.
Value = bool | int | str | Moment | Span | EntityRef | tuple[Any, ...] | dict[str, Any]


def value_of(attribute: object) -> Value:
    """Return a principal's or the context's attribute as a value."""
    if isinstance(attribute, frozenset):
        return tuple(value_of(item) for item in ordered(attribute))
    if isinstance(attribute, datetime):
        return Moment(milliseconds(attribute))
    assert isinstance(attribute, bool | int | str | EntityRef), "attributes are typed by the schema"
    return attribute


def literal(json: Any) -> Value:
    """Return a literal of Cedar's JSON policy format."""
    if isinstance(json, dict) and "__entity" in json:
        return EntityRef(json["__entity"]["type"], json["__entity"]["id"])
    if isinstance(json, bool | int | str):
        return json
    raise EvaluationError


def same(a: Value, b: Value) -> bool:
    """Return Cedar's `==`: never an error, and false for values of different types."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        return all(any(same(x, y) for y in b) for x in a) and all(any(same(x, y) for y in a) for x in b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(value, b[name]) for name, value in a.items())
    return type(a) is type(b) and a == b


def parse_datetime(text: Value) -> Moment:
    """Return the time that a text names: a day, or a second with its zone. Raises EvaluationError."""
    match = _DATETIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise EvaluationError
    year, month, day, hour, minute, second, ms = (int(part or 0) for part in match.groups()[:7])
    sign, zone_hours, zone_minutes = match.groups()[7:]
    try:
        at = datetime.fromisoformat(f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}+00:00")
    except ValueError as error:
        raise EvaluationError from error
    offset = (int(zone_hours or 0) * 60 + int(zone_minutes or 0)) * 60_000
    if int(zone_hours or 0) > 23 or int(zone_minutes or 0) > 59:  # of a day, of an hour
        raise EvaluationError
    return Moment(milliseconds(at) + ms + (offset if sign == "-" else -offset))


def parse_duration(text: Value) -> Span:
    """Return the duration that a text such as `1d12h` names. Raises EvaluationError."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None or not any(match.groups()[1:]):
        raise EvaluationError
    total = sum(int(count or 0) * unit for count, unit in zip(match.groups()[1:], _UNITS_MS, strict=True))
    return Span(_checked(-total if match[1] else total))


def compare(operator: str, a: Value, b: Value) -> bool:
    """Return `<`, `<=`, `>` or `>=` of two numbers, times or durations. Raises EvaluationError for anything else."""
    if type(a) is not type(b) or not (type(a) is int or isinstance(a, Moment | Span)):
        raise EvaluationError
    x, y = (v.ms if isinstance(v, Moment | Span) else v for v in (a, b))
    assert isinstance(x, int), "numbers, times and durations are counted"
    assert isinstance(y, int), "numbers, times and durations are counted"
    return {"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[operator]


def calculate(operator: str, a: Value, b: Value) -> int:
    """Return the sum, difference or product of two numbers. Raises EvaluationError, also on overflow."""
    if type(a) is not int or type(b) is not int:
        raise EvaluationError
    return _checked({"+": a + b, "-": a - b, "*": a * b}[operator])


def negate(a: Value) -> int:
    """Return a number with its sign changed. Raises EvaluationError."""
    return calculate("-", 0, a)


def call(name: str, arguments: tuple[Value, ...]) -> Value:
    """Return what a function or method of times and durations returns. Raises EvaluationError."""
    function, types = _FUNCTIONS[name]
    if len(arguments) != len(types) or not all(isinstance(a, t) for a, t in zip(arguments, types, strict=True)):
        raise EvaluationError
    return function(*arguments)


def matches(text: Value, pattern: list[Any]) -> bool:
    """Return whether a text is like a pattern with wildcards. Raises EvaluationError."""
    if not isinstance(text, str):
        raise EvaluationError
    expression = "".join(".*" if part == "Wildcard" else re.escape(part["Literal"]) for part in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _checked(number: int) -> int:
    if not _LEAST <= number <= _MOST:
        raise EvaluationError
    return number


_FUNCTIONS: Mapping[str, tuple[Callable[..., Value], tuple[type, ...]]] = {
    "datetime": (parse_datetime, (str,)),
    "duration": (parse_duration, (str,)),
    "offset": (lambda at, by: Moment(_checked(at.ms + by.ms)), (Moment, Span)),
    "durationSince": (lambda at, since: Span(_checked(at.ms - since.ms)), (Moment, Moment)),
    "toDate": (lambda at: Moment(_checked(at.ms // _DAY_MS * _DAY_MS)), (Moment,)),
    "toTime": (lambda at: Span(at.ms % _DAY_MS), (Moment,)),
    "toMilliseconds": (lambda span: span.ms, (Span,)),
    "toSeconds": (lambda span: _towards_zero(span.ms, 1000), (Span,)),
    "toMinutes": (lambda span: _towards_zero(span.ms, 60_000), (Span,)),
    "toHours": (lambda span: _towards_zero(span.ms, 3_600_000), (Span,)),
    "toDays": (lambda span: _towards_zero(span.ms, _DAY_MS), (Span,)),
}
FUNCTIONS = frozenset(_FUNCTIONS)


def _towards_zero(number: int, unit: int) -> int:
    return abs(number) // unit * (1 if number >= 0 else -1)
