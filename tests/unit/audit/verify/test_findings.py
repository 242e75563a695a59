"""Of each kind of fault the first in the tree is told, with how many there are, in whatever order they are found."""

from __future__ import annotations

from itertools import permutations

import pytest

from compliance_bot.audit.verify.findings import Fault, Findings, Kind, Verdict

FAULTS = [
    Fault(kind=Kind.LEAF, message="later", index=9),
    Fault(kind=Kind.LEAF, message="first", index=2, record="r", count=3),
    Fault(kind=Kind.NOT_THERE, message="missing"),
]


@pytest.mark.parametrize("order", list(permutations(FAULTS)))
def test_the_first_of_each_kind_is_told_and_how_many_there_are(order: tuple[Fault, ...]) -> None:
    findings = Findings()
    findings.merge(order)
    assert findings.faults == (Fault(kind=Kind.LEAF, message="first", index=2, record="r", count=4), FAULTS[2])


def test_leaving_out_a_file_does_not_hide_what_was_changed() -> None:
    findings = Findings()
    assert findings.verdict is Verdict.INTACT
    findings.add(Kind.NOT_THERE, "missing")
    assert findings.verdict is Verdict.INCOMPLETE
    findings.add(Kind.LEAF, "changed")
    assert findings.verdict is Verdict.TAMPERED
