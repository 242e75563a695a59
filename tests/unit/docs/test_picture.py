"""The README's picture is a drawing of real output, and fetches nothing."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from docs.images import make


def test_picture_fetches_nothing() -> None:
    svg = make.PICTURE.read_text(encoding="utf-8")
    assert not make._FOREIGN.search(svg)
    assert set(re.findall(r"https?://[^\s\"')<]+", svg)) <= {"http://www.w3.org/2000/svg", "https://www.textualize.io"}
    ET.fromstring(svg)


def test_picture_shows_one_question_with_three_answers() -> None:
    text = "".join(ET.fromstring(make.PICTURE.read_text(encoding="utf-8")).itertext()).replace("\xa0", " ")
    assert text.count("asks: What happens to payments to Harbour Lights?") == 3
    assert text.count("quotes stand verbatim in their documents") == 3


def test_the_same_output_gives_the_same_picture() -> None:
    assert make.draw("$ compliance-bot demo\nrecord 1\n") == make.draw("$ compliance-bot demo\nrecord 1\n")


def test_a_template_that_fetches_a_font_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "_FONT_FACE", re.compile("(?!)"))
    with pytest.raises(ValueError, match="would fetch something"):
        make.draw("text")
