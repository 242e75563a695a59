"""Read files of labelled texts. Their form is told by what is in them, not by their name."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from compliance_bot.evaluation.labelled import InvalidLabels
from compliance_bot.evaluation.readers.brat import read_brat
from compliance_bot.evaluation.readers.records import text_of
from compliance_bot.evaluation.readers.tags import is_tagged, read_tags

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from compliance_bot.evaluation.labelled import LabelledText

_ENDINGS = {".json", ".jsonl", ".ndjson", ".ann", ".conll", ".iob", ".iob2", ".bio", ".tsv"}


def read_texts(
    path: Path, *, limit: int | None = None, domain: str | None = None, language: str | None = None
) -> tuple[LabelledText, ...]:
    """Return the first texts of a file or folder; `domain` and `language` are of those that name none.

    Raises InvalidLabels, also where there are no texts.
    """
    texts = tuple(
        replace(text, domain=text.domain or domain or "", language=text.language or language or "")
        for text in islice(read_labelled(path), limit)
    )
    if not texts:
        raise InvalidLabels(f"{path}: there are no labelled texts in it")
    return texts


def read_labelled(path: Path) -> Iterator[LabelledText]:
    """Yield the labelled texts of a file, or of all files in a folder that have an ending of such files.

    Raises InvalidLabels, naming file and line, at the first that is not well-formed.
    """
    if not path.is_dir():
        yield from _file(path, path.name)
        return
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in _ENDINGS and file.is_file())
    if not files:
        raise InvalidLabels(f"{path}: expected files ending in {', '.join(sorted(_ENDINGS))}")
    for file in files:
        yield from _file(file, str(file.relative_to(path)))


def _file(path: Path, name: str) -> Iterator[LabelledText]:
    beside = path.with_suffix(".ann")
    if path.suffix.lower() == ".ann":
        yield read_brat(name, _text(path, name), _text(path.with_suffix(".txt"), name))
    elif path.suffix.lower() == ".txt" and beside.is_file():
        yield read_brat(beside.name, _text(beside, name), _text(path, name))
    else:
        text = _text(path, name)
        yield from (
            _json(name, text) if text.lstrip()[:1] in ("[", "{") and not is_tagged(text) else read_tags(name, text)
        )


def _json(name: str, text: str) -> Iterator[LabelledText]:
    places = _listed(name, text) if text.lstrip().startswith("[") else _lines(name, text)
    for where, record in places:
        yield text_of(where, record)


def _listed(name: str, text: str) -> Iterator[tuple[str, object]]:
    try:
        records = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidLabels(f"{name} line {error.lineno}: expected JSON") from None
    except (ValueError, RecursionError):
        raise InvalidLabels(f"{name}: expected JSON") from None
    yield from ((f"{name} record {number}", record) for number, record in enumerate(records, 1))


def _lines(name: str, text: str) -> Iterator[tuple[str, object]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield f"{name} line {number}", json.loads(line)
            except (ValueError, RecursionError):
                raise InvalidLabels(f"{name} line {number}: expected a JSON object") from None


def _text(path: Path, name: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError:
        raise InvalidLabels(f"{path}: there is no such file that can be read") from None
    except UnicodeDecodeError as error:
        raise InvalidLabels(f"{name}: expected UTF-8, and byte {error.start} is not") from None
