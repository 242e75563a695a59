"""An anchor that is lost for good: who may accept that, what it takes, and what is forgotten with it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from compliance_bot.anchor.faults import AnchorLost
from compliance_bot.bot import ComplianceBot
from compliance_bot.errors import Refused, UsageError
from tests.integration.vault.homes import ADMIN, letter

from .copies import place
from .test_old_copies import applied, document, titles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .copies import Place

REASON = "its disk burned"


@pytest.fixture(scope="module")
def made() -> Iterator[Place]:
    with place() as one:
        yield one


@pytest.fixture
def lost(made: Place) -> Iterator[Place]:
    made.anchor.unlink()
    yield made
    if not made.anchor.exists():
        ComplianceBot.accept_anchor_loss(made.home, reason=REASON)


def test_with_another_one_that_begins_here_it_serves_again(lost: Place) -> None:
    with pytest.raises(AnchorLost), lost.opened():
        pass
    accepted = ComplianceBot.accept_anchor_loss(lost.home, reason=REASON)
    assert (accepted.lost, accepted.applied, accepted.path) == ("AnchorLost", 0, lost.anchor)
    with lost.opened() as bot:
        shown = bot.record(accepted.record, principal=ADMIN)
        assert shown.payload["reason"] == REASON
        assert applied(bot) == []
        state = bot.anchor_state(principal=ADMIN)
        assert (state.first, state.last) == (state.last, state.last)
        bot.stop("model", "m", reason=REASON)
        assert bot.anchor_state(principal=ADMIN).last == state.last + 1


def test_who_may_not_administer_may_not_accept_it(lost: Place) -> None:
    with pytest.raises(Refused):
        ComplianceBot.accept_anchor_loss(lost.home, reason=REASON, principal="ben")
    assert not lost.anchor.exists()
    with pytest.raises(AnchorLost), lost.opened():
        pass


def test_policies_that_were_changed_meanwhile_do_not_keep_it_from_being_accepted(lost: Place) -> None:
    (lost.home / "policies" / "more.cedar").write_text(
        '@id("more") permit (principal == User::"nobody", action == Action::"ask", resource);', encoding="utf-8"
    )
    ComplianceBot.accept_anchor_loss(lost.home, reason=REASON)
    with lost.opened() as bot:
        assert bot.search("claim", principal=ADMIN)


def test_where_nothing_is_lost_nothing_can_be_accepted(made: Place) -> None:
    before = made.anchor.read_bytes()
    with pytest.raises(UsageError, match="nothing is lost"):
        ComplianceBot.accept_anchor_loss(made.home, reason=REASON)
    assert made.anchor.read_bytes() == before


def test_one_that_was_altered_is_set_aside_and_kept(made: Place) -> None:
    text = made.anchor.read_bytes().replace(b'"version":1', b'"version":2')
    made.anchor.write_bytes(text)
    assert ComplianceBot.accept_anchor_loss(made.home, reason=REASON).lost == "AnchorAltered"
    (kept,) = made.anchor.parent.glob(f"{made.anchor.name}.*.set-aside")
    assert kept.read_bytes() == text
    with made.opened() as bot:
        assert bot.search("claim", principal=ADMIN)


def test_what_is_left_behind_a_gap_is_done_again(made: Place) -> None:
    with made.opened() as bot:
        for name in ("Early", "Late"):
            bot.ingest_loader([letter(f"{name} words.", name, f"{name}.md")], collection="letters")
    copy = made.copy()
    with made.opened() as bot:
        bot.delete(document(bot, "Early"), principal=ADMIN)
    made.anchor.unlink()
    ComplianceBot.accept_anchor_loss(made.home, reason=REASON)
    with made.opened() as bot:
        bot.delete(document(bot, "Late"), principal=ADMIN)
    kept = made.anchor.read_bytes()
    made.put_back(copy)
    with pytest.raises(AnchorLost), made.opened():
        pass
    assert ComplianceBot.accept_anchor_loss(made.home, reason=REASON).applied == 2
    assert made.anchor.read_bytes() == kept
    with made.opened() as bot:
        assert titles(bot) & {"Early", "Late"} == {"Early"}  # that it was deleted is what was lost


def test_an_older_copy_of_the_file_is_as_good_as_none(made: Place, tmp_path: Path) -> None:
    shutil.copy(made.anchor, tmp_path / "older")
    with made.opened() as bot:
        bot.stop("model", "n", reason=REASON)
    newer = made.anchor.read_bytes()
    shutil.copy(tmp_path / "older", made.anchor)
    with pytest.raises(AnchorLost), made.opened():
        pass
    made.anchor.write_bytes(newer)
    with made.opened() as bot:
        assert bot.search("claim", principal=ADMIN)
