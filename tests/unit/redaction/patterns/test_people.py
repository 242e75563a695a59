from __future__ import annotations

import time

import pytest

from compliance_bot.redaction.normalise import normalise
from compliance_bot.redaction.patterns.people import PEOPLE


def _found(text: str) -> list[str]:
    normal = normalise(text).text
    return [normal[found.start : found.end] for found in PEOPLE.found(normal) if found.score >= 0.5]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("We met Mr Lopez today.", "Mr Lopez"),
        ("We met Mr. Kerim Yıldız today.", "Mr. Kerim Yıldız"),
        ("seen by Dr. J. K. Smith", "Dr. J. K. Smith"),
        ("seen by Dr Anne-Marie O'Neil-Jones, who", "Dr Anne-Marie O'Neil-Jones"),
        ("Prof. Dr. Weber lehrt", "Prof. Dr. Weber"),
        ("Herr von der Heide und", "Herr von der Heide"),
        ("mit Frau Müller-Lüdenscheidt", "Frau Müller-Lüdenscheidt"),
        ("Mme Lefèvre habite", "Mme Lefèvre"),
        ("la señora Carmen de la Fuente vive", "señora Carmen de la Fuente"),
        ("Sig.ra Rossi", "Sig.ra Rossi"),
        ("la dottoressa Bianchi", "dottoressa Bianchi"),
        ("before Judge Alvarez in", "Alvarez"),
        ("Name: Anna Schmidt\nCity: Bonn", "Anna Schmidt"),
        ("patient = LOPEZ, MARIA", "LOPEZ, MARIA"),
        ("Nachname: Özdemir", "Özdemir"),
        ("Dear Anna,\nthank you", "Anna"),
        ("Hi Ben!", "Ben"),
        ("as the painter P. J. van Dyck said", "P. J. van Dyck"),
        ("written by A. Lovelace in", "A. Lovelace"),
        ("MR LOPEZ: Yes", "MR LOPEZ"),
    ],
)
def test_a_name_is_known_by_what_stands_before_it(text: str, name: str) -> None:
    assert name in _found(text)


@pytest.mark.parametrize(
    "text",
    [
        "Dear Sir or Madam,",
        "Dear Customer,",
        "Dear colleagues,",
        "The Judge said so.",
        "Mr President, Members of the Board",
        "name: unknown",
        "Date: Monday",
        "A. General provisions apply",
        "\nB. Scope of the Rules",
        "It ended. A. Smithers began",  # the item of a list, for all that can be seen
        "the U.S. Government",
        "the U.A.E. Cabinet",
        "in the general interest",
        "Justice and Home Affairs",
        "Hi there, all",
        "Miss the bus and mr. nobody",
    ],
)
def test_what_only_looks_like_a_name_is_left(text: str) -> None:
    assert _found(text) == []


@pytest.mark.parametrize(
    "bomb", ["A. ", "Mr ", "Mr. A", "Dr. Dr. ", "A-", "Name: ", "Dear A", "A.A.", "Xa'Xa-", "Sr de la "]
)
def test_a_hostile_text_is_read_in_linear_time(bomb: str) -> None:
    started = time.monotonic()
    list(PEOPLE.found(bomb * (66_000 // len(bomb))))
    assert time.monotonic() - started < 10  # linear: well under a second
