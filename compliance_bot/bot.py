"""ComplianceBot: opens a home, wires the parts, and is what applications, the command line and the page call.

Heavy parts (the embedder, the detector, the answerer) are loaded when first used and shared by all threads. Every
method that acts takes a principal, or the name of one listed in the home, and leaves a record before it returns.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from compliance_bot import logs
from compliance_bot.audit.log import AuditLog
from compliance_bot.chains.library import Library
from compliance_bot.chains.trail import Trail
from compliance_bot.errors import UsageError
from compliance_bot.home import open_home
from compliance_bot.identity import find_principal, load_principals
from compliance_bot.policy.attributes import typed_attributes
from compliance_bot.policy.decide import CedarEngine, Circumstances
from compliance_bot.policy.load import load_policies
from compliance_bot.records import DocumentId, Principal, RecordId
from compliance_bot.settings import load_settings
from compliance_bot.store.index import EmbedderMismatch
from compliance_bot.store.models import serving_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from langchain_core.document_loaders import BaseLoader
    from langchain_core.documents import Document
    from langchain_core.language_models.chat_models import BaseChatModel

    from compliance_bot.audit.review import Shown
    from compliance_bot.chains.answer import Parts
    from compliance_bot.chains.intake import Intake
    from compliance_bot.chains.models import EmbedderState, ModelRoom
    from compliance_bot.home import Home
    from compliance_bot.models.chat import ChatModel
    from compliance_bot.models.embed import Embedder
    from compliance_bot.models.embedders import NamedEmbedder
    from compliance_bot.records import (
        Answer,
        AnswerPart,
        DocumentSummary,
        DocumentVersion,
        Hit,
        IngestReport,
        RecordSummary,
    )
    from compliance_bot.redaction.detect import Detector
    from compliance_bot.settings import Settings

LOCAL_ADMINISTRATOR = "admin"

Outcome = TypeVar("Outcome")


class ComplianceBot:
    """One open home. Use it as a context manager, or call `close`. Safe to share between threads."""

    def __init__(self, settings: Settings, home: Home) -> None:
        self.settings, self._home = settings, home
        self._resources = ExitStack()
        self._policies = load_policies(home.policies)
        self._engine = CedarEngine(self._policies)
        self._principals = load_principals(home.policies / "principals.yaml")
        self._log = AuditLog(home.database, home.keyring)
        self._loading = threading.RLock()
        self._chat_models: dict[str, ChatModel] = {}

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
        principal: Principal | str,
        purpose: str | None = None,
        model: BaseChatModel | str | None = None,
    ) -> Answer:
        """Return the answer from what the principal may read. Its record is committed.

        `model` composes it in place of the one in the settings: a LangChain chat model or its name. Raises Refused,
        UnreadableQuestion, NoSuchChatModel, or Unavailable; each leaves a record as well, where one can be kept.
        """
        from compliance_bot.chains.answer import answer

        identify, circumstances = self._identify(principal), _circumstances(purpose)
        return self._renewing(lambda: answer(self.parts_with(model), question, identify, circumstances))

    def stream(
        self,
        question: str,
        *,
        principal: Principal | str,
        purpose: str | None = None,
        model: BaseChatModel | str | None = None,
    ) -> Iterator[AnswerPart | Answer]:
        """Yield each verified sentence of the answer once its record is committed, and the whole Answer last.

        Close the iterator to stop: what was shown by then is on record. Raises as `ask` does.
        """
        from compliance_bot.chains.stream import stream

        identify, circumstances = self._identify(principal), _circumstances(purpose)

        def begin() -> Iterator[AnswerPart | Answer]:
            parts = stream(self.parts_with(model), question, identify, circumstances)
            first = next(parts)  # an embedder is asked before anything is shown
            return _chained(first, parts)

        def run() -> Iterator[AnswerPart | Answer]:
            yield from self._renewing(begin)

        return run()

    def search(
        self, query: str, *, principal: Principal | str, k: int = 10, purpose: str | None = None
    ) -> tuple[Hit, ...]:
        """Return the `k` best passages that the principal may read, best first. Raises as `ask` does."""
        from compliance_bot.chains.find import find

        identify, circumstances = self._identify(principal), _circumstances(purpose)
        return self._renewing(lambda: find(self.parts, query, identify, circumstances, k=k))

    def embedders(self, *, principal: Principal | str) -> tuple[EmbedderState, ...]:
        """Return the embedders that this home has vectors of, the serving one first. Raises Refused."""
        return self._models(principal).list()

    def re_embed(
        self,
        *,
        principal: Principal | str = LOCAL_ADMINISTRATOR,
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

    def _renewing(self, act: Callable[[], Outcome]) -> Outcome:
        """Return what `act` returns; where another process let another embedder serve meanwhile, with that one."""
        try:
            return act()
        except EmbedderMismatch:
            self._forget_embedder()
            return act()

    def _forget_embedder(self) -> None:
        with self._loading:
            self.__dict__.pop("_embedding", None)
            self.__dict__.pop("parts", None)

    def ingest(
        self,
        paths: Sequence[Path | str],
        *,
        collection: str,
        attributes: Mapping[str, object] | None = None,
        attribute_list: Path | None = None,
        base: Path | None = None,
        prune: Literal["carefully", "all"] | None = None,
        principal: Principal | str = LOCAL_ADMINISTRATOR,
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
        principal: Principal | str = LOCAL_ADMINISTRATOR,
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
        principal: Principal | str = LOCAL_ADMINISTRATOR,
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
        self, intake: Intake, principal: Principal | str, purpose: str | None, on_item: Callable[[str], None]
    ) -> IngestReport:
        from compliance_bot.chains.intake import take_in

        return take_in(
            intake,
            self.parts,
            self._home.keyring,
            self.settings,
            self._policies,
            self._identify(principal),
            _circumstances(purpose),
            on_item=on_item,
        )

    def documents(self, *, principal: Principal | str) -> tuple[DocumentSummary, ...]:
        """Return the documents that the principal may read, by title."""
        return self._library(principal).list()

    def document(self, document: str, *, principal: Principal | str, version: int | None = None) -> DocumentVersion:
        """Return one version of a document with its text, the current one by default. Raises Refused."""
        return self._library(principal).show(DocumentId(document), version=version)

    def history(self, document: str, *, principal: Principal | str) -> tuple[DocumentVersion, ...]:
        """Return the versions of a document, newest first. Raises Refused."""
        return self._library(principal).history(DocumentId(document))

    def delete(self, document: str, *, principal: Principal | str) -> None:
        """Take a document away with all its versions; its record stays. Raises Refused."""
        self._library(principal).delete(DocumentId(document))

    def principals(self) -> tuple[Principal, ...]:
        """Return the principals listed in the home, by id, for a page on which the operator of this machine is one."""
        return tuple(self._listed(name) for name in sorted(self._principals))

    def records(self, *, principal: Principal | str, limit: int = 100) -> tuple[RecordSummary, ...]:
        """Return the newest records of the audit log, newest first. Raises Refused."""
        return self._trail(principal).list(limit=limit)

    def record(self, record: str, *, principal: Principal | str) -> Shown:
        """Return one record with all that the principal may see of it. Raises Refused."""
        return self._trail(principal).show(RecordId(record))

    def has_passages(self, refs: Sequence[str], *, principal: Principal | str) -> bool:
        """Return whether the principal may read a passage for each of these `_id`s."""
        return self._library(principal).has_refs(refs)

    @property
    def embedder(self) -> Embedder:
        """The embedding model whose vectors serve this home, verified at load; the one in the settings at first."""
        return self._embedding.embedder

    @embedder.setter
    def embedder(self, embedder: Embedder) -> None:
        from compliance_bot.models.embedders import NamedEmbedder

        self._embedding = NamedEmbedder(name=type(embedder).__name__, embedder=embedder)

    @cached_property
    def _embedding(self) -> NamedEmbedder:
        from compliance_bot.models.embedders import open_embedder

        with self._loading:
            with self._home.database.reading() as snapshot:
                serving = serving_model(snapshot)
            wanted, dim = self.settings.embedder, self.settings.embedder_dim
            if serving is None or (serving.name == wanted and dim in (None, serving.dim)):
                opened = open_embedder(wanted, self.settings, dim=dim)
            else:
                logs.note("embedder.waiting", level="warning", model=wanted)
                opened = open_embedder(serving.name, self.settings, dim=serving.dim)
            self._resources.callback(opened.close)
            if serving is not None and opened.embedder.manifest_hash != serving.hash:
                raise EmbedderMismatch
            return opened

    @cached_property
    def detector(self) -> Detector:
        """What finds personal data."""
        from compliance_bot.redaction.detect import Detector

        with self._loading:
            return Detector.load()

    @cached_property
    def parts(self) -> Parts:
        """What the chain is made of, for those who build their own from its steps."""
        from compliance_bot.chains.answer import Parts
        from compliance_bot.chains.compose import Composer
        from compliance_bot.models.chat import quote_mode
        from compliance_bot.models.converse import Patience

        with self._loading:
            settings = self.settings
            return Parts(
                database=self._home.database,
                log=self._log,
                engine=self._engine,
                detector=self.detector,
                embedder=self._embedding.embedder,
                embedder_name=self._embedding.name,
                composer=Composer(
                    chat=self._chat_model(settings.chat_model),
                    quote=quote_mode(),
                    patience=Patience(timeout_s=settings.chat_timeout_s, retries=settings.chat_retries),
                    context_tokens=settings.chat_context_tokens,
                    fallback=settings.chat_fallback,
                    prose=settings.chat_prose,
                ),
                term_key=self._home.keyring.derive(f"terms/{self._home.database.tenant}"),
                passages=self.settings.passages,
                candidates=self.settings.candidates,
                exact_threshold=self.settings.exact_threshold,
                max_question_chars=self.settings.max_question_chars,
            )

    def parts_with(self, model: BaseChatModel | str | None) -> Parts:
        """Return the parts with another chat model in place of the one in the settings. Raises NoSuchChatModel."""
        if model is None:
            return self.parts
        return replace(self.parts, composer=replace(self.parts.composer, chat=self._chat_model(model)))

    def opening(
        self, *, principal: Principal | str, purpose: str | None = None, model: BaseChatModel | str | None = None
    ) -> tuple[Parts, Callable[[], Principal], Callable[[], Circumstances]]:
        """Return what a chain of one's own begins with: the parts, who asks, and under which circumstances."""
        return self.parts_with(model), self._identify(principal), _circumstances(purpose)

    def _chat_model(self, model: BaseChatModel | str) -> ChatModel:
        """Return a chat model; one that is named is made once and closed with the bot."""
        from compliance_bot.models.chat import open_chat_model

        if not isinstance(model, str):
            return open_chat_model(model, self.settings)
        with self._loading:
            if model not in self._chat_models:
                self._chat_models[model] = open_chat_model(model, self.settings)
                self._resources.callback(self._chat_models[model].close)
            return self._chat_models[model]

    def _library(self, principal: Principal | str) -> Library:
        return Library(
            database=self._home.database,
            log=self._log,
            engine=self._engine,
            identify=self._identify(principal),
            circumstances=_circumstances(None),
        )

    def _models(self, principal: Principal | str) -> ModelRoom:
        from compliance_bot.chains.models import ModelRoom

        return ModelRoom(
            database=self._home.database,
            log=self._log,
            engine=self._engine,
            identify=self._identify(principal),
            circumstances=_circumstances(None),
        )

    def _trail(self, principal: Principal | str) -> Trail:
        return Trail(
            database=self._home.database,
            log=self._log,
            engine=self._engine,
            identify=self._identify(principal),
            circumstances=_circumstances(None),
        )

    def _identify(self, principal: Principal | str) -> Callable[[], Principal]:
        """Return the identification step: it runs inside the chain, so that a failure of it is on record."""

        def identify() -> Principal:
            if isinstance(principal, Principal):
                attributes = typed_attributes(self._policies, "User", principal.attributes)
                return Principal(id=principal.id, groups=principal.groups, attributes=attributes)
            return self._listed(principal)

        return identify

    def _listed(self, name: str) -> Principal:
        """Return a principal of the home by name. Raises UnknownPrincipal or UndeclaredAttribute."""
        listed = find_principal(self._principals, name)
        attributes = typed_attributes(self._policies, "User", listed.attributes)
        return Principal(id=listed.id, groups=listed.groups, attributes=attributes, source="local")


def _chained(first: AnswerPart | Answer, rest: Iterator[AnswerPart | Answer]) -> Iterator[AnswerPart | Answer]:
    """Yield the first part and the rest; closing this closes the rest, so that an asker who leaves is on record."""
    try:
        yield first
        yield from rest
    finally:
        rest.close()  # type: ignore[attr-defined]  # a generator


def _circumstances(purpose: str | None) -> Callable[[], Circumstances]:
    if purpose is not None and not purpose.isprintable():
        raise UsageError("the purpose is not text: expected printable words")
    return lambda: Circumstances(now=datetime.now(UTC), purpose=purpose)
