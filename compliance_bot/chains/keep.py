"""Keep documents in step with files: one ingest pass after another, until somebody stops it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from compliance_bot.errors import ComplianceError, Unavailable, UsageError
from compliance_bot.ingest.watch import changes, with_patience

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from compliance_bot.chains.intake import Intake
    from compliance_bot.ingest.watch import Changed
    from compliance_bot.records import IngestReport


def keep_in_step(
    intake: Intake,
    take_in: Callable[[Intake], IngestReport],
    *,
    stop: threading.Event,
    still_s: float,
    poll: bool,
    on_pass: Callable[[IngestReport], None],
    on_failure: Callable[[Exception], None],
) -> None:
    """Take in everything, then whatever changes. What fails for a while is tried again as a whole pass.

    Whatever is refused or wrong on the first pass is raised: nobody would see it later.
    """
    listed = (intake.attribute_list,) if intake.attribute_list else ()
    is_first = True
    for changed in changes((*intake.paths, *listed), stop, still_s=still_s, poll=poll):
        report = _pass(intake, take_in, changed, stop, on_failure=on_failure, is_first=is_first)
        is_first = False
        if report is not None:
            on_pass(report)


def _pass(
    intake: Intake,
    take_in: Callable[[Intake], IngestReport],
    changed: Changed,
    stop: threading.Event,
    *,
    on_failure: Callable[[Exception], None],
    is_first: bool,
) -> IngestReport | None:
    """Return the report of one pass; None where nothing could be done, which was told."""
    # Another list may speak of every file.
    is_listed = intake.attribute_list is not None and intake.attribute_list.resolve() in (changed or ())
    wanted = [None if is_listed else changed]

    def act() -> IngestReport:
        only = wanted[0]
        wanted[0] = None  # after a failure everything is looked into
        return take_in(replace(intake, only=only))

    def is_passing(error: Exception) -> bool:
        return isinstance(error, Unavailable) and not is_first

    try:
        return with_patience(act, stop, is_passing=is_passing, on_failure=on_failure)
    except (UsageError, ComplianceError) as error:
        if is_first:
            raise
        on_failure(error)
        return None
