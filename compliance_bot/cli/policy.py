"""`compliance-bot policy`: check, test, explain, who, what-if."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compliance_bot.cli import output, policy_output, shapes
from compliance_bot.cli.common import LOCAL_ADMINISTRATOR, AsJson, AsUser, opened, parse_settings

if TYPE_CHECKING:
    from compliance_bot.chains.examine import PolicyReport

app = typer.Typer(no_args_is_help=True, help="Check policies, explain decisions, and compare sets before a change.")

Folder = Annotated[Path | None, typer.Argument(metavar="[DIR]", help="A policy folder; the home's by default.")]
Document = Annotated[str, typer.Option(metavar="ID", help="A document, as `documents list` shows it.")]
Action = Annotated[str, typer.Option(help="An action on documents.")]
Purpose = Annotated[str | None, typer.Option(help="Purpose of use.")]
Context = Annotated[
    list[str] | None,
    typer.Option("--context", metavar="key=value", help="What the action is decided with besides, as `entity_type`."),
]


@app.command()
def check(folder: Folder = None, as_json: AsJson = False) -> None:
    """List all that is wrong with a policy folder, what is doubtful, and run its tests (DIR/tests/*.yaml)."""
    from compliance_bot.chains.examine import examine_policies

    _report(examine_policies(_folder(folder)), as_json=as_json)


@app.command("test")
def try_(folder: Folder = None, as_json: AsJson = False) -> None:
    """Run the tests of a policy folder (DIR/tests/*.yaml)."""
    from compliance_bot.chains.examine import try_policies

    _report(try_policies(_folder(folder)), as_json=as_json)


@app.command()
def explain(
    document: Document,
    as_user: Annotated[str, typer.Option("--as", metavar="WHO", help="Whose access is explained.")],
    by: Annotated[
        str | None, typer.Option(metavar="REVIEWER", help="Who asks: may `administer` or `review`. WHO by default.")
    ] = None,
    action: Action = "read",
    purpose: Purpose = None,
    context: Context = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="With the rights of then; a day is its beginning in UTC.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether somebody may act on a document, and why. On record."""
    from compliance_bot.chains.then import parse_as_of

    moment = None if as_of is None else parse_as_of(as_of, now=datetime.now(UTC))
    with opened() as bot:
        explanation = bot.explain(
            document,
            as_user if by else None,
            principal=by or as_user,
            action=action,
            purpose=purpose,
            context=_context(context),
            as_of=moment,
        )
    if as_json:
        output.say_json(shapes.explanation_shape(explanation))
    else:
        for text in policy_output.explanation_lines(explanation):
            output.say(text)


@app.command()
def who(
    document: Document,
    action: Action = "read",
    purpose: Purpose = None,
    context: Context = None,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """List who of the people listed may act on a document. Takes `administer` or `review`; on record."""
    with opened() as bot:
        permissions = bot.who_may(
            document, principal=as_user, action=action, purpose=purpose, context=_context(context)
        )
    if as_json:
        output.say_json(shapes.permissions_shape(permissions))
    else:
        for text in policy_output.permissions_lines(permissions):
            output.say(text)


@app.command("what-if")
def what_if(
    folder: Annotated[Path, typer.Option("--with", metavar="DIR", help="The other policy folder.")],
    fail_on_gain: Annotated[
        bool,
        typer.Option("--fail-on-gain", help="Exit 1 where somebody gains something, or a forbid changes or goes."),
    ] = False,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Say who would gain and lose what with other policies and people. Takes `administer` or `review`; on record."""
    from compliance_bot.cli.progress import progress

    with opened() as bot, progress(lambda: len(bot.principals())) as advance:
        comparison = bot.what_if(folder, principal=as_user, on_person=advance)
    if as_json:
        output.say_json(shapes.comparison_shape(comparison))
    else:
        for text in policy_output.comparison_lines(comparison):
            output.say(text)
    raise typer.Exit(1 if fail_on_gain and comparison.has_gains else 0)


def _report(report: PolicyReport, *, as_json: bool) -> None:
    if as_json:
        output.say_json(shapes.policy_report_shape(report))
    else:
        for text in policy_output.report_lines(report):
            output.say(text)
    raise typer.Exit(report.exit_code)


def _folder(given: Path | None) -> Path:
    from compliance_bot.settings import load_settings

    return given if given is not None else load_settings().home / "policies"


def _context(pairs: list[str] | None) -> dict[str, str | bool]:
    truths = {"true": True, "false": False}
    return {name: truths.get(value, value) for name, value in parse_settings(pairs or [], option="--context").items()}
