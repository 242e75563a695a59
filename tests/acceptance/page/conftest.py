"""A home with a few documents, hostile ones among them, and the page that is served from it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compliance_bot import ComplianceBot
from tests.acceptance.page.browser import find_browser, running_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[3]
FEE = "The fee for a transfer abroad is nine crowns, except for customers under eighteen."
HOSTILE = '<img src="http://192.0.2.1/x.png"> **bold** [link](http://192.0.2.1) <script>alert(1)</script>'
HOSTILE_NAME = "gnomes **bold** [link](x) <script>alert(3)<script> \u202e$x$ :material_face:.txt"
NAME = "Ms Maria Lopez"
NAMED = "Lost umbrellas are kept by _ in the cellar of the branch."
REVEAL = """
@id("names-for-a-purpose")
permit (principal in Group::"aml", action == Action::"reveal", resource in Collection::"policies")
when { context has purpose && context.purpose != "" };
"""
FILLER = "The branch opens at nine and closes at five on working days. "
_START_S = 60.0


@pytest.fixture(scope="module")
def stocked(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of the test file with documents in it: ana reads the tariff, admin the board's paper as well."""
    folder = tmp_path_factory.mktemp("documents")
    filler = "\n\n".join(FILLER * 5 for _ in range(20))
    (folder / "tariff.md").write_text(f"# Tariff\n\n{filler}\n\n{FEE}\n\n{filler}\n", encoding="utf-8")
    (folder / HOSTILE_NAME).write_text(f"The garden gnome budget is {HOSTILE} forty crowns.\n", "utf-8")
    (folder / "board.md").write_text("# Board\n\nThe fee for a transfer abroad will be eleven crowns.\n", "utf-8")
    (folder / "umbrellas.md").write_text(f"# Umbrellas\n\n{NAMED.replace('_', NAME)}\n", encoding="utf-8")
    reveal = home / "policies" / "reveal.cedar"
    reveal.write_text(REVEAL, encoding="utf-8")
    os.utime(reveal, (time.time() - 100,) * 2)
    with ComplianceBot.open(home) as bot:
        bot.ingest([folder / "tariff.md", folder / HOSTILE_NAME, folder / "umbrellas.md"], collection="policies")
        bot.ingest([folder / "board.md"], collection="board")
    return home


@pytest.fixture(scope="module")
def url(stocked: Path) -> Iterator[str]:
    """Serve the page as a user would, and return its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "COMPLIANCE_BOT_HOME": str(stocked)}
    command = [sys.executable, "-m", "compliance_bot.cli", "ui", "--port", str(port)]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(server, f"{address}/_stcore/health")
        yield address
    finally:
        server.terminate()
        server.wait(20)
        with pytest.raises(OSError, match="refused"):  # nothing stays behind
            socket.create_connection(("127.0.0.1", port), timeout=1)


def _wait(server: subprocess.Popen[bytes], health: str) -> None:
    until = time.monotonic() + _START_S
    while True:
        try:
            urllib.request.urlopen(health, timeout=1).close()
        except OSError:
            assert server.poll() is None, "the page ended before it answered"
            assert time.monotonic() < until, "the page did not answer in time"
            time.sleep(0.1)
        else:
            return


@pytest.fixture(scope="module")  # its driver holds an event loop: other tests have their own
def browser() -> Iterator[Browser]:
    """Start a browser once; without one these tests say that they did not run, and with REQUIRE_BROWSER=1 they fail."""
    if find_browser() is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("REQUIRE_BROWSER=1, but no browser is installed (chromium, or BROWSER_EXECUTABLE)")
        pytest.skip("no browser is installed: the page was not tested in one")
    with running_browser() as running:
        yield running
