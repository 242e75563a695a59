"""The page without a browser: what it draws for whom, run by Streamlit's own test runner on the real home."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from compliance_bot import ComplianceBot
from compliance_bot.cli import run
from compliance_bot.store.connect import StoreUnavailable
from tests.acceptance.page.conftest import FEE, FILLER, HOSTILE, ROOT

QUESTION = "How high is the fee for a transfer abroad?"
MODULES = ("session", "look", "views", "views.chat", "views.records")


@pytest.fixture
def app(stocked: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("COMPLIANCE_BOT_HOME", str(stocked))
    monkeypatch.syspath_prepend(str(ROOT / "ui"))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # put back: the runner lets it be the page
    yield AppTest.from_file(str(ROOT / "ui" / "app.py"), default_timeout=30)
    sys.modules["session"].close()
    for name in MODULES:
        sys.modules.pop(name, None)


def shown(app: AppTest) -> str:
    """Return all HTML that the page drew."""
    return "\n".join(block.body for block in app.main.get("html")) if app.main.get("html") else ""


def as_person(app: AppTest, person: str) -> AppTest:
    app.run()
    return app.selectbox(key="person").select(person).run()


def ask(app: AppTest, question: str) -> AppTest:
    return app.chat_input(key="question").set_value(question).run()


def test_nobody_is_chosen_at_first(app: AppTest) -> None:
    app.run()
    assert not app.exception
    assert app.selectbox(key="person").value is None
    assert len(app.chat_input) == 0


def test_an_answer_has_its_quotes_and_its_record(app: AppTest) -> None:
    as_person(app, "ana")
    ask(app, QUESTION)
    assert not app.exception
    assert FEE in shown(app)
    assert "Record 0" in shown(app)
    assert [button.label for button in app.button if button.key == "quote-0-1"] == [r"\[1\] Tariff"]
    app.button(key="quote-0-1").click().run()
    assert f"<mark>{FEE}</mark>" in shown(app)


def test_a_quote_is_shown_among_whole_words(app: AppTest) -> None:
    as_person(app, "ana")
    ask(app, QUESTION)
    app.button(key="quote-0-1").click().run()
    (source,) = [
        block.body for block in app.main.get("html") if "cb-source" in block.body and "<style>" not in block.body
    ]
    before, after = re.fullmatch(r'<p class="cb-source">… (.*)<mark>.*</mark>(.*) …</p>', source, re.DOTALL).groups()
    assert set((before + after).split()) <= set(FILLER.split())


def test_each_opening_of_a_quote_is_one_reading_on_record(app: AppTest, stocked: Path) -> None:
    as_person(app, "ana")
    ask(app, QUESTION)
    app.button(key="quote-0-1").click().run()
    app.button(key="whole-0-1").click().run()
    ask(app, QUESTION)
    app.button(key="quote-1-1").click().run()
    app.button(key="quote-0-1").click().run()
    app.button(key="quote-0-1").click().run()
    acts = [record.type for record in sys.modules["session"].bot().records(principal="admin", limit=6)]
    assert acts == ["documents.show", "documents.show", "answer", "documents.show", "documents.show", "answer"]


@pytest.fixture
def movable(stocked: Path) -> Iterator[ComplianceBot]:
    """Return a bot beside the page's; the tariff is back in its collection afterwards."""
    with ComplianceBot.open(stocked) as bot:
        yield bot
        bot.set_attributes(_tariff(bot), {"collection": "policies"}, principal="admin")


def _tariff(bot: ComplianceBot) -> str:
    return next(d.document for d in bot.documents(principal="admin") if d.title == "Tariff")


@pytest.mark.parametrize("is_open", [False, True])
def test_what_was_shown_of_a_document_is_not_drawn_again_once_it_is_closed(
    app: AppTest, movable: ComplianceBot, is_open: bool
) -> None:
    as_person(app, "ana")
    ask(app, QUESTION)
    ask(app, "What is the garden gnome budget?")
    if is_open:
        app.button(key="quote-0-1").click().run()
        assert f"<mark>{FEE}</mark>" in shown(app)
    assert FEE in shown(app)
    movable.set_attributes(_tariff(movable), {"collection": "board"}, principal="admin")
    app.run()
    assert not app.exception
    page = shown(app) + "".join(button.label for button in app.button)
    assert "transfer abroad is" not in page
    assert "Tariff" not in page
    assert "not shown again" in page
    assert [one.key for one in app.get("download_button")] == ["receipt-1", "txt-1"], "none for what is left of a text"
    assert "gnome budget is" in page
    assert "nine" not in repr(app.session_state["visit"])  # nor is it kept


