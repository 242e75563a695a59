"""Values for the slots of the templates. What a slot stands for decides its label: a person, a place, an organisation,
or nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.tuning.entities.institutions import Institutions
from compliance_bot.tuning.entities.prose import Prose
from compliance_bot.tuning.entities.values import values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_COUNTRIES, _REGIONS, _NATIONALITIES = values("countries"), values("regions"), values("nationalities")
_CRIMES, _JOBS = values("crimes"), values("jobs")
_MONTHS = """January February March April May June July August September October November December""".split()


class Fillers(Institutions):
    """Values for slots, drawn with one seed. `kind(slot)` is the label of a slot: PER, LOC, ORG, or None."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._slots = {slot: (kind, make) for slot, kind, make in self._table()}

    def kind(self, slot: str) -> str | None:
        return self._slots[slot.lower()][0]

    def fill(self, slot: str) -> str:
        """Return a value for a slot; a slot in capitals gets one in capitals."""
        value = self._slots[slot.lower()][1]()
        return value.upper() if len(slot) > 1 and slot.isupper() else value

    def _table(self) -> Iterator[tuple[str, str | None, Callable[[], str]]]:
        """Yield each slot with its kind and what fills it."""
        for kind, slots in (("PER", self._people()), ("LOC", self._places()), ("ORG", self._organisations())):
            for slot, make in slots.items():
                yield slot, kind, make
        names = {*_COUNTRIES, *_REGIONS, *(name for pair in self._pool for name in pair)}
        for slot, make in (*self._nothing().items(), *Prose(self.random, names).slots().items()):
            yield slot, None, make

    def _people(self) -> dict[str, Callable[[], str]]:
        return {
            "person": self.person,
            "first": self.first,
            "last": self.last,
            "i": self._initial,
            "initials": self._initials,
        }

    def _places(self) -> dict[str, Callable[[], str]]:
        pick = self.random.choice
        return {
            "city": self.city,
            "country": lambda: pick(_COUNTRIES),
            "region": lambda: pick(_REGIONS),
            "place": self._place,
            "village": self.city,
            "street": self._street,
            "city_state": lambda: f"{self.city()}",
        }

    def _organisations(self) -> dict[str, Callable[[], str]]:
        pick = self.random.choice
        return {
            "company": self.company,
            "bank": self._bank,
            "insurer": self._insurer,
            "lawfirm": self._law_firm,
            "court": self._court,
            "agency": self._agency,
            "ministry": self._ministry,
            "police": self._police,
            "prison": lambda: pick([f"{self.city()} Prison", f"{self.city()} Remand Prison", f"HMP {self.city()}"]),
            "party": self._party,
            "union": self._union,
            "association": self._association,
            "hospital": self._hospital,
            "university": self._university,
            "school": self._school,
            "newspaper": self._newspaper,
            "courier": lambda: pick(["UPS", "FedEx", "DHL", "Hermes", "USPS", "Royal Mail", "La Poste"]),
            "airline": lambda: pick(
                ["Lufthansa", "Ryanair", "easyJet", "Delta", "Emirates", f"{self._word()} Airways"]
            ),
            "sports": self._team,
        }

    def _nothing(self) -> dict[str, Callable[[], str]]:
        pick, number = self.random.choice, self.random.randint
        return {
            "mr": lambda: "",  # made by `templates`: the honorific is no part of the name
            "nationality": lambda: pick(_NATIONALITIES),
            "number": lambda: str(number(100, 99999)),
            "small": lambda: str(number(2, 60)),
            "age": lambda: str(number(18, 97)),
            "year": lambda: str(number(1930, 2025)),
            "year2": lambda: f"{number(0, 99):02}",
            "date": self._date,
            "date_short": lambda: f"{number(1, 12)}/{number(1, 28)}/2{number(0, 9)}",
            "money": lambda: f"{pick(['EUR', '$', '€', 'USD', '£', 'CHF'])} {number(1, 999)},000",
            "crime": lambda: pick(_CRIMES),
            "docket": lambda: f"{number(10, 24)}-{number(10, 999)}",
            "handle": lambda: f"{self.first().lower()}{number(1, 99)}",
            "title_job": lambda: pick(_JOBS),
        }

    def _date(self) -> str:
        day, month, year = self.random.randint(1, 28), self._one_of(12), self.random.randint(1950, 2025)
        name = _MONTHS[month - 1]
        return self.random.choice(
            [
                f"{day} {name} {year}",
                f"{name} {day}, {year}",
                f"{day:02}/{month:02}/{year}",
                f"{day}.{month}.{year}",
                f"{name} {year}",
            ]
        )
