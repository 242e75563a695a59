"""Does a forbidden thing take as long as an absent one? Measured in pairs, in turns, on the same machine.

For each act, the median of the ratios forbidden / absent and the interval that holds it with 95 % (by resampling): an
interval narrower than 10 % would show a difference of 10 %. Not asserted anywhere: clocks are no tests.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compliance_bot.errors import Refused
from compliance_bot.records import Principal
from compliance_bot.testing import throw_away_bot

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.bot import ComplianceBot
    from tests.benchmarks.homes import Setup

PAIRS, WARM = 1000, 20
ANA = Principal(id="ana", groups={"aml"}, attributes={"clearance": 1})
POLICIES = """
@id("work") permit (principal in Group::"aml", action in [Action::"ask", Action::"search"], resource);
@id("delete") permit (principal in Group::"aml", action == Action::"delete", resource);
@id("read") permit (principal in Group::"aml", action == Action::"read", resource)
  when { resource has classification && resource.classification <= 1 };
"""
WORDS = ["quarry", "meadow", "forest", "ferry", "granite", "willow", "copper", "lantern", "harvest", "orchard"]


def seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    with suppress(Refused):
        act()
    return time.perf_counter() - began


def compare(pairs: int, forbidden: Callable[[int], object], absent: Callable[[int], object]) -> list[float]:
    """Return the ratio of each pair; which of the two comes first is drawn by chance."""
    chance, ratios = random.Random(0), []
    for number in range(pairs):
        both = [(0, forbidden), (1, absent)]
        chance.shuffle(both)
        took = {which: seconds(lambda act=act, n=number: act(n)) for which, act in both}
        ratios.append(took[0] / took[1])
    return ratios


def figures(ratios: list[float]) -> dict[str, float]:
    """Return the median of the ratios and the interval that holds it with 95 %."""
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(ratios, k=len(ratios))) for _ in range(1000))
    median, low, high = (round(one, 3) for one in (statistics.median(ratios), medians[25], medians[975]))
    return {"median": median, "low": low, "high": high, "pairs": len(ratios)}


def run(setup: Setup) -> dict[str, Any]:
    """Return the ratios by act."""
    pairs = setup.limit or PAIRS
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with throw_away_bot(home) as made:
            (home / "policies" / "absent.cedar").write_text(POLICIES, encoding="utf-8")
            with type(made).open(home) as bot:
                bot.embedder, bot.detector = made.embedder, made.detector
                return _measure(bot, Path(folder), pairs)


def _measure(bot: ComplianceBot, folder: Path, pairs: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    number = min(300, pairs)
    for collection, classification in (("open", 0), ("shut", 3)):
        place = folder / collection
        place.mkdir()
        for n in range(number):
            text = f"The {WORDS[n % 10]} is closed. " * 20 if classification else "The fee is nine crowns. " * 20
            (place / f"{n}.md").write_text(f"# {collection} {n}\n\n{text}\n", encoding="utf-8")
        bot.ingest([place], collection=collection, attributes={"classification": classification})
    hidden = [one.document for one in bot.documents(principal="admin") if one.collection == "shut"]
    absent = [str(uuid.uuid4()) for _ in hidden]

    def of(ids: list[str], act: Callable[[str], object]) -> Callable[[int], object]:
        return lambda n: act(ids[n % len(ids)])

    acts: dict[str, Callable[[str], object]] = {
        "show": lambda id_: bot.document(id_, principal=ANA),
        "history": lambda id_: bot.history(id_, principal=ANA),
        "delete": lambda id_: bot.delete(id_, principal=ANA),
    }
    for name, act in acts.items():
        compare(WARM, of(hidden, act), of(absent, act))
        found[name] = figures(compare(pairs, of(hidden, act), of(absent, act)))
    nowhere = [f"z{word}" for word in WORDS]
    asks: dict[str, Callable[[str], object]] = {
        "ask": lambda word: bot.ask(f"When is the {word} closed?", principal=ANA),
        "search": lambda word: bot.search(f"When is the {word} closed?", principal=ANA),
    }
    for name, act in asks.items():
        compare(WARM, of(WORDS, act), of(nowhere, act))
        found[name] = figures(compare(pairs // 2, of(WORDS, act), of(nowhere, act)))
    return found
