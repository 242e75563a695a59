"""Checks of the home's folder and of the machine it stands on."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from compliance_bot.cli.doctor.finding import Warned
from compliance_bot.errors import ComplianceError

if TYPE_CHECKING:
    from compliance_bot.settings import Settings

_LEAST_FREE_MB = 500
_LEAST_MEMORY_MB = 1024  # the models take about 400 MB, the embedded database as much again
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LOG_KEY_ELSEWHERE = ("log_keys", "log_key_command", "log_sign_command")
_KNOWN = {
    "policies",
    "keys",
    "backups",
    "database",
    "compliance-bot.home",
    "compliance-bot.toml",
    "server.json",
    "approvers.yaml",
}


def home(settings: Settings) -> str:
    """Say whether there is a finished home that its owner alone can enter."""
    from compliance_bot.home import HomeExposed, NoHome, require_finished

    if not settings.home.is_dir():
        raise NoHome(settings.home)
    if settings.home.stat().st_mode & _OTHERS:
        raise HomeExposed(settings.home)
    require_finished(settings.home)
    if not (settings.home / "compliance-bot.home").exists():
        raise ComplianceError(
            f"{settings.home} is not finished: `init` did not come to its end",
            hint="Run `compliance-bot init` again; it keeps what is there.",
        )
    return "only its owner can enter it"


def files(settings: Settings) -> str | Warned:
    """Say what lies in the home that is not of it, and what others could read if they got in."""
    strangers = sorted(
        path.name
        for path in settings.home.iterdir()
        if path.name not in _KNOWN and not path.name.startswith((".", "database-"))
    )
    if strangers:
        return Warned(
            detail=f"{len(strangers)} unknown files or folders, the first is {strangers[0]}",
            hint="Move them elsewhere: a copy of the home takes them along, and a backup does not have them.",
        )
    writable = [path for path in (settings.home / "policies").rglob("*") if path.stat().st_mode & 0o022]
    if writable:
        raise ComplianceError(
            f"{writable[0]} can be written by other accounts",
            hint=f"Run `chmod -R go-w {settings.home / 'policies'}` and review the policies.",
        )
    return "nothing unknown; the policies can be changed by their owner alone"


def keys(settings: Settings) -> str:
    """Say whether the keys are there and nobody else's."""
    from compliance_bot.keys import KeysExposed, load_keys

    folder = settings.home / "keys"
    load_keys(folder)
    for path in (folder, *folder.iterdir()):
        if path.stat().st_mode & _OTHERS:
            raise KeysExposed(path)
    return "present, readable by their owner alone; keep a copy apart from the database"


def log_key(settings: Settings) -> str | Warned:
    """Let the key that signs the log sign something that means nothing, and say where it lies."""
    from compliance_bot.home import signing_keys
    from compliance_bot.keys.signing import try_out

    kept = next((one for one in _LOG_KEY_ELSEWHERE if getattr(settings, one) is not None), None)
    files = signing_keys(settings, settings.home / "keys")
    keys = files.load()
    if not keys.keys:
        return "none yet: the first is made when the home is opened"
    try_out(keys.newest)
    if kept is not None and (clear := files.in_clear()):
        return Warned(
            detail=f"keys/log/key-{clear[-1]} lies in the home as it is, though {kept} is set",
            hint="Run `compliance-bot audit rotate-key`, then take that file away: "
            "docs/how-to/keep-the-log-verifiable.md.",
        )
    return f"signs; kept as {kept} says" if kept else "signs; kept in the home, in keys/log"


def models(settings: Settings) -> str:
    """Say whether the shipped models are what their manifests say."""
    from compliance_bot.models.embed import OnnxEmbedder
    from compliance_bot.models.quote import QuoteChatModel

    embedder = OnnxEmbedder.load(threads=settings.threads)
    quote = QuoteChatModel()
    identities = f"embedder {embedder.manifest_hash[:12]}, answerer {quote.manifest_hash[:12]}"
    return f"weights are what their manifests say; {identities}"


def chat_model(settings: Settings) -> str:
    """Make the model as a question would; nothing is sent, so its server may still be away."""
    from compliance_bot.models.chat import open_chat_model

    chat = open_chat_model(settings.chat_model, settings)
    chat.close()
    if chat.is_quote_mode:
        return "quote mode, in this process"
    where = "on the premises" if chat.on_premises else "elsewhere"
    return f"{chat.name} at {chat.endpoint or 'its provider'}, {where} as policies see it; not called"


def disk(settings: Settings) -> str:
    """Say how much room there is."""
    free_mb = shutil.disk_usage(settings.database_dir or settings.home).free // 2**20
    if free_mb < _LEAST_FREE_MB:
        raise ComplianceError(f"{free_mb} MB are free, expected {_LEAST_FREE_MB}", hint="Make room before you ingest.")
    return f"{free_mb} MB are free"


def memory(_: Settings) -> str | Warned:
    """Say how much memory is available."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return Warned(detail="not told by this system", hint=f"See that {_LEAST_MEMORY_MB} MB are available.")
    available_mb = next(int(line.split()[1]) // 1024 for line in lines if line.startswith("MemAvailable:"))
    if available_mb < _LEAST_MEMORY_MB:
        return Warned(
            detail=f"{available_mb} MB are available, expected {_LEAST_MEMORY_MB}",
            hint="Close something, or expect the machine to swap.",
        )
    return f"{available_mb} MB are available"


def embedded_server(settings: Settings) -> str | Warned:
    """Say whether an embedded server was left behind by a crash. Looked at before the database is opened."""
    if settings.database_url is not None:
        return "not used: the setting database_url names a database"
    place = settings.home / "server.json"
    if not place.exists():
        raise ComplianceError(f"there is no {place}", hint="Run `compliance-bot init` again; it keeps what is there.")
    pid_file = Path(json.loads(place.read_text(encoding="utf-8"))["folder"]) / "data" / "postmaster.pid"
    if not pid_file.exists():
        return "not running; it is started when needed"
    pid = int(pid_file.read_text(encoding="ascii").split()[0])
    if not _is_running(pid):
        return Warned(
            detail=f"process {pid} ended without cleaning up",
            hint="It is started again when needed and recovers by itself; its log is server.log beside its data.",
        )
    return f"running as process {pid}"


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
