"""Whoever runs a log changes it and signs what comes of it. It is found, or the report says that it could not be."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from compliance_bot.audit.bundle.selection import Selection
from compliance_bot.audit.checkpoint import Checkpoint, format_checkpoint
from compliance_bot.audit.envelope import format_envelope, parse_envelope
from compliance_bot.audit.merkle import EMPTY_ROOT, leaf_hash
from compliance_bot.audit.note import cosign_note, sign_note
from compliance_bot.audit.note_key import SignatureType, SigningKey
from compliance_bot.audit.verify.asked import Asked
from compliance_bot.audit.verify.findings import Kind, Verdict
from compliance_bot.audit.verify.log import verify_log
from compliance_bot.audit.verify.report import Report, Unchecked
from compliance_bot.store.log import SealedRecord
from tests.audit_logs import BEGIN, ORIGIN, MadeLog, signing_key

WITNESS = signing_key(9, name="witness.example")
WITNESS_KEY = WITNESS.verifier(SignatureType.COSIGNATURE)
SEEN_AT = int(BEGIN.timestamp()) + 24 * 3600


def check(log: MadeLog, *, source: dict[str, Any] | None = None, **asked: Any) -> Report:
    return verify_log(log.source(**source or {}), Asked(**{"keys": (log.verifier,), "jobs": 1, **asked}))


def kinds(report: Report) -> set[Kind]:
    return {fault.kind for fault in report.faults}


def busy() -> MadeLog:
    log = MadeLog()
    log.begin()
    log.fill(40)
    log.beat()
    return log.fill(20)


def rehashed(record: SealedRecord, **changes: Any) -> SealedRecord:
    """Return a record with another envelope, and the leaf hash of that one."""
    envelope = format_envelope(dataclasses.replace(parse_envelope(record.envelope), **changes))
    return dataclasses.replace(record, envelope=envelope, leaf_hash=leaf_hash(envelope))


def cosigned(log: MadeLog, *witnesses: SigningKey, at: int = SEEN_AT) -> dict[str, Any]:
    note = log.checkpoint()
    for witness in witnesses:
        note = cosign_note(note, witness, at=at)
    return {"note": note}


class TestNobodyChangedIt:
    def test_a_log_is_intact_and_the_report_says_what_was_not_checked(self) -> None:
        report = check(busy())
        assert (report.verdict, report.records, report.opened) == (Verdict.INTACT, 62, 62)
        assert set(report.unchecked) == {Unchecked.WITNESS, Unchecked.OLD_CHECKPOINT, Unchecked.LAST, Unchecked.TRUTH}

    @pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 520])
    def test_every_size_is_checked(self, count: int) -> None:
        log = MadeLog().fill(count)
        report = check(log, old_checkpoint=log.checkpoint(count // 2))
        assert (report.faults, report.records) == ((), count)

    def test_a_range_of_it_is_intact_by_itself(self) -> None:
        report = check(busy(), source={"first": 17, "end": 50})
        assert (report.faults, report.records) == ((), 33)
        assert Unchecked.RANGE in report.unchecked

    def test_records_of_one_lane_may_stand_out_of_order(self) -> None:
        log = busy()
        log.records[5], log.records[8] = log.records[8], log.records[5]
        assert check(log).faults == ()

    def test_a_log_that_was_carried_over_says_so(self) -> None:
        log = MadeLog().fill(10)
        log.begin()
        report = check(log)
        assert report.faults == ()
        assert Unchecked.BEFORE_TREE in report.unchecked

    def test_without_a_key_it_is_incomplete_and_with_another_logs_key_it_is_refused(self) -> None:
        assert kinds(check(busy(), keys=())) == {Kind.NO_KEY}
        assert check(busy(), keys=()).verdict is Verdict.INCOMPLETE
        other = signing_key(1, name="compliance-bot/other").verifier(SignatureType.ED25519)
        assert kinds(check(busy(), keys=(other,))) == {Kind.SIGNATURE}
        assert Unchecked.KEY in check(busy(), keys=()).unchecked


class TestRecords:
    def test_an_envelope_that_was_edited_is_found(self) -> None:
        log = busy()
        seen = log.checkpoint()
        log.records[12] = rehashed(log.records[12], outcome="refused")
        report = check(log, old_checkpoint=seen)
        assert Kind.REWRITTEN in kinds(report)
        log.records[12] = dataclasses.replace(log.records[12], leaf_hash=busy().records[12].leaf_hash)
        (fault, *_) = [fault for fault in check(log).faults if fault.kind is Kind.ENVELOPE]
        assert (fault.index, fault.count) == (12, 1)

    def test_a_record_that_was_deleted_before_the_log_took_it_leaves_a_gap(self) -> None:
        log = busy()
        log.seal(writer="w0")
        log.fill(3)
        (fault,) = check(log).faults
        assert (fault.kind, fault.index) == (Kind.LANE_GAP, 62)

    def test_so_does_the_first_of_a_lane(self) -> None:
        log = busy()
        log.seal(writer="new")
        log.write(writer="new")
        assert kinds(check(log)) == {Kind.LANE_GAP}

    def test_a_gap_shows_also_where_only_some_records_are_shown(self) -> None:
        log = busy()
        log.seal(writer="w0")
        last = log.write(writer="w0")
        chosen = Selection(types=frozenset({parse_envelope(last.envelope).type}))
        assert kinds(check(log, source={"selection": chosen})) == {Kind.LANE_GAP}
        assert kinds(check(log, source={"first": len(log.records) - 1})) == {Kind.LANE_GAP}

    def test_the_last_of_a_lane_is_missed_where_a_heartbeat_told_of_it(self) -> None:
        log = busy()
        log.seal(writer="w0")
        log.beat()
        assert kinds(check(log)) == {Kind.ANNOUNCED}

    @pytest.mark.parametrize("writer", ["w0", "w1"])
    def test_two_records_in_one_place_of_a_lane_are_a_fork(self, writer: str) -> None:
        log = busy()
        counter, previous = log.lanes[writer]
        log.write(writer=writer)
        log.lanes[writer] = (counter, previous)
        log.write(writer=writer)
        assert kinds(check(log)) == {Kind.LANE_FORK}

    def test_two_beginnings_of_a_lane_are_a_fork(self) -> None:
        log = busy()
        del log.lanes["w0"]
        log.write(writer="w0")
        assert kinds(check(log)) == {Kind.LANE_FORK}

    def test_a_record_that_names_another_lanes_record_is_a_fork(self) -> None:
        log = busy()
        log.lanes["w0"] = (log.lanes["w0"][0], log.lanes["w1"][1])
        log.write(writer="w0")
        assert kinds(check(log)) == {Kind.LANE_FORK}

    def test_so_is_a_lane_that_begins_behind_another_lanes_record(self) -> None:
        log = busy()
        log.lanes["new"] = (5, log.lanes["w1"][1])
        log.write(writer="new")
        assert kinds(check(log)) == {Kind.LANE_FORK}

    @pytest.mark.parametrize("writers", [("w0", "w0"), ("w0", "new")])
    def test_so_are_two_that_follow_a_record_that_is_not_shown(self, writers: tuple[str, str]) -> None:
        log = busy()
        end, lane = len(log.records), log.lanes["w0"]
        for writer in writers:
            log.lanes[writer] = lane
            log.write(writer=writer)
        assert kinds(check(log, source={"first": end})) == {Kind.LANE_FORK}

    def test_a_first_record_of_a_lane_that_names_one_before_it_is_found(self) -> None:
        log = busy()
        log.lanes["new"] = (0, "ab" * 32)
        log.write(writer="new")
        assert kinds(check(log)) == {Kind.LANE_GAP}

    def test_a_record_of_another_tenant_is_found(self) -> None:
        log = busy()
        log.tenant = 2
        log.write()
        assert kinds(check(log)) == {Kind.IDENTITY}

    def test_a_second_beginning_is_found_and_one_of_another_log(self) -> None:
        log = busy()
        log.begin()
        assert kinds(check(log)) == {Kind.IDENTITY}
        log = MadeLog()
        public = {"origin": "compliance-bot/other", "key": "", "carried_over": 0}
        log.write("log.began", public=public)
        assert kinds(check(log)) == {Kind.IDENTITY}

    def test_a_log_may_go_on_under_another_name_and_not_the_other_way_round(self) -> None:
        log = MadeLog().fill(3)
        log.write("log.began", public={"origin": "compliance-bot/before", "key": "", "carried_over": 3})
        log.write("log.key", public={"key": "compliance-bot/before+1+k", "replaces": "compliance-bot/before+2+k"})
        log.begin()
        assert check(log).faults == ()
        number = len(log.records)
        log.write("log.began", public={"origin": "compliance-bot/after", "key": "", "carried_over": number})
        assert kinds(check(log)) == {Kind.IDENTITY}

    @pytest.mark.parametrize("carried_over", [5, None, False])
    def test_a_beginning_that_counts_other_records_before_it_is_found(self, carried_over: object) -> None:
        log = MadeLog()
        log.write("log.began", public={"origin": ORIGIN, "key": "", "carried_over": carried_over})
        assert kinds(check(log)) == {Kind.IDENTITY}

    def test_a_heartbeat_that_announces_nothing_is_found(self) -> None:
        log = busy()
        log.write("log.heartbeat", public={"next_within_s": -1, "lanes": []})
        assert kinds(check(log)) == {Kind.ENVELOPE}


class TestTimes:
    def test_a_record_that_was_inserted_later_is_found(self) -> None:
        log = busy()
        log.write(at=BEGIN - timedelta(days=3), writer="forged")
        (fault,) = check(log).faults
        assert (fault.kind, fault.index) == (Kind.BACK_DATED, 62)

    def test_an_act_may_take_its_time_and_no_more_than_was_said(self) -> None:
        log = busy()
        log.write(at=BEGIN - timedelta(hours=2), writer="long")
        assert check(log).faults == ()
        assert kinds(check(log, longest_act_s=3600)) == {Kind.BACK_DATED}

    def test_an_id_of_another_time_is_found(self) -> None:
        log = busy()
        late = log.seal(at=log.at + timedelta(days=3), writer="x")
        earlier = (log.at - timedelta(days=3)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        log.records.append(rehashed(late, at=earlier))
        assert kinds(check(log)) == {Kind.IDENTITY}

    def test_a_clock_that_was_rolled_back_shows_in_the_heartbeats(self) -> None:
        log = busy()
        log.beat(at=log.at - timedelta(hours=1))
        assert kinds(check(log)) == {Kind.CLOCK}

    def test_a_silence_that_nobody_announced_is_told_and_is_no_fault(self) -> None:
        log = busy()
        log.beat(next_within_s=60)
        log.write(at=log.at + timedelta(seconds=200))
        report = check(log)
        assert report.verdict is Verdict.INTACT
        assert report.first_silence is not None
        assert (report.silences, report.first_silence.announced_s) == (1, 60)

    def test_a_silence_after_an_ending_in_order_is_none(self) -> None:
        log = busy()
        log.beat(next_within_s=0)
        log.write(at=log.at + timedelta(days=2))
        assert check(log).silences == 0

    def test_a_silence_longer_than_was_asked_for_is_a_fault(self) -> None:
        log = busy()
        log.write(at=log.at + timedelta(seconds=200))
        assert kinds(check(log, longest_silence_s=199)) == {Kind.SILENCE}
        assert check(log, longest_silence_s=200).faults == ()

    def test_silences_cannot_be_told_of_a_selection(self) -> None:
        log = busy()
        log.beat(next_within_s=60)
        for _ in range(60):
            log.write("search")
        log.write("answer")
        assert check(log, source={"selection": Selection(types=frozenset({"answer", "log.heartbeat"}))}).silences == 0
        report = check(busy(), source={"selection": Selection(types=frozenset({"answer"}))}, longest_silence_s=9)
        assert (report.verdict, kinds(report)) == (Verdict.INCOMPLETE, {Kind.NOT_SHOWN})


class TestHistory:
    def test_a_tail_that_was_cut_is_found_by_an_older_checkpoint_alone(self) -> None:
        log = busy()
        seen = log.checkpoint()
        del log.records[50:]
        assert kinds(check(log, old_checkpoint=seen)) == {Kind.TRUNCATED}
        assert check(log).verdict is Verdict.INTACT
        assert Unchecked.OLD_CHECKPOINT in check(log).unchecked

    def test_an_old_backup_that_was_put_back_is_found_by_an_older_checkpoint(self) -> None:
        log = busy()
        seen = log.checkpoint()
        lanes, kept = dict(log.lanes), len(log.records)
        log.fill(30)
        later = log.checkpoint()
        del log.records[kept:]
        log.lanes = lanes
        log.fill(60)
        assert check(log, old_checkpoint=seen).faults == ()
        assert kinds(check(log, old_checkpoint=later)) == {Kind.REWRITTEN}

    def test_history_rewritten_with_the_key_is_found_by_a_witness_or_an_older_checkpoint_alone(self) -> None:
        log = busy()
        seen, witnessed = log.checkpoint(), cosigned(log, WITNESS)
        rewritten = MadeLog()
        rewritten.begin()
        rewritten.fill(61)
        report = check(rewritten)
        assert report.verdict is Verdict.INTACT
        assert Unchecked.WITNESS in report.unchecked
        assert kinds(check(rewritten, old_checkpoint=seen)) == {Kind.REWRITTEN}
        assert kinds(check(rewritten, witnesses=(WITNESS_KEY,), quorum=1)) == {Kind.QUORUM}
        stolen = {"note": rewritten.checkpoint() + witnessed["note"].splitlines(keepends=True)[-1]}
        assert kinds(check(rewritten, source=stolen, witnesses=(WITNESS_KEY,), quorum=1)) >= {Kind.COSIGNATURE}

    def test_an_older_checkpoint_of_another_log_cannot_be_compared_whoever_signed_it(self) -> None:
        text = format_checkpoint(Checkpoint(origin="compliance-bot/other", size=0, root=EMPTY_ROOT))
        assert kinds(check(busy(), old_checkpoint=sign_note(text, signing_key(1)))) == {Kind.OLD_CHECKPOINT}

    def test_an_older_checkpoint_of_somebody_else_cannot_be_compared(self) -> None:
        log = busy()
        for foreign in (log.checkpoint(10, keys=[signing_key(5)]), b"no note", MadeLog().checkpoint()[:-3]):
            report = check(log, old_checkpoint=foreign)
            assert (report.verdict, kinds(report)) == (Verdict.INCOMPLETE, {Kind.OLD_CHECKPOINT})


class TestWitnesses:
    def test_enough_witnesses_are_enough_and_a_key_counts_once(self) -> None:
        log, other = busy(), signing_key(8, name="other.example")
        keys = (WITNESS_KEY, other.verifier(SignatureType.COSIGNATURE))
        assert check(log, source=cosigned(log, WITNESS), witnesses=keys, quorum=1).faults == ()
        assert kinds(check(log, source=cosigned(log, WITNESS), witnesses=keys, quorum=2)) == {Kind.QUORUM}
        assert check(log, source=cosigned(log, WITNESS, other), witnesses=keys, quorum=2).faults == ()
        again = dataclasses.replace(WITNESS, name="same.example")
        twice = (WITNESS_KEY, again.verifier(SignatureType.COSIGNATURE))
        assert kinds(check(log, source=cosigned(log, WITNESS, again), witnesses=twice, quorum=2)) == {Kind.QUORUM}

    def test_a_record_that_is_younger_than_its_witness_is_found(self) -> None:
        log = busy()
        early = cosigned(log, WITNESS, at=int(BEGIN.timestamp()) - 3600)
        assert kinds(check(log, source=early, witnesses=(WITNESS_KEY,), quorum=1)) == {Kind.AFTER_WITNESS}


class TestKeys:
    def test_a_handover_is_followed_and_the_new_key_is_told(self) -> None:
        log = busy()
        for number in (2, 3):
            log.hand_over(signing_key(number))
            log.fill(5)
        report = check(log)
        assert report.faults == ()
        assert report.handed_over_to is not None
        assert report.handed_over_to.startswith(ORIGIN)
        newest = log.keys[-1].verifier(SignatureType.ED25519)
        assert check(log, keys=(newest,)).faults == ()
        assert check(log, keys=(newest,)).handed_over_to is None

    def test_somebody_without_the_old_key_cannot_hand_over(self) -> None:
        log = busy()
        log.hand_over(signing_key(2), signed_by=[signing_key(2)])
        assert kinds(check(log)) == {Kind.HANDOVER, Kind.SIGNATURE}

    def test_somebody_without_the_new_key_cannot_be_handed_over_to(self) -> None:
        log = busy()
        log.hand_over(signing_key(2), signed_by=[signing_key(1)])
        assert Kind.HANDOVER in kinds(check(log))

    def test_a_key_that_was_replaced_signs_no_more(self) -> None:
        log = busy()
        log.hand_over(signing_key(2))
        log.fill(5)
        assert kinds(check(log, source={"note": log.checkpoint(keys=[signing_key(1)])})) == {Kind.SIGNATURE}
        before = log.checkpoint(20, keys=[signing_key(1)])
        assert check(log, old_checkpoint=before).faults == ()

    def test_a_change_of_keys_without_its_handover_is_found(self) -> None:
        log = busy()
        log.hand_over(signing_key(2))
        log.handovers.clear()
        assert Kind.HANDOVER in kinds(check(log))

    def test_a_handover_whose_record_is_not_in_the_log_is_found(self) -> None:
        log, other = busy(), busy()
        other.hand_over(signing_key(2))
        log.write(writer="log")
        log.handovers = [
            dataclasses.replace(other.handovers[0], note=log.checkpoint(keys=[signing_key(1), signing_key(2)]))
        ]
        assert kinds(check(log)) == {Kind.HANDOVER}

    def test_a_handover_of_another_tree_is_found(self) -> None:
        log, other = busy(), busy()
        log.hand_over(signing_key(2))
        other.write()
        note = other.checkpoint(keys=[signing_key(1), signing_key(2)])
        log.handovers = [dataclasses.replace(log.handovers[0], note=note)]
        assert Kind.HANDOVER in kinds(check(log))

    @pytest.mark.parametrize(
        ("kind", "public"),
        [("answer", None), ("log.key", {"key": "x"}), ("log.key", {"key": "x", "replaces": "y"}), ("log.key", {})],
    )
    def test_a_handover_needs_a_record_that_tells_of_both_keys(self, kind: str, public: dict[str, str] | None) -> None:
        log = busy()
        log.hand_over(signing_key(2), kind=kind, public=public)
        assert Kind.HANDOVER in kinds(check(log))

    def test_a_key_of_another_log_does_not_sign_for_this_one(self) -> None:
        log, other = busy(), signing_key(6, name="compliance-bot/other")
        report = check(
            log, source={"note": log.checkpoint(keys=[other])}, keys=(other.verifier(SignatureType.ED25519),)
        )
        assert kinds(report) == {Kind.SIGNATURE}

    def test_a_key_under_another_name_is_not_handed_over_to(self) -> None:
        log = busy()
        log.hand_over(signing_key(2, name="compliance-bot/other"))
        assert Kind.HANDOVER in kinds(check(log, source={"note": log.checkpoint(keys=[signing_key(1)])}))

    def test_one_key_cannot_hand_over_to_two(self) -> None:
        log = busy()
        log.hand_over(signing_key(2))
        log.keys = [signing_key(1)]
        log.hand_over(signing_key(3))
        assert Kind.HANDOVER in kinds(check(log))

    def test_a_checkpoint_forged_under_the_logs_name_is_not_believed(self) -> None:
        log = busy()
        assert kinds(check(log, source={"note": log.checkpoint(keys=[signing_key(5)])})) == {Kind.SIGNATURE}

    def test_a_key_that_the_log_itself_tells_of_is_not_trusted(self) -> None:
        log = MadeLog(keys=[signing_key(5)])
        log.begin()
        log.fill(5)
        assert kinds(check(log, keys=(signing_key(1).verifier(SignatureType.ED25519),))) == {Kind.SIGNATURE}

    def test_a_witness_does_not_sign_for_the_log(self) -> None:
        log = busy()
        note = cosign_note(log.checkpoint(keys=[signing_key(5)]), signing_key(1), at=SEEN_AT)
        cosigner = signing_key(1).verifier(SignatureType.COSIGNATURE)
        assert kinds(check(log, source={"note": note}, keys=(log.verifier, cosigner))) == {Kind.SIGNATURE}
