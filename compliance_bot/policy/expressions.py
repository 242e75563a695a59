"""Cedar expressions as SQL fragments over the attributes of an access class, for one principal, action and context.

What does not depend on the resource is evaluated (`constants`); what does becomes SQL (`operators`), joined by
connectives that keep Cedar's errors (`fragments`). The place of a document in a hierarchy stands in its attribute of
the same name: whether it is in Collection::"x", `collection` tells.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from compliance_bot.policy import constants, operators
from compliance_bot.policy.constants import EvaluationError
from compliance_bot.policy.fragments import (
    BOOL,
    ERROR,
    FALSE,
    TRUE,
    Constant,
    Failure,
    Fragment,
    Sql,
    both,
    choice,
    either,
    negation,
    truth,
    when_present,
)
from compliance_bot.policy.operators import Parameters, Uncompilable
from compliance_bot.policy.schema import Kind, Type
from compliance_bot.records import EntityRef

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from compliance_bot.policy.constants import Value
    from compliance_bot.policy.schema import Declared

RESOURCE = "Document"
_SELF = Type(Kind.ENTITY, entity=RESOURCE)
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who asks for what, as constants: the principal with its groups, the action, the context."""

    principal: EntityRef
    groups: frozenset[str]
    attributes: Mapping[str, Value] = field(hash=False)
    action: str
    context: Mapping[str, Value] = field(hash=False)

    def ancestors(self, entity: Value) -> tuple[EntityRef, ...]:
        """Return an entity and what it is in. Raises EvaluationError for what is no entity."""
        if not isinstance(entity, EntityRef):
            raise EvaluationError
        groups = tuple(EntityRef("Group", group) for group in sorted(self.groups)) if entity == self.principal else ()
        return (entity, *groups)


