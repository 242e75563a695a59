"""Draw passages at random for a review of what redaction did, among those that one person may judge.

Whoever judges has to see every value in a passage, so others are not drawn; neither are passages that somebody has
reviewed. Every other one is as likely as the next: only then do figures of the reviewed speak for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from compliance_bot.chains.draw import Drawing
from compliance_bot.policy.permitted import permitted_each
from compliance_bot.privacy.reveal import Viewer
from compliance_bot.store import quality
from compliance_bot.store.scope import class_attributes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.chains.act import Act
    from compliance_bot.privacy.reveal import Unveiled
    from compliance_bot.records import DocumentId, Scope
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.quality import DrawnPassage
    from compliance_bot.vault.book import Vault

_AT_ONCE = 100  # passages that are looked at together


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """What of a passage is masked for others, and as what: text[start:end] of the passage."""

    start: int
    end: int
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToReview:
    """A passage as its reviewer sees it; `start` and `end` are places of the document's text that they get."""

    document: DocumentId
    title: str = field(repr=False)
    version: int
    start: int
    end: int
    text: str = field(repr=False)
    masked: tuple[Masked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Passages drawn by a seed; with the same seed the same ones, until one of them is reviewed or replaced."""

    seed: int
    passages: tuple[ToReview, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """The draw, for one person."""

    act: Act
    vault: Vault

    def sample(self, n: int, *, seed: int, collection: str | None = None) -> Sample:
        """Return `n` passages, or all that there are. The record says what was shown. Raises what the database does."""
        with self.act.closing("privacy.sample") as case, self.act.database.reading() as snapshot:
            now = self.act.circumstances()
            scope = self.act.enter(snapshot, case, now)
            viewer = Viewer(engine=self.act.engine, vault=self.vault, principal=case.principal, circumstances=now)
            drawing = Drawing(viewer)
            drawn: list[DrawnPassage] = []
            for one in self._each(snapshot, scope, drawing, seed, collection):
                if len(drawn) == n:
                    break
                if not any(_overlap(one, other) for other in drawn):
                    drawn.append(one)
            shown = tuple(_shown(one, drawing.seen[one.document, one.number]) for one in drawn)
            case.outcome, case.read = "done", {one.document: one.class_id for one in drawn}
            case.public["sampled"] = {"seed": seed, "passages": len(drawn)}
            drawing.tell(case)
        return Sample(seed=seed, passages=shown)

    def _each(
        self, snapshot: Transaction, scope: Scope, drawing: Drawing, seed: int, collection: str | None
    ) -> Iterator[DrawnPassage]:
        """Yield the passages that may be judged, in the order of the draw."""
        viewer, standing = drawing.viewer, quality.standing_types(snapshot, scope)
        attributes = class_attributes(snapshot, {class_id for class_id, _ in standing})
        seen = standing & viewer.permitted_types(attributes, {type_ for _, type_ in standing})
        for after in count(step=_AT_ONCE):
            found = quality.passages(
                snapshot, scope, seen, seed=seed, limit=_AT_ONCE, after=after, collection=collection
            )
            classes = class_attributes(snapshot, {one.class_id for one in found})
            given = [classes[one.class_id] for one in found]
            # The policies are asked again for what is about to be shown: a mistake in the query shows nothing.
            permitted = permitted_each(viewer.engine, viewer.principal, "read", given, viewer.circumstances)
            for one, may_read in zip(found, permitted, strict=True):
                if may_read:
                    drawing.look(snapshot, scope, [(one.document, one.number)])
                    # What was erased still has its placeholder: nobody can judge it.
                    if drawing.seen[one.document, one.number].shows_all(one.start, one.text):
                        yield one
            if len(found) < _AT_ONCE:
                return


def _overlap(one: DrawnPassage, other: DrawnPassage) -> bool:
    return one.version == other.version and one.start < other.end and other.start < one.end


def _shown(one: DrawnPassage, seen: Unveiled) -> ToReview:
    start = seen.place(one.start)
    return ToReview(
        document=one.document,
        title=seen.title(one.title),
        version=one.number,
        start=start,
        end=seen.place(one.end),
        text=seen.stretch(one.start, one.text),
        masked=tuple(
            Masked(start=seen.place(value.start) - start, end=seen.place(value.end) - start, type=value.type)
            for value in seen.within(one.start, one.end)
        ),
    )
