"""Pieces of SQL that stand for Cedar expressions, and the connectives on them.

The rule that everything keeps: where Cedar evaluates to an error the SQL is NULL, and otherwise they agree. So `&&` and
`||` are not AND and OR where their left side can be an error, since Cedar stops at it and SQL does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from compliance_bot.policy.schema import Kind, Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.policy.constants import Value

BOOL = Type(Kind.BOOL)


class Failure(Enum):
    """An evaluation error that is known before any resource is."""

    ERROR = "error"


ERROR = Failure.ERROR


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that does not depend on the resource."""

    value: Value


@dataclass(frozen=True, slots=True)
class Sql:
    """An expression over `access_class` and its type. `present` names the attributes that are there if it is true."""

    text: str
    type: Type
    can_fail: bool = False  # can be NULL
    present: frozenset[str] = frozenset()


Fragment = Constant | Sql | Failure
TRUE, FALSE = Constant(True), Constant(False)


def truth(fragment: Fragment) -> Fragment:
    """Return a fragment that stands where a truth value is needed: an error unless it is one."""
    if isinstance(fragment, Constant):
        return fragment if isinstance(fragment.value, bool) else ERROR
    if isinstance(fragment, Sql):
        return fragment if fragment.type == BOOL else ERROR
    return fragment


def when_present(fragment: Sql, value: bool) -> Fragment:
    """Return a constant that is an error where the fragment is one."""
    if not fragment.can_fail:
        return Constant(value)
    return Sql(f"(CASE WHEN {fragment.text} IS NOT NULL THEN {str(value).lower()} END)", BOOL, can_fail=True)


def both(a: Fragment, right: Callable[[], Fragment]) -> Fragment:
    """Return `a && right`. The right side is looked at only where it could matter."""
    a = truth(a)
    if isinstance(a, Failure):
        return a
    if isinstance(a, Constant):
        return truth(right()) if a.value is True else FALSE
    b = truth(right())
    if isinstance(b, Failure):
        return Sql(f"NULLIF({a.text}, true)", BOOL, can_fail=True)
    if isinstance(b, Constant):
        return a if b.value is True else when_present(a, value=False)
    present = a.present | b.present
    if a.can_fail:
        text = f"(CASE WHEN {a.text} THEN {b.text} WHEN NOT {a.text} THEN false END)"
        return Sql(text, BOOL, can_fail=True, present=present)
    return Sql(f"({a.text} AND {b.text})", BOOL, can_fail=b.can_fail, present=present)


def either(a: Fragment, right: Callable[[], Fragment]) -> Fragment:
    """Return `a || right`. The right side is looked at only where it could matter."""
    a = truth(a)
    if isinstance(a, Failure):
        return a
    if isinstance(a, Constant):
        return TRUE if a.value is True else truth(right())
    b = truth(right())
    if isinstance(b, Failure):
        return Sql(f"NULLIF({a.text}, false)", BOOL, can_fail=True)
    if isinstance(b, Constant):
        return Sql(a.text, BOOL, can_fail=a.can_fail) if b.value is False else when_present(a, value=True)
    if a.can_fail:
        return Sql(f"(CASE WHEN {a.text} THEN true WHEN NOT {a.text} THEN {b.text} END)", BOOL, can_fail=True)
    return Sql(f"({a.text} OR {b.text})", BOOL, can_fail=b.can_fail)


def negation(a: Fragment) -> Fragment:
    """Return `!a`."""
    a = truth(a)
    if isinstance(a, Constant):
        return Constant(not a.value)
    return Sql(f"(NOT {a.text})", BOOL, can_fail=a.can_fail) if isinstance(a, Sql) else a


def choice(condition: Sql, then: Fragment, otherwise: Fragment) -> Fragment:
    """Return `if condition then … else …` of truth values."""
    branches = [truth(then), truth(otherwise)]
    texts = [_text(branch) for branch in branches]
    can_fail = condition.can_fail or any(
        isinstance(branch, Failure) or (isinstance(branch, Sql) and branch.can_fail) for branch in branches
    )
    text = f"(CASE WHEN {condition.text} THEN {texts[0]} WHEN NOT {condition.text} THEN {texts[1]} END)"
    return Sql(text, BOOL, can_fail=can_fail)


def _text(fragment: Fragment) -> str:
    if isinstance(fragment, Sql):
        return fragment.text
    # An untyped NULL in CASE would make it text.
    return "NULL::boolean" if isinstance(fragment, Failure) else str(fragment.value).lower()
