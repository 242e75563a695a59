"""Homes and a command line for the tests of what users type."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from compliance_bot.cli import run
from compliance_bot.home import create_home
from compliance_bot.logs import LOGGER
from compliance_bot.settings import PREFIX, load_settings
from compliance_bot.store.embedded import destroy

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
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home per test file, with three principals: admin, ana (who reads `policies`) and frank (who may nothing)."""
    with made_home(tmp_path_factory.mktemp("home")) as path:
        (path / "policies" / "grants.cedar").write_text(STARTER_GRANTS, encoding="utf-8")
        (path / "policies" / "principals.yaml").write_text(PRINCIPALS, encoding="utf-8")
        yield path


class made_home:  # noqa: N801  # used like a function
    """Make a home and remove it after the block, whatever `throw_away_home` would do with the environment."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "home"

    def __enter__(self) -> Path:
        create_home(load_settings(home=self.path))
        return self.path

    def __exit__(self, *_: object) -> None:
        destroy(self.path)
        shutil.rmtree(self.path, ignore_errors=True)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a text file and return its path."""

    def call(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return call
