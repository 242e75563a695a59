"""`compliance-bot principal`: who is listed, what was granted to whom until when, and breaking the glass."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

from compliance_bot.cli import output, shapes
from compliance_bot.cli.common import LOCAL_ADMINISTRATOR, AsJson, AsUser, opened, parse_settings
from compliance_bot.errors import UsageError

app = typer.Typer(no_args_is_help=True, help="People: who is listed, and what was granted to them for a time.")

GrantArgument = Annotated[str, typer.Argument(metavar="GRANT", help="Id of a grant, as `principal list` shows it.")]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; it goes on record.")]


@app.command("list")
def list_(as_user: AsUser = LOCAL_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """List the people of this home, and every grant with its dates."""
    with opened() as bot:
        grants = bot.grants(principal=as_user)
        listed = bot.principals()
    if as_json:
        output.say_json(shapes.principals_shape(listed, grants, now=datetime.now(UTC)))
    else:
        for text in output.principal_lines(listed, grants, now=datetime.now(UTC)):
            output.say(text)


@app.command()
def grant(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Id of a listed person, or of one who signs in.")],
    reason: Reason,
    groups: Annotated[list[str] | None, typer.Option("--group", metavar="NAME", help="A group.")] = None,
    sets: Annotated[list[str] | None, typer.Option("--set", metavar="key=value", help="An attribute.")] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="DATE", help="When it begins; now by default.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Last day of it; none by default.")] = None,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Give a person groups or attributes for a time. Nobody grants anything to themselves."""
    with opened() as bot:
        made = bot.grant(
            person,
            groups=groups or (),
            attributes=parse_settings(sets or []),
            reason=reason,
            valid_from=_day(since) if since else None,
            valid_to=_day(until) + timedelta(days=1) if until else None,
            principal=as_user,
        )
    if as_json:
        output.say_json({"grant": shapes.grant_shape(made, now=datetime.now(UTC))})
    else:
        output.tell(f"granted: {made.id}")


@app.command()
def revoke(grant: GrantArgument, as_user: AsUser = LOCAL_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """End a grant now. That it was there, and until when, stays known."""
    with opened() as bot:
        bot.revoke(grant, principal=as_user)
    _done({"revoked": grant}, "revoked", as_json=as_json)


@app.command("break-glass")
def break_glass(
    reason: Reason,
    hours: Annotated[float, typer.Option(min=0.01, max=24, help="How long, in hours.")] = 1.0,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Take the group `break-glass` for some hours, where the policies permit it. Somebody else reviews that."""
    with opened() as bot:
        made = bot.break_glass(reason=reason, hours=hours, principal=as_user)
    if as_json:
        output.say_json({"grant": shapes.grant_shape(made, now=datetime.now(UTC))})
    else:
        output.tell(f"until {made.valid_to:%Y-%m-%d %H:%M} UTC, to be reviewed: {made.id}")


@app.command()
def review(
    grant: GrantArgument,
    finding: Annotated[str, typer.Option(metavar="TEXT", help="What came of it; it goes on record.")],
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Close the review of a broken glass. Never by the person who broke it."""
    with opened() as bot:
        bot.review_grant(grant, finding=finding, principal=as_user)
    _done({"reviewed": grant}, "reviewed", as_json=as_json)


def _done(shape: dict[str, str], said: str, *, as_json: bool) -> None:
    if as_json:
        output.say_json(shape)
    else:
        output.tell(said)


def _day(text: str) -> datetime:
    """Return the beginning of a day in UTC. Raises UsageError."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"expected a day such as 2026-03-03, found {text!r}") from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
