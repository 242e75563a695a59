"""Make stored versions anew with other placeholders: their texts, chunks, vectors, terms and what the vault binds.

For a correction of detection. Where chunks begin and end stays as it was, and so do the numbers of placeholders that
stay. Only chunks whose words change are embedded and indexed again. Everything is one transaction, that of the caller,
who has locked the writers and opened every class.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from compliance_bot.ingest.prepare import context_of
from compliance_bot.records import Lead
from compliance_bot.redaction.placeholders import PLACEHOLDER, Field, Held, in_words, placeholders_in
from compliance_bot.redaction.revision import Numbers, Opened, Places
from compliance_bot.store import names, quality, revisions
from compliance_bot.store.models import serving_model
from compliance_bot.store.revisions import Indexed, Revision
from compliance_bot.terms import index_terms, term_hash
from compliance_bot.vault.book import HeldVersion, by_placeholder, occurrences

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from compliance_bot.models.embed import Embedder
    from compliance_bot.records import VersionId
    from compliance_bot.redaction.spans import Span
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.models import VectorModel
    from compliance_bot.store.revisions import StoredChunk, StoredVersion
    from compliance_bot.vault.book import Known, Vault

_AT_ONCE = 20  # versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of a version: `marks` finds what is missed in its source, `spared` needs no placeholder."""

    marks: Callable[[str], Iterable[Span]]
    spared: frozenset[tuple[str, int]] = frozenset()  # type and number


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A version as it will be. `places` leads from places of its text before to those of now."""

    title: str
    text: str
    values: tuple[Held, ...] = field(repr=False)
    places: Places
    above: Callable[[str], str]  # what a heading becomes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviser:
    """Makes stored versions anew, with one vault and embedder."""

    vault: Vault
    embedder: Embedder
    term_key: bytes

    def revise(
        self,
        transaction: Transaction,
        changes: Mapping[VersionId, Change],
        *,
        record: str,
        at: datetime,
        on_progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> tuple[Revision, ...]:
        """Return what became of the versions that change, in the order of their ids; those that do not are left out.

        Raises VaultKeyMissing, VaultKeyWrong and CannotDecrypt: a version whose values cannot be opened is not changed.
        """
        made: list[Revision] = []
        ids = sorted(changes)
        if not ids:
            return ()
        model = serving_model(transaction)
        assert model is not None, "what is stored has vectors"
        for begin in range(0, len(ids), _AT_ONCE):
            for before in revisions.versions(transaction, ids[begin : begin + _AT_ONCE]):
                made += self._revised(transaction, before, changes[before.id], model, record=record, at=at)
            on_progress(min(begin + _AT_ONCE, len(ids)), len(ids))
        return tuple(made)

    def _revised(
        self,
        transaction: Transaction,
        before: StoredVersion,
        change: Change,
        model: VectorModel,
        *,
        record: str,
        at: datetime,
    ) -> Iterator[Revision]:
        bound = revisions.bindings(transaction, before.id)
        held = tuple(
            Held(
                field=Field.TITLE if one.in_title else Field.TEXT,
                start=one.start,
                end=one.end,
                type=one.type,
                number=one.number,
                surface=self.vault.open(transaction.tenant, one),
            )
            for one in bound
        )
        after = made_of(before.title, before.text, held, change)
        if after.values == held:
            return
        restricted = {(one.type, one.number) for one in bound if one.is_restricted}
        known = self._bind(transaction, before, after.values, restricted)
        stale = {one.token for one in bound if one.token is not None} - {one.whole for one in known.values()}
        chunks = revisions.chunks(transaction, before.id)
        moved = [_moved(chunk, after) for chunk in chunks]
        findable = {key: one for key, one in by_placeholder(after.values, known).items() if key not in restricted}
        revisions.move_chunks(transaction, moved, are_live=before.is_current)
        indexed = self._indexed(before, after, list(zip(chunks, moved, strict=True)), findable)
        revisions.index_anew(transaction, indexed, class_id=before.class_id, model=model, are_live=before.is_current)
        names.forget_values(transaction, stale)
        quality.shift_reviews(transaction, before.id, after.places.start)
        yield revisions.rewrite(
            transaction,
            before,
            title=after.title,
            text=after.text,
            page_starts=[after.places.start(start) for start in before.page_starts],
            record=record,
            at=at,
        )

    def _bind(
        self,
        transaction: Transaction,
        before: StoredVersion,
        values: Sequence[Held],
        restricted: Collection[tuple[str, int]],
    ) -> dict[tuple[str, str], Known]:
        """Bind what is taken out of the version now, each at its new place; what was restricted stays so."""
        known = self.vault.known(transaction, values)
        revisions.unbind(transaction, before.id)
        version = HeldVersion(document=before.document, version=before.id, class_id=before.class_id, values=values)
        self.vault.bind(transaction, [version], known)
        places = [(one.field is Field.TITLE, one.start) for one in values if (one.type, one.number) in restricted]
        if places:
            revisions.restrict(transaction, before.id, places)
        return known

    def _indexed(
        self,
        before: StoredVersion,
        after: Made,
        pairs: Sequence[tuple[StoredChunk, StoredChunk]],
        findable: Mapping[tuple[str, int], Known],
    ) -> list[Indexed]:
        """Return what of the chunks is in the index now, of those whose words changed."""
        changed = []
        for old, new in pairs:
            # A passage without a title of its own was indexed without one.
            is_titled = _digest(_context(before.title, old)) == old.sha256
            context = _context(after.title if is_titled else "", new)
            if context != _context(before.title if is_titled else "", old):
                changed.append((old.id, context))
        if not changed:
            return []
        hashed = lru_cache(maxsize=None)(lambda term: term_hash(term, self.term_key))
        vectors = self.embedder.embed([in_words(context) for _, context in changed])
        made = []
        for (chunk, context), vector in zip(changed, vectors, strict=True):
            terms = Counter(map(hashed, index_terms(context)))
            length = sum(terms.values()) + sum(1 for _ in placeholders_in(context))
            terms.update(occurrences(placeholders_in(context), findable))
            made.append(Indexed(chunk=chunk, sha256=_digest(context), length=length, terms=terms, vector=vector))
        return made


def made_of(title: str, text: str, values: Sequence[Held], change: Change) -> Made:
    """Return what a version becomes, given everything that was taken out of it."""
    in_title = [one for one in values if one.field is Field.TITLE]
    in_text = [one for one in values if one.field is Field.TEXT]
    numbers = Numbers((title, text), values)

    def changed(opened: Opened) -> Opened:
        left = opened.spared(change.spared)
        return left.marked(change.marks(left.source), numbers)

    after_title, after_text = changed(Opened.of(title, in_title)), changed(Opened.of(text, in_text))
    new_title, held_in_title = after_title.closed(Field.TITLE)
    new_text, held_in_text = after_text.closed(Field.TEXT)
    surfaces: dict[tuple[str, int], str] = {}
    for one in values:
        if one.number:
            surfaces.setdefault((one.type, one.number), one.surface)

    def above(heading: str) -> str:
        return changed(Opened.of(heading, _meant(heading, surfaces))).closed(Field.TEXT)[0]

    return Made(
        title=new_title,
        text=new_text,
        values=(*held_in_title, *held_in_text),
        places=Places(in_text, after_text, held_in_text),
        above=above,
    )


def _meant(heading: str, surfaces: Mapping[tuple[str, int], str]) -> list[Held]:
    """Return what the placeholders in a heading stand for: it is put together of stretches of its version."""
    return [
        Held(field=Field.TEXT, start=found.start(), end=found.end(), type=key[0], number=key[1], surface=surfaces[key])
        for found in PLACEHOLDER.finditer(heading)
        if (key := (found.group(1), int(found.group(2)))) in surfaces
    ]


def _moved(chunk: StoredChunk, after: Made) -> StoredChunk:
    """Return a chunk as it stands in the text that its version has now."""
    start, end = after.places.start(chunk.start), after.places.end(chunk.end)
    return replace(
        chunk,
        start=start,
        end=end,
        text=after.text[start:end],
        heading=after.above(chunk.heading),
        leads=tuple(_lead(lead, after) for lead in chunk.leads),
    )


def _lead(lead: Lead, after: Made) -> Lead:
    start, end = after.places.start(lead.start), after.places.end(lead.start + len(lead.text))
    return Lead(start=start, text=after.text[start:end])


def _context(title: str, chunk: StoredChunk) -> str:
    return context_of(title, chunk.heading, [lead.text for lead in chunk.leads], chunk.text)


def _digest(context: str) -> bytes:
    return hashlib.sha256(context.encode()).digest()
