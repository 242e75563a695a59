"""Sentences, headings and words without a name in five languages: what stands about names, and is none."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from faker import Faker

from compliance_bot.tuning.entities.values import values

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Collection

_LOCALES = {"": "en_US", "_de": "de_DE", "_fr": "fr_FR", "_es": "es_ES", "_it": "it_IT"}
_DRAWN = 3000  # words drawn from a language's list, which is shorter


class Prose:
    """Ordinary words by language, drawn with one generator; none of `names` is among them."""

    def __init__(self, draw: random.Random, names: Collection[str]) -> None:
        self._draw, self._names = draw, frozenset(name.lower() for name in names)

    def slots(self) -> dict[str, Callable[[], str]]:
        """Return what fills the slots `word`, `heading` and `sentence` of each language, `lower` and `letter`."""
        made: dict[str, Callable[[], str]] = {
            "lower": lambda: self._word(""),
            "letter": lambda: self._draw.choice("abcdefghijklmnopqrstuvwxyzABCDEFGH"),
        }
        for suffix in _LOCALES:
            made[f"word{suffix}"] = lambda suffix=suffix: self._word(suffix).capitalize()  # type: ignore[misc]
            made[f"heading{suffix}"] = lambda suffix=suffix: self._draw.choice(self._headings[suffix])  # type: ignore[misc]
            made[f"sentence{suffix}"] = lambda suffix=suffix: self._sentence(suffix)  # type: ignore[misc]
        return made

    def _word(self, suffix: str) -> str:
        return self._draw.choice(self._words[suffix])

    def _sentence(self, suffix: str) -> str:
        if not suffix and self._draw.random() < 0.7:
            return self._draw.choice(self._sentences)
        words = [self._word(suffix) for _ in range(self._draw.randint(4, 12))]
        return f"{' '.join(words).capitalize() if suffix != '_de' else _first_large(' '.join(words))}."

    @cached_property
    def _words(self) -> dict[str, list[str]]:
        return {suffix: self._of(locale) for suffix, locale in _LOCALES.items()}

    def _of(self, locale: str) -> list[str]:
        fake: Any = Faker(locale)
        fake.seed_instance(1)
        drawn = dict.fromkeys(fake.words(_DRAWN))
        return [word for word in drawn if word.lower() not in self._names]

    @cached_property
    def _headings(self) -> dict[str, list[str]]:
        return {suffix: values(f"headings{suffix}") for suffix in _LOCALES}

    @cached_property
    def _sentences(self) -> list[str]:
        return values("sentences")


def _first_large(text: str) -> str:
    return text[:1].upper() + text[1:]  # German nouns keep their capitals
