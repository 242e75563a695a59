"""Files of labelled texts, one fixture per form, all of the same invented sentence; and files that are broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from compliance_bot.evaluation.labelled import InvalidLabels, Labelled
from compliance_bot.evaluation.readers import read_labelled, read_texts

FIXTURES = Path(__file__).parent / "fixtures"
TEXT = "Write to Ida Marsh in Larkmoor."
SPANS = (Labelled(start=9, end=18, label="PERSON"), Labelled(start=22, end=30, label="GPE"))


@pytest.mark.parametrize(
    "name",
    [
        "presidio.json",
        "ambientmeta.jsonl",
        "ai4privacy.jsonl",
        "gretel.jsonl",
        "nemotron.jsonl",
        "spacy.json",
        "spacy.jsonl",
        "doccano.jsonl",
        "doccano-relations.jsonl",
        "tokens.json",
    ],
)
def test_records_keep_text_and_places(name: str) -> None:
    (one,) = read_labelled(FIXTURES / name)
    assert (one.text, one.spans) == (TEXT, SPANS)
    assert one.where == f"{name} {'record' if name.endswith('.json') else 'line'} 1"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("iob.conll", "Write to Ida Marsh in Larkmoor ."),
        ("bilou.tsv", "Write to Ida Marsh in Larkmoor ."),
        ("conll2003.txt", "Write to Ida Marsh in Larkmoor .\nSoon"),
    ],
)
def test_tokens_are_joined_with_blanks(name: str, text: str) -> None:
    (one,) = read_labelled(FIXTURES / name)
    assert one.text == text
    assert one.spans == SPANS


def test_the_labels_of_brat_stand_beside_their_text() -> None:
    for path in (FIXTURES / "brat" / "letter.ann", FIXTURES / "brat" / "letter.txt", FIXTURES / "brat"):
        (one,) = read_labelled(path)
        assert (one.text, one.spans, one.where) == (f"{TEXT}\n", SPANS, "letter.ann")


def test_a_mention_of_tab_is_required_where_one_annotator_masks_it() -> None:
    (one,) = read_labelled(FIXTURES / "tab.json")
    assert one.spans == (
        Labelled(start=9, end=18, label="PERSON"),
        Labelled(start=22, end=30, label="LOC", is_required=False),
    )


def test_language_domain_and_source_are_read_and_may_be_given() -> None:
    (one,) = read_texts(FIXTURES / "ambientmeta.jsonl", domain="mine", language="de")
    assert (one.language, one.domain, one.source) == ("en", "letters", "invented")
    (other,) = read_texts(FIXTURES / "presidio.json", domain="mine", language="de")
    assert (other.language, other.domain, other.source) == ("de", "mine", "")


def test_a_folder_is_all_its_files_and_a_limit_takes_the_first() -> None:
    every = read_texts(FIXTURES)
    assert len(every) == 14  # conll2003.txt has no labels beside it, nor an ending of such files
    assert read_texts(FIXTURES, limit=2) == every[:2]


def test_entities_that_touch_are_two_and_a_change_of_type_begins_another(tmp_path: Path) -> None:
    (one,) = read_labelled(write(tmp_path, "Ida\tB-PER\nBo\tB-PER\nLark\tI-LOC\nHeron\tI-ORG\nLtd\tI-ORG\n"))
    assert [(one.text[s.start : s.end], s.label) for s in one.spans] == [
        ("Ida", "PER"),
        ("Bo", "PER"),
        ("Lark", "LOC"),
        ("Heron Ltd", "ORG"),
    ]


def test_a_label_that_stands_twice_is_one(tmp_path: Path) -> None:
    (one,) = read_labelled(write(tmp_path, '{"text": "Ida", "spans": [[0, 3, "PER"], [0, 3, "PER"]]}'))
    assert one.spans == (Labelled(start=0, end=3, label="PER"),)


def test_offsets_count_characters(tmp_path: Path) -> None:
    (one,) = read_labelled(write(tmp_path, '{"text": "\N{GRINNING FACE} Ida", "spans": [[2, 5, "PER"]]}'))
    assert one.text[2:5] == "Ida"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"text": "Ida", "spans": []}\n{"text": "Ida"}\n', r"labelled line 2: expected a list of labels"),
        ('{"text": "Ida", "spans": []}\n{"text": "Ida\n', r"labelled line 2: expected a JSON object"),
        ('{"spans": []}', r"labelled line 1: expected a text under one of"),
        (
            '[{"full_text": "Ida", "spans": [{"start_position": 0}]}]',
            r"record 1: expected labels of start, end and type",
        ),
        ('[{"text": "Ida", "spans": [[0, 9, "PER"]]}]', r"record 1: a label from 0 to 9 does not lie in its text of 3"),
        ('[{"text": "Ida", "spans": [[2, 1, "PER"]]}]', r"record 1: a label from 2 to 1"),
        ('[{"text": "Ida", "spans": [[true, 1, "PER"]]}]', r"record 1: expected labels of start, end and type"),
        ('[{"text": "Ida"},\n{]', r"labelled line 2: expected JSON"),
        ("[3]", r"record 1: expected an object"),
        ('[{"tokens": ["Ida"], "labels": ["O", "O"]}]', r"record 1: expected as many tags as tokens"),
        ('[{"tokens": ["Ida"], "ner_tags": [3]}]', r"record 1: expected as many tags as tokens"),
        ('[{"text": "Ida", "annotations": {"a": []}}]', r"record 1: expected entity_mentions"),
        ("Ida\tB-PER\n" * 20 + "Bo\n", r"labelled line 21: expected a token and, in column 2, a tag"),
        ("Ida and Bo\n", r"labelled: expected a token and a tag"),
        ("", r"there are no labelled texts in it|expected a token"),
    ],
)
def test_a_broken_file_is_refused_with_its_place_and_without_its_text(
    tmp_path: Path, content: str, message: str
) -> None:
    with pytest.raises(InvalidLabels, match=message) as error:
        read_texts(write(tmp_path, content))
    assert "Ida" not in str(error.value)
    assert error.value.exit_code == 2


def test_a_value_that_is_not_at_its_place_is_refused(tmp_path: Path) -> None:
    record = '[{"text": "é Ida", "spans": [{"start": 3, "end": 6, "label": "PER", "value": "Ida"}]}]'
    with pytest.raises(InvalidLabels, match="is not the value that the label names; offsets must count characters"):
        read_texts(write(tmp_path, record.replace("é Ida", "é Ida!")))


@pytest.mark.parametrize(
    "row", ["T1\tPERSON 9 x\tIda", "T1\tPERSON 9 99\tIda", "T1 PERSON 9 18", "T1\tPERSON 9 9\tIda"]
)
def test_a_broken_row_of_brat_is_refused_with_its_line(tmp_path: Path, row: str) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "a.ann").write_text(f"T0\tPERSON 9 18\tIda Marsh\n{row}\n", encoding="utf-8")
    with pytest.raises(InvalidLabels, match=r"a\.ann line 2"):
        read_texts(tmp_path / "a.ann")


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidLabels, match="there is no such file"):
        read_texts(tmp_path / "none.json")
    (tmp_path / "latin.jsonl").write_bytes(b'{"text": "\xe9"}')
    with pytest.raises(InvalidLabels, match="expected UTF-8, and byte 10 is not"):
        read_texts(tmp_path / "latin.jsonl")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidLabels, match="expected files ending in"):
        read_texts(tmp_path / "empty")


def write(folder: Path, content: str) -> Path:
    path = folder / "labelled"
    path.write_text(content, encoding="utf-8")
    return path
