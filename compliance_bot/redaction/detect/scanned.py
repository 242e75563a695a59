"""A scan of `patterns` as a Presidio recogniser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from presidio_analyzer import EntityRecognizer, RecognizerResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.redaction.patterns.scan import Found, Scan


class Scanned(EntityRecognizer):
    """Presidio's interface over one scan; it reads all languages, since shapes have none."""

    def __init__(self, scan: Scan) -> None:
        super().__init__(supported_entities=list(scan.types), name=scan.name)
        self._scan = scan
        self._origin = {
            RecognizerResult.RECOGNIZER_NAME_KEY: scan.name,
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
        }

    def load(self) -> None:
        """Do nothing: there is no model."""

    def values(self, text: str) -> Iterator[Found]:
        """Yield what the scan finds, without Presidio's objects around it."""
        return self._scan.found(text)

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:  # noqa: ARG002
        """Return what the scan finds of the `entities`; a language model's output is not used."""
        wanted = frozenset(entities)
        return [
            RecognizerResult(found.type, found.start, found.end, found.score, recognition_metadata=self._origin)
            for found in self._scan.found(text)
            if found.type in wanted
        ]
