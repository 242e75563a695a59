"""What can be done to documents, in each context that two policy sets tell apart: what there is to compare."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice, product
from typing import TYPE_CHECKING

from compliance_bot.policy.expressions import RESOURCE
from compliance_bot.policy.schema import Kind, Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from compliance_bot.policy.folder import Policies

ANOTHER = "(another)"
_MOST_CONTEXTS = 64  # of one action: a set that tells more apart is compared in these


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """An action, and what it is decided with besides the time and the purpose."""

    action: str
    context: Mapping[str, str | bool] = field(default_factory=dict, hash=False)


READING = Occasion(action="read")


def occasions(before: Policies, after: Policies) -> Iterator[Occasion]:
    """Yield what can be done to documents, reading first, in every context that the policies of either set tell apart.

    Of a text these are the texts that a policy about the action compares it with, and another; of a truth value both.
    """
    actions = {**before.declared.actions, **after.declared.actions}
    for name in sorted(actions, key=lambda name: (name != READING.action, name)):
        if RESOURCE not in actions[name].resources:
            continue
        values: dict[str, Sequence[str | bool]] = {}
        for attribute in actions[name].context.values():
            if attribute.required and attribute.type == Type(Kind.BOOL):
                values[attribute.name] = (False, True)
            elif attribute.required and attribute.type == Type(Kind.STRING):
                values[attribute.name] = (*sorted(_compared_with(attribute.name, name, before, after)), ANOTHER)
        for chosen in islice(product(*values.values()), _MOST_CONTEXTS):
            yield Occasion(action=name, context=dict(zip(values, chosen, strict=True)))


def _compared_with(attribute: str, action: str, *sets: Policies) -> frozenset[str]:
    """Return the texts with which policies about an action compare an attribute of the context."""
    found: set[str] = set()

    def look(node: object) -> None:
        if isinstance(node, list):
            for one in node:
                look(one)
        elif isinstance(node, dict):
            if "left" in node and "right" in node:
                for one, other in ((node["left"], node["right"]), (node["right"], node["left"])):
                    if one == {".": {"left": {"Var": "context"}, "attr": attribute}}:
                        found.update(_texts(other))
            for one in node.values():
                look(one)

    for policies in sets:
        for policy in policies.compilable:
            if policy.concerns(action, policies.declared):
                look(policy.body["conditions"])
    return frozenset(found)


def _texts(node: object) -> Iterator[str]:
    """Yield the texts in an expression."""
    if isinstance(node, list):
        for one in node:
            yield from _texts(one)
    elif isinstance(node, dict):
        if isinstance(value := node.get("Value"), str):
            yield value
        for one in node.values():
            yield from _texts(one)
