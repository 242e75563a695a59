from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.tuning.entities.corpora import corpus

if TYPE_CHECKING:
    from pathlib import Path


def _mentions(folder: Path, name: str) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (example.text, [(example.text[m.start : m.end], m.kind) for m in example.mentions])
        for example in corpus(folder, name)
    ]


def test_tokens_are_put_together_and_tags_become_mentions(tmp_path: Path) -> None:
    rows = "Anna\tB-PER\nLee\tI-PER\n,\tO\nBob\tB-PER\nof\tO\nBonn\tB-LOC\n(\tO\nAcme\tB-ORG\n)\tO\n's\tO\n\nno\tO\n"
    (tmp_path / "btc_train.conll").write_text(rows)
    assert _mentions(tmp_path, "btc_train") == [
        ("Anna Lee, Bob of Bonn (Acme)'s", [("Anna Lee", "PER"), ("Bob", "PER"), ("Bonn", "LOC"), ("Acme", "ORG")]),
        ("no", []),
    ]


def test_kinds_that_are_no_names_of_these_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "wnut17_train.conll").write_text("Dune\tB-creative-work\nby\tO\nHerbert\tB-person\nUEFA\tB-group\n")
    assert _mentions(tmp_path, "wnut17_train") == [("Dune by Herbert UEFA", [("Herbert", "PER"), ("UEFA", "ORG")])]


def test_role_nouns_of_loan_agreements_are_no_names(tmp_path: Path) -> None:
    rows = "-DOCSTART- -X- O O\n\nBorrower NN - I-PER\nand CC - O\nOAK NNP - I-ORG\nBANK NNP - I-ORG\n"
    rows += ", , - O\nBank NN - I-ORG\n"
    (tmp_path / "sec_fin5.txt").write_text(rows)
    assert _mentions(tmp_path, "sec_fin5") == [("Borrower and OAK BANK, Bank", [("OAK BANK", "ORG")])]


def test_a_mention_of_gum_is_a_name_where_its_head_is_a_proper_noun(tmp_path: Path) -> None:
    (tmp_path / "gum").mkdir()
    rows = [
        "1 The the DET DT _ 2 det _ Entity=(1-person-x",
        "2 judge judge NOUN NN _ 3 nsubj _ Entity=1)",
        "3 met meet VERB VB _ 0 root _ _",
        "4 Ann Ann PROPN NNP _ 3 obj _ Entity=(2-person-x",
        "5 Lee Lee PROPN NNP _ 4 flat _ _",
        "6 of of ADP IN _ 8 case _ _",
        "7 the the DET DT _ 8 det _ Entity=(3-organization-x",
        "8 Bank Bank PROPN NNP _ 4 nmod _ _",
        "9 of of ADP IN _ 10 case _ _",
        "10 Japan Japan PROPN NNP _ 8 nmod _ Entity=(4-place-x)3)2)|SpaceAfter=No",
        "11 . . PUNCT . _ 3 punct _ _",
    ]
    text = "# newdoc\n" + "\n".join("\t".join(row.split(" ")) for row in rows) + "\n\n"
    (tmp_path / "gum" / "GUM_news_x.conllu").write_text(text)
    ((found, mentions),) = _mentions(tmp_path, "gum_news")
    assert found == "The judge met Ann Lee of the Bank of Japan."
    assert mentions == [("Ann Lee", "PER"), ("Bank of Japan", "ORG")]
