"""`compliance-bot doctor --tune`: measure the search, and say what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.cli import output, shapes
from compliance_bot.cli.common import opened
from compliance_bot.cli.progress import counting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.retrieval.tune import Tuned


def tune_search(principal: str, *, as_json: bool) -> None:
    """Tune the search of the home and print what was measured."""
    with opened() as bot, counting() as advance:
        tuned = bot.tune_search(principal=principal, on_progress=advance)
        overridden = bot.settings.exact_threshold
    if as_json:
        output.say_json(shapes.tuning_shape(tuned))
        return
    for text in tuning_lines(tuned):
        output.say(text)
    if overridden is not None:
        output.tell(f"the setting exact_threshold = {overridden} holds in place of the measured threshold")


def tuning_lines(tuned: Tuned) -> Iterator[str]:
    """Yield what was measured with the chosen reach, and what follows from it."""
    chosen = tuned.tuning
    yield f"{'readable':>10}  {'which':<9} {'all, ms':>8} {'index, ms':>9} {'recall@10':>9} {'given up':>8}"
    for one in tuned.chosen:
        yield (
            f"{one.readable:>10}  {one.kind:<9} {one.exact_ms:>8.1f} {one.walk_ms:>9.1f} "
            f"{one.recall:>9.3f} {one.given_up:>8.0%}"
        )
    if chosen.threshold >= chosen.chunks:
        yield f"all chunks are compared in every search: among {chosen.chunks} the index is not worth it"
        return
    yield f"up to {chosen.threshold} readable chunks all are compared; above, the index is followed:"
    yield (
        f"ef_search {chosen.ef_search}, fetch {chosen.fetch_base} + {chosen.fetch_slope} x readable share, "
        f"from {chosen.fetch_least} to {chosen.fetch_most}; recall@10 at least {chosen.recall:.3f}"
    )
