"""The texts in a structure, taken out in one walk and put back masked in a second.

Mappings, sequences, sets, dataclasses and pydantic models come back as they were, copied, with every text, number and
date in them screened; a key is screened as well, and speaks for what stands under it (`{"ssn": 219099999}`). A text
that is JSON is screened leaf by leaf, so that it stays JSON. What cannot be screened (bytes, objects of other kinds) is
refused, or kept as it is where the caller says so. Messages and documents are read by `messages`.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from collections.abc import Mapping, Set
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import BaseModel

from compliance_bot.errors import ComplianceError
from compliance_bot.records import Edit
from compliance_bot.redaction.mask import apply_edits, mask_each

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from compliance_bot.redaction.spans import Detects

DEEPEST = 60  # values within values
_LONGEST_LABEL = 60
_WORD_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\W_]+")


class UnscreenableContent(ComplianceError):
    """This content cannot be screened for personal data."""

    hint = "Take it out before, or make the Redactor with keep_unscreened=True if it may pass as it is."

    def __init__(self, what: str) -> None:
        super().__init__(f"expected texts, numbers and structures of them; {what} cannot be screened")


class Leaves:
    """Rebuilds values, each text in them as `text(label, text)` has it; a value is walked the same way each time."""

    def __init__(self, text: Callable[[str, str], str], *, keep_unscreened: bool) -> None:
        self._text, self._keeps = text, keep_unscreened

    def value(self, given: Any, label: str = "", depth: int = 0) -> Any:
        """Return a value rebuilt; `label` says in words what stands there. Raises UnscreenableContent."""
        if depth > DEEPEST:
            raise UnscreenableContent(f"what has more than {DEEPEST} values within each other")
        match given:
            case None | bool():
                return given
            case str():
                return self._string(given, label, depth)
            case int() | float() | Decimal() | date() | time() | timedelta() | UUID() | PurePath():
                told = str(given)
                masked = self._text(label, told)
                return given if masked == told else masked
            case BaseModel():
                return self.model(given, depth)
            case Mapping():
                return self.mapping(given, label, depth)
            case list() | tuple():
                return self._sequence(given, label, depth)
            case Set():
                made = (self.value(one, label, depth + 1) for one in given)
                return frozenset(made) if isinstance(given, frozenset) else set(made)
            case _ if dataclasses.is_dataclass(given) and not isinstance(given, type):
                return self._dataclass(given, depth)
        return self.unscreened(given, f"an object of type {type(given).__name__}")

    def mapping(self, given: Mapping[Any, Any], label: str, depth: int) -> dict[Any, Any]:
        """Return a mapping rebuilt. Keys that become the same are numbered."""
        made: dict[Any, Any] = {}
        for key, value in given.items():
            made[_unused(self.key(key, depth), made)] = self.value(value, label_of(key) or label, depth + 1)
        return made

    def arguments(self, given: Any, depth: int) -> Any:
        """Return a tool call's arguments, a mapping or the JSON text of one; the names of its parameters stay."""
        if not isinstance(given, Mapping):
            return self.value(given, "", depth)
        made: dict[Any, Any] = {}
        for key, value in given.items():
            is_parameter = isinstance(key, str) and key.isidentifier()
            screened = key if is_parameter else self.key(key, depth)
            made[_unused(screened, made)] = self.value(value, label_of(key), depth + 1)
        return made

    def key(self, key: Any, depth: int) -> Any:
        """Return a key of a mapping as it may stand."""
        return self._text("", key) if isinstance(key, str) else self.value(key, "", depth + 1)

    def model(self, given: BaseModel, depth: int) -> Any:
        """Return a copy with its fields screened; it is not validated again, since a marker is no number."""
        if given.__pydantic_private__:
            return self.unscreened(given, f"an object of type {type(given).__name__} with private attributes")
        fields = {**{name: getattr(given, name) for name in type(given).model_fields}, **(given.model_extra or {})}
        copied = given.model_copy(update={name: self.field(given, name, one, depth) for name, one in fields.items()})
        for name in set(copied.__dict__) - fields.keys():
            del copied.__dict__[name]  # what a property worked out from the fields as they were
        return copied

    def field(self, given: BaseModel, name: str, value: Any, depth: int) -> Any:
        """Return a field of a model as it may stand."""
        return self.value(value, label_of(name), depth + 1)

    def unscreened(self, given: Any, what: str) -> Any:
        """Return what cannot be screened, where the caller wants that. Raises UnscreenableContent."""
        if self._keeps:
            return given
        raise UnscreenableContent(what)

    def _string(self, given: str, label: str, depth: int) -> str:
        parsed = _parsed(given)
        if parsed is not None:
            made = self.value(parsed, label, depth + 1)
            whole = self._text(label, given)  # what JSON drops, of a key that stands twice, is screened here
            return whole if made == parsed else json.dumps(made, ensure_ascii=False)
        masked = self._text(label, given)
        return given if masked == given else masked

    def _sequence(self, given: list[Any] | tuple[Any, ...], label: str, depth: int) -> Any:
        if len(given) > 1 and all(isinstance(one, int | float) and not isinstance(one, bool) for one in given):
            told = ", ".join(map(str, given))  # a place on the map is two numbers; a vector has thousands
            masked = self._text(label, told)
            return given if masked == told else masked.split(", ")
        made = [self.value(one, label, depth + 1) for one in given]
        if isinstance(given, list):
            return made
        of_names: Callable[[list[Any]], Any] = getattr(given, "_make", tuple)
        return of_names(made)

    def _dataclass(self, given: Any, depth: int) -> Any:
        names = {field.name for field in dataclasses.fields(given)}
        if set(getattr(given, "__dict__", ())) - names:
            return self.unscreened(given, f"an object of type {type(given).__name__} with more than its fields")
        made = copy.copy(given)
        for name in sorted(names):
            object.__setattr__(made, name, self.value(getattr(given, name), label_of(name), depth + 1))
        return made


def masked_texts(labelled: Sequence[tuple[str, str]], detector: Detects) -> list[str]:
    """Return each text masked, its label standing before it while the detector looks. Raises DetectionFailed."""
    heads = [f"{label}: " if label else "" for label, _ in labelled]
    each = mask_each([head + text for head, (_, text) in zip(heads, labelled, strict=True)], detector)
    made = []
    for head, (_, text), masked in zip(heads, labelled, each, strict=True):
        size = len(head)
        edits = [
            Edit(start=max(0, edit.start - size), end=edit.end - size, replacement=edit.replacement)
            for edit in masked.edits
            if edit.end > size
        ]
        made.append(apply_edits(text, edits))
    return made


def label_of(key: Any) -> str:
    """Return a key in words: `accountNumber` and `account_number` speak for what stands under them."""
    return _WORD_BORDER.sub(" ", key).strip()[:_LONGEST_LABEL] if isinstance(key, str) else ""


def _parsed(text: str) -> Any:
    """Return the structure that a text of JSON stands for; None where it is something else."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _unused(key: Any, made: Mapping[Any, Any]) -> Any:
    """Return the key, numbered where another one was masked to the same."""
    if key not in made:
        return key
    return next(numbered for n in range(2, len(made) + 3) if (numbered := f"{key} {n}") not in made)
