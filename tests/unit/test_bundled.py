"""The folders that ship beside the package are found, or their absence is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compliance_bot import bundled as module
from compliance_bot.bundled import bundled

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("name", "has"), [("migrations", "0001_access.sql"), ("policies", "starter/starter.cedar")])
def test_a_checkout_has_them(name: str, has: str) -> None:
    assert (bundled(name) / has).is_file()


def test_a_wheel_has_them_inside_and_these_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "compliance_bot"
    for folder in (package / "_bundled" / "policies", tmp_path / "site-packages" / "policies"):
        folder.mkdir(parents=True)
    monkeypatch.setattr(module, "_PACKAGE", package)
    assert bundled("policies") == package / "_bundled" / "policies"


def test_an_installation_without_them_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PACKAGE", tmp_path / "compliance_bot")
    with pytest.raises(RuntimeError, match="has no 'policies' folder"):
        bundled("policies")
