"""What huge and shapeless text tries, on the way from its bytes to chunks: memory and time stay in proportion."""

from __future__ import annotations

import time

import pytest

from compliance_bot.ingest.chunk import Strategy
from compliance_bot.ingest.prepare import Cut, Cutting, Preparer
from compliance_bot.ingest.sandbox import ParserProcess
from compliance_bot.ingest.unreadable import Limits, UnreadableDocument
from compliance_bot.redaction.detect import Detector
from compliance_bot.testing import HashEmbedder

CUTTING = Cutting(strategy=Strategy.STRUCTURE, size_words=160, overlap_words=0)


def test_text_with_more_bytes_than_its_characters_may_have_is_refused_undecoded() -> None:
    limits = Limits(size_bytes=100_000_000, characters=1_000_000)
    with (
        ParserProcess(limits=limits, memory_bytes=250_000_000) as parser,
        pytest.raises(UnreadableDocument, match="too much text: more than 1000000 characters"),
    ):
        parser.parse(b"All work and no play.\n" * 2_500_000, "a.txt")


@pytest.mark.parametrize(("piece", "count"), [("x", 10_000_000), ("7", 1_000_000), ("." * 50 + "x", 20_000)])
def test_one_endless_line_is_cut_in_bounded_time(piece: str, count: int) -> None:
    began = time.process_time()
    with ParserProcess() as parser:
        document = parser.parse(piece.encode() * count, "a.txt")
    (cut,) = Preparer(Detector.load(), HashEmbedder(), CUTTING, term_key=b"k" * 32).cut_each([("a.txt", document)])
    assert isinstance(cut, Cut)
    assert time.process_time() - began < 20
    assert max(len(one.text) for one in cut.pieces) <= 160 * 30
    assert sum(len(one.text) for one in cut.pieces) == len(piece) * count
