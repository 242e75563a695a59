"""Find personal data in text on Presidio's framework; the one package that imports Presidio.

There is no AnalyzerEngine: it would load or download a language model. Importing this costs about a second (Presidio
imports spaCy), so import it where it is used.
"""

from __future__ import annotations

from compliance_bot.redaction.detect.detector import Detector
from compliance_bot.redaction.spans import DetectionFailed, Detects, Span

__all__ = ["DetectionFailed", "Detector", "Detects", "Span"]
