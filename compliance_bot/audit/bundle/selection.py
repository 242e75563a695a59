"""Which records an export is of, in words of their envelopes, so that whoever verifies can look for themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.audit.bundle.form import BundleMalformed

if TYPE_CHECKING:
    from compliance_bot.audit.canonical import Json
    from compliance_bot.audit.envelope import Envelope, Fields

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_WORDS = ("actors", "outcomes", "types")
_TIMES = ("since", "until")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Records for which all of this holds. What is empty selects all."""

    types: frozenset[str] = frozenset()
    outcomes: frozenset[str] = frozenset()
    actors: frozenset[str] = frozenset()  # references, as envelopes have them
    since: str | None = None  # RFC 3339 in UTC, to the millisecond
    until: str | None = None  # the first time that is not meant any more

    @property
    def is_everything(self) -> bool:
        """Whether every record is selected."""
        return self == EVERYTHING

    def selects(self, envelope: Envelope | Fields) -> bool:
        """Return whether a record is meant."""
        return (
            (not self.types or envelope.type in self.types)
            and (not self.outcomes or envelope.outcome in self.outcomes)
            and (not self.actors or envelope.actor in self.actors)
            and (self.since is None or envelope.at >= self.since)
            and (self.until is None or envelope.at < self.until)
        )


EVERYTHING = Selection()


def selection_shape(selection: Selection) -> Json:
    """Return a selection as a manifest has it."""
    words = {name: sorted(getattr(selection, name)) for name in _WORDS}
    return {**words, **{name: getattr(selection, name) for name in _TIMES}}


def parse_selection(shape: Json) -> Selection:
    """Return the selection of a manifest. Raises BundleMalformed."""
    refusal = BundleMalformed("a selection has lists of words and two times, and this is something else")
    if not isinstance(shape, dict) or shape.keys() != {*_WORDS, *_TIMES}:
        raise refusal
    words, times = [shape[name] for name in _WORDS], [shape[name] for name in _TIMES]
    if not all(isinstance(listed, list) and all(isinstance(word, str) for word in listed) for listed in words):
        raise refusal
    if not all(time is None or (isinstance(time, str) and _TIME.fullmatch(time)) for time in times):
        raise refusal
    actors, outcomes, types = map(frozenset, words)
    selection = Selection(types=types, outcomes=outcomes, actors=actors, since=times[0], until=times[1])
    if selection_shape(selection) != shape:
        raise refusal
    return selection
