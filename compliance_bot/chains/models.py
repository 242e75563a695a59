"""The models of a home: list them, and make the vectors of another embedder while the old one goes on serving.

Vectors are made group by group, each stored durably, so that an interruption loses one group at most and running again
goes on. Documents that come in meanwhile are caught up with; the switch is one transaction under the writers' lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.audit.record import Event, describe
from compliance_bot.chains.case import Case
from compliance_bot.errors import UsageError
from compliance_bot.ingest.prepare import context_of
from compliance_bot.redaction.placeholders import in_words
from compliance_bot.store import models as vectors
from compliance_bot.store.documents import lock_writers
from compliance_bot.store.models import Use

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from compliance_bot.chains.act import Act
    from compliance_bot.models.embedders import NamedEmbedder
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.models import Bare, VectorModel

_GROUP = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderState:
    """An embedder that a home has vectors of."""

    name: str
    hash: str
    dim: int
    use: str  # serving, making or kept
    vectors: int
    chunks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRoom:
    """The models of a home, for one principal."""

    act: Act

    def list(self) -> tuple[EmbedderState, ...]:
        """Return the embedders, the serving one first. Raises Refused."""
        with self.act.closing("models.list") as case, self.act.database.reading() as snapshot:
            self.act.admit(case, "administer")
            found = _states(snapshot)
            case.outcome = "done"
        return found

    def re_embed(
        self,
        wanted: NamedEmbedder,
        *,
        keep_old: bool = False,
        on_progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> int:
        """Make the vectors of `wanted` and let it serve; return how many were made in this run.

        `on_progress` gets how many chunks have one and how many there are. Raises Refused, UsageError where it serves
        already, and what the embedder raises: what was made by then is kept.
        """
        case = Case(type="models.re_embed")
        with self.act.begun(case):
            self.act.admit(case, "administer")
            model = self._begin(case, wanted)
        made = 0
        for past in (False, True):
            after = -1
            while group := self._missing(model, past=past, after=after):
                after = group[-1].id
                made += self._make(wanted, model, group)
                on_progress(*self._progress(model))
        return made + self._switch(case, wanted, model, keep_old=keep_old)

    def _begin(self, case: Case, wanted: NamedEmbedder) -> VectorModel:
        """Register the wanted model, with its record. Raises UsageError where it serves already."""
        with self.act.log.recording() as recorder:
            transaction = recorder.transaction
            lock_writers(transaction)
            serving = vectors.serving_model(transaction)
            if serving is not None and serving.hash == wanted.embedder.manifest_hash:
                raise UsageError(
                    f"{wanted.name} serves already: there is nothing to do",
                    hint="Set another embedder first (docs/how-to/choose-an-embedder.md).",
                )
            vectors.open_everything(transaction)
            for model, use in vectors.used_models(transaction):
                if use is Use.MAKING and model.hash != wanted.embedder.manifest_hash:
                    vectors.drop_vectors(transaction, model)  # somebody changed their mind
            model = vectors.register(
                transaction,
                hash=wanted.embedder.manifest_hash,
                name=wanted.name,
                dim=wanted.embedder.dim,
                use=Use.MAKING,
            )
            recorder.append(self._event("models.re_embed.started", case, model, serving), case.principal)
        return model

    def _missing(self, model: VectorModel, *, past: bool, after: int) -> tuple[Bare, ...]:
        with self.act.database.reading() as snapshot:
            vectors.open_everything(snapshot)
            return vectors.without_vector(snapshot, model, past=past, limit=_GROUP, after=after)

    def _make(self, wanted: NamedEmbedder, model: VectorModel, group: Sequence[Bare]) -> int:
        """Store the vectors of some chunks and return how many."""
        made = wanted.embedder.embed([_text(one) for one in group])
        with self.act.database.writing() as transaction:
            vectors.open_everything(transaction)
            vectors.add_vectors(transaction, model, [one.id for one in group], made)
        return len(group)

    def _progress(self, model: VectorModel) -> tuple[int, int]:
        with self.act.database.reading() as snapshot:
            vectors.open_everything(snapshot)
            counts, chunks = vectors.count_vectors(snapshot)
        return counts.get(model.id, 0), chunks

    def _switch(self, case: Case, wanted: NamedEmbedder, model: VectorModel, *, keep_old: bool) -> int:
        """Catch up with what came in meanwhile and let the model serve, in one transaction; return what was made."""
        late = 0
        with self.act.log.recording() as recorder:
            transaction = recorder.transaction
            lock_writers(transaction)
            vectors.open_everything(transaction)
            for past in (False, True):
                while group := vectors.without_vector(transaction, model, past=past, limit=_GROUP):
                    made = wanted.embedder.embed([_text(one) for one in group])
                    vectors.add_vectors(transaction, model, [one.id for one in group], made)
                    late += len(group)
            serving = vectors.serving_model(transaction)
            if serving is not None:
                vectors.set_use(transaction, serving, Use.KEPT)
            vectors.set_use(transaction, model, Use.SERVING)
            if serving is not None and not keep_old:
                vectors.drop_vectors(transaction, serving)
            recorder.append(self._event("models.re_embed.switched", case, model, serving), case.principal)
        return late

    def _event(self, kind: str, case: Case, model: VectorModel, serving: VectorModel | None) -> Event:
        public = {**case.public, "from": serving.hash if serving else None, "to": model.hash}
        return Event(type=kind, outcome="done", public=public, private={"principal": describe(case.principal)})


def _text(chunk: Bare) -> str:
    """Return what of a chunk is embedded. A passage without a title of its own was embedded without one."""
    titled, plain = (context_of(title, chunk.heading, chunk.leads, chunk.text) for title in (chunk.title, ""))
    return in_words(chunk.embedded_text(titled, plain))


def _states(snapshot: Transaction) -> tuple[EmbedderState, ...]:
    vectors.open_everything(snapshot)
    counts, chunks = vectors.count_vectors(snapshot)
    return tuple(
        EmbedderState(
            name=model.name, hash=model.hash, dim=model.dim, use=use, vectors=counts.get(model.id, 0), chunks=chunks
        )
        for model, use in vectors.used_models(snapshot)
    )
