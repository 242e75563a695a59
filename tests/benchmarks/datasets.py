"""The public data sets as BEIR folders (corpus.jsonl, queries.jsonl, qrels), with a list of access attributes beside.

Each passage gets a `classification` drawn from its id: 1 for one passage in a hundred, 2 for nine, 3 for forty, 4 for
the rest. So people with clearance 1 to 4 may read 1, 10, 50 and 100 percent of the same corpus.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

READABLE = {1: 1, 2: 10, 3: 50, 4: 100}
"""Percent of the passages that a clearance opens."""

ATTRIBUTES = "attributes.csv"

_POOL = 20_000  # sentences that new passages are made of: each is embedded once


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, the ids of its gold passages, and where in them its answer stands (empty: anywhere)."""

    id: str
    text: str
    gold: tuple[str, ...]
    answers: tuple[tuple[int, int], ...] = ()
    part: int = 0  # the article that it is about


def obliqa(data: Path, folder: Path, limit: int | None = None) -> Path:
    """Write ObliQA's documents and dev questions to `folder` and return it. Passages keep their `ID`."""
    places: dict[tuple[int, str, str], str] = {}
    for file in sorted((data / "obliqa" / "documents").glob("*.json")):
        for passage in json.loads(file.read_text(encoding="utf-8")):
            if passage["Passage"].strip() and (limit is None or len(places) < limit):
                places[passage["DocumentID"], passage["PassageID"], passage["Passage"]] = passage["ID"]
    asked = json.loads((data / "obliqa" / "questions_dev.json").read_text(encoding="utf-8"))
    questions = [
        Question(
            id=question["QuestionID"],
            text=question["Question"],
            gold=tuple(
                place
                for gold in question["Passages"]
                if (place := places.get((gold["DocumentID"], gold["PassageID"], gold["Passage"])))
            ),
        )
        for question in asked
    ]
    write(folder, ((id_, text) for (_, _, text), id_ in places.items()), questions)
    return folder


def widened(small: Path, folder: Path, passages: int) -> tuple[Path, dict[str, tuple[str, ...]]]:
    """Write a corpus of `passages` to `folder`: that of `small`, and new ones made of its sentences.

    A new passage joins two to four sentences from all over the corpus, so that words keep their frequencies and
    passages their lengths, but the text as a whole makes no sense. The questions are those of `small`. Returns the
    folder, and the sentences of each new passage by its text.
    """
    rows = [json.loads(row) for row in (small / "corpus.jsonl").read_text(encoding="utf-8").splitlines()]
    pieces = [row["text"][start:end] for row in rows for start, end in sentences(row["text"])]
    pieces = [piece for piece in pieces if re.search(r"[a-z]{3}", piece)]
    draw = random.Random(0)  # the same corpus each time
    pool = draw.sample(pieces, min(len(pieces), _POOL))
    made = [tuple(draw.choices(pool, k=draw.randint(2, 4))) for _ in range(max(0, passages - len(rows)))]
    joined = {" ".join(parts): parts for parts in made}
    new = ((f"made-{n}", text) for n, text in enumerate(joined))
    _write_corpus(folder, itertools.chain(((row["_id"], row["text"]) for row in rows), new), classification)
    (folder / "qrels").mkdir(exist_ok=True)
    for name in ("queries.jsonl", "qrels/dev.tsv"):
        (folder / name).write_bytes((small / name).read_bytes())
    return folder, joined


def xquad(data: Path, folder: Path, limit: int | None = None) -> tuple[Path, tuple[Question, ...]]:
    """Write XQuAD's English paragraphs to `folder`; return it with the questions and where their answers stand.

    The n-th paragraph (from 0) has the id `n` and the classification n.
    """
    parsed = json.loads((data / "xquad" / "xquad.en.json").read_text(encoding="utf-8"))
    texts: list[str] = []
    questions: list[Question] = []
    for part, article in enumerate(parsed["data"]):
        for paragraph in article["paragraphs"][: None if limit is None or len(texts) < limit else 0]:
            questions += (
                Question(
                    id=asked["id"],
                    text=asked["question"],
                    gold=(str(len(texts)),),
                    answers=tuple((a["answer_start"], a["answer_start"] + len(a["text"])) for a in asked["answers"]),
                    part=part,
                )
                for asked in paragraph["qas"]
            )
            texts.append(paragraph["context"])
    write(folder, ((str(n), text) for n, text in enumerate(texts)), questions, level=int)
    return folder, tuple(questions)


def write(
    folder: Path,
    passages: Iterable[tuple[str, str]],
    questions: Sequence[Question],
    level: Callable[[str], int] | None = None,
) -> None:
    """Write a BEIR folder; questions without a gold passage are left out. `level` gives a passage's classification."""
    _write_corpus(folder, passages, level or classification)
    (folder / "qrels").mkdir(exist_ok=True)
    kept = [question for question in questions if question.gold]
    _write_lines(folder / "queries.jsonl", (json.dumps({"_id": one.id, "text": one.text}) for one in kept))
    _write_lines(folder / "qrels" / "dev.tsv", (f"{one.id}\t{gold}\t1" for one in kept for gold in one.gold))


def classification(id_: str) -> int:
    """Return the classification of a passage, always the same for one id."""
    drawn = int.from_bytes(hashlib.sha256(id_.encode()).digest()[:4], "big") % 100
    return next(level for level, percent in READABLE.items() if drawn < percent)


def _write_corpus(folder: Path, passages: Iterable[tuple[str, str]], level: Callable[[str], int]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    ids = []

    def rows() -> Iterator[str]:
        for id_, text in passages:
            ids.append(id_)
            yield json.dumps({"_id": id_, "title": "", "text": text})

    _write_lines(folder / "corpus.jsonl", rows())
    _write_lines(folder / ATTRIBUTES, ("path,classification", *(f"{id_},{level(id_)}" for id_ in ids)))


def _write_lines(file: Path, rows: Iterable[str]) -> None:
    with file.open("w", encoding="utf-8") as opened:
        opened.writelines(f"{row}\n" for row in rows)
