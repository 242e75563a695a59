"""How the parts of a home come to be: policies, people, models, the log; each is made when first used.

What users call is `bot`, which inherits this; nothing here acts for anybody. Threads share everything.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from compliance_bot import logs
from compliance_bot.audit.log import AuditLog
from compliance_bot.chains.grants import Grants, with_grants
from compliance_bot.chains.identify import Identification
from compliance_bot.chains.kill_switch import KillSwitch
from compliance_bot.chains.library import Library
from compliance_bot.chains.rules import LiveRules, Rules
from compliance_bot.chains.trail import Trail
from compliance_bot.errors import UsageError
from compliance_bot.identity import account_name
from compliance_bot.policy.decide import Circumstances
from compliance_bot.policy.signature import APPROVERS, read_approvers, require_approved
from compliance_bot.records import Credential, Principal
from compliance_bot.store.index import EmbedderMismatch
from compliance_bot.store.models import serving_model
from compliance_bot.store.moves import MovedMeanwhile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from langchain_core.language_models.chat_models import BaseChatModel

    from compliance_bot.chains.again import Again
    from compliance_bot.chains.answer import Parts
    from compliance_bot.chains.explain import Explainer
    from compliance_bot.chains.filing import Filing
    from compliance_bot.chains.models import ModelRoom
    from compliance_bot.chains.tenants import TenantRoom
    from compliance_bot.chains.tune import TuningRoom
    from compliance_bot.chains.what_if import WhatIf
    from compliance_bot.home import Home
    from compliance_bot.identity import IdentityMapping
    from compliance_bot.identity.claims import Identity
    from compliance_bot.identity.sign_in import SignIn
    from compliance_bot.models.chat import ChatModel
    from compliance_bot.models.embed import Embedder
    from compliance_bot.models.embedders import NamedEmbedder
    from compliance_bot.records import Asker
    from compliance_bot.redaction.detect import Detector
    from compliance_bot.settings import Settings

Outcome = TypeVar("Outcome")

_MORE_TRIES = 3  # moves that follow each other closer than answers take are not waited out


class Wiring:
    """One open home, its parts made as they are needed."""

    def __init__(self, settings: Settings, home: Home) -> None:
        self.settings, self._home = settings, home
        self._resources, self._loading = ExitStack(), threading.RLock()
        self._log = AuditLog(home.database, home.keyring)
        self._live = LiveRules(
            home.policies,
            database=home.database,
            log=self._log,
            keyring=home.keyring,
            require=self._require_approved if settings.production else lambda _: None,
        )
        self._signing_in: tuple[IdentityMapping, SignIn] | None = None
        self._sign_in(self._live.now())  # a key file that is wrong is told now
        self._chat_models: dict[str, ChatModel] = {}

    def _require_approved(self, folder: Path) -> None:
        """Raise NotApproved unless somebody other than its author has signed the policy folder."""
        require_approved(folder, read_approvers(self._home.path / APPROVERS))

    def _renewing(self, act: Callable[[], Outcome]) -> Outcome:
        """Return what `act` returns; where another process let another embedder serve meanwhile, with that one."""
        try:
            return self._undisturbed(act)
        except EmbedderMismatch:
            self._forget_embedder()
            return self._undisturbed(act)

    def _undisturbed(self, act: Callable[[], Outcome]) -> Outcome:
        """Return what `act` returns; where a document that it read was moved meanwhile, act again."""
        for _ in range(_MORE_TRIES):
            with suppress(MovedMeanwhile):
                return act()
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
                engine=self._live.now().engine,
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
        """Return the parts for one act: with the rules of now, and maybe another chat model. Raises NoSuchChatModel."""
        parts = replace(self.parts, engine=self._live.now().engine)
        if model is None:
            return parts
        return replace(parts, composer=replace(parts.composer, chat=self._chat_model(model)))

    def opening(
        self, *, principal: Asker, purpose: str | None = None, model: BaseChatModel | str | None = None
    ) -> tuple[Parts, Callable[[], Principal], Callable[[], Circumstances]]:
        """Return what a chain of one's own begins with: the parts, who asks, and under which circumstances."""
        return self.parts_with(model), self._identify(principal, purpose), circumstances(purpose)

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

    def _library(self, principal: Asker) -> Library:
        return Library(
            database=self._home.database,
            log=self._log,
            engine=self._live.now().engine,
            identify=self._identify(principal),
            circumstances=circumstances(None),
        )

    def _filing(self, principal: Asker) -> Filing:
        from compliance_bot.chains.filing import Filing

        return Filing(
            log=self._log,
            engine=self._live.now().engine,
            policies=self._live.now().policies,
            keyring=self._home.keyring,
            identify=self._identify(principal),
            circumstances=circumstances(None),
        )

    def _again(self, principal: Asker, purpose: str | None) -> Again:
        from compliance_bot.chains.again import Again

        return Again(
            database=self._home.database,
            log=self._log,
            engine=self._live.now().engine,
            identify=self._identify(principal, purpose),
            circumstances=circumstances(purpose),
        )

    def _models(self, principal: Asker) -> ModelRoom:
        from compliance_bot.chains.models import ModelRoom

        return ModelRoom(
            database=self._home.database,
            log=self._log,
            engine=self._live.now().engine,
            identify=self._identify(principal),
            circumstances=circumstances(None),
        )

    def _tuning(self, principal: Asker) -> TuningRoom:
        from compliance_bot.chains.tune import TuningRoom

        return TuningRoom(
            database=self._home.database,
            log=self._log,
            engine=self._live.now().engine,
            identify=self._identify(principal),
            circumstances=circumstances(None),
        )

    def _tenant(self, principal: Asker) -> TenantRoom:
        from compliance_bot.chains.tenants import TenantRoom
        from compliance_bot.store.tenants import claim

        return TenantRoom(
            database=self._home.database,
            log=self._log,
            engine=self._live.now().engine,
            keyring=self._home.keyring,
            claim=claim(self.settings.tenant, self._home.keyring),
            identify=self._identify(principal),
            circumstances=circumstances(None),
        )

    def _trail(self, principal: Asker) -> Trail:
        return Trail(
            database=self._home.database,
            log=self._log,
            engine=self._live.now().engine,
            identify=self._identify(principal),
            circumstances=circumstances(None),
        )

    def _explainer(self, principal: Asker, purpose: str | None) -> Explainer:
        from compliance_bot.chains.explain import Explainer
        from compliance_bot.chains.past import RightsKept

        rules = self._live.now()
        return Explainer(
            database=self._home.database,
            log=self._log,
            engine=rules.engine,
            identify=self._identify(principal, purpose),
            circumstances=circumstances(purpose),
            rights=lambda snapshot: RightsKept(
                policies=rules.policies,
                find=self._listed,
                snapshot=snapshot,
                database=self._home.database,
                keyring=self._home.keyring,
            ),
            people=self._people,
        )

    def _what_if(self, principal: Asker) -> WhatIf:
        from compliance_bot.chains.what_if import WhatIf

        return WhatIf(
            database=self._home.database,
            log=self._log,
            engine=self._live.now().engine,
            identify=self._identify(principal),
            circumstances=circumstances(None),
            people=self._people,
        )

    def _people(self) -> tuple[Principal, ...]:
        """Return the people listed in the home, by id."""
        return tuple(self._listed(name) for name in sorted(self._live.now().principals))

    def _identify(self, asker: Asker, purpose: str | None = None) -> Callable[[], Principal]:
        """Return the identification step: it runs inside the chain, so that a failure of it is on record.

        A credential is verified once for an act, also where the act begins anew: it may be for single use.
        """
        verified: list[Identity] = []

        def identify() -> Principal:
            who = self._identification(self._live.now())
            if isinstance(asker, Credential):
                if not verified:
                    verified.append(who.verified(asker))
                return who.principal_of(verified[0])
            return who.asserted(asker, purpose) if isinstance(asker, Principal) else who.named(asker, purpose)

        return identify

    def _identification(self, rules: Rules) -> Identification:
        def granted(principal: Principal) -> Principal:
            return with_grants(self._home.database, self._home.keyring, principal, datetime.now(UTC))

        return Identification(
            policies=rules.policies,
            engine=rules.engine,
            principals=rules.principals,
            mapping=rules.mapping,
            sign_in=lambda: self._sign_in(rules),
            granted=granted,
            production=self.settings.production,
            account=account_name() if self.settings.production else None,
        )

    def _sign_in(self, rules: Rules) -> SignIn:
        """Return what verifies credentials by these rules, made anew where the mapping is another."""
        from compliance_bot.identity.sign_in import SignIn, admitted_kinds
        from compliance_bot.store.seen import SeenTokens

        with self._loading:
            if self._signing_in is None or self._signing_in[0] is not rules.mapping:
                kinds = admitted_kinds(rules.mapping, self._home.path)
                seen = SeenTokens(self._home.database, self._home.keyring)
                self._signing_in = (rules.mapping, SignIn(kinds, lambda: self._live.now().principals, seen))
            return self._signing_in[1]

    def _listed(self, name: str) -> Principal:
        """Return a principal of the home by name. Raises UnknownPrincipal or UndeclaredAttribute."""
        return self._identification(self._live.now()).listed(name)

    def _grants(self, principal: Asker) -> Grants:
        return Grants(
            database=self._home.database,
            log=self._log,
            keyring=self._home.keyring,
            rules=self._live.now(),
            identify=self._identify(principal),
            circumstances=circumstances(None),
        )

    def _kill_switch(self, principal: Asker) -> KillSwitch:
        return KillSwitch(
            database=self._home.database,
            log=self._log,
            engine=self._live.now().engine,
            identify=self._identify(principal),
            circumstances=circumstances(None),
        )


def circumstances(purpose: str | None) -> Callable[[], Circumstances]:
    if purpose is not None and not purpose.isprintable():
        raise UsageError("the purpose is not text: expected printable words")
    return lambda: Circumstances(now=datetime.now(UTC), purpose=purpose)
