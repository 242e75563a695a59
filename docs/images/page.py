"""Draw docs/images/page.png: the real page, on the sample institution, in the installed browser.

Run with `python -m docs.images.page`; it makes a throw-away home, serves the page from it and takes one picture.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from compliance_bot import ComplianceBot
from compliance_bot.cli.demo import ingest_samples, read_script
from compliance_bot.home import throw_away_home
from tests.acceptance.page.browser import ChatPage, running_browser

OUT = Path(__file__).with_name("page.png")


def main() -> None:
    """Serve, ask the demo's question, open the first quote, and keep the picture."""
    asking = next(asking for asking in read_script() if asking.expects)
    with tempfile.TemporaryDirectory() as folder, throw_away_home(Path(folder) / "home", policies="sample") as home:
        with ComplianceBot.open(home) as bot:
            ingest_samples(bot)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        environment = {**os.environ, "COMPLIANCE_BOT_HOME": str(home)}
        command = [sys.executable, "-m", "compliance_bot.cli", "ui", "--port", str(port)]
        server = subprocess.Popen(command, env=environment)
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health")
            _take(f"http://127.0.0.1:{port}", asking.person, asking.question)
        finally:
            server.terminate()
            server.wait()


def _wait(health: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(health, timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the page did not start")


def _take(url: str, person: str, question: str) -> None:
    with running_browser() as browser:
        chat = ChatPage.open(browser, url)
        chat.page.set_viewport_size({"width": 1200, "height": 1150})
        chat.choose(person)
        chat.ask(question)
        chat.open_quote(1)
        chat.page.mouse.move(5, 5)
        chat.page.wait_for_timeout(700)
        chat.page.screenshot(path=OUT)


if __name__ == "__main__":
    main()
