"""Read labelled texts from JSON records: a text beside the places of its labels, or tokens beside their tags.

Records of presidio-research, ambientmeta, ai4privacy, Gretel, doccano, spaCy and TAB (Pilán et al. 2022) are told apart
by their keys. Offsets count characters; where a record repeats a value, it is compared with the text at its place.
"""

from __future__ import annotations

import ast
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from compliance_bot.evaluation.labelled import InvalidLabels, Labelled, LabelledText, labelled_text
from compliance_bot.evaluation.readers.tags import spans_of_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_TEXTS = ("text", "full_text", "source_text", "unmasked_text", "generated_text", "content", "sentence")
_SPANS = ("annotations", "privacy_mask", "spans", "entities", "pii_spans", "span_labels", "labels", "label")
_TAGS = ("labels", "ner_tags", "bio_labels", "tags", "label")
_STARTS = ("start", "start_offset", "start_position", "start_char", "begin")
_ENDS = ("end", "end_offset", "end_position", "end_char", "stop")
_LABELS = ("entity_type", "label", "type", "entity_group", "entity", "tag", "category", "types")
_VALUES = ("text", "value", "entity_value", "span_text")
_NOTHING = {"", "O"}


def text_of(where: str, record: object) -> LabelledText:
    """Return the labelled text of one record. Raises InvalidLabels, naming `where`."""
    if isinstance(record, list) and len(record) == 2 and isinstance(record[1], dict):
        record = {"text": record[0], **record[1]}  # spaCy's ["text", {"entities": [[0, 4, "PERSON"]]}]
    if not isinstance(record, dict):
        raise InvalidLabels(f"{where}: expected an object with a text and its labels")
    if isinstance(record.get("tokens"), list):
        text, spans = _tokens(where, record)
    else:
        text = _first(record, _TEXTS, str)
        if text is None:
            raise InvalidLabels(f"{where}: expected a text under one of {', '.join(_TEXTS)}")
        spans = list(_spans(where, record, text))
    more = record.get("metadata") or record.get("meta")
    about = {**(more if isinstance(more, dict) else {}), **record}
    return labelled_text(
        where,
        text,
        spans=spans,
        language=_word(about, "language", "lang"),
        domain=_word(about, "domain", "genre"),
        source=_word(about, "source", "dataset_name"),
    )


def _spans(where: str, record: Mapping[str, Any], text: str) -> Iterator[Labelled]:
    mentions = record.get("annotations")
    if isinstance(mentions, dict):
        yield from _of_annotators(where, mentions, text)
        return
    for key in _SPANS:
        listed = _listed(record.get(key))
        if listed is not None:
            yield from _each(where, listed, text)
            return
    raise InvalidLabels(f"{where}: expected a list of labels under one of {', '.join(_SPANS)}")


def _each(where: str, listed: Iterable[object], text: str) -> Iterator[Labelled]:
    for given in listed:
        start, end, label = _place(where, given, text)
        if label not in _NOTHING:
            yield Labelled(start=start, end=end, label=label)


def _place(where: str, given: object, text: str) -> tuple[int, int, str]:
    """Return start, end and label; the value beside them must be what the text has there, blanks aside."""
    start, end, label, value = _parts(where, given)
    if value is not None and "".join(value.split()) != "".join(text[max(start, 0) : max(end, 0)].split()):
        raise InvalidLabels(
            f"{where}: the text from {start} to {end} is not the value that the label names; offsets must count"
            " characters, not bytes"
        )
    return start, end, label


def _parts(where: str, given: object) -> tuple[int, int, str, str | None]:
    """Return start, end, label and, where it is there, the value of one label."""
    if isinstance(given, list | tuple) and len(given) == 3:
        start, end, label = given
        value = None
    elif isinstance(given, dict):
        start, end = _first(given, _STARTS, int), _first(given, _ENDS, int)
        label = next((given[key] for key in _LABELS if given.get(key)), "")
        label = label[0] if isinstance(label, list) and label else label
        value = _first(given, _VALUES, str)
    else:
        start = end = label = value = None
    if type(start) is not int or type(end) is not int or not isinstance(label, str):
        raise InvalidLabels(f"{where}: expected labels of start, end and type")
    return start, end, label, value


def _of_annotators(where: str, annotators: Mapping[str, Any], text: str) -> Iterator[Labelled]:
    """Yield the mentions of TAB: required where any annotator holds that it identifies, directly or with others."""
    needed: dict[tuple[int, int, str], bool] = {}
    for one in annotators.values():
        mentions = one.get("entity_mentions") if isinstance(one, dict) else None
        if not isinstance(mentions, list):
            raise InvalidLabels(f"{where}: expected entity_mentions of each annotator")
        for mention in mentions:
            place = _place(where, mention, text)
            needed[place] = needed.get(place, False) or mention.get("identifier_type") != "NO_MASK"
    for (start, end, label), is_required in needed.items():
        yield Labelled(start=start, end=end, label=label, is_required=is_required)


def _tokens(where: str, record: Mapping[str, Any]) -> tuple[str, list[Labelled]]:
    tokens = record["tokens"]
    tags = next((found for key in _TAGS if isinstance(found := record.get(key), list)), None)
    if tags is None or len(tags) != len(tokens) or not all(isinstance(one, str) for one in (*tokens, *tags)):
        raise InvalidLabels(f"{where}: expected as many tags as tokens, each a word such as B-PERSON")
    blanks = record.get("trailing_whitespace")
    if not (isinstance(blanks, list) and len(blanks) == len(tokens)):
        blanks = [True] * len(tokens)
    return spans_of_tags(tokens, tags, blanks)


def _listed(value: object) -> list[object] | None:
    """Return a list of labels, also where it was written into a string, as JSON or as Python writes it."""
    if isinstance(value, str):
        value = _written(value)
    if isinstance(value, list) and all(isinstance(one, dict | list | tuple) for one in value):
        return value
    return None


def _written(value: str) -> object:
    readers: tuple[Callable[[str], object], ...] = (json.loads, ast.literal_eval)
    for read in readers if value[:1] == "[" else ():
        with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
            return read(value)
    return None


def _first(given: Mapping[str, Any], keys: Iterable[str], kind: type) -> Any:
    return next((given[key] for key in keys if type(given.get(key)) is kind), None)


def _word(about: Mapping[str, Any], *keys: str) -> str:
    return next((about[key].lower() for key in keys if isinstance(about.get(key), str)), "")
