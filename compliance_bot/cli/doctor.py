"""`compliance-bot doctor`: look at everything a home needs, one check at a time, and say what to do about each."""

from __future__ import annotations

import shutil
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compliance_bot.cli.output import line
from compliance_bot.errors import ComplianceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compliance_bot.settings import Settings

_LEAST_FREE_MB = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check saw."""

    check: str
    ok: bool
    detail: str
    hint: str = ""

    def shape(self) -> dict[str, Any]:
        """Return the finding as `--json` prints it."""
        return {"check": self.check, "ok": self.ok, "detail": self.detail, "hint": self.hint}

    def lines(self) -> Iterator[str]:
        """Yield the finding for reading."""
        yield f"{'ok     ' if self.ok else 'PROBLEM'}  {self.check}: {line(self.detail)}"
        if self.hint and not self.ok:
            yield f"         {line(self.hint)}"


def examine() -> tuple[Finding, ...]:
    """Return what every check saw. A check that cannot be made is a problem, never silently left out."""
    from compliance_bot.settings import load_settings

    settings: list[Settings] = []

    def read_settings() -> str:
        settings.append(load_settings())
        return f"home {settings[0].home}"

    first = _check("settings", read_settings)
    if not settings:
        return (first,)
    checks: dict[str, Callable[[Settings], str]] = {
        "home": _home,
        "keys": _keys,
        "policies": _policies,
        "principals": _principals,
        "models": _models,
        "chat model": _chat_model,
        "disk": _disk,
        "database": _database,
    }
    return (first, *(_check(name, check, settings[0]) for name, check in checks.items()))


def _check(name: str, check: Callable[..., str], *given: Settings) -> Finding:
    try:
        return Finding(check=name, ok=True, detail=check(*given))
    except ComplianceError as error:
        return Finding(check=name, ok=False, detail=str(error), hint=error.hint)
    except OSError as error:
        return Finding(check=name, ok=False, detail=f"{error.filename}: {error.strerror}")


def _home(settings: Settings) -> str:
    from compliance_bot.home import HomeExposed, NoHome

    if not settings.home.is_dir():
        raise NoHome(settings.home)
    if settings.home.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise HomeExposed(settings.home)
    return "only its owner can enter it"


def _keys(settings: Settings) -> str:
    from compliance_bot.keys import load_keys

    load_keys(settings.home / "keys")
    return "present, readable by their owner alone; keep a copy apart from the database"


def _policies(settings: Settings) -> str:
    from compliance_bot.policy.load import load_policies

    policies = load_policies(settings.home / "policies")
    return f"{len(policies.ids)} valid, set {policies.hash[:12]}"


def _principals(settings: Settings) -> str:
    from compliance_bot.identity import load_principals
    from compliance_bot.policy.attributes import typed_attributes
    from compliance_bot.policy.load import load_policies

    policies = load_policies(settings.home / "policies")
    principals = load_principals(settings.home / "policies" / "principals.yaml")
    for principal in principals.values():
        typed_attributes(policies, "User", principal.attributes)
    return f"{len(principals)} listed, all fit the schema"


def _models(settings: Settings) -> str:
    from compliance_bot.models.embed import OnnxEmbedder
    from compliance_bot.models.quote import QuoteChatModel

    embedder = OnnxEmbedder.load(threads=settings.threads)
    quote = QuoteChatModel()
    identities = f"embedder {embedder.manifest_hash[:12]}, answerer {quote.manifest_hash[:12]}"
    return f"weights are what their manifests say; {identities}"


def _chat_model(settings: Settings) -> str:
    """Make the model as a question would; nothing is sent, so its server may still be away."""
    from compliance_bot.models.chat import open_chat_model

    chat = open_chat_model(settings.chat_model, settings)
    chat.close()
    if chat.is_quote_mode:
        return "quote mode, in this process"
    where = "on the premises" if chat.on_premises else "elsewhere"
    return f"{chat.name} at {chat.endpoint or 'its provider'}, {where} as policies see it; not called"


def _disk(settings: Settings) -> str:
    free_mb = shutil.disk_usage(settings.database_dir or settings.home).free // 2**20
    if free_mb < _LEAST_FREE_MB:
        raise ComplianceError(f"{free_mb} MB are free, expected {_LEAST_FREE_MB}", hint="Make room before you ingest.")
    return f"{free_mb} MB are free"


def _database(settings: Settings) -> str:
    from compliance_bot.home import open_home

    with open_home(settings) as home:
        version = home.database.server_version()
    kind = "embedded" if settings.database_url is None else "by DSN"
    return f"PostgreSQL {version} ({kind}), migrated, row-level security in force"
