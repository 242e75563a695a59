"""How many witnesses are enough, and what it means when one of them says no."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from compliance_bot.errors import ComplianceError
from compliance_bot.witness.evidence import Filed, Prove
from compliance_bot.witness.faults import QuorumMissed, WitnessForked, WitnessUnavailable
from compliance_bot.witness.file import CheckpointFile, FileWitness
from compliance_bot.witness.quorum import Quorum, attest
from tests.witnessed_log import MemoryLog

LOG = MemoryLog(5)


class Answers:
    """A witness that says what it is told to."""

    def __init__(self, name: str, fault: ComplianceError | Exception | None = None) -> None:
        self.name, self._fault = name, fault

    def witness(self, note: bytes, prove: Prove) -> Filed:
        prove(0)
        if self._fault is not None:
            raise self._fault
        return Filed(path=Path("/"), at=1)


def quorum(*witnesses: Answers, enough: int, required: Sequence[str] = ()) -> Quorum:
    return Quorum(witnesses=witnesses, enough=enough, required=frozenset(required))


AWAY = WitnessUnavailable()


@pytest.mark.parametrize(
    ("enough", "required", "is_enough"),
    [(1, (), True), (2, (), True), (3, (), False), (1, ("a",), True), (1, ("c",), False), (2, ("a", "c"), False)],
)
def test_k_of_n_and_the_required_ones_have_to_have_seen_it(
    enough: int, required: tuple[str, ...], is_enough: bool
) -> None:
    asked = quorum(Answers("a"), Answers("b"), Answers("c", AWAY), enough=enough, required=required)
    attested = attest(asked, LOG.note(), LOG.prove)
    assert [one.witness for one in attested.seen] == ["a", "b"]
    assert [(one.witness, one.reason) for one in attested.not_seen] == [("c", AWAY)]
    assert attested.is_enough is is_enough
    if is_enough:
        attested.require_enough()
    else:
        with pytest.raises(QuorumMissed, match=f"{enough} witnesses were expected .* and 2 have"):
            attested.require_enough()


def test_who_is_required_and_missing_is_named() -> None:
    attested = attest(quorum(Answers("a"), Answers("c", AWAY), enough=1, required=["c"]), LOG.note(), LOG.prove)
    assert attested.missing == ("c",)
    with pytest.raises(QuorumMissed, match="required and missing: c"):
        attested.require_enough()


def test_one_dispute_is_an_alarm_whatever_the_others_say() -> None:
    forked = WitnessForked(5)
    attested = attest(quorum(Answers("a"), Answers("b"), Answers("c", forked), enough=2), LOG.note(), LOG.prove)
    assert attested.is_enough
    assert [one.witness for one in attested.disputes] == ["c"]
    with pytest.raises(WitnessForked):
        attested.require_enough()


def test_without_witnesses_nothing_is_asked_and_nothing_attested() -> None:
    assert attest(quorum(enough=0), LOG.note(), LOG.prove).seen == ()
    assert not attest(quorum(enough=1), LOG.note(), LOG.prove).is_enough


def test_a_bug_in_a_witness_is_not_taken_for_a_refusal() -> None:
    with pytest.raises(ZeroDivisionError):
        attest(quorum(Answers("a", ZeroDivisionError()), enough=0), LOG.note(), LOG.prove)


def test_proofs_are_asked_for_by_one_at_a_time() -> None:
    """Whoever makes them may have one connection to a database."""
    busy, together = threading.Lock(), threading.Event()

    def prove(old_size: int) -> tuple[bytes, ...]:
        assert busy.acquire(blocking=False)
        together.wait(0.05)
        busy.release()
        return LOG.prove(old_size)

    attested = attest(quorum(*map(Answers, "abcdef"), enough=6), LOG.note(), prove)
    assert attested.is_enough


def test_witnesses_are_asked_at_once_and_told_in_their_order() -> None:
    together = threading.Barrier(2)

    class Waits(Answers):
        def witness(self, note: bytes, prove: Prove) -> Filed:
            together.wait(30)  # one after the other would never end
            return super().witness(note, prove)

    attested = attest(quorum(Waits("b"), Waits("a"), enough=2), LOG.note(), LOG.prove)
    assert [one.witness for one in attested.seen] == ["b", "a"]


def test_real_files_make_a_quorum(tmp_path: Path) -> None:
    files = [FileWitness(name, CheckpointFile(tmp_path / name)) for name in ("one", "two")]
    both = Quorum(witnesses=tuple(files), enough=2, required=frozenset())
    attest(both, LOG.note(), LOG.prove).require_enough()
    other = MemoryLog(5, rewritten_from=4)
    assert len(attest(both, other.note(), other.prove).disputes) == 2
