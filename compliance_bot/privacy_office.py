"""What privacy officers do with a home: reveal, erase and correct, tell what is held, and measure how redaction does.

Part of ComplianceBot: `governance` goes on from here with what administrators, reviewers and auditors do.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from compliance_bot.chains.vault_room import VaultRoom
from compliance_bot.records import DocumentId
from compliance_bot.redaction.masking import Redaction
from compliance_bot.wiring import LOCAL_ADMINISTRATOR, Wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from compliance_bot.chains.act import Act
    from compliance_bot.chains.confirming import Confirmed
    from compliance_bot.chains.correcting import Corrected, Correcting, Label
    from compliance_bot.chains.erasing import Candidate, Certificate, Erasing
    from compliance_bot.chains.exposure import DocumentReport, Exposure, PersonReport
    from compliance_bot.chains.ledger import Quality
    from compliance_bot.chains.measuring import Measured
    from compliance_bot.chains.sampling import Sample
    from compliance_bot.chains.vault_room import Rotated, VaultState
    from compliance_bot.chains.vault_room import Shown as Revealed
    from compliance_bot.records import Asker
    from compliance_bot.redaction.spans import Detects


class PrivacyOffice(Wiring):
    """The personal data of one open home. Every act leaves a record before it returns."""

    def vault_state(self, *, principal: Asker) -> VaultState:
        """Return how much the vault holds, and under which keys. Raises Refused."""
        return self._vault_room(principal).show()

    def reveal(
        self,
        document: str,
        placeholders: Iterable[str] = (),
        *,
        principal: Asker,
        purpose: str | None = None,
        version: int | None = None,
    ) -> tuple[Revealed, ...]:
        """Return what placeholders of a document stand for; all that the principal may see where none is named.

        Raises Refused where the document or a placeholder is absent or may not be seen.
        """
        wanted = tuple(placeholders)
        return self._undisturbed(
            self._acting(principal, purpose),
            lambda act: VaultRoom(act=act, vault=self.vault).reveal(DocumentId(document), wanted, version=version),
        )

    def rotate_vault_key(
        self, *, principal: Asker = LOCAL_ADMINISTRATOR, on_progress: Callable[[int], None] = lambda _: None
    ) -> Rotated:
        """Wrap every value of the vault with a new key. May be interrupted and run again.

        Raises Refused, and UsageError where the operator has to set the new key first.
        """
        return self._vault_room(principal).rotate(on_progress=on_progress)

    def discard_vault_key(self, epoch: int, *, principal: Asker = LOCAL_ADMINISTRATOR) -> None:
        """Destroy a key of the vault that wraps nothing any more. Raises Refused or UsageError."""
        self._vault_room(principal).discard(epoch)

    def propose_erasure(
        self, name: str, *, reason: str, principal: Asker, purpose: str | None = None
    ) -> tuple[Candidate, ...]:
        """Return what may belong to a person: the name, names that share a part of it, values that stand beside it.

        As far as the principal may read. Nothing is changed. Raises Refused and UsageError.
        """
        return self._erasing(principal, purpose).propose(name, reason=reason)

    def erase(
        self, name: str, *, also: Iterable[str] = (), reason: str, principal: Asker, purpose: str | None = None
    ) -> Certificate:
        """Erase a name, and of what is proposed with it what is named by its handle; return the certificate.

        Raises Refused, and UsageError for a handle that is not proposed.
        """
        return self._erasing(principal, purpose).erase(name, also=tuple(also), reason=reason)

    def held_on(self, name: str, *, reason: str, principal: Asker, purpose: str | None = None) -> PersonReport:
        """Return what is held on a person, where, and who was shown it, as far as the principal may read.

        Raises Refused and UsageError.
        """
        return self._exposure(principal, purpose).of_person(name, reason=reason)

    def exposure(self, document: str, *, reason: str, principal: Asker, purpose: str | None = None) -> DocumentReport:
        """Return who was shown a document, or was answered from it. Raises Refused and UsageError."""
        return self._exposure(principal, purpose).of_document(DocumentId(document), reason=reason)

    def mark(
        self,
        document: str,
        words: str | tuple[int, int],
        *,
        entity_type: str,
        reason: str,
        principal: Asker,
        purpose: str | None = None,
        on_progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> Corrected:
        """Mark personal data that detection missed, words of a document or their place in its text, wherever it stands.

        Raises Refused, and UsageError where the words do not stand there in the clear.
        """
        return self._correct(
            principal,
            purpose,
            on_progress,
            lambda one: one.mark(DocumentId(document), words, type_=entity_type, reason=reason),
        )

    def unmark(
        self,
        document: str,
        placeholder: str,
        *,
        reason: str,
        principal: Asker,
        purpose: str | None = None,
        version: int | None = None,
        on_progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> Corrected:
        """Give back the words behind a placeholder, which are no personal data, wherever the principal may do so.

        Raises Refused where document or placeholder are absent, or may not be seen or reclassified.
        """
        return self._correct(
            principal,
            purpose,
            on_progress,
            lambda one: one.unmark(DocumentId(document), placeholder, reason=reason, version=version),
        )

    def corrections(self, *, principal: Asker) -> tuple[Label, ...]:
        """Return what was said of detection, the newest first, without values. Raises Refused."""
        return self._correcting(self._act(principal)).list()

    def _correct(
        self,
        principal: Asker,
        purpose: str | None,
        on_progress: Callable[[int, int], None],
        do: Callable[[Correcting], Corrected],
    ) -> Corrected:
        return self._renewing(
            self._acting(principal, purpose), lambda act: do(self._correcting(act, on_progress=on_progress))
        )

    def _correcting(self, act: Act, on_progress: Callable[[int, int], None] = lambda _done, _all: None) -> Correcting:
        from compliance_bot.chains.correcting import Correcting
        from compliance_bot.ingest.revise import Reviser

        parts = self.parts
        return Correcting(
            act=act,
            labels=self.labels,
            detector=self._strict(act),
            reviser=Reviser(vault=self.vault, embedder=parts.embedder, term_key=parts.term_key),
            on_progress=on_progress,
        )

    def sample_passages(
        self,
        n: int = 10,
        *,
        principal: Asker,
        seed: int | None = None,
        collection: str | None = None,
        purpose: str | None = None,
    ) -> Sample:
        """Return `n` passages at random in which the principal may see every value, and that nobody has reviewed.

        With a `seed` the same ones again. The record says what they showed.
        """
        from compliance_bot.chains.sampling import Sampling

        drawn = secrets.randbits(31) if seed is None else seed
        return self._undisturbed(
            self._acting(principal, purpose),
            lambda act: Sampling(act=act, vault=self.vault).sample(n, seed=drawn, collection=collection),
        )

    def confirm_redaction(
        self,
        document: str,
        start: int,
        end: int,
        *,
        principal: Asker,
        version: int | None = None,
        language: str | None = None,
        purpose: str | None = None,
    ) -> Confirmed:
        """Record that from `start` to `end` all that is personal is masked rightly, and nothing else is.

        Places count in the text that the principal gets from `document` for the same purpose. Raises Refused and
        UsageError.
        """
        from compliance_bot.chains.confirming import Confirming

        confirming = Confirming(act=self._act(principal, purpose), vault=self.vault)
        return confirming.confirm(DocumentId(document), start, end, version=version, language=language)

    def measure_redaction(
        self,
        *,
        principal: Asker,
        purpose: str | None = None,
        on_progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> Measured:
        """Run the detector over what was confirmed, as far as the principal may see all of it, and keep the counts.

        Raises Refused, and NothingReviewed where there is nothing.
        """
        from compliance_bot.chains.measuring import Measuring

        act = self._act(principal, purpose)
        return Measuring(act=act, vault=self.vault, detector=self.detector).measure(on_progress=on_progress)

    def redaction_quality(self, *, principal: Asker, purpose: str | None = None) -> Quality:
        """Return recall and precision of redaction on what was confirmed, as far as the principal may read."""
        from compliance_bot.chains.ledger import Ledger

        return Ledger(act=self._act(principal, purpose)).show()

    def _exposure(self, principal: Asker, purpose: str | None) -> Exposure:
        from compliance_bot.chains.exposure import Exposure

        act = self._act(principal, purpose)
        return Exposure(act=act, vault=self.vault, detector=self._strict(act))

    def _erasing(self, principal: Asker, purpose: str | None) -> Erasing:
        from compliance_bot.chains.erasing import Erasing

        act = self._act(principal, purpose)
        return Erasing(act=act, vault=self.vault, keyring=self._home.keyring, detector=self._strict(act))

    def _strict(self, act: Act) -> Detects:
        """Return what masks a text that may be about any collection, by the rules of an act."""
        with self._home.database.reading() as snapshot:
            self.labels.read(snapshot)
        redaction = Redaction(
            detector=self.detector, profiles=act.rules.redaction, corrections=lambda: self.labels.known
        )
        return redaction.strict.detector

    def _vault_room(self, principal: Asker) -> VaultRoom:
        return VaultRoom(act=self._act(principal), vault=self.vault)
