"""The built wheel works from an empty folder, with everything that it needs inside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from compliance_bot.home import destroy

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_carries_migrations_policies_samples_page_and_weights(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for folder in ("migrations", "policies", "samples", "ui"):
        shipped = {name.removeprefix("compliance_bot/_bundled/") for name in names if f"_bundled/{folder}/" in name}
        tracked = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=False)
        if tracked.returncode == 0:
            assert shipped == set(tracked.stdout.split("\n")) - {""}
        assert shipped
    assert "compliance_bot/models/weights/all-minilm-l6-v2-int8/model.onnx" in names
    assert "compliance_bot/models/weights/quote/manifest.json" in names
    assert "compliance_bot/py.typed" in names


def test_the_wheel_works_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    installed, empty, home = tmp_path / "installed", tmp_path / "empty", tmp_path / "home"
    empty.mkdir()
    zipfile.ZipFile(wheel).extractall(installed)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"PYTHONPATH": str(installed), "COMPLIANCE_BOT_HOME": str(home)}
    samples = installed / "compliance_bot" / "_bundled" / "samples"

    def call(*arguments: str) -> str:
        program = (
            f"import compliance_bot; assert compliance_bot.__file__.startswith({str(installed)!r});"
            "from compliance_bot.cli import main; main()"
        )
        command = [sys.executable, "-c", program, *arguments]
        done = subprocess.run(command, cwd=empty, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    try:
        call("init", "--sample")
        listed = ("--base", str(samples / "documents"), "--attributes", str(samples / "attributes.csv"))
        call("ingest", str(samples / "documents" / "retail"), "--collection", "retail", *listed)
        answer = json.loads(call("ask", "What happens to payments to Harbour Lights?", "--as", "ben", "--json"))
        assert "sent in the usual way" in answer["citations"][0]["quote"]
    finally:
        destroy(home)
    assert list(empty.iterdir()) == []
