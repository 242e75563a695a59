"""What a model says in its own words beside quotes, sentence after sentence: no value may be put together from them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from compliance_bot.redaction.mask import is_clean
from compliance_bot.redaction.stream import CONTEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.records import Sentence
    from compliance_bot.redaction.spans import Detects


def without_prose(sentence: Sentence, detector: Detects) -> Sentence:
    """Return a sentence without the model's own words where these hold personal data."""
    if sentence.prose is None or is_clean(sentence.prose, detector):
        return sentence
    return replace(sentence, prose=None)


def without_straddling(said: Sequence[Sentence], sentence: Sentence, detector: Detects) -> Sentence:
    """Return a sentence without the model's own words where these go on with a value that the words before began.

    Each is clean by itself; "Her card is 4111 1111." and "1111 1111 it ends." are not. Raises DetectionFailed.
    """
    before = " ".join(one.prose for one in said if one.prose)[-CONTEXT:]
    if sentence.prose is None or not before:
        return sentence
    bare = before.rstrip(" .,;:!?")  # what ends a sentence parts a value
    joined = (f"{before} {sentence.prose}", f"{bare} {sentence.prose}", f"{bare}{sentence.prose}")
    return sentence if all(is_clean(text, detector) for text in joined) else replace(sentence, prose=None)
