"""Options that many commands share, and how a command ends."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compliance_bot.errors import UsageError
from compliance_bot.logs import configure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.bot import ComplianceBot
    from compliance_bot.settings import Settings

LOCAL_ADMINISTRATOR = "admin"


def _whoever_runs_this(context: typer.Context, parameter: typer.CallbackParam, name: str) -> str:
    """Return who acts: in production, where nobody is named, the principal that this account is."""
    given_by = context.get_parameter_source(parameter.name or "")
    if context.resilient_parsing or given_by is None or given_by.name != "DEFAULT":
        return name
    from compliance_bot.identity import account_name, load_mapping
    from compliance_bot.settings import load_settings

    settings = load_settings()
    if not settings.production:
        return name
    # An account that is nobody is refused when it acts, on record.
    return load_mapping(settings.home / "policies" / "identity.yaml").accounts.get(account_name() or "", name)


AsUser = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="USER",
        help="Act as this principal of the home; left out in production, as the one that this account is.",
        callback=_whoever_runs_this,
    ),
]
Purpose = Annotated[str | None, typer.Option(help="Purpose of use, where the policies ask for one.")]
Reveal = Annotated[
    bool,
    typer.Option(
        "--reveal/--no-reveal",
        help="Show personal data as far as the policies permit it, or placeholders alone. It goes on record.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON (docs/reference/json.md).")]


@contextmanager
def opened() -> Iterator[ComplianceBot]:
    """Open the home in force. Imported late: `--help` must not wait for models and drivers."""
    from compliance_bot.bot import ComplianceBot
    from compliance_bot.settings import load_settings

    start_logging(load_settings())
    with ComplianceBot.open() as bot:
        yield bot


def start_logging(settings: Settings) -> None:
    """Log as the settings say. Raises LogFileUnwritable."""
    configure(level=settings.log_level, format=settings.log_format, file=settings.log_file)


def parse_settings(pairs: list[str], *, option: str = "--set") -> dict[str, str]:
    """Return `key=value` pairs as a mapping. Raises UsageError for a pair without `=`, or a key that stands twice."""
    parsed: dict[str, str] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator or not key.strip() or key.strip() in parsed:
            raise UsageError(f"{option} expects key=value, each key once")
        parsed[key.strip()] = value
    return parsed


def existing(path: Path) -> Path:
    """Return a file that an option names. Raises UsageError when it is not there."""
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file")
    return path
