"""A throw-away bot is the product on doubles: what users test their own code with."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compliance_bot.errors import Refused
from compliance_bot.records import Principal
from compliance_bot.redaction.spans import DetectionFailed
from compliance_bot.testing import FailingDetector, ListedDetector, throw_away_bot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.bot import ComplianceBot

ADMIN, ANA = Principal(id="admin"), Principal(id="ana")


@pytest.fixture(scope="module")
def bot() -> Iterator[ComplianceBot]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "fees.md").write_text("# Fees\n\nThe account fee is 4 crowns a month. Ms Lopez set it.\n")
        with throw_away_bot(path / "home", detector=ListedDetector({"Lopez": "PERSON"})) as bot:
            assert bot.ingest([path / "fees.md"], collection="fees", principal=ADMIN).ingested == 1
            yield bot


def test_it_finds_what_was_ingested_masked_as_its_detector_says(bot: ComplianceBot) -> None:
    (hit,) = bot.search("account fee", principal=ADMIN, reveal=False)
    assert "4 crowns a month. Ms <PERSON_1> set it." in hit.passage.text


def test_it_keeps_records_and_refuses_by_the_real_policies(bot: ComplianceBot) -> None:
    with pytest.raises(Refused):
        bot.search("account fee", principal=ANA)
    refused = bot.records(principal=ADMIN)[0]
    assert (refused.type, refused.principal, refused.outcome) == ("search", "ana", "refused")


def test_a_question_is_refused_and_recorded_when_its_detector_fails(bot: ComplianceBot) -> None:
    whole = bot.parts
    bot.parts = replace(whole, detector=FailingDetector())
    try:
        with pytest.raises(DetectionFailed):
            bot.search("account fee", principal=ADMIN)
    finally:
        bot.parts = whole
    failed = bot.records(principal=ADMIN)[0]
    assert (failed.type, failed.outcome) == ("search", "failed")


def test_nothing_of_it_is_left_behind(tmp_path: Path) -> None:
    with throw_away_bot(tmp_path / "home"):
        assert (tmp_path / "home.anchor.jsonl").exists()
    assert not list(tmp_path.iterdir())
