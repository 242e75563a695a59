"""The public doubles keep the contracts of what they stand for."""

from __future__ import annotations

import numpy as np
import pytest

from compliance_bot.models.embed import EmptyText
from compliance_bot.redaction.mask import mask
from compliance_bot.redaction.spans import DetectionFailed
from compliance_bot.testing import FailingDetector, HashEmbedder, ListedDetector


class TestHashEmbedder:
    def test_returns_one_unit_vector_per_text(self) -> None:
        vectors = HashEmbedder().embed(["KYC records", "annual leave"])
        assert vectors.shape == (2, 384)
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx([1.0, 1.0])
        assert HashEmbedder().embed([]).shape == (0, 384)

    def test_is_the_same_every_time_and_whatever_stands_beside(self) -> None:
        alone, beside = HashEmbedder().embed(["KYC records"])[0], HashEmbedder().embed(["x", "KYC records"])[1]
        assert alone.tobytes() == beside.tobytes()

    def test_puts_texts_that_share_words_nearer(self) -> None:
        question, near, far = HashEmbedder().embed(["keeping KYC records", "KYC records are kept", "annual leave"])
        assert question @ near > 0.4 > abs(question @ far)

    def test_refuses_a_blank_text_by_position(self) -> None:
        with pytest.raises(EmptyText, match="text 1 ") as refused:
            HashEmbedder().embed(["KYC", " … "])
        assert refused.value.position == 1


def test_a_listed_detector_finds_what_it_was_told_of() -> None:
    detector = ListedDetector({"Ana Lopez": "PERSON", "Lopez": "PERSON", "a.b@c.example": "EMAIL_ADDRESS"})
    assert mask("Ana Lopez <a.b@c.example>, Lopez", detector).text == "<PERSON> <<EMAIL_ADDRESS>>, <PERSON>"
    assert ListedDetector({}).detect("Ana Lopez") == ()


def test_a_failing_detector_refuses_without_quoting() -> None:
    with pytest.raises(DetectionFailed) as refused:
        mask("secret", FailingDetector())
    assert "secret" not in str(refused.value)
