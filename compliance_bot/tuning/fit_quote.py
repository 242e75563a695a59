"""Fit quote mode: which unit holds the answer, and whether there is one. A few coefficients, on public questions.

    python -m compliance_bot.tuning.fit_quote --data DIR --out compliance_bot/models/weights/quote

Ranking is a conditional logit (McFadden 1974) over the units of the ten best passages: for XQuAD the right units hold
the answer, for ObliQA any unit of a gold passage may be right. "Answered" is a logistic regression on the best unit;
its unanswerable questions are XQuAD's with the gold paragraph removed from the search. All figures are out of fold,
folds by article and document.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from compliance_bot.models.coefficients import COEFFICIENTS, WORDS, format_coefficients, format_words, parse_lexicon
from compliance_bot.models.features import compare, question_features
from compliance_bot.models.registry import ModelKind, write_manifest
from compliance_bot.models.selector import Linear, Selector, is_about
from compliance_bot.tuning.logit import conditional_logit, logistic, standardised
from compliance_bot.tuning.quote_corpora import Retriever, common_words, read_obliqa, read_xquad

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from compliance_bot.models.features import Comparison, Lexicon
    from compliance_bot.models.outline import Span
    from compliance_bot.tuning.quote_corpora import Asked, Corpus

    Floats = NDArray[np.float64]
    Vectors = NDArray[np.float32]

PASSAGES = 10  # per question, as in a chain
FOLDS = 5
COMMON = 0.004  # share of passages from which on a word counts as common
PENALTY = 1.0  # on standardised features


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A question beside its candidates; `right` is 1.0 for units that answer it, all 0.0 where there is no answer."""

    comparison: Comparison
    right: Floats
    fold: int
    is_answerable: bool  # the gold passages were not removed


def examples(corpus: Corpus, vectors: Vectors, asked: Vectors, lexicon: Lexicon) -> list[Example]:
    """Return two examples per question: as asked, and with its gold passages removed."""
    retriever = Retriever(corpus, vectors)
    found = []
    for question, vector in zip(corpus.asked, asked, strict=True):
        for removed in (frozenset[int](), question.gold):
            sources, evidence = retriever.search(question.text, vector, PASSAGES, removed)
            comparison = compare(question.text, sources, lexicon, evidence)
            gold = [int(source.id, 16) in question.gold for source in sources]
            right = [gold[unit.position] and _answers(question, unit.unit.spans) for unit in comparison.candidates]
            fold = min((corpus.parts[n] for n in question.gold), default=0) % FOLDS
            found.append(
                Example(comparison=comparison, right=np.array(right, float), fold=fold, is_answerable=not removed)
            )
    return found


def fit_ranking(training: Sequence[Example]) -> Linear:
    """Return the weights that make the right units of each question likely against its other units."""
    usable = [example for example in training if example.right.any()]
    features, means, scales = standardised(np.concatenate([example.comparison.features for example in usable]))
    right = np.concatenate([example.right for example in usable])
    weights = conditional_logit(features, right, sizes=[len(example.right) for example in usable], penalty=PENALTY)
    return Linear(weights=tuple(weights / scales), means=tuple(means))


def fit_answered(found: Sequence[Example], ranked: Linear) -> Linear:
    """Return what tells answerable questions from the same questions without their gold passages."""
    best = [int(np.argmax(ranked(example.comparison.features))) for example in found]
    rows = [question_features(example.comparison, n) for example, n in zip(found, best, strict=True)]
    features, means, scales = standardised(np.array(rows))
    answered = np.array([float(example.is_answerable) for example in found])
    weights, bias = logistic(features, answered, penalty=PENALTY)
    raw = weights / scales
    return Linear(weights=tuple(raw), means=tuple(means), bias=float(bias - raw @ means))


