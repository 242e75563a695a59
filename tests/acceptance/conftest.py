"""Homes and a command line for the tests of what users type."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from compliance_bot.cli import run
from compliance_bot.home import create_home
from compliance_bot.logs import LOGGER
from compliance_bot.settings import PREFIX, load_settings
from compliance_bot.store.embedded import EmbeddedServer, destroy

STARTER_GRANTS = """
@id("aml-asks")
permit (principal in Group::"aml", action in [Action::"ask", Action::"search"], resource);
@id("aml-reads-policies")
permit (principal in Group::"aml", action == Action::"read", resource in Collection::"policies");
"""
PRINCIPALS = """
- {id: admin}
- {id: ana, groups: [aml], attributes: {clearance: 2}}
- {id: frank}
"""


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed


Cli = Callable[..., Result]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_log_from_commands_before() -> Iterator[None]:
    """Take away what a command run in this process configured for itself."""
    yield
    logger = logging.getLogger(LOGGER)
    logger.handlers[:] = [logging.NullHandler()]
    logger.propagate = True


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], home: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run a command in this process, in the home of the test."""
    monkeypatch.setenv("COMPLIANCE_BOT_HOME", str(home))

    def call(*arguments: str | Path) -> Result:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture(scope="module")
def keep_running() -> bool:
    """Return whether the server of the home runs all the time; a file that tests its start or stop says no."""
    return True


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, keep_running: bool) -> Iterator[Path]:
    """One home per test file, with three principals: admin, ana (who reads `policies`) and frank (who may nothing)."""
    with made_home(tmp_path_factory.mktemp("home"), keep_running=keep_running) as path:
        (path / "policies" / "grants.cedar").write_text(STARTER_GRANTS, encoding="utf-8")
        (path / "policies" / "principals.yaml").write_text(PRINCIPALS, encoding="utf-8")
        yield path


@contextmanager
def made_home(
    folder: Path, *, policies: Literal["starter", "sample"] = "starter", keep_running: bool = True
) -> Iterator[Path]:
    """Make a home and remove it after the block, whatever `throw_away_home` would do with the environment.

    Its server runs all the time: started and stopped by each command, it would take most of the time of these tests.
    How it starts and stops is tested with the store.
    """
    path = folder / "home"
    create_home(load_settings(home=path), policies=policies)
    server = EmbeddedServer.open(path) if keep_running else None
    try:
        yield path
    finally:
        if server is not None:
            server.close()
        destroy(path)
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a text file and return its path."""

    def call(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return call
