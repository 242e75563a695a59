"""A real browser on the page, and the page as an object: where things are is written down here and nowhere else."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
).split()


def find_browser() -> str | None:
    """Return the path of an installed browser, the one that BROWSER_EXECUTABLE names first."""
    named = os.environ.get("BROWSER_EXECUTABLE")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Start the installed browser; it is closed after the block."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find_browser(), headless=True, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class ChatPage:
    """The page in one browser context: one visitor."""

    page: Page
    url: str
    strangers: list[str] = field(default_factory=list)  # requests to other hosts
    complaints: list[str] = field(default_factory=list)  # what the console says of the content security policy

    @classmethod
    def open(cls, browser: Browser, url: str) -> ChatPage:
        """Open the page in a context of its own."""
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        chat = cls(context.new_page(), url)
        chat.page.on("request", chat._requested)
        chat.page.on("console", chat._said)
        chat.page.goto(url, wait_until="domcontentloaded")
        chat.page.get_by_role("heading", name="Ask your documents").wait_for()
        return chat

    def _requested(self, request: Request) -> None:
        if not request.url.startswith((self.url, self.url.replace("http", "ws"), "data:", "blob:")):
            self.strangers.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            self.complaints.append(message.text)

    def choose(self, person: str) -> None:
        """Act as a person, and wait until the page is theirs: until a run ends, what it has not drawn yet stays."""
        self.page.get_by_role("combobox", name="Person").click()
        self.page.get_by_role("option", name=person, exact=True).click()
        self.page.get_by_text(f"As {person}.").wait_for()
        self._wait_until_drawn()

    def ask(self, question: str) -> None:
        """Ask, and wait until the answer's record is named and what stands below it is drawn as well."""
        before = self.answers.count()
        box = self.page.get_by_placeholder("Ask a question")
        box.fill(question)
        box.press("Enter")
        self.page.wait_for_function("n => document.querySelectorAll('.cb-end').length > n", arg=before)
        self._wait_until_drawn()

    def _wait_until_drawn(self) -> None:
        self.page.locator(".stApp[data-test-script-state=notRunning]").wait_for()

    @property
    def answers(self) -> Locator:
        return self.page.locator(".cb-end")

    @property
    def sentences(self) -> list[str]:
        return self.page.locator(".cb-said").all_inner_texts()

    @property
    def quotes(self) -> Locator:
        return self.page.get_by_role("button").filter(has_text="[")

    def open_quote(self, number: int) -> str:
        """Open the quote with this number, and return the highlighted words."""
        self.page.get_by_role("button").filter(has_text=f"[{number}]").last.click()
        mark = self.page.locator(".cb-source mark")
        mark.wait_for()
        return mark.inner_text()

    def go_to(self, view: str) -> None:
        """Go to another view by the navigation."""
        self.page.get_by_role("link", name=view, exact=True).click()
        self.page.get_by_role("heading", name=view, exact=True).wait_for()

    def download(self, name: str, folder: Path) -> Path:
        """Press what is offered under this name below the last answer, and return the file that the browser saved."""
        with self.page.expect_download() as begun:
            self.page.get_by_role("button", name=name, exact=True).last.click()
        path = folder / begun.value.suggested_filename
        begun.value.save_as(path)
        return path
