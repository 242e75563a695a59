"""Erase values from the vault: what stands for them is bound to nothing any more, and nothing finds them by name.

The texts stay as they are: a placeholder of one document version says nothing beyond it, and without its binding
nothing at all. What has to be kept is restricted instead, so that nobody is shown it. Each function works in one
transaction with every class open, and tells nothing of what it does to anybody.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_bot.redaction.placeholders import placeholders_in
from compliance_bot.store import corrections, names
from compliance_bot.store import vault as rows
from compliance_bot.store.names import Recount

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from compliance_bot.records import ClassId, VersionId
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.names import NamedChunk
    from compliance_bot.store.vault import Binding


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was bound to values, before: what became of it says its class."""

    bindings: tuple[Binding, ...] = field(repr=False)
    held: frozenset[ClassId]

    @property
    def gone(self) -> tuple[Binding, ...]:
        """What stands for nothing any more."""
        return tuple(one for one in self.bindings if one.class_id not in self.held)

    @property
    def restricted(self) -> tuple[Binding, ...]:
        """What is kept, and shown to nobody."""
        return tuple(one for one in self.bindings if one.class_id in self.held)


def erase_values(transaction: Transaction, values: Collection[int], held: Collection[ClassId]) -> Erased:
    """Erase values, but in the classes that have to be kept restrict them; return what there was.

    The caller has locked the writers and opened every class.
    """
    found = rows.bindings_of(transaction, values)
    versions = {one.version for one in found}
    tokens = {*values, *names.parts_of(transaction, values)}
    rows.restrict(transaction, values, held)
    rows.unbind(transaction, values, held)
    _forget_in_index(transaction, versions, tokens)
    corrections.forget(transaction, values)  # what was said of them is the value too
    names.forget_values(transaction, values)
    return Erased(bindings=found, held=frozenset(held))


def _forget_in_index(transaction: Transaction, versions: Collection[VersionId], tokens: Collection[int]) -> None:
    """Let tokens find the chunks of these versions only for what still stands there."""
    if not versions:
        return
    left = names.placeholders(transaction, versions)
    chunks = names.named_chunks(transaction, versions, tokens)
    names.recount(
        transaction, [one for chunk in chunks for one in _recounted(chunk, left.get(chunk.version, {}), tokens)]
    )


def _recounted(
    chunk: NamedChunk, left: Mapping[tuple[str, int], frozenset[int]], tokens: Collection[int]
) -> Iterator[Recount]:
    """Yield how often each of the tokens that find a chunk stands there now."""
    counts: Counter[int] = Counter()
    for place in placeholders_in(chunk.context):
        counts.update(left.get(place, ()))
    for token in sorted(chunk.terms.intersection(tokens)):
        yield Recount(token=token, class_id=chunk.class_id, chunk=chunk.id, tf=counts[token])


def by_value(bindings: Collection[Binding]) -> dict[int, list[Binding]]:
    """Return bindings by the token of their value."""
    made: defaultdict[int, list[Binding]] = defaultdict(list)
    for one in bindings:
        if one.token is not None:
            made[one.token].append(one)
    return dict(made)
