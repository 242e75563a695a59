"""The command line: parse, call one function, print.

Exit codes: 0 done (an abstention too), 1 refused or a check failed, 2 usage or settings, 3 unavailable.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

import typer

from compliance_bot.cli import output, shapes
from compliance_bot.cli.app import app
from compliance_bot.errors import ComplianceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

# The class of all errors in how a command was typed; typer does not export it by name.
_TypingError = cast("type[typer.BadParameter]", typer.BadParameter.__base__)
_INTERRUPTED = 130
_KEPT = "interrupted; what was finished before is kept"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(given))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    try:
        code = app(arguments, standalone_mode=False, prog_name="compliance-bot")
    except ComplianceError as error:
        return _end(error, arguments)
    except _TypingError as error:
        return _mistyped(error, arguments)
    except (KeyboardInterrupt, typer.Abort):
        output.tell(_KEPT)
        return _INTERRUPTED
    except BrokenPipeError:
        sys.stdout = None  # the reader of our output left: there is nobody to tell
        return 0
    if code == _INTERRUPTED:  # typer's own answer to Ctrl-C, which says nothing
        output.tell(_KEPT)
    return code if isinstance(code, int) else 0


def _mistyped(error: typer.BadParameter, arguments: Sequence[str]) -> int:
    """Say what was typed wrongly, and where the help of that command is; a group without a command shows its own."""
    told, context = error.format_message(), error.ctx
    if context is not None and told == context.get_help():
        output.tell(told)
        return UsageError.exit_code
    hint = "`compliance-bot --help` lists the commands."
    if context is not None and context.parent is not None:
        hint = f"`{context.command_path} --help` tells what it takes."
    return _end(UsageError(told, hint=hint), arguments)


def _end(error: ComplianceError, arguments: Sequence[str]) -> int:
    if "--json" in arguments:
        output.say_json(shapes.error_shape(error))
    else:
        output.tell_error(error)
    return error.exit_code
