"""A BEIR folder is read, or refused with the file and line that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compliance_bot.evaluation.beir import InvalidBeir, LabelledQuestion, read_questions

if TYPE_CHECKING:
    from pathlib import Path

QUERIES = '{"_id": "q1", "text": "one?"}\n\n{"_id": "q2", "text": "two?"}\n{"_id": "q3", "text": "three?"}\n'
QRELS = "query-id\tcorpus-id\tscore\nq2\td1\t1\nq1\td9\t1\nq1\td2\t2\nq3\td1\t0\n"


def write(folder: Path, *, queries: str | None = QUERIES, qrels: str | None = QRELS, more: str | None = None) -> Path:
    (folder / "qrels").mkdir()
    for name, text in (("queries.jsonl", queries), ("qrels/test.tsv", qrels), ("qrels/dev.tsv", more)):
        if text is not None:
            (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_questions_come_in_file_order_with_what_is_relevant(tmp_path: Path) -> None:
    assert read_questions(write(tmp_path)) == (
        LabelledQuestion(id="q1", text="one?", relevant=(("d2", 2), ("d9", 1))),
        LabelledQuestion(id="q2", text="two?", relevant=(("d1", 1),)),
    )


def test_judgements_of_all_files_count(tmp_path: Path) -> None:
    questions = read_questions(write(tmp_path, more="q3\td7\t1\n"))
    assert [question.id for question in questions] == ["q1", "q2", "q3"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"qrels": None}, r"expected qrels/\*\.tsv"),
        ({"qrels": "q1 d1 1\n"}, r"test\.tsv line 1: expected question, passage and grade between tabs"),
        ({"qrels": QRELS + "q2\td2\tmuch\n"}, r"test\.tsv line 6: expected question, passage and grade"),
        ({"qrels": "q1\td1\t1\t1\n"}, r"test\.tsv line 1"),
        ({"queries": None}, r"queries\.jsonl: cannot be read as UTF-8 text"),
        ({"queries": QUERIES + "{"}, r"queries\.jsonl line 4: expected _id and text"),
        ({"queries": '{"_id": "q1"}'}, r"queries\.jsonl line 1: expected _id and text"),
        ({"queries": "[]"}, r"queries\.jsonl line 1: expected _id and text"),
        ({"queries": '{"_id": "q7", "text": "seven?"}'}, "no question has a judgement"),
        ({"qrels": "q1\td1\t0\n"}, "no question has a judgement"),
    ],
)
def test_what_is_no_beir_folder_is_refused(tmp_path: Path, given: dict[str, str | None], message: str) -> None:
    with pytest.raises(InvalidBeir, match=message) as refused:
        read_questions(write(tmp_path, **given))
    assert refused.value.exit_code == 2
