"""Other ways to read a text: codes undone, markup taken out, what is spaced out or broken put together, base64 decoded.

A view is no second text but the stretches of it that a disguise changes, each with its surroundings, one after the
other with borders between; a text without disguises has no view, and costs a few looks for what they are made of. What
is found in a view counts only where it holds something that the view changed: all else was there to be found before.
Views are read in the same ways once more, so one disguise inside another is seen, and a third is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.redaction.codes import codes, markup
from compliance_bot.redaction.encoded import encoded
from compliance_bot.redaction.layout import broken, spaced_out
from compliance_bot.redaction.normalise import normalise
from compliance_bot.redaction.rewritten import Rewriting, Swap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compliance_bot.redaction.rewritten import Rewritten

DEPTH = 2
_AROUND = 80  # characters on either side of a change: the rest of the value and the words that speak for it
_LONGEST = 256  # a word is not cut before that
_BORDER = "\n" + 96 * " " + "\n"  # wider than any gap in a value, and than the reach of words


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A text to look at, and the way from there to the source: the last step first."""

    steps: tuple[Rewritten, ...]

    @property
    def text(self) -> str:
        return self.steps[0].text

    def source(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the source's [start, end) for text[start:end]; None for what an earlier reading shows as well."""
        for n, step in enumerate(self.steps):
            if n % 2 and not step.is_changed(start, end):
                return None
            start, end = step.source(start, end)
        return start, end


def readings(text: str) -> tuple[Reading, ...]:
    """Return the normal form of `text` and its views, in the normal form too. Linear in the length of the text."""
    found = [Reading(steps=(normalise(text),))]
    for _ in range(DEPTH):
        latest = found[-1]
        view = _view(latest.text)
        if view is None:
            break
        found.append(Reading(steps=(normalise(view.text), view, *latest.steps)))
    return tuple(found)


def _view(text: str) -> Rewritten | None:
    """Return the stretches of `text` that a disguise changes, undone, in all ways; None if there are none."""
    rewriting = Rewriting()
    ways = (codes(text), markup(text), *spaced_out(text), *broken(text), encoded(text))
    return rewriting.done() if sum(_add(rewriting, text, swaps) for swaps in ways) else None


def _add(rewriting: Rewriting, text: str, swaps: Iterable[Swap]) -> int:
    """Add the stretches around the sorted `swaps`, and return how many there are."""
    stretches = done = 0
    for swap in swaps:
        if not stretches or swap.start - done > 2 * _AROUND:
            if stretches:
                rewriting.keep(text[done : _word_end(text, done + _AROUND)])
            done = max(done, _word_start(text, max(0, swap.start - _AROUND)))
            rewriting.swap(Swap(done, done, _BORDER))
            stretches += 1
        rewriting.keep(text[done : swap.start])
        rewriting.swap(swap)
        done = swap.end
    if stretches:
        rewriting.keep(text[done : _word_end(text, done + _AROUND)])
    return stretches


def _word_start(text: str, at: int) -> int:
    low = max(0, at - _LONGEST)
    blank = max(text.rfind(" ", low, at), text.rfind("\n", low, at))
    return blank + 1 if blank >= 0 else low


def _word_end(text: str, at: int) -> int:
    high = min(len(text), at + _LONGEST)
    blanks = (blank for sign in " \n" if (blank := text.find(sign, at, high)) >= 0)
    return min(blanks, default=high)
