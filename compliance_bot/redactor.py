"""Mask personal data in an application of one's own: without a home, a database or a network.

`load_detector` is the one place that says what the product's detector is made of. It is loaded once in a process, at
the first text (about a second), and shared by all threads and profiles.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_bot.errors import UsageError
from compliance_bot.redaction.mask import mask
from compliance_bot.redaction.profile import EVERYTHING, Profile
from compliance_bot.redaction.profiles import bundled_profiles, profile_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compliance_bot.redaction.detect import Detector
    from compliance_bot.redaction.spans import Span

_loading = threading.Lock()
_loaded: dict[Profile, Detector] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """A text with markers in place of personal data.

    `spans` are the values in the source, one for each that was masked, in order: start, end, type, score, source.
    `counts` are values masked, by type.
    """

    text: str
    spans: tuple[Span, ...]
    counts: Mapping[str, int] = field(hash=False)


def redact(text: str, profile: str | Profile | None = None) -> Redacted:
    """Return `text` with each value that the profile names replaced by its type's marker, `<EMAIL_ADDRESS>`.

    Without a profile, every type there is. Raises UnknownProfile, and DetectionFailed where it cannot tell.
    """
    if not isinstance(text, str):
        raise UsageError(f"expected a text, a {type(text).__name__} came")
    masked = mask(text, load_detector(profile))
    return Redacted(text=masked.text, spans=masked.spans, counts=masked.counts)


def load_detector(profile: str | Profile | None = None, *, threads: int | None = None) -> Detector:
    """Return the detector of this process under a profile, by name among those that ship.

    The first call says on how many threads the entity model runs: as many as there are processors where it does not
    say. Raises UnknownProfile, ModelMissing or ModelTampered.
    """
    wanted = chosen_profile(profile)
    with _loading:
        if EVERYTHING not in _loaded:
            from compliance_bot.models.tagger import open_tagger
            from compliance_bot.redaction.detect import Detector

            tagger = open_tagger(threads or (os.cpu_count() or 1))
            _loaded[EVERYTHING] = Detector.load(tagger=tagger)
        if wanted not in _loaded:
            _loaded[wanted] = _loaded[EVERYTHING].under(wanted)
        return _loaded[wanted]


def chosen_profile(profile: str | Profile | None) -> Profile:
    """Return a profile that was named or given, without one that of every type. Raises UnknownProfile."""
    if profile is None:
        return EVERYTHING
    return profile_named(profile, bundled_profiles()) if isinstance(profile, str) else profile
