"""What holds for all tests."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# The same examples each time, and no limits on time: a busy machine is not a defect.
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")

_CSV_LIMIT = csv.field_size_limit()


@pytest.fixture(autouse=True)
def _no_limit_from_a_parser_before() -> Iterator[None]:
    """Take back what a parser sets for its process: elsewhere it has a process of its own, here other tests follow."""
    yield
    csv.field_size_limit(_CSV_LIMIT)
