"""ComplianceBot: opens a home, wires the parts, and is what applications, the command line and the page call.

Heavy parts (the embedder, the detector, the answerer) are loaded when first used and shared by all threads. Every
method that acts takes a principal, or the name of one listed in the home, and leaves a record before it returns.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

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

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from compliance_bot.audit.review import Shown
    from compliance_bot.chains.answer import Parts
    from compliance_bot.home import Home
    from compliance_bot.models.embed import OnnxEmbedder
    from compliance_bot.records import (
        Answer,
        DocumentSummary,
        DocumentVersion,
        Hit,
        IngestReport,
        RecordSummary,
    )
    from compliance_bot.redaction.detect import Detector
    from compliance_bot.settings import Settings

LOCAL_ADMINISTRATOR = "admin"
_SHOWN_DIGITS = 12  # of a model's hash, in answers; the record has all of it


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

    @classmethod
    def open(cls, home: Path | str | None = None, **settings: Any) -> ComplianceBot:
        """Return the bot of a home. Settings come as for the command line; those given here are stronger.

        Raises NoHome, InvalidPolicies, UnknownSetting, and what the database raises.
        """
        loaded = load_settings(home=home, **settings)
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

    def ask(self, question: str, *, principal: Principal | str, purpose: str | None = None) -> Answer:
        """Return the answer from what the principal may read. Its record is committed.

        Raises Refused, UnreadableQuestion, or Unavailable; each leaves a record as well, where one can be kept.
        """
        from compliance_bot.chains.answer import answer

        return answer(self.parts, question, self._identify(principal), _circumstances(purpose))

    def search(
        self, query: str, *, principal: Principal | str, k: int = 10, purpose: str | None = None
    ) -> tuple[Hit, ...]:
        """Return the `k` best passages that the principal may read, best first. Raises as `ask` does."""
        from compliance_bot.chains.find import find

        return find(self.parts, query, self._identify(principal), _circumstances(purpose), k=k)

    def ingest(
        self,
        paths: Sequence[Path | str],
        *,
        collection: str,
        attributes: Mapping[str, object] | None = None,
        attribute_list: Path | None = None,
        base: Path | None = None,
        principal: Principal | str = LOCAL_ADMINISTRATOR,
        purpose: str | None = None,
        on_item: Callable[[str], None] = lambda _: None,
    ) -> IngestReport:
        """Store files, folders and BEIR passages, and return what became of each.

        `attributes` hold for all items; `attribute_list` is a CSV file with those of single ones. Both are typed by
        the schema first: UndeclaredAttribute leaves everything as it was. With `base`, documents are known by their
        path relative to it. Raises Refused where the principal may not ingest into the collection.
        """
        from compliance_bot.chains.intake import Intake, take_in

        intake = Intake(
            paths=tuple(Path(path) for path in paths),
            collection=collection,
            attributes=attributes or {},
            attribute_list=attribute_list,
            base=base,
        )
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

    def records(self, *, principal: Principal | str, limit: int = 100) -> tuple[RecordSummary, ...]:
        """Return the newest records of the audit log, newest first. Raises Refused."""
        return self._trail(principal).list(limit=limit)

    def record(self, record: str, *, principal: Principal | str) -> Shown:
        """Return one record with all that the principal may see of it. Raises Refused."""
        return self._trail(principal).show(RecordId(record))

    def has_passages(self, refs: Sequence[str], *, principal: Principal | str) -> bool:
        """Return whether the principal may read a passage for each of these `_id`s."""
        return self._library(principal).has_refs(refs)

    @cached_property
    def embedder(self) -> OnnxEmbedder:
        """The embedding model, verified at load. Also a LangChain `Embeddings`."""
        from compliance_bot.models.embed import OnnxEmbedder

        with self._loading:
            return OnnxEmbedder.load(threads=self.settings.threads)

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
        from compliance_bot.models.quote import QuoteChatModel

        with self._loading:
            model = QuoteChatModel()
            return Parts(
                database=self._home.database,
                log=self._log,
                engine=self._engine,
                detector=self.detector,
                embedder=self.embedder,
                model=model,
                model_name=f"{model.model}@{model.manifest_hash[:_SHOWN_DIGITS]}",
                model_hash=model.manifest_hash,
                term_key=self._home.keyring.derive(f"terms/{self._home.database.tenant}"),
                passages=self.settings.passages,
                candidates=self.settings.candidates,
                exact_threshold=self.settings.exact_threshold,
                max_question_chars=self.settings.max_question_chars,
            )

    def _library(self, principal: Principal | str) -> Library:
        return Library(
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
            listed = find_principal(self._principals, principal)
            attributes = typed_attributes(self._policies, "User", listed.attributes)
            return Principal(id=listed.id, groups=listed.groups, attributes=attributes, source="local")

        return identify


def _circumstances(purpose: str | None) -> Callable[[], Circumstances]:
    if purpose is not None and not purpose.isprintable():
        raise UsageError("the purpose is not text: expected printable words")
    return lambda: Circumstances(now=datetime.now(UTC), purpose=purpose)
