from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.redaction.patterns.coordinates import COORDINATES

from .tables import found, is_linear, lines, values

PLACES = """
    at ⟦40.7128, -74.0060⟧; then (⟦51.50740,-0.12780⟧)
    ⟦40.7128° N, 74.0060° W⟧
    lat ⟦40.712, lon -74.006⟧
    Latitude: ⟦40.7128, Longitude: -74.0060⟧
    {"lat": ⟦40.7128, "lng": -74.0060⟧}
    ⟦40°26'46"N 79°58'56"W⟧
    ⟦48°51′29.6″N 2°17′40.2″E⟧
    ⟦N 40° 26.767' W 79° 58.933'⟧
    geo:⟦37.786971,-122.399677⟧
    GPS position ⟦48.858 2.294⟧
    Koordinaten: ⟦52.5200, 13.4050⟧
    ⟦8FVC9G8F+6X⟧
"""
LEFT_ALONE = """
    rates of 4.1250, 5.2500, 6.3750
    95% CI (0.1234, 0.5678)
    1.2345, 2.3456, 3.4567 and 4.5678
    37.5, 38.2; 1.234, 5.678
    12.3456 78.9012
    95.1234, 10.1234; 10.1234, 190.1234
    25° C, 180°, 20° 30 bend
    USD 40.7128, EUR 1.234
    version 1.2345.678, 3.14159
    C++, AB+CD, 2+2, A+B
    1,234.5678, 9,876.5432
"""


@pytest.mark.parametrize("line", lines(PLACES))
def test_coordinates_are_one_span(line: str) -> None:
    assert found(COORDINATES, line) == [("GPS_COORDINATES", value) for value in values(line)]


@pytest.mark.parametrize("line", lines(LEFT_ALONE))
def test_other_figures_are_left_alone(line: str) -> None:
    assert found(COORDINATES, line) == []


@given(st.integers(-900_000, 900_000), st.integers(-1_800_000, 1_800_000))
def test_every_place_on_the_globe_is_found_beside_a_word(north: int, east: int) -> None:
    pair = f"{north / 10_000:.4f}, {east / 10_000:.4f}"
    assert found(COORDINATES, f"coordinates: {pair}.") == [("GPS_COORDINATES", pair)]


@pytest.mark.parametrize(
    "bomb", ["1.", "1.123", "1.1234, ", "1°", "1°1'", "N 1°", "+2", "22+22", "1.1234 ", "lat 1.123 "]
)
def test_a_hostile_text_is_read_in_linear_time(bomb: str) -> None:
    assert is_linear(COORDINATES, bomb)
