"""What somebody wants changed about the attributes of documents, as they gave it and with the types of the schema."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_bot.errors import UsageError
from compliance_bot.policy.attributes import require_collection_name, require_declared, typed_attributes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compliance_bot.policy.folder import Policies
    from compliance_bot.records import AttributeValue, DocumentId

Attributes = dict[str, "AttributeValue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refiling:
    """What somebody asked for, as they gave it: one document, or those whose attributes are as in `where`."""

    document: DocumentId | None
    where: Mapping[str, object] = field(default_factory=dict, hash=False)
    attributes: Mapping[str, object] = field(hash=False)
    unset: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The same with the types that the schema declares."""

    where: Attributes = field(hash=False)
    attributes: Attributes = field(hash=False)
    unset: frozenset[str]

    def applied(self, attributes: Mapping[str, AttributeValue]) -> Attributes:
        """Return attributes as they will be."""
        return {name: value for name, value in {**attributes, **self.attributes}.items() if name not in self.unset}

    def selects(self, attributes: Mapping[str, AttributeValue]) -> bool:
        """Return whether documents with these attributes are meant; of a set, it has to hold what is asked for."""
        return all(_is_like(attributes.get(name), value) for name, value in self.where.items())


def typed(policies: Policies, wanted: Refiling) -> Change:
    """Return the change with the schema's types. Raises UndeclaredAttribute or UsageError."""
    if wanted.document is None and not wanted.where:
        raise UsageError("which documents? expected the id of one, or attributes of several")
    if wanted.document is not None and wanted.where:
        raise UsageError("expected the id of one document or attributes of several, not both")
    if not wanted.attributes and not wanted.unset:
        raise UsageError("nothing to set: expected key=value, or a key to unset")
    for name, value in (*wanted.attributes.items(), *wanted.where.items()):
        if isinstance(value, str) and not value.strip():
            raise UsageError(f"attribute {name!r} has no value", hint="To take an attribute away, unset it.")
    if "collection" in wanted.unset:
        raise UsageError("every document is in a collection: it can be changed, not unset")
    if both := sorted(wanted.unset and set(wanted.unset) & set(wanted.attributes)):
        raise UsageError(f"attribute {both[0]!r} is to be set and unset: expected one of them")
    require_declared(policies, "Document", wanted.unset)
    attributes = typed_attributes(policies, "Document", wanted.attributes)
    if "collection" in attributes:
        attributes["collection"] = require_collection_name(str(attributes["collection"]))
    where = typed_attributes(policies, "Document", wanted.where)
    return Change(where=where, attributes=attributes, unset=frozenset(wanted.unset))


def _is_like(value: AttributeValue | None, wanted: AttributeValue) -> bool:
    if isinstance(wanted, frozenset):
        return isinstance(value, frozenset) and wanted <= value
    return type(value) is type(wanted) and value == wanted
