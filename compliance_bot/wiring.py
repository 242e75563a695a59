"""How the parts of a home come to be: policies, people, models, the log; each is made when first used.

What users call is `bot`, which inherits this; nothing here acts for anybody. Threads share everything.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeVar

from compliance_bot import logs
from compliance_bot.anchor.standing import Anchor, Unanchored
from compliance_bot.audit.integrate import Integrator
from compliance_bot.audit.log import AuditLog
from compliance_bot.audit.pulse import Pulse
from compliance_bot.chains.act import Act
from compliance_bot.chains.catch_up import CatchingUp
from compliance_bot.chains.grants import with_grants
from compliance_bot.chains.identify import Identification
from compliance_bot.chains.rules import LiveRules, Rules
from compliance_bot.errors import UsageError
from compliance_bot.home import key_source, signing_keys
from compliance_bot.identity import account_name
from compliance_bot.policy.decide import Circumstances
from compliance_bot.policy.signature import APPROVERS, read_approvers, require_approved
from compliance_bot.records import Credential, Principal
from compliance_bot.store.index import EmbedderMismatch
from compliance_bot.store.models import serving_model
from compliance_bot.store.moves import MovedMeanwhile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from langchain_core.language_models.chat_models import BaseChatModel

    from compliance_bot.chains.answer import Parts
    from compliance_bot.chains.witnessing import Witnessing
    from compliance_bot.home import Home
    from compliance_bot.identity import IdentityMapping
    from compliance_bot.identity.claims import Identity
    from compliance_bot.identity.sign_in import Admitted, SignIn
    from compliance_bot.identity.token import Kind
    from compliance_bot.models.chat import ChatModel
    from compliance_bot.models.embed import Embedder
    from compliance_bot.models.embedders import NamedEmbedder
    from compliance_bot.policy.files import PolicyFiles
    from compliance_bot.records import Asker
    from compliance_bot.redaction.spans import Detects
    from compliance_bot.settings import Settings
    from compliance_bot.vault.book import Vault
    from compliance_bot.vault.labels import Labels

Outcome = TypeVar("Outcome")

LOCAL_ADMINISTRATOR = "admin"
WITNESSES = "witnesses.yaml"  # in the folder of policies; witness.policy reads it

_MORE_TRIES = 3  # moves that follow each other closer than answers take are not waited out


class Wiring:
    """One open home, its parts made as they are needed."""

    def __init__(self, settings: Settings, home: Home, *, is_adrift: bool = False, begins_log: bool = False) -> None:
        """Open by the rules of now. `is_adrift` is for accepting that the anchor is lost, and for nothing else.

        So is `begins_log`, for letting the log's tree begin anew: without it, one that cannot go on is told here.
        """
        self.settings, self._home = settings, home
        self._resources, self._loading = ExitStack(), threading.RLock()
        self._anchor = Anchor(home.anchor, home.keyring, home.database.tenant)
        self._log = AuditLog(home.database, home.keyring, Unanchored() if is_adrift else self._anchor)
        # INVARIANT: before anything else, so that nothing is served from a database that has forgotten.
        catching_up = None if is_adrift else CatchingUp(home.database, self._log, self._anchor, home.keyring)
        self._go_on = catching_up.go_on if catching_up else lambda: None
        self.caught_up: Mapping[str, int] = catching_up.applied if catching_up else {}  # done again when it was opened
        self._signing_keys = signing_keys(settings, home.path / "keys")
        self._integrator = Integrator(self._log, home.keyring, self._signing_keys)
        if not begins_log:
            self._integrator.begin()
        self._witnessing = self._witnessed_by(home)
        self._pulse = Pulse(self._log, self._integrator, show=self._show_to_witnesses)
        self._live = LiveRules(
            home.policies,
            database=home.database,
            log=self._log,
            keyring=home.keyring,
            require=self._require_approved if settings.production else lambda _: None,
        )
        self._admitting: tuple[IdentityMapping, Mapping[Kind, Admitted]] | None = None
        self._signing_in: tuple[Rules, SignIn] | None = None
        self._sign_in(self._live.now())  # a key file that is wrong is told now
        self._chat_models: dict[str, ChatModel] = {}

    def _witnessed_by(self, home: Home) -> Witnessing | None:
        """Return what has the log witnessed; None where the home names nobody. Raises InvalidWitnesses."""
        rules = home.policies / WITNESSES
        if not rules.is_file():
            return None
        from compliance_bot.chains.witnessing import Witnessing
        from compliance_bot.witness.policy import open_quorum, read_witnesses

        quorum = open_quorum(read_witnesses(rules.read_bytes()), home.path)
        return Witnessing(home.database, self._log, self._integrator, self._signing_keys, quorum)

    def _show_to_witnesses(self) -> None:
        if self._witnessing is not None:
            self._witnessing.ask()

    def _require_approved(self, files: PolicyFiles) -> None:
        """Raise NotApproved unless somebody other than their author has signed the policy files."""
        require_approved(files, read_approvers(self._home.path / APPROVERS))

    def _acting(self, asker: Asker, purpose: str | None = None) -> Callable[[], Act]:
        """Return what begins an act of theirs by the rules of now, and begins it anew where that is needed.

        Who it is comes out inside the chain, so that a failure of it is on record. A credential is verified once,
        however often the act begins: it may be for single use. Raises UsageError for a purpose that is not text.
        """
        if purpose is not None and not purpose.isprintable():
            raise UsageError("the purpose is not text: expected printable words")
        verified: list[Identity] = []

        def identify(rules: Rules) -> Principal:
            who = self._identification(rules)
            if isinstance(asker, Credential):
                if not verified:
                    verified.append(who.verified(asker))
                return who.principal_of(verified[0])
            return who.asserted(asker, purpose) if isinstance(asker, Principal) else who.named(asker, purpose)

        def begin() -> Act:
            self._go_on()
            rules = self._live.now()
            return Act(
                database=self._home.database,
                log=self._log,
                rules=rules,
                identify=partial(identify, rules),
                circumstances=lambda: Circumstances(now=datetime.now(UTC), purpose=purpose),
            )

        return begin

    def _act(self, asker: Asker, purpose: str | None = None) -> Act:
        """Return an act of theirs that is begun once."""
        return self._acting(asker, purpose)()

    def _renewing(self, begin: Callable[[], Act], do: Callable[[Act], Outcome]) -> Outcome:
        """Return what an act comes to; where another process let another embedder serve meanwhile, with that one."""
        try:
            return self._undisturbed(begin, do)
        except EmbedderMismatch:
            self._forget_embedder()
            return self._undisturbed(begin, do)

    def _undisturbed(self, begin: Callable[[], Act], do: Callable[[Act], Outcome]) -> Outcome:
        """Return what an act comes to; where a document that it read was moved meanwhile, it begins anew."""
        for _ in range(_MORE_TRIES):
            with suppress(MovedMeanwhile):
                return do(begin())
        return do(begin())

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
    def detector(self) -> Detects:
        """What finds personal data, of every type; profiles say which of them count where."""
        from compliance_bot.models.tagger import open_tagger
        from compliance_bot.redaction.detect import Detector

        with self._loading:
            tagger = open_tagger(self.settings.threads)
            return Detector.load(tagger=tagger, limit_s=self.settings.redaction_timeout_s)

    @cached_property
    def vault(self) -> Vault:
        """Where personal values are; its keys are loaded when the first is needed."""
        from compliance_bot.keys.epochs import EpochKeys
        from compliance_bot.vault.book import Vault

        return Vault(self._home.keyring, EpochKeys(key_source(self.settings, self._home.path / "keys")))

    @cached_property
    def labels(self) -> Labels:
        """What people said of detection."""
        from compliance_bot.vault.labels import Labels

        return Labels(self.vault)

    @cached_property
    def parts(self) -> Parts:
        """What the chain is made of, for those who build their own from its steps."""
        from compliance_bot.chains.answer import Parts
        from compliance_bot.chains.compose import Composer
        from compliance_bot.models.chat import quote_mode
        from compliance_bot.models.converse import Patience

        with self._loading:
            settings, rules = self.settings, self._live.now()
            return Parts(
                database=self._home.database,
                log=self._log,
                engine=rules.engine,
                detector=self.detector,
                profiles=rules.redaction,
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
                index_key=self._home.keyring.derive(f"log/index/{self._home.database.tenant}"),
                passages=self.settings.passages,
                candidates=self.settings.candidates,
                exact_threshold=self.settings.exact_threshold,
                max_question_chars=self.settings.max_question_chars,
                vault=self.vault,
                labels=self.labels,
                signs=self._integrator,
                notice=settings.ai_notice,
            )

    def parts_for(self, act: Act, model: BaseChatModel | str | None = None, *, reveals: bool = False) -> Parts:
        """Return the parts for one act: with its rules, and maybe another chat model. Raises NoSuchChatModel."""
        parts = replace(self.parts, engine=act.engine, profiles=act.rules.redaction, reveals=reveals)
        if model is None:
            return parts
        return replace(parts, composer=replace(parts.composer, chat=self._chat_model(model)))

    def opening(
        self, *, principal: Asker, purpose: str | None = None, model: BaseChatModel | str | None = None
    ) -> tuple[Parts, Callable[[], Principal], Callable[[], Circumstances]]:
        """Return what a chain of one's own begins with: the parts, who asks, and under which circumstances."""
        act = self._act(principal, purpose)
        return self.parts_for(act, model), act.identify, act.circumstances

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

    def _identification(self, rules: Rules) -> Identification:
        return Identification(
            policies=rules.policies,
            engine=rules.engine,
            principals=rules.principals,
            mapping=rules.mapping,
            sign_in=lambda: self._sign_in(rules),
            granted=self._granted,
            production=self.settings.production,
            account=account_name() if self.settings.production else None,
        )

    def _granted(self, principal: Principal) -> Principal:
        """Return a principal with what was granted to them and holds now."""
        return with_grants(self._home.database, self._home.keyring, principal, datetime.now(UTC))

    def _sign_in(self, rules: Rules) -> SignIn:
        """Return what verifies credentials by these rules; keys that were fetched stay while the mapping does."""
        from compliance_bot.identity.sign_in import SignIn, admitted_kinds
        from compliance_bot.store.seen import SeenTokens

        with self._loading:
            if self._admitting is None or self._admitting[0] != rules.mapping:
                self._admitting = (rules.mapping, admitted_kinds(rules.mapping, self._home.path))
            if self._signing_in is None or self._signing_in[0] is not rules:
                seen = SeenTokens(self._home.database, self._home.keyring)
                self._signing_in = (rules, SignIn(self._admitting[1], rules.principals, seen))
            return self._signing_in[1]

    def _people(self, rules: Rules) -> tuple[Principal, ...]:
        """Return the people listed, by id. Raises UndeclaredAttribute."""
        return tuple(self._listed(rules, name) for name in sorted(rules.principals))

    def _listed(self, rules: Rules, name: str) -> Principal:
        """Return somebody who is listed, by name. Raises UnknownPrincipal or UndeclaredAttribute."""
        return self._identification(rules).listed(name)