class Expressions:
    """Compiles expressions for one subject. `present` are the resource's optional attributes known to be there."""

    def __init__(self, declared: Declared, subject: Subject, parameters: Parameters) -> None:
        self._declared, self._subject, self._parameters = declared, subject, parameters

    def condition(self, body: Mapping[str, Any]) -> Fragment:
        """Return when a policy holds: its scope, then its `when` and `unless` in order."""
        result = both(self._scope_of(body["principal"], self._subject.principal), lambda: self._action(body["action"]))
        result = both(result, lambda: self._resource(body["resource"]))
        for condition in body["conditions"]:
            present = result.present if isinstance(result, Sql) else _NOTHING
            result = both(result, lambda c=condition, p=present: self._condition(c, p))  # type: ignore[misc]
        return result

    def _condition(self, condition: Mapping[str, Any], present: frozenset[str]) -> Fragment:
        found = self.expression(condition["body"], present)
        return found if condition["kind"] == "when" else negation(found)

    def _scope_of(self, constraint: Mapping[str, Any], entity: EntityRef) -> Fragment:
        """Return whether a constant entity fits a policy's scope."""
        if constraint["op"] == "All":
            return TRUE
        if constraint["op"] == "==":
            return Constant(entity == entity_ref(constraint["entity"]))
        if constraint["op"] == "is":
            inside = "in" not in constraint or self._is_in(entity, (entity_ref(constraint["in"]["entity"]),))
            return Constant(entity.type == constraint["entity_type"] and inside)
        return Constant(self._is_in(entity, (entity_ref(constraint["entity"]),)))

    def _is_in(self, entity: Value, targets: Sequence[Value]) -> bool:
        return any(target in self._subject.ancestors(entity) for target in targets)

    def _action(self, constraint: Mapping[str, Any]) -> Fragment:
        if constraint["op"] == "All":
            return TRUE
        named = [constraint["entity"]] if "entity" in constraint else constraint["entities"]
        if constraint["op"] == "==":
            return Constant(named[0]["id"] == self._subject.action)
        return Constant(any(each["id"] in self._declared.groups_of(self._subject.action) for each in named))

    def _resource(self, constraint: Mapping[str, Any]) -> Fragment:
        operator = constraint["op"]
        if operator == "All":
            return TRUE
        if operator == "is":
            if constraint["entity_type"] != RESOURCE:
                return FALSE
            return self._resource_in((entity_ref(constraint["in"]["entity"]),)) if "in" in constraint else TRUE
        if operator == "==":
            return self._is_the_resource(entity_ref(constraint["entity"]))
        return self._resource_in((entity_ref(constraint["entity"]),))

    def _is_the_resource(self, entity: Value) -> Fragment:
        if isinstance(entity, EntityRef) and entity.type == RESOURCE:
            raise Uncompilable("a single document is named: give it an attribute, and name that")
        return FALSE

    def _resource_in(self, targets: Sequence[Value]) -> Fragment:
        """Return whether the resource is in one of these: its type's parents lie in attributes of the same name."""
        result: Fragment = FALSE
        for target in targets:
            if not isinstance(target, EntityRef):
                return ERROR
            result = either(result, lambda t=target: self._resource_in_one(t))  # type: ignore[misc]
        return result

    def _resource_in_one(self, target: EntityRef) -> Fragment:
        if target.type == RESOURCE:
            return self._is_the_resource(target)
        if target.type not in self._declared.entities[RESOURCE].parents:
            return FALSE
        name = target.type.lower()
        declared = self._declared.attributes(RESOURCE)[name]
        # A document that does not say where it lies is in nothing: that is no error.
        at = operators.attribute(self._parameters, name, declared.type, can_fail=False).text
        texts = [f"{at} = {self._parameters.add(target.id, 'text')}"]
        if self._declared.is_hierarchy(target.type):
            texts.append(f"starts_with({at}, {self._parameters.add(target.id + '/', 'text')})")
        return Sql(f"COALESCE({' OR '.join(texts)}, false)", BOOL)

    def expression(self, node: Mapping[str, Any], present: frozenset[str] = _NOTHING) -> Fragment:
        """Return an expression of Cedar's JSON policy format as a fragment."""
        ((kind, value),) = node.items()
        try:
            return self._expression(kind, value, present)
        except EvaluationError:
            return ERROR

    def _expression(self, kind: str, value: Any, present: frozenset[str]) -> Fragment:
        simple: dict[str, Callable[[], Fragment]] = {
            "Value": lambda: Constant(constants.literal(value)),
            "Var": lambda: self._variable(value),
            "&&": lambda: self._and(value, present),
            "||": lambda: either(
                self.expression(value["left"], present), lambda: self.expression(value["right"], present)
            ),
            "!": lambda: negation(self.expression(value["arg"], present)),
            "if-then-else": lambda: self._if(value, present),
            "Set": lambda: self._set(value, present),
            "Record": lambda: self._record(value, present),
            ".": lambda: self._attribute(value, present),
            "has": lambda: self._has(value, present),
            "is": lambda: self._is(value, present),
            "like": lambda: operators.like(self._parameters, self.expression(value["left"], present), value["pattern"]),
            "isEmpty": lambda: operators.is_empty(self.expression(value["arg"], present)),
            "neg": lambda: self._negative(value, present),
        }
        if kind in simple:
            return simple[kind]()
        if kind in constants.FUNCTIONS:
            return self._call(kind, value, present)
        if kind in _BINARY:
            return self._binary(kind, value, present)
        raise Uncompilable(f"`{kind}`")

    def _variable(self, name: str) -> Fragment:
        if name == "resource":
            return Sql("", _SELF)
        if name == "principal":
            return Constant(self._subject.principal)
        if name == "action":
            return Constant(EntityRef("Action", self._subject.action))
        return Constant(dict(self._subject.context))

    def _and(self, value: Mapping[str, Any], present: frozenset[str]) -> Fragment:
        left = self.expression(value["left"], present)
        known = present | (left.present if isinstance(left, Sql) else _NOTHING)
        return both(left, lambda: self.expression(value["right"], known))

    def _if(self, value: Mapping[str, Any], present: frozenset[str]) -> Fragment:
        condition = truth(self.expression(value["if"], present))
        if isinstance(condition, Failure):
            return ERROR
        if isinstance(condition, Constant):
            return self.expression(value["then" if condition.value else "else"], present)
        branches = (
            self.expression(value["then"], present | condition.present),
            self.expression(value["else"], present),
        )
        for branch in branches:
            if _is_value(branch):
                raise Uncompilable("`if` on the resource with branches that are no truth values")
        return choice(condition, *branches)

    def _set(self, items: Sequence[Mapping[str, Any]], present: frozenset[str]) -> Fragment:
        found = [self.expression(item, present) for item in items]
        if any(isinstance(item, Sql) for item in found):
            raise Uncompilable("a set made of attributes of the resource")
        if any(isinstance(item, Failure) for item in found):
            return ERROR
        values: list[Value] = []
        for item in found:
            assert isinstance(item, Constant), "neither of the others"
            if not any(constants.same(item.value, value) for value in values):
                values.append(item.value)
        return Constant(tuple(values))

    def _record(self, items: Mapping[str, Mapping[str, Any]], present: frozenset[str]) -> Fragment:
        found = {name: self.expression(item, present) for name, item in items.items()}
        if any(isinstance(item, Sql) for item in found.values()):
            raise Uncompilable("a record made of attributes of the resource")
        if any(isinstance(item, Failure) for item in found.values()):
            return ERROR
        return Constant({name: item.value for name, item in found.items() if isinstance(item, Constant)})

    def _attribute(self, value: Mapping[str, Any], present: frozenset[str]) -> Fragment:
        left, name = self.expression(value["left"], present), value["attr"]
        if isinstance(left, Failure):
            return ERROR
        if isinstance(left, Sql):
            if left.type != _SELF or left.text:
                raise Uncompilable(f"`.{name}` of an attribute of the resource: store it with the document")
            declared = self._declared.attributes(RESOURCE).get(name)
            if declared is None:
                return ERROR
            can_fail = not declared.required and name not in present
            return operators.attribute(self._parameters, name, declared.type, can_fail=can_fail)
        record = self._fields(left.value)
        return Constant(record[name]) if name in record else ERROR

    def _fields(self, value: Value) -> Mapping[str, Value]:
        """Return the attributes of a constant. Raises EvaluationError where it has none at all."""
        if isinstance(value, dict):
            return value
        if value == self._subject.principal:
            return self._subject.attributes
        raise EvaluationError

    def _has(self, value: Mapping[str, Any], present: frozenset[str]) -> Fragment:
        left, name = self.expression(value["left"], present), value["attr"]
        if isinstance(left, Failure):
            return ERROR
        if isinstance(left, Sql):
            if left.type != _SELF or left.text:
                raise Uncompilable(f"`has {name}` on an attribute of the resource: store it with the document")
            declared = self._declared.attributes(RESOURCE).get(name)
            if declared is None or declared.required:
                return Constant(declared is not None)
            placeholder = self._parameters.add(name, "text")
            return Sql(f"jsonb_exists(c.attributes, {placeholder})", BOOL, present=frozenset({name}))
        if isinstance(left.value, EntityRef) and left.value != self._subject.principal:
            return FALSE  # an entity of which nothing is known has no attributes
        return Constant(name in self._fields(left.value))

    def _is(self, value: Mapping[str, Any], present: frozenset[str]) -> Fragment:
        left = self.expression(value["left"], present)
        if isinstance(left, Failure):
            return ERROR
        if isinstance(left, Sql):
            if left.type.kind is not Kind.ENTITY:
                return ERROR
            result = when_present(left, value=left.type.entity == value["entity_type"])
        elif isinstance(left.value, EntityRef):
            result = Constant(left.value.type == value["entity_type"])
        else:
            return ERROR
        if "in" not in value:
            return result
        return both(result, lambda: self._in(left, self.expression(value["in"], present)))

    def _negative(self, value: Mapping[str, Any], present: frozenset[str]) -> Fragment:
        found = self.expression(value["arg"], present)
        if isinstance(found, Sql):
            raise Uncompilable("arithmetic on an attribute of the resource: write it on the other side")
        return ERROR if isinstance(found, Failure) else Constant(constants.negate(found.value))

    def _call(self, name: str, arguments: Sequence[Mapping[str, Any]], present: frozenset[str]) -> Fragment:
        found = [self.expression(argument, present) for argument in arguments]
        if any(isinstance(item, Sql) for item in found):
            raise Uncompilable(f"`{name}` of an attribute of the resource: write it on the other side")
        if any(isinstance(item, Failure) for item in found):
            return ERROR
        return Constant(constants.call(name, tuple(item.value for item in found if isinstance(item, Constant))))

    def _binary(self, operator: str, value: Mapping[str, Any], present: frozenset[str]) -> Fragment:
        a, b = self.expression(value["left"], present), self.expression(value["right"], present)
        if any(isinstance(side, Sql) and side.type == _SELF and not side.text for side in (a, b)):
            return self._on_resource(operator, a, b)
        if operator in {"==", "!="}:
            found = operators.equal(self._parameters, a, b)
            return found if operator == "==" else negation(found)
        if operator in {"<", "<=", ">", ">="}:
            return operators.ordered(self._parameters, operator, a, b)
        if operator == "in":
            return self._in(a, b)
        if operator in {"+", "-", "*"}:
            return self._calculate(operator, a, b)
        return _ON_SETS[operator](self._parameters, a, b)

    def _on_resource(self, operator: str, a: Fragment, b: Fragment) -> Fragment:
        """Return an operation on the resource itself, which has a place in a hierarchy and no other value."""
        if isinstance(a, Failure) or isinstance(b, Failure):
            return ERROR
        if operator in {"==", "!="}:
            other = b if isinstance(a, Sql) and not a.text else a
            if isinstance(other, Sql):
                raise Uncompilable("the resource compared with its own attribute")
            found = self._is_the_resource(other.value)
            return found if operator == "==" else negation(found)
        if operator == "in":
            return self._in(a, b)
        if operator in {"contains", "containsAll", "containsAny"}:
            raise Uncompilable(f"`{operator}` with the resource itself")
        return ERROR

    def _calculate(self, operator: str, a: Fragment, b: Fragment) -> Fragment:
        if isinstance(a, Failure) or isinstance(b, Failure):
            return ERROR
        if isinstance(a, Sql) or isinstance(b, Sql):
            raise Uncompilable("arithmetic on an attribute of the resource: write it on the other side")
        return Constant(constants.calculate(operator, a.value, b.value))

    def _in(self, a: Fragment, b: Fragment) -> Fragment:
        if isinstance(a, Failure) or isinstance(b, Failure):
            return ERROR
        if isinstance(b, Constant):
            targets = b.value if isinstance(b.value, tuple) else (b.value,)
            if not all(isinstance(target, EntityRef) for target in targets):
                return ERROR
            if isinstance(a, Constant):
                return Constant(self._is_in(a.value, targets))
            return self._resource_in(targets) if a.type == _SELF and not a.text else self._attribute_in(a, targets)
        if isinstance(a, Sql):
            raise Uncompilable("`in` between the resource and its own attributes")
        return self._in_attribute(self._subject.ancestors(a.value), b)

    def _attribute_in(self, attribute: Sql, targets: Sequence[Value]) -> Fragment:
        """Return whether an entity that the resource names is one of these: nothing tells what else it is in."""
        if attribute.type.kind is not Kind.ENTITY:
            return ERROR
        declared = self._declared.entities.get(attribute.type.entity)
        if declared is None or declared.parents:
            raise Uncompilable(f"`in` for an attribute whose type {attribute.type} can be in others")
        return operators.any_of(self._parameters, attribute, targets)

    def _in_attribute(self, ancestors: Sequence[EntityRef], attribute: Sql) -> Fragment:
        """Return whether a constant entity is in an entity, or in one of a set of them, that the resource names."""
        if attribute.type == _SELF and not attribute.text:
            raise Uncompilable("something `in` the resource")
        if attribute.type.kind is Kind.ENTITY:
            return operators.any_of(self._parameters, attribute, ancestors)
        element = attribute.type.element
        if element is None or element.kind is not Kind.ENTITY:
            return ERROR
        return operators.some_in(self._parameters, attribute, ancestors)


_ON_SETS = {
    "contains": operators.contains,
    "containsAll": operators.contains_all,
    "containsAny": operators.contains_any,
}
_BINARY = frozenset({"==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", *_ON_SETS})


def _is_value(fragment: Fragment) -> bool:
    """Return whether a fragment is something else than a truth value."""
    if isinstance(fragment, Constant):
        return not isinstance(fragment.value, bool)
    return isinstance(fragment, Sql) and fragment.type != BOOL


def entity_ref(json: Mapping[str, str]) -> EntityRef:
    """Return an entity of Cedar's JSON policy format."""
    return EntityRef(json["type"], json["id"])
