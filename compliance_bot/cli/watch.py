"""`compliance-bot ingest --watch`: passes until the command is interrupted or ended, each told as it is done."""

from __future__ import annotations

import json
import signal
import threading
from typing import TYPE_CHECKING, Literal

from compliance_bot.cli import output, shapes
from compliance_bot.cli.common import opened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from compliance_bot.records import IngestReport


def watch_paths(
    paths: Sequence[Path],
    *,
    collection: str,
    attributes: Mapping[str, object],
    attribute_list: Path | None,
    base: Path | None,
    prune: Literal["carefully", "all"],
    principal: str,
    poll: bool,
    still_s: float,
    as_json: bool,
) -> None:
    """Keep the documents in step with the paths until SIGINT or SIGTERM; the pass at work is finished first."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())

    def tell(report: IngestReport) -> None:
        if as_json:
            output.say(json.dumps(shapes.ingest_shape(report)))
        elif report.ingested or report.deleted or report.renamed or report.rejected:
            for text in output.report_lines(report):
                output.tell(text)

    def tell_failure(error: Exception) -> None:
        output.tell(f"{type(error).__name__}: {output.line(str(error))} (trying again)")

    with opened() as bot:
        bot.watch(
            paths,
            collection=collection,
            attributes=attributes,
            attribute_list=attribute_list,
            base=base,
            prune=prune,
            principal=principal,
            poll=poll,
            still_s=still_s,
            stop=stop,
            on_pass=tell,
            on_failure=tell_failure,
        )
    output.tell("stopped; everything taken in is stored")
