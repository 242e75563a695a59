"""Mask a text that comes in pieces, such as a model's reply: no half of a value is ever handed out.

What has come is held back until enough stands after it to tell: `look_back` characters, and more where a value or an
unbroken run of ASCII (a link, a token) is not at its end. What was handed out stays in view as context, so that a label
like "account number:" still speaks for the number after it. The pieces, joined, are what `mask` makes of the whole
text, wherever it was split, as far as a value and what speaks for it reach no further than the look-back and the
context. A name that was masked is masked where it stands again, however much later; where it stood before, bare, and
was shown, nothing can be done.

A text is looked at again only when a quarter of the look-back has come anew, each time with a bounded context: the cost
is linear in its length, and so is that of a text without a blank. At most MOST_HELD characters are kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from compliance_bot.redaction.abilities import patterns_of
from compliance_bot.redaction.mask import mask
from compliance_bot.redaction.names import PROPAGATED, completed
from compliance_bot.redaction.spans import DetectionFailed, merge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compliance_bot.redaction.mask import Masked
    from compliance_bot.redaction.spans import Detects, Span

LOOK_BACK = 256  # characters: about four lines, longer than any value that is not an unbroken run
CONTEXT = 512  # characters before those, for the words that speak for a value and the sentence that it stands in
LONGEST_RUN = 4096  # of an unbroken run that is waited for: a signed token has one to two thousand
MOST_HELD = 1 << 16  # of one value: far more than the detector's margin, within which it is surely whole
MOST_NAMES = 64  # that are remembered: the latest
MOST_JOINED = 32  # characters that are drawn as one: a family has seven, a row of accents is somebody's joke
LONGEST_NAME = 128  # characters

_AGAIN = "propagation"
_RUN_REVERSED = re.compile(r"[!-~]*")
_BLANK = re.compile(r"\s")
_JOINS = frozenset("\u200c\u200d\ufe0e\ufe0f")


class StreamRedactor:
    """Masks one stream: `feed` each piece, then `finish`. Not for several threads at once; the detector may be shared.

    After a failure nothing more comes out: whatever was held is forgotten, and the stream is closed.
    """

    def __init__(self, detector: Detects, *, look_back: int = LOOK_BACK) -> None:
        self._detector, self._look_back = _Remembering(detector), look_back
        self._text = ""  # the context, then what is held
        self._done = 0  # where the context ends
        self._new: list[str] = []  # what came since the last look, kept apart so that a piece costs no copy
        self._arrived = 0
        self._due = look_back + look_back // 4  # how much must have arrived for the next look
        self._counts: Counter[str] = Counter()
        self._is_closed = False

    @property
    def counts(self) -> Mapping[str, int]:
        """How many values were masked in what was handed out, by type."""
        return MappingProxyType(dict(sorted(self._counts.items())))

    def feed(self, delta: str) -> str:
        """Return what may be shown after this piece: often nothing. Raises DetectionFailed."""
        self._require_open()
        self._new.append(delta)
        self._arrived += len(delta)
        return self._look(is_last=False) if self._arrived >= self._due else ""

    def finish(self) -> str:
        """Return the rest. Raises DetectionFailed."""
        self._require_open()
        return self._look(is_last=True)

    def _require_open(self) -> None:
        if self._is_closed:
            raise RuntimeError("this stream is over: each needs a StreamRedactor of its own")

    def _look(self, *, is_last: bool) -> str:
        text = self._text = self._text + "".join(self._new)
        self._new, self._arrived = [], 0
        end = len(text) if is_last else self._border(text)
        # INVARIANT: the stream is closed while a detector looks; if it fails, no text is left here to hand out.
        self._is_closed, self._text = True, ""
        shown = ""
        if end > self._done or is_last:
            masked = mask(text, self._detector)
            end = end if is_last else _before_value(masked.spans, end)
            shown = self._shown(text, masked, end)
            self._detector.remember(text, masked.spans)
        held = len(text) - max(end, self._done)
        if held > MOST_HELD:
            raise DetectionFailed(f"a value of more than {MOST_HELD} characters came; the text was refused")
        if not is_last:
            self._keep(text, max(end, self._done), held)
        return shown

    def _border(self, text: str) -> int:
        """Return the furthest place that the text may be shown up to, whatever is found in it."""
        border = len(text) - self._look_back
        if border <= self._done:
            return self._done
        places = range(border, max(self._done, border - MOST_JOINED), -1)
        border = next((place for place in places if not _is_joined(text, place)), border)
        if _BLANK.match(text, border):
            return border
        before = _RUN_REVERSED.match(text[max(self._done, border - LONGEST_RUN) : border][::-1])
        size = len(before.group()) if before else 0
        return border - size if size < LONGEST_RUN else border  # too long a run to be one value is cut

    def _shown(self, text: str, masked: Masked, end: int) -> str:
        """Return the masked form of text[done:end], in which no value begins that is not whole."""
        parts: list[str] = []
        done = self._done
        for span, edit in zip(masked.spans, masked.edits, strict=True):
            if span.end <= done:
                continue
            if span.start >= end:
                break
            # One that begins before what was shown is longer than the look-back: the rest of it is masked.
            parts += (text[done : max(done, span.start)], edit.replacement)
            self._counts[span.type] += 1
            done = span.end
        return "".join((*parts, text[done:end]))

    def _keep(self, text: str, end: int, held: int) -> None:
        """Keep what is held, and the context before it from a blank on."""
        start = max(0, end - CONTEXT)
        blank = _BLANK.search(text, start, start + CONTEXT // 4) if start else None
        start = blank.end() if blank else start
        self._text, self._done, self._is_closed = text[start:], end - start, False
        # What is held for long is looked at ever more seldom, so that the cost stays linear.
        self._due = max(self._look_back // 4, held - self._look_back)


class _Remembering:
    """A detector that also finds the names which it found earlier in the stream, as `names` does within one text."""

    def __init__(self, detector: Detects, known: dict[str, Span] | None = None) -> None:
        self._detector = detector
        self._known: dict[str, Span] = {} if known is None else known

    @property
    def patterns(self) -> _Remembering:
        return _Remembering(patterns_of(self._detector), self._known)

    def detect(self, text: str) -> tuple[Span, ...]:
        found = self._detector.detect(text)
        if not self._known:
            return found
        spans: list[Span] = []
        before = ""
        for name, span in self._known.items():
            spans.append(replace(span, start=len(before), end=len(before) + len(name)))
            before += f"{name}\n"
        again = completed(before + text, spans)[len(spans) :]
        size = len(before)
        shifted = (replace(one, start=one.start - size, end=one.end - size) for one in again if one.start >= size)
        return merge((*found, *shifted))

    def remember(self, text: str, spans: Sequence[Span]) -> None:
        """Keep the names among the spans, the latest of them."""
        for span in spans:
            name = text[span.start : span.end]
            if span.type in PROPAGATED and span.source != _AGAIN and len(name) <= LONGEST_NAME:
                self._known.pop(name, None)
                self._known[name] = span
        while len(self._known) > MOST_NAMES:
            del self._known[next(iter(self._known))]


def _before_value(spans: Sequence[Span], end: int) -> int:
    """Return `end`, or the start of the value that it would cut."""
    return next((span.start for span in spans if span.start < end < span.end), end)


def _is_joined(text: str, place: int) -> bool:
    """Say whether the character at `place` is drawn as one with that before it."""
    before, after = text[place - 1], text[place]
    return (
        after in _JOINS
        or before == "\u200d"
        or unicodedata.category(after)[0] == "M"
        or ("\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff")
    )
