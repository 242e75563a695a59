"""Read the questions and judgements of a BEIR folder (Thakur et al. 2021): queries.jsonl and qrels/*.tsv."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


class InvalidBeir(UsageError):
    """The folder is not a BEIR data set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledQuestion:
    """A question and the passages that answer it, with their grades (above 0)."""

    id: str
    text: str
    relevant: tuple[tuple[str, int], ...]


def read_questions(folder: Path) -> tuple[LabelledQuestion, ...]:
    """Return the questions that have a judgement, in file order. Raises InvalidBeir, naming file and line."""
    relevant: dict[str, dict[str, int]] = {}
    files = sorted((folder / "qrels").glob("*.tsv"))
    if not files:
        raise InvalidBeir(f"{folder}: expected qrels/*.tsv")
    for file in files:
        for number, row in enumerate(_lines(file), 1):
            question, passage, grade = _judgement(row, f"{file} line {number}")
            if grade > 0:
                relevant.setdefault(question, {})[passage] = grade
    questions = []
    for number, row in enumerate(_lines(folder / "queries.jsonl"), 1):
        try:
            parsed = json.loads(row)
            id_, text = str(parsed["_id"]), str(parsed["text"])
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidBeir(f"{folder / 'queries.jsonl'} line {number}: expected _id and text") from error
        if id_ in relevant:
            questions.append(LabelledQuestion(id=id_, text=text, relevant=tuple(sorted(relevant[id_].items()))))
    if not questions:
        raise InvalidBeir(f"{folder}: no question has a judgement")
    return tuple(questions)


def _lines(file: Path) -> list[str]:
    try:
        return [row for row in file.read_text(encoding="utf-8").splitlines() if row.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidBeir(f"{file}: cannot be read as UTF-8 text") from error


def _judgement(row: str, where: str) -> tuple[str, str, int]:
    cells = row.split("\t")
    if cells[0] == "query-id":
        return "", "", 0
    try:
        question, passage, grade = cells
        return question, passage, int(grade)
    except ValueError:
        raise InvalidBeir(f"{where}: expected question, passage and grade between tabs") from None