def _answers(question: Asked, spans: Sequence[Span]) -> bool:
    places = [(span.start, span.end) for span in spans]
    return not question.answers or any(a <= start and end <= b for start, end in question.answers for a, b in places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One question out of fold: was the first unit right, was any of three, and how surely is it answered at all."""

    first: bool
    three: bool
    score: float
    is_about: bool
    is_answerable: bool


def judge(training: Sequence[Example], answered: Sequence[Example], held_out: Sequence[Example]) -> list[Judged]:
    """Fit on `training` (ranking) and `answered`, and return what becomes of the held-out questions."""
    ranked = fit_ranking(training)
    linear = fit_answered(answered, ranked)
    judged = []
    for example in held_out:
        order = np.argsort(-ranked(example.comparison.features), kind="stable")
        judged.append(
            Judged(
                first=bool(example.right[order[0]]),
                three=bool(example.right[order[:3]].any()),
                score=float(linear(question_features(example.comparison, int(order[0])))),
                is_about=is_about(example.comparison, int(order[0])),
                is_answerable=example.is_answerable,
            )
        )
    return judged


def auroc(judged: Sequence[Judged]) -> float:
    """Return the chance that an answerable question scores above an unanswerable one."""
    yes = np.array([one.score for one in judged if one.is_answerable])
    no = np.sort([one.score for one in judged if not one.is_answerable])
    below = np.searchsorted(no, yes, side="left") + np.searchsorted(no, yes, side="right")
    return float(below.mean() / 2 / len(no))


def balanced_threshold(judged: Sequence[Judged]) -> float:
    """Return the score at which wrongly answered and wrongly refused questions are equally frequent, in their kind.

    That is the point where neither error is preferred: who fears wrong answers more raises it.
    """
    yes = np.array([one.score for one in judged if one.is_answerable])
    no = np.array([one.score for one in judged if not one.is_answerable])
    grid = np.linspace(-4, 4, 801)
    return round(float(min(grid, key=lambda cut: abs((yes < cut).mean() - (no >= cut).mean()))), 2)


def report(name: str, judged: Sequence[Judged], threshold: float) -> dict[str, float]:
    """Return the figures of one corpus, and print them."""
    yes = [one for one in judged if one.is_answerable]
    no = [one for one in judged if not one.is_answerable]
    answered = [one for one in yes if one.score >= threshold and one.is_about]
    figures = {
        "first": sum(one.first for one in yes) / len(yes),
        "three": sum(one.three for one in yes) / len(yes),
        "auroc": auroc(judged),
        "answered": len(answered) / len(yes),
        "answered_without_gold": sum(one.score >= threshold and one.is_about for one in no) / len(no),
        "right_when_answered": sum(one.first for one in answered) / len(answered),
    }
    rounded = {key: round(value, 4) for key, value in figures.items()}
    print(name, len(yes), "questions:", ", ".join(f"{key} {value}" for key, value in rounded.items()))
    return rounded


def embed_texts(texts: Sequence[str], cache: Path | None) -> Vectors:
    """Return a vector per text by the shipped embedder; kept in `cache` because ObliQA takes minutes."""
    key = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
    file = cache / f"{key}.npy" if cache else None
    if file and file.exists():
        kept: Vectors = np.load(file)
        return kept
    from compliance_bot.models.embed import OnnxEmbedder

    vectors: Vectors = OnnxEmbedder.load(threads=1).embed(texts)
    if file:
        np.save(file, vectors)
    return vectors


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Fit the coefficients of quote mode.")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("COMPLIANCE_BOT_DATA", "../shared/data")))
    parser.add_argument("--out", type=Path, required=True, help="folder of the weights; its words.json is read")
    parser.add_argument("--questions", type=int, default=600, help="of ObliQA's dev split")
    parser.add_argument("--cache", type=Path, help="folder for vectors")
    options = parser.parse_args(arguments)

    words = json.loads((options.out / WORDS).read_text(encoding="utf-8"))
    lexicon = replace(parse_lexicon(json.dumps(words)), shares=common_words(options.data, COMMON))
    sets = {}
    for corpus in (read_xquad(options.data), read_obliqa(options.data, options.questions)):
        passages = embed_texts([source.text for source in corpus.sources], options.cache)
        asked = embed_texts([question.text for question in corpus.asked], options.cache)
        sets[corpus.name] = examples(corpus, passages, asked, lexicon)
    everything = [example for found in sets.values() for example in found]

    judged: dict[str, list[Judged]] = {name: [] for name in sets}
    for fold in range(FOLDS):
        training = [example for example in everything if example.fold != fold]
        answered = [example for example in sets["xquad"] if example.fold != fold]
        for name, found in sets.items():
            judged[name] += judge(training, answered, [example for example in found if example.fold == fold])
    threshold = balanced_threshold(judged["xquad"])
    figures = {name: report(name, found, threshold) for name, found in judged.items()}

    ranked = fit_ranking(everything)
    linear = fit_answered(sets["xquad"], ranked)
    selector = Selector(ranked=ranked, answered=linear, threshold=threshold, lexicon=lexicon)
    (options.out / COEFFICIENTS).write_text(format_coefficients(selector), encoding="utf-8")
    (options.out / WORDS).write_text(format_words(lexicon, words["alike"]), encoding="utf-8")
    manifest = write_manifest(
        options.out,
        name="quote",
        kind=ModelKind.ANSWERER,
        licence="Apache-2.0",
        files=(COEFFICIENTS, WORDS),
        provenance={
            "data": [
                "XQuAD en (coefficients only)",
                "ObliQA documents and dev questions",
                "NIST SP 800-53 rev 5 (words)",
            ],
            "command": f"python -m compliance_bot.tuning.fit_quote --questions {options.questions}",
            "out_of_fold": {name: dict(found) for name, found in figures.items()},
        },
    )
    print("manifest", manifest.hash)


if __name__ == "__main__":
    main()
