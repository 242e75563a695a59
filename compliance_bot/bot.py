"""ComplianceBot: opens a home, wires the parts, and is what applications, the command line and the page call.

Heavy parts (the embedder, the detector, the answerer) are loaded when first used and shared by all threads. Every
method that acts takes a principal, or the name of one listed in the home, and leaves a record before it returns.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from compliance_bot.home import open_home
from compliance_bot.records import DocumentId, Principal, RecordId
from compliance_bot.settings import load_settings
from compliance_bot.wiring import Wiring, circumstances

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from langchain_core.document_loaders import BaseLoader
    from langchain_core.documents import Document
    from langchain_core.language_models.chat_models import BaseChatModel

    from compliance_bot.audit.review import Shown
    from compliance_bot.chains.examine import PolicyReport
    from compliance_bot.chains.explain import Explanation, Permissions
    from compliance_bot.chains.intake import Intake
    from compliance_bot.chains.models import EmbedderState
    from compliance_bot.chains.tenants import TenantRoom
    from compliance_bot.chains.what_if import Comparison
    from compliance_bot.models.embed import Embedder
    from compliance_bot.records import (
        Answer,
        AnswerPart,
        Asker,
        DocumentSummary,
        DocumentVersion,
        Grant,
        Hit,
        IngestReport,
        Reclassified,
        RecordSummary,
        Stop,
    )
    from compliance_bot.retrieval.tune import Tuned

LOCAL_ADMINISTRATOR = "admin"

Outcome = TypeVar("Outcome")


class ComplianceBot(Wiring):
    """One open home. Use it as a context manager, or call `close`. Safe to share between threads."""

    @classmethod
    def open(cls, home: Path | str | None = None, **settings: Any) -> ComplianceBot:
        """Return the bot of a home. Settings come as for the command line; those given here are stronger.

        Raises NoHome, InvalidPolicies, UnknownSetting, NoSuchChatModel, and what the database raises.
        """
        from compliance_bot.models.chat import check_chat_model

        loaded = load_settings(home=home, **settings)
        check_chat_model(loaded.chat_model, loaded)
        with ExitStack() as stack:
            bot = cls(loaded, stack.enter_context(open_home(loaded)))
            bot._resources = stack.pop_all()  # from here on, closing is the caller's
        return bot

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, and the embedded database if nobody else uses it."""
        self._resources.close()

    def ask(
        self,
        question: str,
        *,
        principal: Asker,
        purpose: str | None = None,
        model: BaseChatModel | str | None = None,
    ) -> Answer:
        """Return the answer from what the principal may read. Its record is committed.

        `model` composes it in place of the one in the settings: a LangChain chat model or its name. Raises Refused,
        UnreadableQuestion, NoSuchChatModel, or Unavailable; each leaves a record as well, where one can be kept.
        """
        from compliance_bot.chains.answer import answer

        identify, now = self._identify(principal, purpose), circumstances(purpose)
        return self._renewing(lambda: answer(self.parts_with(model), question, identify, now))

    def stream(
        self,
        question: str,
        *,
        principal: Asker,
        purpose: str | None = None,
        model: BaseChatModel | str | None = None,
    ) -> Iterator[AnswerPart | Answer]:
        """Yield each verified sentence of the answer once its record is committed, and the whole Answer last.

        Close the iterator to stop: what was shown by then is on record. Raises as `ask` does.
        """
        from compliance_bot.chains.stream import stream

        identify, now = self._identify(principal, purpose), circumstances(purpose)

        def begin() -> Iterator[AnswerPart | Answer]:
            parts = stream(self.parts_with(model), question, identify, now)
            first = next(parts)  # an embedder is asked before anything is shown
            return _chained(first, parts)

        def run() -> Iterator[AnswerPart | Answer]:
            yield from self._renewing(begin)

        return run()

    def still_readable(
        self, answers: Sequence[Answer], *, principal: Asker, purpose: str | None = None
    ) -> tuple[Answer, ...]:
        """Return earlier answers without what their asker may not read any more: ask before each time they are shown.

        Sentences and quotes of documents that were closed or deleted are left out. Leaves no record: nothing is shown
        that the records of these answers do not tell.
        """
        return self._again(principal, purpose).readable(answers)

    def search(self, query: str, *, principal: Asker, k: int = 10, purpose: str | None = None) -> tuple[Hit, ...]:
        """Return the `k` best passages that the principal may read, best first. Raises as `ask` does."""
        from compliance_bot.chains.find import find

        identify, now = self._identify(principal, purpose), circumstances(purpose)
        return self._renewing(lambda: find(self.parts_with(None), query, identify, now, k=k))

    def embedders(self, *, principal: Asker) -> tuple[EmbedderState, ...]:
        """Return the embedders that this home has vectors of, the serving one first. Raises Refused."""
        return self._models(principal).list()

    def re_embed(
        self,
        *,
        principal: Asker = LOCAL_ADMINISTRATOR,
        embedder: Embedder | None = None,
        keep_old: bool = False,
        on_progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> int:
        """Make the vectors of the embedder in the settings (or of this one), then let it serve; return how many.

        The old one serves until then. May be interrupted and run again. Raises Refused, UsageError where there is
        nothing to do, and what the embedder raises.
        """
        from compliance_bot.models.embedders import NamedEmbedder, open_embedder

        if embedder is None:
            wanted = open_embedder(self.settings.embedder, self.settings, dim=self.settings.embedder_dim)
        else:
            wanted = NamedEmbedder(name=type(embedder).__name__, embedder=embedder)
        try:
            made = self._models(principal).re_embed(wanted, keep_old=keep_old, on_progress=on_progress)
        finally:
            wanted.close()
        self._forget_embedder()
        if embedder is not None:
            self.embedder = embedder
        return made

    def tune_search(
        self,
        *,
        principal: Asker = LOCAL_ADMINISTRATOR,
        on_progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> Tuned:
        """Measure on this home's own vectors how far a search has to go, and let searches follow it from now on.

        Takes a minute or two. Raises Refused, or TooFewChunks where there is nothing to measure.
        """
        return self._tuning(principal).tune(candidates=self.settings.candidates, on_progress=on_progress)

    def ingest(
        self,
        paths: Sequence[Path | str],
        *,
        collection: str,
        attributes: Mapping[str, object] | None = None,
        attribute_list: Path | None = None,
        base: Path | None = None,
        prune: Literal["carefully", "all"] | None = None,
        principal: Asker = LOCAL_ADMINISTRATOR,
        purpose: str | None = None,
        on_item: Callable[[str], None] = lambda _: None,
    ) -> IngestReport:
        """Store files, folders and BEIR passages, and return what became of each.

        `attributes` hold for all items; `attribute_list` is a CSV file with those of single ones. Both are typed by
        the schema first: UndeclaredAttribute leaves everything as it was. With `base`, documents are known by their
        path relative to it. With `prune`, renamed files keep their documents, and documents whose files are gone from
        the paths are deleted: "carefully" stops where most of them are. Raises Refused where the principal may not
        ingest into the collection.
        """
        from compliance_bot.chains.intake import Intake
        from compliance_bot.ingest.folder import Prune

        intake = Intake(
            paths=tuple(Path(path) for path in paths),
            collection=collection,
            attributes=attributes or {},
            attribute_list=attribute_list,
            base=base,
            prune=Prune(prune) if prune else None,
        )
        return self._take_in(intake, principal, purpose, on_item)

    def ingest_loader(
        self,
        loader: BaseLoader | Iterable[Document],
        *,
        collection: str,
        attributes: Mapping[str, object] | None = None,
        metadata_attributes: Mapping[str, str] | None = None,
        source_keys: Sequence[str] = ("source",),
        principal: Asker = LOCAL_ADMINISTRATOR,
        purpose: str | None = None,
        on_item: Callable[[str], None] = lambda _: None,
    ) -> IngestReport:
        """Store what a LangChain loader brings, and return what became of each document.

        `metadata_attributes` names the metadata that become access attributes: a document that lacks one is left out,
        unless `attributes` has a default for it. Neighbours with the same `source_keys` are one document; `page` and
        `title` in the metadata are kept. Raises UndeclaredAttribute before anything is loaded, Refused as `ingest`
        does. If the loader fails midway, what it brought stays, and the failure is in the report.
        """
        from compliance_bot.chains.intake import Intake

        intake = Intake(
            paths=(),
            collection=collection,
            attributes=attributes or {},
            attribute_list=None,
            base=None,
            loaded=loader.lazy_load() if hasattr(loader, "lazy_load") else loader,
            mapping=metadata_attributes or {},
            source_keys=tuple(source_keys),
        )
        return self._take_in(intake, principal, purpose, on_item)

    def watch(
        self,
        paths: Sequence[Path | str],
        *,
        collection: str,
        stop: threading.Event,
        attributes: Mapping[str, object] | None = None,
        attribute_list: Path | None = None,
        base: Path | None = None,
        prune: Literal["carefully", "all"] = "carefully",
        principal: Asker = LOCAL_ADMINISTRATOR,
        purpose: str | None = None,
        still_s: float = 1.0,
        poll: bool = False,
        on_pass: Callable[[IngestReport], None] = lambda _: None,
        on_failure: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        """Keep documents in step with files until `stop` is set: a whole pass first, then one for each change.

        A file is taken once it held still for `still_s` seconds. While the database is away, or a changed attribute
        list is not valid, `on_failure` is told and the pass is tried again. Raises as `ingest` does on the first pass.
        """
        from compliance_bot.chains.intake import Intake
        from compliance_bot.chains.keep import keep_in_step
        from compliance_bot.ingest.folder import Prune

        intake = Intake(
            paths=tuple(Path(path) for path in paths),
            collection=collection,
            attributes=attributes or {},
            attribute_list=attribute_list,
            base=base,
            prune=Prune(prune),
        )
        keep_in_step(
            intake,
            lambda one: self._take_in(one, principal, purpose, lambda _: None),
            stop=stop,
            still_s=still_s,
            poll=poll,
            on_pass=on_pass,
            on_failure=on_failure,
        )

    def _take_in(
        self, intake: Intake, principal: Asker, purpose: str | None, on_item: Callable[[str], None]
    ) -> IngestReport:
        from compliance_bot.chains.intake import take_in

        return take_in(
            intake,
            self.parts_with(None),
            self._home.keyring,
            self.settings,
            self._live.now().policies,
            self._identify(principal, purpose),
            circumstances(purpose),
            on_item=on_item,
        )

    def documents(self, *, principal: Asker) -> tuple[DocumentSummary, ...]:
        """Return the documents that the principal may read, by title."""
        return self._library(principal).list()

    def document(self, document: str, *, principal: Asker, version: int | None = None) -> DocumentVersion:
        """Return one version of a document with its text, the current one by default. Raises Refused."""
        return self._undisturbed(lambda: self._library(principal).show(DocumentId(document), version=version))

    def history(self, document: str, *, principal: Asker) -> tuple[DocumentVersion, ...]:
        """Return the versions of a document, newest first. Raises Refused."""
        return self._library(principal).history(DocumentId(document))

    def delete(self, document: str, *, principal: Asker) -> None:
        """Take a document away with all its versions; its record stays. Raises Refused."""
        self._library(principal).delete(DocumentId(document))

    def set_attributes(
        self,
        document: str,
        attributes: Mapping[str, object],
        unset: Sequence[str] = (),
        *,
        principal: Asker,
        dry_run: bool = False,
    ) -> Reclassified:
        """Change access attributes of a document, its versions included: it counts from the next question on.

        Values are typed by the schema: UndeclaredAttribute leaves everything as it was. Raises Refused where the
        document is absent, or the principal may not read it, or not move it there.
        """
        from compliance_bot.chains.refiling import Refiling

        wanted = Refiling(document=DocumentId(document), attributes=attributes, unset=tuple(unset))
        return self._filing(principal).refile(wanted, is_rehearsal=dry_run)

    def set_attributes_where(
        self,
        where: Mapping[str, object],
        attributes: Mapping[str, object],
        unset: Sequence[str] = (),
        *,
        principal: Asker,
        dry_run: bool = False,
    ) -> Reclassified:
        """Change the attributes of all documents that have those of `where`, in one transaction.

        Those that the principal may read and not move stay as they are, and are counted. Raises as `set_attributes`.
        """
        from compliance_bot.chains.refiling import Refiling

        wanted = Refiling(document=None, where=where, attributes=attributes, unset=tuple(unset))
        return self._filing(principal).refile(wanted, is_rehearsal=dry_run)

    def principals(self) -> tuple[Principal, ...]:
        """Return the principals listed in the home, by id, for a page on which the operator of this machine is one."""
        return self._people()

    def grants(self, *, principal: Asker) -> tuple[Grant, ...]:
        """Return everything that was ever granted, the newest first. Raises Refused."""
        return self._grants(principal).list()

    def grant(
        self,
        person: str,
        *,
        reason: str,
        groups: Iterable[str] = (),
        attributes: Mapping[str, object] | None = None,
        valid_from: datetime | None = None,
        valid_to: datetime | None = None,
        principal: Asker = LOCAL_ADMINISTRATOR,
    ) -> Grant:
        """Give a person groups and attributes for a time and return the grant. Raises Refused or a UsageError."""
        return self._grants(principal).give(
            person,
            groups=groups,
            attributes=attributes or {},
            reason=reason,
            valid_from=valid_from,
            valid_to=valid_to,
        )

    def revoke(self, grant: str, *, principal: Asker = LOCAL_ADMINISTRATOR) -> None:
        """End a grant now. Raises Refused."""
        self._grants(principal).revoke(grant)

    def break_glass(self, *, reason: str, hours: float = 1.0, principal: Asker) -> Grant:
        """Take the group `break-glass` for some hours and return the grant. Raises Refused or a UsageError."""
        return self._grants(principal).break_glass(reason=reason, hours=hours)

    def review_grant(self, grant: str, *, finding: str, principal: Asker) -> None:
        """Say what came of looking at a broken glass afterwards. Raises Refused."""
        self._grants(principal).review(grant, finding=finding)

    def stops(self, *, principal: Asker) -> tuple[Stop, ...]:
        """Return what the kill switch has stopped. Raises Refused."""
        return self._kill_switch(principal).list()

    def stop(self, kind: str, name: str = "", *, reason: str, principal: Asker = LOCAL_ADMINISTRATOR) -> bool:
        """Stop a "model", a "collection" or the "tenant"; return whether it ran before. Raises Refused."""
        return self._kill_switch(principal).stop(kind, name, reason=reason)

    def lift(self, kind: str, name: str = "", *, principal: Asker = LOCAL_ADMINISTRATOR) -> bool:
        """Let what was stopped run again; return whether it was stopped. Raises Refused."""
        return self._kill_switch(principal).lift(kind, name)

    def records(self, *, principal: Asker, limit: int = 100) -> tuple[RecordSummary, ...]:
        """Return the newest records of the audit log, newest first. Raises Refused."""
        return self._trail(principal).list(limit=limit)

    def record(self, record: str, *, principal: Asker) -> Shown:
        """Return one record with all that the principal may see of it. Raises Refused."""
        return self._trail(principal).show(RecordId(record))

    def tenant(self, *, principal: Asker) -> TenantRoom:
        """Return the tenant of this home as a whole: to show, export, bring back and remove. Each is on record."""
        return self._tenant(principal)

    def check_policies(self, folder: Path | None = None) -> PolicyReport:
        """Return what is wrong with a policy folder (the home's by default), what is doubtful, and how its tests went.

        Raises UsageError where there is no such folder.
        """
        from compliance_bot.chains.examine import examine_policies

        return examine_policies(folder or self._home.policies)

    def explain(
        self,
        document: str,
        subject: str | None = None,
        *,
        principal: Asker,
        action: str = "read",
        purpose: str | None = None,
        context: Mapping[str, str | bool] | None = None,
        as_of: datetime | None = None,
    ) -> Explanation:
        """Return whether `subject`, or the principal, may act on a document, and why, as far as the principal may know.

        `context` is what an action is decided with besides, such as `entity_type` for `reveal`. Raises Refused (also
        for an absent document), UnknownPrincipal, UsageError, and PastNotKept.
        """
        from compliance_bot.chains.explain import Wanted

        wanted = Wanted(document=DocumentId(document), action=action, context=context, as_of=as_of)
        return self._explainer(principal, purpose).explain(wanted, subject)

    def who_may(
        self,
        document: str,
        *,
        principal: Asker,
        action: str = "read",
        purpose: str | None = None,
        context: Mapping[str, str | bool] | None = None,
    ) -> Permissions:
        """Return who of the people listed may act on a document. Raises Refused and UsageError."""
        from compliance_bot.chains.explain import Wanted

        wanted = Wanted(document=DocumentId(document), action=action, context=context)
        return self._explainer(principal, purpose).who(wanted)

    def what_if(
        self, folder: Path, *, principal: Asker, on_person: Callable[[str], None] = lambda _: None
    ) -> Comparison:
        """Return who would gain and lose what with the policies and people of a folder, as the principal may know.

        Raises Refused, FolderNotValid and UsageError.
        """
        return self._what_if(principal).compare(folder, on_person=on_person)

    def has_passages(self, refs: Sequence[str], *, principal: Asker) -> bool:
        """Return whether the principal may read a passage for each of these `_id`s."""
        return self._library(principal).has_refs(refs)


def _chained(first: AnswerPart | Answer, rest: Iterator[AnswerPart | Answer]) -> Iterator[AnswerPart | Answer]:
    """Yield the first part and the rest; closing this closes the rest, so that an asker who leaves is on record."""
    try:
        yield first
        yield from rest
    finally:
        rest.close()  # type: ignore[attr-defined]  # a generator
