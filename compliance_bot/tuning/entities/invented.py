"""Invented people and places: full names as people write them, cities, streets."""

from __future__ import annotations

import random

from compliance_bot.tuning.entities.people import people
from compliance_bot.tuning.entities.values import values

_ASIAN, _HONORIFICS = values("asian_names"), values("honorifics")
_CITIES, _PLACES, _WORDS = values("cities"), values("places"), values("words")


class Invented:
    """Values drawn with one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311  # not for secrets
        self._pool = people(seed)

    def first(self) -> str:
        return self.random.choice(self._pool)[0]

    def last(self) -> str:
        last = self.random.choice(self._pool)[1]
        draw = self.random.random()
        if draw < 0.03:
            return f"{last}-{self.random.choice(self._pool)[1]}"
        if draw < 0.05:
            return self.random.choice(["O'", "Mc", "de ", "van der ", "von ", "di ", "El ", "Ben "]) + last
        return last

    def person(self) -> str:
        """Return a full name as people write them: with initials, two given names, surname first in capitals."""
        first, last = self.random.choice(self._pool)
        if self.random.random() < 0.3:
            last = self.last()
        draw = self.random.random()
        middle = f"{self._initial()}."
        if draw < 0.62:
            return f"{first} {last}"
        if draw < 0.74:
            return f"{first} {middle} {last}"
        if draw < 0.80:
            return f"{first[0]}. {last}"
        if draw < 0.83:
            return f"{first[0]}. {middle} {last}"
        if draw < 0.90:
            return f"{first} {self.first()} {last}"
        if draw < 0.94:
            return f"{first} {last.upper()}"
        if draw < 0.96:
            return self.random.choice(_ASIAN)
        return f"{first} {last} {self.random.choice(['Jr.', 'Jr', 'III', 'II', 'Sr.'])}"

    def honorific(self) -> str:
        return self.random.choice(_HONORIFICS)

    def _initial(self) -> str:
        return self.random.choice("ABCDEFGHIJKLMNOPRSTVWYZ")

    def _initials(self) -> str:
        draw = self.random.random()
        if draw < 0.5:
            return f"{self._initial()}.{self._initial()}."
        return f"{self._initial()}. {self._initial()}." if draw < 0.7 else f"{self._initial()}."

    # Places

    def city(self) -> str:
        if self.random.random() < 0.55:
            return self.random.choice(_CITIES)
        root = self.random.choice(self._pool)[1].split()[-1]
        ends = [
            "ville",
            "ton",
            "burg",
            "heim",
            "ford",
            "field",
            "stadt",
            "köy",
            "ovo",
            "ice",
            "grad",
            "polis",
            "by",
            "",
        ]
        named = [
            f"{root} Hill",
            f"New {root}",
            f"Port {root}",
            f"St. {self.first()}",
            f"Bad {root}",
            f"San {self.first()}",
        ]
        return self.random.choice([root.removesuffix("son") + self.random.choice(ends), *named[: 1 + self._one_of(6)]])

    def _place(self) -> str:
        kinds = ["Park", "Square", "Station", "Airport", "Bridge", "Lake", "River", "Hill", "Beach", "Mall", "Tower"]
        if self.random.random() < 0.4:
            return self.random.choice(_PLACES)
        return f"{self.random.choice([self.city(), self.last(), self._word()])} {self.random.choice(kinds)}"

    def _street(self) -> str:
        number, name = self.random.randint(1, 999), self.last()
        suffix = self.random.choice(["Street", "St", "Road", "Rd", "Avenue", "Ave", "Lane", "Drive", "Blvd", "Way"])
        return self.random.choice(
            [
                f"{number} {name} {suffix}",
                f"{number} {name} {suffix}, Apt {self.random.randint(1, 40)}",
                f"{name}straße {number % 120 + 1}",
                f"{number % 90 + 1} rue de {name}",
                f"Via {name} {number % 90 + 1}",
                f"Calle {name} {number % 90 + 1}",
                f"{name} {suffix}",
            ]
        )

    def _word(self) -> str:
        return self.random.choice(_WORDS)

    def _one_of(self, count: int) -> int:
        return self.random.randint(1, count)
