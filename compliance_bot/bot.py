"""ComplianceBot: opens a home, wires the parts, and is what applications, the command line and the page call.

Heavy parts (the embedder, the detector, the answerer) are loaded when first used and shared by all threads. Every
method that acts takes a principal, or the name of one listed in the home, and leaves a record before it returns.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from compliance_bot.chains.library import Library
from compliance_bot.governance import Governance
from compliance_bot.home import open_home
from compliance_bot.records import DocumentId
from compliance_bot.settings import load_settings
from compliance_bot.wiring import LOCAL_ADMINISTRATOR as LOCAL_ADMINISTRATOR

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from langchain_core.document_loaders import BaseLoader
    from langchain_core.documents import Document
    from langchain_core.language_models.chat_models import BaseChatModel

    from compliance_bot.chains.act import Act
    from compliance_bot.chains.anchor_room import LossAccepted
    from compliance_bot.chains.intake import Intake
    from compliance_bot.chains.log_room import LogKeys
    from compliance_bot.chains.models import EmbedderState
    from compliance_bot.models.embed import Embedder
    from compliance_bot.records import (
        Answer,
        AnswerPart,
        Asker,
        DocumentSummary,
        DocumentVersion,
        Hit,
        IngestReport,
        Reclassified,
    )
    from compliance_bot.retrieval.tune import Tuned
    from compliance_bot.settings import Settings


class ComplianceBot(Governance):
    """One open home. Use it as a context manager, or call `close`. Safe to share between threads."""

    @classmethod
    def open(cls, home: Path | str | None = None, **settings: Any) -> Self:
        """Return the bot of a home. Settings come as for the command line; those given here are stronger.

        Raises NoHome, InvalidPolicies, UnknownSetting, NoSuchChatModel, and what the database and the anchor raise.
        """
        from compliance_bot.models.chat import check_chat_model

        loaded = load_settings(home=home, **settings)
        check_chat_model(loaded.chat_model, loaded)
        return cls._opened(loaded)

    @classmethod
    def accept_anchor_loss(
        cls, home: Path | str | None = None, *, reason: str, principal: Asker = LOCAL_ADMINISTRATOR, **settings: Any
    ) -> LossAccepted:
        """Let a home whose anchor is lost for good go on with another, and return what that came to.

        What only the lost one knew is forgotten. Raises Refused, and UsageError where nothing is lost.
        """
        from compliance_bot.chains.anchor_room import AnchorRoom

        with cls._opened(load_settings(home=home, **settings), is_adrift=True) as bot:
            room = AnchorRoom(act=bot._act(principal), anchor=bot._anchor, keyring=bot._home.keyring)
            return room.accept_loss(reason=reason)

    @classmethod
    def begin_log_anew(
        cls, home: Path | str | None = None, *, reason: str, principal: Asker = LOCAL_ADMINISTRATOR, **settings: Any
    ) -> LogKeys:
        """Let the log's tree go on under a new name where it cannot go on as it was; return its public keys.

        For a signing key that is lost, and a database that was put back. Raises Refused, and UsageError without a
        reason.
        """
        with cls._opened(load_settings(home=home, **settings), begins_log=True) as bot:
            return bot.audit_log(principal=principal).begin_anew(reason=reason)

    @classmethod
    def _opened(cls, settings: Settings, *, is_adrift: bool = False, begins_log: bool = False) -> Self:
        with ExitStack() as stack:
            home = stack.enter_context(open_home(settings))
            bot = cls(settings, home, is_adrift=is_adrift, begins_log=begins_log)
            bot._resources = stack.pop_all()  # from here on, closing is the caller's
        bot._resources.callback(bot._pulse.stop)
        bot._pulse.start()
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
        reveal: bool = True,
    ) -> Answer:
        """Return the answer from what the principal may read. Its record is committed.

        Personal data stand in it as far as the policies let the principal see them, for this `purpose`; the record
        says which. Without `reveal` there are placeholders alone: for what is kept, or goes to somebody else. `model`
        composes it in place of the one in the settings: a LangChain chat model or its name. Raises Refused,
        UnreadableQuestion, NoSuchChatModel, or Unavailable; each leaves a record as well, where one can be kept.
        """
        from compliance_bot.chains.answer import answer

        begin = self._acting(principal, purpose)
        return self._renewing(
            begin,
            lambda act: answer(self.parts_for(act, model, reveals=reveal), question, act.identify, act.circumstances),
        )

    def stream(
        self,
        question: str,
        *,
        principal: Asker,
        purpose: str | None = None,
        model: BaseChatModel | str | None = None,
        reveal: bool = True,
    ) -> Iterator[AnswerPart | Answer]:
        """Yield each verified sentence of the answer once its record is committed, and the whole Answer last.

        Close the iterator to stop: what was shown by then is on record. Reveals and raises as `ask` does.
        """
        from compliance_bot.chains.stream import stream

        begin = self._acting(principal, purpose)

        def started(act: Act) -> Iterator[AnswerPart | Answer]:
            parts = stream(self.parts_for(act, model, reveals=reveal), question, act.identify, act.circumstances)
            first = next(parts)  # an embedder is asked before anything is shown
            return _chained(first, parts)

        def run() -> Iterator[AnswerPart | Answer]:
            yield from self._renewing(begin, started)

        return run()

    def still_readable(
        self, answers: Sequence[Answer], *, principal: Asker, purpose: str | None = None
    ) -> tuple[Answer, ...]:
        """Return earlier answers without what their asker may not read any more: ask before each time they are shown.

        Sentences and quotes of documents that were closed or deleted are left out. Leaves no record: nothing is shown
        that the records of these answers do not tell.
        """
        from compliance_bot.chains.again import Again

        return self._undisturbed(
            self._acting(principal, purpose), lambda act: Again(act=act, vault=self.vault).readable(answers)
        )

    def search(
        self, query: str, *, principal: Asker, k: int = 10, purpose: str | None = None, reveal: bool = True
    ) -> tuple[Hit, ...]:
        """Return the `k` best passages that the principal may read, best first. Reveals and raises as `ask` does."""
        from compliance_bot.chains.find import find

        begin = self._acting(principal, purpose)
        return self._renewing(
            begin, lambda act: find(self.parts_for(act, reveals=reveal), query, act.identify, act.circumstances, k=k)
        )

    def embedders(self, *, principal: Asker) -> tuple[EmbedderState, ...]:
        """Return the embedders that this home has vectors of, the serving one first. Raises Refused."""
        from compliance_bot.chains.models import ModelRoom

        return ModelRoom(act=self._act(principal)).list()

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
        from compliance_bot.chains.models import ModelRoom
        from compliance_bot.models.embedders import NamedEmbedder, open_embedder

        if embedder is None:
            wanted = open_embedder(self.settings.embedder, self.settings, dim=self.settings.embedder_dim)
        else:
            wanted = NamedEmbedder(name=type(embedder).__name__, embedder=embedder)
        try:
            made = ModelRoom(act=self._act(principal)).re_embed(wanted, keep_old=keep_old, on_progress=on_progress)
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
        from compliance_bot.chains.tune import TuningRoom

        return TuningRoom(act=self._act(principal)).tune(candidates=self.settings.candidates, on_progress=on_progress)

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

        act = self._act(principal, purpose)
        return take_in(intake, act, self.parts_for(act), self._home.keyring, self.settings, on_item=on_item)

    def documents(
        self, *, principal: Asker, purpose: str | None = None, reveal: bool = True
    ) -> tuple[DocumentSummary, ...]:
        """Return the documents that the principal may read, by title. Reveals what titles name as `ask` does."""
        begin = self._acting(principal, purpose)
        return self._undisturbed(begin, lambda act: self._library(act).list(reveals=reveal))

    def document(
        self,
        document: str,
        *,
        principal: Asker,
        version: int | None = None,
        purpose: str | None = None,
        reveal: bool = True,
    ) -> DocumentVersion:
        """Return one version of a document with its text, the current one by default. Reveals as `ask` does.

        Places in citations count in the text that the same principal gets for the same purpose. Raises Refused.
        """
        wanted = DocumentId(document)
        return self._undisturbed(
            self._acting(principal, purpose),
            lambda act: self._library(act).show(wanted, version=version, reveals=reveal),
        )

    def history(
        self, document: str, *, principal: Asker, purpose: str | None = None, reveal: bool = True
    ) -> tuple[DocumentVersion, ...]:
        """Return the versions of a document, newest first. Reveals what titles name as `ask` does. Raises Refused."""
        begin, wanted = self._acting(principal, purpose), DocumentId(document)
        return self._undisturbed(begin, lambda act: self._library(act).history(wanted, reveals=reveal))

    def delete(self, document: str, *, principal: Asker) -> None:
        """Take a document away with all its versions; its record stays. Raises Refused."""
        self._library(self._act(principal)).delete(DocumentId(document))

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
        from compliance_bot.chains.filing import Filing
        from compliance_bot.chains.refiling import Refiling

        wanted = Refiling(document=DocumentId(document), attributes=attributes, unset=tuple(unset))
        return Filing(act=self._act(principal), keyring=self._home.keyring).refile(wanted, is_rehearsal=dry_run)

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
        from compliance_bot.chains.filing import Filing
        from compliance_bot.chains.refiling import Refiling

        wanted = Refiling(document=None, where=where, attributes=attributes, unset=tuple(unset))
        return Filing(act=self._act(principal), keyring=self._home.keyring).refile(wanted, is_rehearsal=dry_run)

    def has_passages(self, refs: Sequence[str], *, principal: Asker) -> bool:
        """Return whether the principal may read a passage for each of these `_id`s."""
        return self._library(self._act(principal)).has_refs(refs)

    def _library(self, act: Act) -> Library:
        return Library(act=act, vault=self.vault)


def _chained(first: AnswerPart | Answer, rest: Iterator[AnswerPart | Answer]) -> Iterator[AnswerPart | Answer]:
    """Yield the first part and the rest; closing this closes the rest, so that an asker who leaves is on record."""
    try:
        yield first
        yield from rest
    finally:
        rest.close()  # type: ignore[attr-defined]  # a generator
