"""The page in a real browser, served as a user serves it: what is seen, and that nothing else is asked for."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from compliance_bot import ComplianceBot
from compliance_bot.cli import run
from tests.acceptance.page.browser import ChatPage
from tests.acceptance.page.conftest import FEE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

QUESTION = "How high is the fee for a transfer abroad?"
UMBRELLAS = "Where are lost umbrellas kept?"


@pytest.fixture
def chat(browser: Browser, url: str) -> Iterator[ChatPage]:
    page = ChatPage.open(browser, url)
    yield page
    page.page.context.close()
    assert page.strangers == []
    assert page.complaints == []


def test_nobody_chosen_means_nothing_shown(chat: ChatPage) -> None:
    assert chat.page.get_by_placeholder("Ask a question").count() == 0
    assert chat.page.get_by_role("link", name="Records").count() == 0


def test_a_quote_opens_highlighted_in_its_document(chat: ChatPage) -> None:
    chat.choose("ana")
    chat.ask(QUESTION)
    assert chat.sentences == [f"{FEE}[1]"]
    assert chat.open_quote(1) == FEE
    around = chat.page.locator(".cb-source").inner_text()
    assert around.startswith("… ")
    chat.page.get_by_role("button", name="Show the whole document").click()
    chat.page.wait_for_function("() => document.querySelector('.cb-source').innerText.startsWith('Tariff')")
    assert chat.page.locator(".cb-source mark").inner_text() == FEE


def test_what_is_offered_below_an_answer_is_what_the_command_checks(
    chat: ChatPage, stocked: Path, tmp_path: Path
) -> None:
    chat.choose("ana")
    chat.page.get_by_role("textbox", name="Purpose").fill("Complaint 12")
    chat.page.get_by_role("textbox", name="Purpose").press("Enter")
    for question, said in ((QUESTION, FEE), (UMBRELLAS, "Lopez"), ("What is the boiling point of tungsten?", "source")):
        chat.ask(question)
        receipt, text = (chat.download(name, tmp_path) for name in ("Receipt", "Text"))
        assert said in text.read_text(encoding="utf-8")
        with ComplianceBot.open(stocked) as bot:
            key = bot.audit_log(principal="admin").keys().signing
        check = ["audit", "receipt", str(receipt), "--answer", str(text), "--key", key]
        assert run(check) == 0
        text.write_text(text.read_text(encoding="utf-8").replace(said[-3:], said[-3:].upper()), encoding="utf-8")
        assert run(check) == 1


def test_the_title_is_not_under_the_bar_and_the_table_not_over_the_edge(chat: ChatPage) -> None:
    chat.choose("admin")
    bar = chat.page.locator(".stAppHeader").bounding_box()
    title = chat.page.get_by_role("heading", name="Ask your documents").bounding_box()
    assert bar is not None
    assert title is not None
    assert title["y"] >= bar["y"] + bar["height"]
    chat.ask(QUESTION)
    chat.go_to("Records")
    table = chat.page.locator("table.cb-table")
    table.wait_for()
    fits = "table => table.getBoundingClientRect().right <= table.closest('.stMain').getBoundingClientRect().right"
    assert table.evaluate(fits)
    assert table.evaluate("table => table.offsetWidth <= table.parentElement.offsetWidth")


def test_another_person_gets_another_answer_and_sees_nothing_of_the_first(chat: ChatPage) -> None:
    chat.choose("admin")
    chat.ask("What will the fee for a transfer abroad be?")
    assert "eleven crowns" in " ".join(chat.sentences)
    chat.choose("frank")
    assert chat.sentences == []
    assert "eleven" not in chat.page.locator("body").inner_text()


def test_two_people_at_once_have_their_own_conversations(browser: Browser, url: str) -> None:
    ana, admin = ChatPage.open(browser, url), ChatPage.open(browser, url)
    ana.choose("ana")
    admin.choose("admin")
    ana.ask(QUESTION)
    admin.ask("What will the fee for a transfer abroad be?")
    ana.ask("What will the fee for a transfer abroad be?")
    assert "eleven" in admin.page.locator("body").inner_text()
    assert "eleven" not in ana.page.locator("body").inner_text()
    for page in (ana, admin):
        page.page.context.close()


def test_what_documents_and_people_write_stays_text(chat: ChatPage) -> None:
    alerts: list[str] = []
    chat.page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    chat.choose("ana")
    chat.ask("What is the garden gnome budget? <img src=http://192.0.2.1/q.png><script>alert(2)</script>")
    assert "<script>alert(1)</script>" in " ".join(chat.sentences)
    assert "**bold**" in " ".join(chat.sentences)
    chat.open_quote(1)
    assert chat.page.locator(".stMain img[src*='192.0.2.1'], .stMain a[href*='192.0.2.1']").count() == 0
    assert alerts == []


def test_the_records_are_a_plain_table_and_one_opens(chat: ChatPage) -> None:
    chat.choose("admin")
    chat.ask(QUESTION)
    chat.go_to("Records")
    table = chat.page.locator("table.cb-table")
    table.wait_for()
    first = table.locator("tbody tr").first
    assert first.locator("td").nth(1).inner_text() in ("answer", "answer.completed")
    record = first.locator("td.id").inner_text()
    chat.page.get_by_role("combobox", name="Open a record").click()
    chat.page.get_by_role("option", name=record).click()
    chat.page.get_by_role("heading", name="What is on record").wait_for()
    chat.page.get_by_text('"policies"').first.wait_for()


def test_who_may_not_review_is_told_what_anyone_is_told(chat: ChatPage) -> None:
    chat.choose("ana")
    chat.go_to("Records")
    chat.page.get_by_text("no such").or_(chat.page.get_by_text("not permitted")).first.wait_for()
    assert chat.page.locator("table").count() == 0


def test_responses_carry_the_headers_and_side_doors_are_closed(url: str) -> None:
    with urllib.request.urlopen(url, timeout=5) as response:
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        assert "unsafe-eval" not in response.headers["Content-Security-Policy"].replace("wasm-unsafe-eval", "")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    for path in ("_stcore/metrics", "_stcore/agent/openapi.json"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{url}/{path}", timeout=5)
    with urllib.request.urlopen(f"{url}/_stcore/host-config", timeout=5) as response:
        assert b'"allowedOrigins":[]' in response.read()
