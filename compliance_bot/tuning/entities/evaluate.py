"""Measure an entity model on texts of domains and templates that it was not trained on.

    python -m compliance_bot.tuning.entities.evaluate [--model DIR]

Prints recall (covering: each letter and digit of a name is found, whatever as) by type, and the precision of
characters, of the model alone and of the detector with its rules for names. Reads `COMPLIANCE_BOT_DATA`/ner. Handles
are left out of the Twitter texts: they are another recogniser's.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from compliance_bot.models.registry import shipped
from compliance_bot.models.tagger import DEFAULT_TAGGER, EntityTagger
from compliance_bot.redaction.detect import Detector
from compliance_bot.redaction.profile import Profile
from compliance_bot.redaction.scoring import Gold, Judged, by_type, score
from compliance_bot.tuning.entities.corpora import HELD_OUT, corpus
from compliance_bot.tuning.entities.fillers import Fillers
from compliance_bot.tuning.entities.templates import made

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from compliance_bot.redaction.spans import Span
    from compliance_bot.tuning.entities.example import Example

TYPES = {"PER": "PERSON", "LOC": "LOCATION", "ORG": "ORGANIZATION"}
_SEED = 77  # other names than in training
_MADE = 600
_TOGETHER = 40  # sentences of a transcript that are looked at as one text


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure an entity model on what it was not trained on.")
    parser.add_argument("--model", type=Path, default=shipped(DEFAULT_TAGGER), metavar="DIR")
    tagger = EntityTagger.load(parser.parse_args().model, threads=2)
    names = Profile(name="names", types=frozenset(TYPES.values()))
    whole = Detector.load(tagger=tagger).under(names)
    data = Path(os.environ.get("COMPLIANCE_BOT_DATA", "../shared/data")) / "ner"
    print("| held out | texts | with | PERSON | LOCATION | ORGANIZATION | characters right |")
    print("|---|---|---|---|---|---|---|")
    for name, examples in held_out(data).items():
        for way, find in (("model", tagger.tag), ("and rules", whole.detect_each)):
            cells = [name, str(len(examples)), way, *figures(examples, find)]
            print(f"| {' | '.join(cells)} |", flush=True)


def held_out(data: Path) -> Mapping[str, list[Example]]:
    """Return the held-out texts by domain."""
    texts = {name: [_without_handles(one) for one in corpus(data, name)] for name in HELD_OUT}
    texts["gum_court"] = _joined(texts["gum_court"])
    return {**texts, "templates": list(made(Fillers(_SEED), _MADE, held_out=True))}


def figures(examples: Sequence[Example], find: Callable[[list[str]], Sequence[Sequence[Span]]]) -> list[str]:
    """Return covering recall by type as `hits/of share`, and the precision of characters."""
    found = find([example.text for example in examples])
    judged = [
        Judged(where="", text=example.text, gold=_gold(example), found=tuple(spans))
        for example, spans in zip(examples, found, strict=True)
    ]
    counts = by_type(judged)
    recall = [
        f"{counts[kind].covered / counts[kind].gold:.3f} of {counts[kind].gold}" if kind in counts else "-"
        for kind in TYPES.values()
    ]
    precision = score(judged).measures["character_precision"].value
    return [*recall, "-" if precision is None else f"{precision:.3f}"]


def _gold(example: Example) -> tuple[Gold, ...]:
    return tuple(
        Gold(start=m.start, end=m.end, type=TYPES[m.kind], types=frozenset({TYPES[m.kind]})) for m in example.mentions
    )


def _without_handles(example: Example) -> Example:
    kept = (m for m in example.mentions if "@" not in example.text[max(0, m.start - 1) : m.start + 1])
    return replace(example, mentions=tuple(kept))


def _joined(examples: Sequence[Example]) -> list[Example]:
    """Return the sentences in groups, each one text, since names are found again in the text they stand in."""
    groups: list[Example] = []
    for n, example in enumerate(examples):
        if n % _TOGETHER == 0:
            groups.append(example)
            continue
        last = groups[-1]
        shift = len(last.text) + 1
        moved = (replace(m, start=m.start + shift, end=m.end + shift) for m in example.mentions)
        groups[-1] = replace(last, text=f"{last.text}\n{example.text}", mentions=(*last.mentions, *moved))
    return groups


if __name__ == "__main__":
    main()
