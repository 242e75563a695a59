"""How the parts of a home come to be: policies, people, models, the log; each is made when first used.

What users call is `bot`, which inherits this; nothing here acts for anybody. Threads share everything.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from compliance_bot import logs
from compliance_bot.audit.log import AuditLog
from compliance_bot.chains.library import Library
from compliance_bot.chains.trail import Trail
from compliance_bot.errors import UsageError
from compliance_bot.identity import find_principal, load_principals
from compliance_bot.policy.attributes import typed_attributes
from compliance_bot.policy.decide import CedarEngine, Circumstances
from compliance_bot.policy.folder import load_policies
from compliance_bot.records import Principal
from compliance_bot.store.index import EmbedderMismatch
from compliance_bot.store.models import serving_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_core.language_models.chat_models import BaseChatModel

    from compliance_bot.chains.answer import Parts
    from compliance_bot.chains.explain import Explainer
    from compliance_bot.chains.models import ModelRoom
    from compliance_bot.chains.what_if import WhatIf
    from compliance_bot.home import Home
    from compliance_bot.models.chat import ChatModel
    from compliance_bot.models.embed import Embedder
    from compliance_bot.models.embedders import NamedEmbedder
    from compliance_bot.redaction.detect import Detector
    from compliance_bot.settings import Settings

Outcome = TypeVar("Outcome")


class Wiring:
    """One open home, its parts made as they are needed."""

    def __init__(self, settings: Settings, home: Home) -> None:
        self.settings, self._home = settings, home
        self._resources = ExitStack()
        self._policies = load_policies(home.policies)
        self._engine = CedarEngine(self._policies)
        self._principals = load_principals(home.policies / "principals.yaml")
        self._log = AuditLog(home.database, home.keyring)
        self._loading = threading.RLock()
        self._chat_models: dict[str, ChatModel] = {}

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
        return self.parts_with(model), self._identify(principal), circumstances(purpose)

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
            circumstances=circumstances(None),
        )

    def _models(self, principal: Principal | str) -> ModelRoom:
        from compliance_bot.chains.models import ModelRoom

        return ModelRoom(
            database=self._home.database,
            log=self._log,
            engine=self._engine,
            identify=self._identify(principal),
            circumstances=circumstances(None),
        )

    def _trail(self, principal: Principal | str) -> Trail:
        return Trail(
            database=self._home.database,
            log=self._log,
            engine=self._engine,
            identify=self._identify(principal),
            circumstances=circumstances(None),
        )

    def _explainer(self, principal: Principal | str, purpose: str | None) -> Explainer:
        from compliance_bot.chains.explain import Explainer
        from compliance_bot.chains.then import RightsNow

        return Explainer(
            database=self._home.database,
            log=self._log,
            engine=self._engine,
            identify=self._identify(principal),
            circumstances=circumstances(purpose),
            rights=lambda snapshot: RightsNow(policies=self._policies, find=self._listed, snapshot=snapshot),
            people=self._people,
        )

    def _what_if(self, principal: Principal | str) -> WhatIf:
        from compliance_bot.chains.what_if import WhatIf

        return WhatIf(
            database=self._home.database,
            log=self._log,
            engine=self._engine,
            identify=self._identify(principal),
            circumstances=circumstances(None),
            people=self._people,
        )

    def _people(self) -> tuple[Principal, ...]:
        """Return the people listed in the home, by id."""
        return tuple(self._listed(name) for name in sorted(self._principals))

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


def circumstances(purpose: str | None) -> Callable[[], Circumstances]:
    if purpose is not None and not purpose.isprintable():
        raise UsageError("the purpose is not text: expected printable words")
    return lambda: Circumstances(now=datetime.now(UTC), purpose=purpose)
