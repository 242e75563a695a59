"""Refuse, when policies are loaded, what has no exact form in SQL: for every principal and context, not just today's.

A walk over a policy that asks of each expression whether it depends on the resource, and with which type. It is
stricter than the compiler, never laxer: what passes here compiles for everybody (a property test holds them together).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compliance_bot.policy import constants
from compliance_bot.policy.expressions import RESOURCE, entity_ref
from compliance_bot.policy.operators import Uncompilable
from compliance_bot.policy.schema import Kind, Type
from compliance_bot.records import EntityRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compliance_bot.policy.schema import Declared

_MOST_LEVELS = 100  # the compiler goes down one Python call or more for each
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_ON_SETS = frozenset({"contains", "containsAll", "containsAny"})
_TRUTHS = _COMPARISONS | _ON_SETS | {"&&", "||", "!", "in", "has", "is", "like", "isEmpty"}
_BOOL = Type(Kind.BOOL)


@dataclass(frozen=True, slots=True)
class _Resource:
    """An expression that depends on the resource; `is_itself` where it is the resource and no attribute of it."""

    type: Type
    is_itself: bool = False


class CompilabilityCheck:
    """Walks policies of one schema."""

    def __init__(self, declared: Declared) -> None:
        self._declared = declared

    def check(self, body: Mapping[str, Any]) -> None:
        """Raise Uncompilable, naming the construct, unless this policy has an exact form in SQL."""
        constraint = body["resource"]
        for target in (constraint.get("entity"), (constraint.get("in") or {}).get("entity")):
            if target is not None:
                self._no_single_document(entity_ref(target))
        for condition in body["conditions"]:
            self._depends(condition["body"], 0)

    def _depends(self, node: Mapping[str, Any], level: int) -> _Resource | None:
        """Return how an expression depends on the resource; None where it does not."""
        if level > _MOST_LEVELS:
            raise Uncompilable(f"an expression nested more than {_MOST_LEVELS} deep: split the policy")
        ((kind, value),) = node.items()
        if kind == "Value":
            return None
        if kind == "Var":
            return _Resource(Type(Kind.ENTITY, entity=RESOURCE), is_itself=True) if value == "resource" else None
        sides = [self._depends(child, level + 1) for child in _children(kind, value)]
        if kind in {".", "has"}:
            return self._of_attribute(kind, value, sides[0])
        if kind == "if-then-else":
            return self._of_choice(value, sides)
        if kind in {"==", "!=", "in", *_ON_SETS}:
            return self._of_pair(kind, value, sides)
        if kind in {"Set", "Record", "neg", "+", "-", "*", *constants.FUNCTIONS}:
            if any(sides):
                raise Uncompilable(f"`{kind}` of an attribute of the resource: write it on the other side")
            return None
        if kind == "is" and "in" in value:
            self._of_pair("in", {"left": value["left"], "right": value["in"]}, sides)
        elif kind not in _TRUTHS:
            raise Uncompilable(f"`{kind}`")
        return _Resource(_BOOL) if any(sides) else None

    def _of_attribute(self, kind: str, value: Mapping[str, Any], left: _Resource | None) -> _Resource | None:
        name = value["attr"]
        if left is None:
            return None
        if not left.is_itself:
            raise Uncompilable(f"`.{name}` of an attribute of the resource: store it with the document")
        if kind == "has":
            return _Resource(_BOOL)
        declared = self._declared.attributes(RESOURCE).get(name)
        if declared is None:
            return None
        if declared.type.kind is Kind.OTHER:
            raise Uncompilable(f"resource.{name}, whose type cannot be searched by")
        return _Resource(declared.type)

    def _of_choice(self, value: Mapping[str, Any], sides: list[_Resource | None]) -> _Resource | None:
        if not any(sides):
            return None
        if not (self._is_truth(value["then"]) and self._is_truth(value["else"])):
            raise Uncompilable("`if` on the resource with branches that are no truth values")
        return _Resource(_BOOL)

    def _is_truth(self, node: Mapping[str, Any]) -> bool:
        ((kind, value),) = node.items()
        if kind == "Value":
            return isinstance(value, bool)
        if kind == "if-then-else":
            return self._is_truth(value["then"]) and self._is_truth(value["else"])
        if kind == ".":
            owner = value["left"].get("Var")
            known = {
                "resource": self._declared.attributes(RESOURCE),
                "principal": self._declared.attributes("User"),
                "context": self._declared.actions["read"].context if "read" in self._declared.actions else {},
            }.get(owner, {})
            return value["attr"] in known and known[value["attr"]].type == _BOOL
        return kind in _TRUTHS

    def _of_pair(self, kind: str, value: Mapping[str, Any], sides: list[_Resource | None]) -> _Resource | None:
        left, right = sides
        if left is None and right is None:
            return None
        if left is not None and right is not None:
            self._two_sides(kind, left, right)
        elif kind == "in" and left is not None:
            self._place(left, value["right"])
        elif kind in {"==", "!="} and any(side is not None and side.is_itself for side in sides):
            self._literals_name_no_document(value["right"] if left is not None else value["left"])
        elif any(side is not None and side.is_itself for side in sides):
            raise Uncompilable(f"`{kind}` with the resource itself")
        return _Resource(_BOOL)

    def _two_sides(self, kind: str, left: _Resource, right: _Resource) -> None:
        is_equality = kind in {"==", "!="} and left.type == right.type and not (left.is_itself or right.is_itself)
        if not is_equality:
            raise Uncompilable(f"`{kind}` between two attributes of the resource")

    def _place(self, left: _Resource, targets: Mapping[str, Any]) -> None:
        if left.is_itself:
            self._literals_name_no_document(targets)
        elif left.type.kind is Kind.ENTITY:
            declared = self._declared.entities.get(left.type.entity)
            if declared is None or declared.parents:
                raise Uncompilable(f"`in` for an attribute whose type {left.type} can be in others")

    def _literals_name_no_document(self, node: Mapping[str, Any]) -> None:
        """Refuse a document named by its id; in a principal's attributes or the context there is none (`load`)."""
        for literal in _literals(node):
            if isinstance(literal, EntityRef):
                self._no_single_document(literal)

    def _no_single_document(self, entity: EntityRef) -> None:
        if entity.type == RESOURCE:
            raise Uncompilable("a single document is named: give it an attribute, and name that")


def _children(kind: str, value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the expressions directly inside one, left to right."""
    if kind == "Record":
        yield from value.values()
    elif isinstance(value, list):
        yield from value
    elif kind == "if-then-else":
        yield from (value["if"], value["then"], value["else"])
    else:
        yield from (value[name] for name in ("left", "arg", "right", "in") if name in value)


def _literals(node: Mapping[str, Any]) -> Iterator[constants.Value]:
    ((kind, value),) = node.items()
    if kind == "Value":
        yield constants.literal(value)
    elif kind != "Var":
        for child in _children(kind, value):
            yield from _literals(child)
