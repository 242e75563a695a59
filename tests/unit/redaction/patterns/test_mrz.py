"""The specimens of ICAO Doc 9303, parts 4 to 7, and what else is full of `<`."""

from __future__ import annotations

import pytest

from compliance_bot.redaction.patterns.mrz import machine_readable_zones
from tests.unit.redaction.patterns.marked import found, seconds

SPECIMENS = {
    "TD3": """
        P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<
        L898902C36UTO7408122F1204159ZE184226B<<<<<10
    """,
    "TD1": """
        I<UTOD231458907<<<<<<<<<<<<<<<
        7408122F1204159UTO<<<<<<<<<<<6
        ERIKSSON<<ANNA<MARIA<<<<<<<<<<
    """,
    "TD2": """
        I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<
        D231458907UTO7408122F1204159<<<<<<<6
    """,
    "visa": """
        V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<
        L8988901C4XXX4009078F96121096ZE184226B<<<<<<
    """,
}

LEFT_ALONE = [
    "a << b and c >> d; cout << x << endl; <<<<<<< HEAD",
    "<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<",
    "SEE TABLE 3 << ABOVE >>",
    "if (A<<B<<C<<D<<E<<F<<G<<H<<I<<J<<K<<L<<M) {",
]


@pytest.mark.parametrize("name", SPECIMENS)
def test_each_line_of_a_zone_is_found(name: str) -> None:
    lines = SPECIMENS[name].split()
    assert found(machine_readable_zones, SPECIMENS[name]) == [("PASSPORT", line) for line in lines]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_only_has_the_fill_is_left_alone(text: str) -> None:
    assert found(machine_readable_zones, text) == []


def test_check_digits_make_a_line_certain_and_a_misread_one_still_counts() -> None:
    line = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
    scores = [one.score for text in (line, line.replace("740812", "740813")) for one in machine_readable_zones(text)]
    assert scores == [1.0, 0.7]


@pytest.mark.parametrize("bomb", ["<", "<<", "A<<", "P<UTO", "A<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<", "1<< "])
def test_a_hostile_text_is_read_in_linear_time(bomb: str) -> None:
    short, long = (seconds(machine_readable_zones, bomb * (size // len(bomb))) for size in (20_000, 80_000))
    assert long < 6 * short + 0.2
