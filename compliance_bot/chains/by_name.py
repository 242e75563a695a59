"""Find people by name: where the asker may see the name, and nowhere else.

A question's values never reach an index of words. Each is looked up in the vault, and its token is searched in those
classes alone whose documents the policies let this asker reveal this type of data in. To anybody else it is a word that
stands nowhere, and nobody can tell by planting it in a document of their own whether it stands in another.

An embedder in this process does get a question as it was typed. Stored vectors are made of masked text, so what is near
follows from the words of the asker and not from whose values are hidden; the question's vector is not kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from compliance_bot.policy.decide import Resource
from compliance_bot.redaction.mask import apply_edits
from compliance_bot.redaction.placeholders import Numbering, in_words
from compliance_bot.retrieval.search import Named
from compliance_bot.store.scope import class_attributes, narrowed, permitted_classes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compliance_bot.models.embed import Embedder
    from compliance_bot.policy.decide import Circumstances, PolicyEngine
    from compliance_bot.records import ClassId, Principal, Scope
    from compliance_bot.redaction.mask import Masked
    from compliance_bot.store.connect import Transaction
    from compliance_bot.vault.book import Vault


# Up to so many, the engine is asked about each class as well, as for what may be read (`store.scope`).
_FEW_CLASSES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedValue:
    """A value in a question, and what stands for it there."""

    placeholder: str
    type: str
    surface: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question without personal data. `counts` are values masked, by type; `values` are kept while it is answered."""

    text: str
    counts: Mapping[str, int] = field(hash=False)
    values: tuple[AskedValue, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, source: str, masked: Masked) -> Asked:
        """Return a question, given what was found in it."""
        replaced = Numbering(asked=True).replacements(source, masked.spans)
        values = {
            one.text: AskedValue(placeholder=one.text, type=one.type, surface=source[one.start : one.end])
            for one in replaced
            if one.number
        }
        text = apply_edits(source, [one.edit for one in replaced])
        return cls(text=text, counts=masked.counts, values=tuple(values.values()))

    def words_for(self, embedder: Embedder) -> str:
        """Return what is embedded: the question as it was typed, if its embedder says that texts stay in this process.

        Any other gets the words of its type for each value, as in passages.
        """
        # INVARIANT: an embedder that does not say so, or says anything but True, gets no value.
        if getattr(embedder, "is_local", None) is not True:
            return in_words(self.text)
        return in_words(self.text, {value.placeholder: value.surface for value in self.values})


def named_values(
    snapshot: Transaction,
    scope: Scope,
    values: Sequence[AskedValue],
    *,
    vault: Vault,
    engine: PolicyEngine,
    principal: Principal,
    circumstances: Circumstances,
    by_engine: bool = False,
) -> tuple[Named, ...]:
    """Return what finds the values of a question, each in the part of the scope where its asker may see it.

    Nobody finds by name while acting as another. With `by_engine` the compiled policies are not relied upon.
    """
    if principal.actor is not None:
        return ()
    kept: dict[tuple[str, str], frozenset[ClassId]] = {}
    visible: dict[str, Scope] = {}
    found = []
    for value in values:
        for sought in vault.sought(snapshot, value.type, value.surface):
            if sought.type not in visible:
                about = replace(circumstances, more={**circumstances.more, "entity_type": sought.type})
                classes = (
                    frozenset(scope.classes)
                    if by_engine
                    else permitted_classes(snapshot, engine, principal, about, kept=kept, action="reveal")
                )
                within = narrowed(scope, classes)
                if by_engine or len(within.classes) <= _FEW_CLASSES:
                    within = narrowed(scope, _decided(snapshot, within, engine, principal, about))
                visible[sought.type] = within
            if (within := visible[sought.type]).classes:
                found.append(Named(stem=value.placeholder, tokens=sought.tokens, values=sought.values, scope=within))
    return tuple(found)


def _decided(
    snapshot: Transaction, scope: Scope, engine: PolicyEngine, principal: Principal, about: Circumstances
) -> list[ClassId]:
    """Return the classes of a scope in which the engine lets the asker see values, one by one."""
    attributes = class_attributes(snapshot, scope.classes)
    resources = [Resource.document(attributes[class_id]) for class_id in scope.classes]
    decisions = engine.decide_each(principal, "reveal", resources, about)
    return [class_id for class_id, decision in zip(scope.classes, decisions, strict=True) if decision.allowed]
