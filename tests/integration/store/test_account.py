"""The packaged programs run for an account that cannot reach the Python environment."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from compliance_bot.store import account


@pytest.fixture
def service_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = Path("/tmp") / f"compliance-bot-service-{os.getpid()}"
    monkeypatch.setattr(account, "SERVICE_FOLDER", folder)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another account")
def test_a_copy_of_the_programs_runs_by_itself_whatever_the_umask(service_folder: Path) -> None:
    before = os.umask(0o077)
    try:
        service_folder.mkdir()
        service_folder.chmod(0o755)
        copy = account._copied(account.binaries().parent)
    finally:
        os.umask(before)
    command = [copy / "bin" / "postgres", "--version"]
    done = subprocess.run(command, user=65534, group=65534, extra_groups=[], cwd="/", capture_output=True, check=True)
    assert b"(PostgreSQL) 18" in done.stdout
    libraries = subprocess.run(["ldd", copy / "bin" / "initdb"], capture_output=True, text=True, check=True).stdout
    assert str(service_folder) in libraries
    assert str(account.binaries().parents[2]) not in libraries
    assert account._copied(account.binaries().parent) == copy
