"""Invented organisations of many kinds: companies, banks, courts, ministries, hospitals, parties, newspapers."""

from __future__ import annotations

from compliance_bot.tuning.entities.invented import Invented
from compliance_bot.tuning.entities.values import values

_KNOWN, _BANKS, _TRADES = values("known_organisations"), values("banks"), values("trades")
_LEGAL, _MINISTRIES, _REGIONS = values("legal_forms"), values("ministries"), values("regions")
_COUNTRIES, _NATIONALITIES = values("countries"), values("nationalities")


class Institutions(Invented):
    """Organisations besides people and places."""

    def company(self) -> str:
        draw = self.random.random()
        if draw < 0.16:
            return self.random.choice(_KNOWN)
        if draw < 0.22:
            return "".join(self._initial() for _ in range(self.random.choice([2, 3, 3, 3, 4, 4, 5])))
        core = self._core()
        if draw < 0.72:
            suffix = self.random.choice(_LEGAL)
            return f"{core}{suffix}" if suffix.startswith(",") else f"{core} {suffix}"
        return core

    def _core(self) -> str:
        trade, last = self.random.choice(_TRADES), self.last()
        draw = self.random.random()
        if draw < 0.2:
            return f"{last} {trade}"
        if draw < 0.32:
            return f"{last} & {self.random.choice(['Sons', 'Co', 'Partners', self.last(), self.last()])}"
        if draw < 0.40:
            return f"{last}, {self.last()} and {self.last()}"
        if draw < 0.62:
            return f"{self._word()} {trade}"
        if draw < 0.72:
            return f"{self._word()}{self._word().lower()}"
        if draw < 0.82:
            return f"{self._word()} {self.random.choice(_TRADES)} {trade}"
        if draw < 0.90:
            return f"{self.city()} {trade}"
        return f"{trade} {self.random.choice(['of', 'for', '&'])} {self.city()}" if draw < 0.94 else self._word()

    def _bank(self) -> str:
        made = [
            f"Bank of {self.city()}",
            f"{self.city()} Savings Bank",
            f"{self.last()} Bank {self.random.choice(_LEGAL)}",
        ]
        made += [f"First {self._word()} Bank", f"{self._word()} Credit Union", f"National Bank of {self._country()}"]
        return self.random.choice(_BANKS) if self.random.random() < 0.5 else self.random.choice(made)

    def _country(self) -> str:
        return self.random.choice(_COUNTRIES)

    def _insurer(self) -> str:
        made = ["Allianz", "AXA", "Aetna", "Blue Cross Blue Shield", "Cigna", "UnitedHealthcare", "Medicare", "Aviva"]
        return self.random.choice([*made, f"{self._word()} Mutual", f"{self.last()} Insurance", f"{self._word()} Life"])

    def _law_firm(self) -> str:
        a, b, c = self.last(), self.last(), self.last()
        return self.random.choice(
            [f"{a} & {b} LLP", f"{a}, {b} & {c}", f"{a} {b}", f"{a} Solicitors", f"Law Offices of {a}"]
        )

    def _court(self) -> str:
        city, pick = self.city(), self.random.choice
        return self.random.choice(
            [
                f"{city} {pick(['District', 'Regional', 'Assize', 'Administrative', 'Criminal', 'Labour'])} Court",
                f"{city} {pick(['State Security', 'Magistrates’', 'County', 'City', 'Commercial'])} Court",
                f"{city} Court of {self.random.choice(['Appeal', 'First Instance', 'Justice'])}",
                f"{self.random.choice(['Supreme', 'Constitutional', 'High', 'Federal', 'Crown'])} Court",
                f"Supreme Court of {self._country()}",
                f"Court of {self.random.choice(['Appeal', 'Cassation', 'Appeals for the Ninth Circuit'])}",
                f"Supreme {self.random.choice(['Administrative', 'Military Administrative', 'Commercial'])} Court",
                f"District Court of {city}",
                f"Regional Court of {city}",
                f"{self.random.choice(['Northern', 'Southern', 'Eastern'])} District of {self.random.choice(_REGIONS)}",
                f"U.S. District Court for the {pick(['Northern', 'Western'])} District of {pick(_REGIONS)}",
                "House of Lords",
                "Federal Constitutional Court",
                "Court of Session",
                f"{city} Employment Tribunal",
                f"Amtsgericht {city}",
                f"Landgericht {city}",
                f"Tribunal de grande instance de {city}",
            ]
        )

    def _ministry(self) -> str:
        of = self.random.choice(_MINISTRIES)
        return self.random.choice(
            [
                f"Ministry of {of}",
                f"Ministry of {of}",
                f"Department of {of}",
                f"Federal Ministry of {of}",
                "Foreign Office",
                "Home Office",
                "Foreign and Commonwealth Office",
                "Treasury",
                f"{of.removeprefix('the ')} Ministry",
            ]
        )

    def _agency(self) -> str:
        city, nation = self.city(), self.random.choice(_NATIONALITIES)
        kinds = [
            "Immigration and Nationality Directorate", "Land Registry", "Social Insurance Board", "Tax Authority",
            "Migration Board", "Youth Welfare Office", "Social Services", "Bar Association", "Chamber of Commerce",
            "Public Prosecutor’s Office", "Data Protection Authority", "Financial Conduct Authority", "Medical Chamber",
            "Securities and Exchange Commission", "Environmental Protection Agency", "Inland Revenue", "Customs Office",
            "Central Bank", "Constitutional Council", "Human Rights Commission", "Forestry Authority", "City Council",
            "Federal Trade Commission", "Department of Motor Vehicles", "General Medical Council", "Pensions Office",
        ]  # fmt: skip
        kind = self.random.choice(kinds)
        return self.random.choice(
            [kind, kind, f"{city} {kind}", f"{nation} {kind}", f"{city} Municipality", self._ministry()]
        )

    def _police(self) -> str:
        city = self.city()
        kinds = ["Police", "Police Department", "Security Directorate", "Gendarmerie Command", "Metropolitan Police"]
        kind = self.random.choice(kinds)
        return self.random.choice(
            [f"{city} {kind}", f"{city} {kind}", "Anti-Terrorism Department", kind, "LAPD", "NYPD"]
        )

    def _party(self) -> str:
        who = [
            "Workers",
            "People",
            "Labour",
            "Green",
            "Socialist",
            "Communist",
            "Liberal",
            "Freedom",
            "National",
            "Welfare",
        ]
        a, b = self.random.choice(who), self.random.choice(who)
        return self.random.choice(
            [
                f"{a} Party",
                f"{a}’s {b} Party",
                f"{a} Party of {self._country()}",
                f"{a} {b} Front",
                "PKK",
                "IRA",
                "SPD",
                "HADEP",
            ]
        )

    def _union(self) -> str:
        who = self.random.choice(["Teachers", "Miners", "Transport Workers", "Nurses", "Journalists", "Dockers"])
        return self.random.choice(
            [f"{who}’ Union", f"National Union of {who}", f"{self.city()} {who} Union", "UNISON", "ver.di"]
        )

    def _association(self) -> str:
        what = self.random.choice(
            ["Human Rights", "Refugee", "Cultural", "Heritage", "Charitable", "Sports", "Patients"]
        )
        kind = self.random.choice(
            ["Association", "Foundation", "Society", "Institute", "Trust", "Federation", "Club", "Centre"]
        )
        return self.random.choice(
            [f"{self.city()} {what} {kind}", f"{what} {kind}", f"{self.last()} {kind}", f"{kind} of {what} Workers"]
        )

    def _hospital(self) -> str:
        city, saint = self.city(), self.first()
        return self.random.choice(
            [
                f"{city} {self.random.choice(['General', 'University', 'State', 'Community', 'Memorial'])} Hospital",
                f"St. {saint}'s Hospital",
                f"St {saint}’s Medical Center",
                f"{self.last()} Clinic",
                f"{city} Medical Center",
                "Mayo Clinic",
                "Charité",
                f"{city} Health Centre",
                "Forensic Medicine Institute",
                f"{self._word()} Care Home",
            ]
        )

    def _university(self) -> str:
        city = self.city()
        return self.random.choice(
            [
                f"University of {city}",
                f"{city} University",
                f"{city} State University",
                f"{self.last()} College",
                "MIT",
                "Harvard",
                f"Technical University of {city}",
                "Oxford University",
                "UCLA",
                f"{city} Law School",
                f"Université de {city}",
            ]
        )

    def _school(self) -> str:
        return self.random.choice(
            [
                f"{self.last()} High School",
                f"{self.city()} Primary School",
                f"St. {self.first()}'s School",
                f"{self.city()} Elementary",
                f"{self.last()} Academy",
                f"{self._word()} Valley Middle School",
            ]
        )

    def _newspaper(self) -> str:
        kind = self.random.choice(
            ["Times", "Post", "Herald", "Tribune", "Gazette", "News", "Chronicle", "Daily", "Journal"]
        )
        made = [
            "BBC",
            "CNN",
            "Reuters",
            "Le Monde",
            "Der Spiegel",
            "The Guardian",
            "The New York Times",
            "Hürriyet",
            "El País",
        ]
        return self.random.choice(
            [*made, f"{self.city()} {kind}", f"{self._word()} {kind}", f"The {self.city()} {kind}"]
        )

    def _team(self) -> str:
        kind = self.random.choice(["United", "City", "FC", "Rovers", "Lions", "Bears", "Tigers", "Hawks", "Athletic"])
        made = ["Real Madrid", "Bayern Munich", "Arsenal", "Chelsea", "Lakers", "Yankees", "Juventus", "Galatasaray"]
        return self.random.choice([*made, f"{self.city()} {kind}"])
