from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from compliance_bot.models import tagger as module
from compliance_bot.models.registry import ModelTampered, shipped
from compliance_bot.models.tagger import DEFAULT_TAGGER, EntityTagger

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def tagger() -> EntityTagger:
    return EntityTagger.load(threads=1)


def _names(tagger: EntityTagger, text: str) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in tagger.tag([text])[0]]


def test_people_places_and_organisations_are_found(tagger: EntityTagger) -> None:
    text = "Yesterday Maria Lopez of Deutsche Bank flew from Madrid to Kenya with Kerim Yıldız."
    assert _names(tagger, text) == [
        ("PERSON", "Maria Lopez"),
        ("ORGANIZATION", "Deutsche Bank"),
        ("LOCATION", "Madrid"),
        ("LOCATION", "Kenya"),
        ("PERSON", "Kerim Yıldız"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "The Compliance Officer must approve the Request before the Deadline.",
        "Customer Due Diligence is described in Section 4.",
        "how long do we keep records",
        "",
        "   \n\n ",
        "12345 !!! ???",
        "Escrow\n\nMoney is held until both sides agree.",
        "Harbour dues\n\nYachts pay by length.",
        "Pensions\nA pension is paid monthly.\n\nParking\nBicycles may be left there overnight.",
        "c\n\nHerons hide below the bank.",
        "Urlaub\n\nDer Urlaub ist beim Vorgesetzten zu beantragen, Belege sind beizulegen.",
        "Les congés sont demandés un mois à l'avance au chef de service.",
        "Las vacaciones se piden con un mes de antelación.",
        "Le ferie si chiedono con un mese di anticipo.",
    ],
)
def test_a_text_without_a_name_has_none(tagger: EntityTagger, text: str) -> None:
    assert _names(tagger, text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Lopez\n\nThe account was closed in May.", "Lopez"),
        ("Hand over to Petra\n\nWe met in the morning.", "Petra"),
        ("Sehr geehrte Frau Brandt, Ihr Konto wurde geschlossen.", "Brandt"),
        ("Hier j'ai parlé à Isabelle Moreau de son compte.", "Isabelle Moreau"),
        ("La señora Carmen Ortega vive con su hermano.", "Carmen Ortega"),
        ("Il ricorrente Paolo Conti ha scritto alla banca.", "Paolo Conti"),
    ],
)
def test_a_name_in_a_title_or_another_language_is_found(tagger: EntityTagger, text: str, name: str) -> None:
    assert name in [found for kind, found in _names(tagger, text) if kind == "PERSON"]


def test_many_texts_on_many_threads_give_what_each_gives_alone(tagger: EntityTagger) -> None:
    texts = [f"In {2000 + n}, Anna Schmidt moved to Berlin. " * (n % 7) for n in range(40)]
    together = EntityTagger.load(threads=3).tag(texts)
    assert together == [tagger.tag([text])[0] for text in texts]


def test_what_is_looked_at_in_several_groups_is_found_in_each(
    tagger: EntityTagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"Anna Schmidt has {n} keys." for n in range(9)] + ["", "Peter Novak " * 9, "no name"]
    whole = tagger.tag(texts)
    monkeypatch.setattr(module, "_TOGETHER", 60)
    assert tagger.tag(texts) == whole
    assert tagger.tag([]) == []


def test_names_are_found_wherever_they_stand_in_a_long_text(tagger: EntityTagger) -> None:
    text = (
        "nothing to see here, and " * 400
        + "Maria Lopez called. "
        + "and more of the same; " * 400
        + "so ask Peter Novak."
    )
    assert [name for kind, name in _names(tagger, text) if kind == "PERSON"] == ["Maria Lopez", "Peter Novak"]


@pytest.mark.parametrize(
    "text", ["a" * 50_000, "Ä" * 5_000, "東京" * 3_000, "‎مرحبا " * 500, "\x00\x01 Maria", "-" * 9_999]
)
def test_any_text_is_read_to_the_end(tagger: EntityTagger, text: str) -> None:
    assert all(0 <= span.start < span.end <= len(text) for span in tagger.tag([text])[0])


def test_a_new_line_ends_a_name(tagger: EntityTagger) -> None:
    names = [name for _, name in _names(tagger, "Present:\nMaria Lopez\nPeter Novak\nAnna Schmidt\n")]
    assert names == ["Maria Lopez", "Peter Novak", "Anna Schmidt"]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return shutil.copytree(shipped(DEFAULT_TAGGER), tmp_path / "model")


def test_a_model_that_was_changed_is_not_loaded(copied: Path) -> None:
    model = copied / "model.onnx"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    with pytest.raises(ModelTampered, match=r"model\.onnx was changed: SHA-256"):
        EntityTagger.load(copied)


def test_another_kind_of_model_is_not_loaded() -> None:
    with pytest.raises(ModelTampered, match="holds a model of kind embedder: expected tagger"):
        EntityTagger.load(shipped("all-minilm-l6-v2-int8"))


def test_a_graph_that_is_no_tagger_is_not_loaded(copied: Path) -> None:
    """An embedder's graph under a tagger's manifest: the hashes agree, what it computes does not."""
    shutil.copyfile(shipped("all-minilm-l6-v2-int8") / "model.onnx", copied / "model.onnx")
    manifest = json.loads((copied / "manifest.json").read_text())
    embedder = json.loads((shipped("all-minilm-l6-v2-int8") / "manifest.json").read_text())
    manifest["files"] = [*(f for f in manifest["files"] if f["name"] != "model.onnx"), embedder["files"][0]]
    (copied / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelTampered, match="holds another kind of tagger: expected scores for O, PERSON"):
        EntityTagger.load(copied)


def test_a_manifest_without_the_graph_is_refused(copied: Path) -> None:
    manifest = json.loads((copied / "manifest.json").read_text())
    manifest["files"] = [f for f in manifest["files"] if f["name"] != "model.onnx"]
    (copied / "manifest.json").write_text(json.dumps(manifest))
    (copied / "model.onnx").unlink()
    with pytest.raises(ModelTampered, match=r"does not list model\.onnx: needed by kind tagger"):
        EntityTagger.load(copied)
