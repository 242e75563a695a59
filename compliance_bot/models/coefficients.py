"""The coefficients and words of quote mode as two JSON files that people can read, compare and fit again.

`coefficients.json` has a weight and a mean per feature, `words.json` the stems that are common in rules, and words that
mean the same. Both are refused as a whole when a field is unknown, missing or of another type.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from compliance_bot.errors import ComplianceError
from compliance_bot.models.features import QUESTION_FEATURES, UNIT_FEATURES, Lexicon
from compliance_bot.models.selector import Linear, Selector
from compliance_bot.terms import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

COEFFICIENTS = "coefficients.json"
WORDS = "words.json"


class UnreadableWeights(ComplianceError):
    """The coefficients of quote mode are not of the agreed form."""

    hint = "Reinstall the package, or fit them again with `python -m compliance_bot.tuning.fit_quote`."


def parse_selector(coefficients: str | bytes, words: str | bytes) -> Selector:
    """Return the selector that the two files hold. Raises UnreadableWeights naming the field."""
    body = _validated(_Coefficients, coefficients, COEFFICIENTS)
    return Selector(
        ranked=_linear(body.ranked, UNIT_FEATURES),
        answered=_linear(body.answered, QUESTION_FEATURES),
        threshold=body.threshold,
        lexicon=parse_lexicon(words),
    )


def parse_lexicon(words: str | bytes) -> Lexicon:
    """Return what is known of words beforehand. Raises UnreadableWeights naming the field."""
    body = _validated(_Words, words, WORDS)
    groups = [frozenset(token.stem for word in group for token in tokens(word)) for group in body.alike]
    stems = frozenset().union(*groups)
    alike = {stem: frozenset().union(*(group for group in groups if stem in group)) - {stem} for stem in stems}
    return Lexicon(shares=body.shares, alike=alike, strength=body.strength)


def format_coefficients(selector: Selector) -> str:
    """Return the text of `coefficients.json`."""
    body = {
        "ranked": _fields(selector.ranked, UNIT_FEATURES),
        "answered": _fields(selector.answered, QUESTION_FEATURES),
        "threshold": selector.threshold,
    }
    return json.dumps(body, indent=2) + "\n"


def format_words(lexicon: Lexicon, alike: Sequence[Sequence[str]]) -> str:
    """Return the text of `words.json`; `alike` in whole words, as people write them."""
    groups = ",\n    ".join(json.dumps(list(group)) for group in alike)
    shares = json.dumps(dict(sorted(lexicon.shares.items())), indent=4).replace("\n}", "\n  }")
    return f'{{\n  "strength": {lexicon.strength},\n  "alike": [\n    {groups}\n  ],\n  "shares": {shares}\n}}\n'


def _linear(body: _LinearBody, names: Sequence[str]) -> Linear:
    if tuple(body.features) != tuple(names):
        raise UnreadableWeights(f"{COEFFICIENTS}: expected the features {', '.join(names)}, in this order")
    values = body.features.values()
    return Linear(weights=tuple(v.weight for v in values), means=tuple(v.mean for v in values), bias=body.bias)


def _fields(linear: Linear, names: Sequence[str]) -> dict[str, object]:
    rows = zip(names, linear.weights, linear.means, strict=True)
    return {"features": {name: {"weight": weight, "mean": mean} for name, weight, mean in rows}, "bias": linear.bias}


_Body = TypeVar("_Body", bound=BaseModel)


def _validated(form: type[_Body], text: str | bytes, file: str) -> _Body:
    try:
        return form.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UnreadableWeights(f"{file}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class _FeatureBody(_Strict):
    weight: float
    mean: float


class _LinearBody(_Strict):
    features: dict[str, _FeatureBody]
    bias: float = 0.0


class _Coefficients(_Strict):
    ranked: _LinearBody
    answered: _LinearBody
    threshold: float


class _Words(_Strict):
    strength: float = Field(ge=0)
    alike: list[list[str]]
    shares: dict[str, float]