def test_what_was_shown_is_not_drawn_when_nobody_can_tell_whether_it_may_be(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreUnavailable

    as_person(app, "ana")
    ask(app, QUESTION)
    monkeypatch.setattr(ComplianceBot, "still_readable", fail)
    app.run()
    assert not app.exception
    assert FEE not in shown(app)
    assert [warning.value for warning in app.warning] == [r"The database cannot be reached\."]


def test_changing_the_person_clears_the_conversation(app: AppTest) -> None:
    as_person(app, "ana")
    ask(app, QUESTION)
    app.selectbox(key="person").select("frank").run()
    assert FEE not in shown(app)
    app.selectbox(key="person").select("ana").run()
    assert FEE not in shown(app)


def test_a_refusal_keeps_the_question_and_shows_no_trace(app: AppTest) -> None:
    as_person(app, "frank")
    ask(app, QUESTION)
    assert not app.exception
    assert QUESTION in shown(app)
    assert "Traceback" not in shown(app)
    assert FEE not in shown(app)


def test_a_question_that_cannot_be_read_is_told_so(app: AppTest) -> None:
    as_person(app, "ana")
    ask(app, "?!")
    assert not app.exception
    assert "empty" in shown(app)


def test_text_is_escaped_wherever_it_is_drawn(app: AppTest) -> None:
    as_person(app, "ana")
    ask(app, "What is the garden gnome budget?")
    page = shown(app)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page
    assert "<img" not in page
    assert "\u202e" not in page
    assert HOSTILE not in page
    (button,) = [button for button in app.button if button.key == "quote-0-1"]
    assert r"\[link\]\(x\)" in button.label
    assert r"\<script\>" in button.label
    assert "\u202e" not in button.label


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--host", "0.0.0.0"], 2, "on this machine"),
        (["--port", "1"], 3, None),
    ],
)
def test_the_command_says_what_is_wrong_before_anything_starts(
    stocked: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    told: str | None,
) -> None:
    monkeypatch.setenv("COMPLIANCE_BOT_HOME", str(stocked if told else stocked / "nowhere"))
    assert run(["ui", *arguments]) == code
    assert (told or "there is no home") in capsys.readouterr().err


UMBRELLAS = "Where are lost umbrellas kept?"


def test_a_name_is_shown_for_a_purpose_alone(app: AppTest, stocked: Path) -> None:
    as_person(app, "ana")
    ask(app, UMBRELLAS)
    placeholder = '<span class="cb-mask">&lt;PERSON_1&gt;</span>'
    assert placeholder in shown(app)
    assert "Lopez" not in shown(app)
    app.text_input(key="purpose").input("Complaint 12").run()
    ask(app, UMBRELLAS)
    first, second = (part for part in shown(app).split("cb-answer cb-said")[1:3])
    assert placeholder in first
    assert "Lopez" in second
    assert "shown to you: 1 PERSON, for: Complaint 12" in second
    assert len(app.get("download_button")) == 4
    # Each quote opens in the text that it was drawn from.
    for turn in (0, 1):
        app.button(key=f"quote-{turn}-1").click().run()
        assert "has changed since" not in "".join(warning.value for warning in app.warning)
        assert "<mark>" in shown(app)
    with ComplianceBot.open(stocked) as bot:
        records = [one for one in bot.records(principal="admin") if one.principal == "ana"]
        payloads = [bot.record(one.record, principal="admin").payload for one in records[:8]]
    disclosing = [one for one in payloads if "disclosed" in one]
    assert len(disclosing) == 2  # the answer, and its quote in the document
    assert {one["reason"] for one in disclosing} == {"Complaint 12"}
    assert "Lopez" not in f"{payloads}"


def test_a_name_is_not_drawn_again_when_the_right_to_see_it_is_gone(app: AppTest, stocked: Path) -> None:
    as_person(app, "ana")
    app.text_input(key="purpose").input("Complaint 12").run()
    ask(app, UMBRELLAS)
    assert "Lopez" in shown(app)
    policy = stocked / "policies" / "reveal.cedar"
    said = policy.read_text(encoding="utf-8")
    try:
        _age(policy, said.replace("permit", "forbid"), 50)
        app.run()
        assert "cb-said" in shown(app)
        assert "Lopez" not in shown(app)
        assert not app.get("download_button"), "what is drawn is not what was signed for"
    finally:
        _age(policy, said, 25)


def _age(path: Path, text: str, seconds: float) -> None:
    """Write a policy as somebody who left it alone for a while."""
    path.write_text(text, encoding="utf-8")
    os.utime(path, (time.time() - seconds,) * 2)
