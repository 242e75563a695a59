"""Check a log, or a part of it, from its signature down to the content of each record. The verifier in one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_bot.audit.bundle.form import BundleMalformed, FileMissing
from compliance_bot.audit.bundle.manifest import Content, Counts
from compliance_bot.audit.note_key import NoteError, format_verifier_key
from compliance_bot.audit.verify.findings import Findings, Kind
from compliance_bot.audit.verify.lanes import Lanes, Shown
from compliance_bot.audit.verify.old_checkpoint import check_old_checkpoint
from compliance_bot.audit.verify.own_records import OwnRecords
from compliance_bot.audit.verify.processes import examined
from compliance_bot.audit.verify.records import Rules
from compliance_bot.audit.verify.report import Report, Unchecked
from compliance_bot.audit.verify.times import Times
from compliance_bot.audit.verify.timestamps import check_timestamps, read_timestamps
from compliance_bot.audit.verify.tree import check_tiles, compute, leaf_hashes
from compliance_bot.audit.verify.trust import HandoverRefused, Trust, read_change, signed_size
from compliance_bot.audit.verify.witness_files import compare
from compliance_bot.audit.verify.witnesses import check_witnesses

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from compliance_bot.audit.checkpoint import Checkpoint
    from compliance_bot.audit.source import Handover, Source, Timestamp
    from compliance_bot.audit.verify.asked import Asked
    from compliance_bot.audit.verify.records import Examined
    from compliance_bot.audit.verify.timestamps import Stamped
    from compliance_bot.audit.verify.witness_files import Compared


@dataclass(slots=True)
class LogCheck:
    """A check that goes on. Whoever has more to check than a log (an export) takes it from here."""

    source: Source
    asked: Asked
    findings: Findings = field(default_factory=Findings)
    trust: Trust = field(default_factory=lambda: Trust("", ()))
    signed: Checkpoint | None = None
    note: bytes = b""
    counts: Counts = field(default_factory=Counts)
    opened: int = 0
    has_begun_late: bool = False  # some records are older than the tree
    _times: Times | None = None
    _compared: tuple[Compared, ...] = ()
    _stamps: Sequence[Timestamp] = ()
    _stamped: tuple[Stamped, ...] = ()

    def check(self) -> Iterator[Examined]:
        """Check everything, and yield what each batch of records shows once it was checked."""
        # 1. What the log says of its tree. Nothing of it is believed yet.
        self._read_checkpoint()
        if self.signed is None:
            return
        # 2. The tree, from its leaves up.
        computed, changes = self._read_tree(self.signed)
        # 3. Who signed it: keys that the auditor brought, and those that they handed over to.
        self._check_signature(self.signed)
        # 4. What the auditor and others saw before.
        self._compare(self.signed, computed)
        seen_at_s = self._check_times_of_others()
        # 5. Every record, and all of them together.
        yield from self._check_records(self.signed, changes, seen_at_s)

    def report(self) -> Report:
        """Return what was found so far."""
        extent = self.source.extent
        return Report(
            verdict=self.findings.verdict,
            origin=self.signed.origin if self.signed else None,
            size=self.signed.size if self.signed else 0,
            first=extent.first,
            end=extent.end,
            records=self.counts.selected,
            opened=self.opened,
            withheld=self.counts.withheld,
            faults=self.findings.faults,
            silences=self._times.silences if self._times else 0,
            first_silence=self._times.first_silence if self._times else None,
            unchecked=tuple(self._unchecked()),
            compared=self._compared,
            stamped=self._stamped,
            handed_over_to=self._handed_over_to(),
            checkpoint=None if self.findings.faults else self.note,
        )

    def _handed_over_to(self) -> str | None:
        current = self.trust.current
        return None if current is None or current in self.asked.keys else format_verifier_key(current)

    def _read_checkpoint(self) -> None:
        try:
            self.note = self.source.checkpoint()
        except FileMissing as error:
            self.findings.add(Kind.NOT_THERE, str(error))
            return
        except BundleMalformed as error:
            self.findings.add(Kind.FORM, str(error))
            return
        self.signed = signed_size(self.note)
        if self.signed is None:
            self.findings.add(Kind.FORM, "the checkpoint is no signed note of a tree")

    def _read_tree(self, signed: Checkpoint) -> tuple[Mapping[int, bytes], frozenset[int]]:
        """Return the roots at the sizes that matter, and the indexes of records that a handover is there for."""
        try:
            handovers = self.source.handovers()
            old = signed_size(self.asked.old_checkpoint) if self.asked.old_checkpoint else None
            wanted = {handover.size for handover in handovers} | ({old.size} if old else set())
            wanted = wanted.union(*(file.sizes for file in self.asked.witness_files))
            computed = compute(self.source, signed.size, wanted)
            check_tiles(self.source, computed.full_tiles, self.findings)
            changes = self._follow(signed, handovers, computed.roots)
        except FileMissing as error:
            self.findings.add(Kind.NOT_THERE, str(error))
        except BundleMalformed as error:
            self.findings.add(Kind.FORM, str(error))
        else:
            if computed.roots.get(signed.size) != signed.root:
                self.findings.add(Kind.TREE, f"the {signed.size} leaves have another root than the checkpoint")
            return computed.roots, changes
        self.trust = Trust(signed.origin, self.asked.keys)
        return {}, frozenset()

    def _follow(
        self, signed: Checkpoint, handovers: Sequence[Handover], computed: Mapping[int, bytes]
    ) -> frozenset[int]:
        self.trust = Trust(signed.origin, self.asked.keys)
        changes = set()
        for handover in handovers:
            try:
                change = read_change(
                    handover,
                    origin=signed.origin,
                    roots=computed,
                    leaf=lambda index: next(leaf_hashes(self.source, index, index + 1, signed.size), None),
                )
                self.trust.follow(change)
                changes.add(change.index)
            except HandoverRefused as error:
                self.findings.add(Kind.HANDOVER, f"{error} (handover at size {handover.size})")
        return frozenset(changes)

    def _check_signature(self, signed: Checkpoint) -> None:
        if not self.asked.keys:
            self.findings.add(Kind.NO_KEY, "no key of the log was given: anybody could have made this")
        elif self.trust.is_empty:
            self.findings.add(Kind.SIGNATURE, "the checkpoint is of another log than the keys that were given")
        else:
            try:
                self.trust.opened(self.note, signed.size)
            except NoteError as error:
                self.findings.add(Kind.SIGNATURE, f"the checkpoint cannot be believed: {error}")

    def _compare(self, signed: Checkpoint, computed: Mapping[int, bytes]) -> None:
        """Compare what the auditor kept, and what witnesses kept, with the tree."""
        if self.trust.is_empty:
            return
        if self.asked.old_checkpoint is not None:
            check_old_checkpoint(self.asked.old_checkpoint, signed, self.trust, computed, self.findings)
        if computed:
            self._compared = tuple(
                compare(file, signed, self.trust, computed, self.findings) for file in self.asked.witness_files
            )

    def _check_times_of_others(self) -> int | None:
        """Return the earliest time at which somebody else saw the tree, in seconds since 1970."""
        self._stamps = read_timestamps(self.source, self.findings)
        times = []
        if self.asked.witnesses:
            times.append(check_witnesses(self.note, self.asked.witnesses, self.asked.quorum, self.findings))
        if self.asked.opens_timestamp is not None:
            self._stamped = check_timestamps(self._stamps, self.note, self.asked.opens_timestamp, self.findings)
            times += [int(stamped.at.timestamp()) for stamped in self._stamped]
        return min((at for at in times if at is not None), default=None)

    def _check_records(self, signed: Checkpoint, changes: frozenset[int], seen_at_s: int | None) -> Iterator[Examined]:
        extent = self.source.extent
        rules = Rules(
            selection=extent.selection,
            content=extent.content,
            opens_content=self.asked.opens_content,
            longest_act_s=self.asked.longest_act_s,
        )
        silence = self.asked.longest_silence_s
        if silence is not None and not extent.is_whole:
            self.findings.add(Kind.NOT_SHOWN, "silences cannot be told where only some records are shown")
            silence = None
        self._times = Times(self.findings, longest_act_s=self.asked.longest_act_s, longest_silence_s=silence)
        lanes, shown = Lanes(self.findings), Shown(extent.first, extent.end)
        own = OwnRecords(self.findings, lanes, self._times, origin=signed.origin, changes=changes, extent=extent)
        try:
            for batch in examined(self.source.batches(), rules, self.asked.jobs):
                self._count(batch)
                for fact in batch.facts:
                    shown.mark(fact.place)
                    lanes.add(fact)
                    self._times.add(fact)
                    own.add(fact)
                yield batch
            lanes.finish(leaf_hashes(self.source, 0, signed.size, signed.size), shown)
        except FileMissing as error:
            self.findings.add(Kind.NOT_THERE, str(error))
        except BundleMalformed as error:
            self.findings.add(Kind.FORM, str(error))
        own.finish(is_all=extent.is_whole and (extent.first, extent.end) == (0, signed.size))
        self.has_begun_late = own.carried_over > 0
        if seen_at_s is not None:
            self._times.check_witness(seen_at_s)

    def _count(self, batch: Examined) -> None:
        self.findings.merge(batch.faults)
        self.opened += batch.opened
        self.counts = Counts(
            selected=self.counts.selected + batch.counts.selected,
            disclosed=self.counts.disclosed + batch.counts.disclosed,
            withheld=self.counts.withheld + batch.counts.withheld,
        )

    def _unchecked(self) -> Iterator[Unchecked]:
        extent = self.source.extent
        if self.trust.is_empty:
            yield Unchecked.KEY
        if not (self.asked.witnesses and self.asked.quorum):
            yield from self._unwitnessed()
        if self._stamps and self.asked.opens_timestamp is None:
            yield Unchecked.TIMESTAMP
        if self.asked.old_checkpoint is None or Kind.OLD_CHECKPOINT in self.findings.by_kind:
            yield Unchecked.OLD_CHECKPOINT
        if self.signed is None or (extent.first, extent.end) != (0, self.signed.size):
            yield Unchecked.RANGE
        if not extent.is_whole:
            yield Unchecked.SELECTION
        if extent.content is Content.NONE or not self.asked.opens_content:
            yield Unchecked.CONTENT
        if self.counts.withheld:
            yield Unchecked.CONTENT_WITHHELD
        if self.has_begun_late:
            yield Unchecked.BEFORE_TREE
        yield Unchecked.LAST
        yield Unchecked.TRUTH

    def _unwitnessed(self) -> Iterator[Unchecked]:
        """Yield what no witness vouches for, where none of them had to have signed this very checkpoint."""
        if len(self._compared) < len(self.asked.witness_files):
            yield Unchecked.WITNESS_FILE
        elif not self._compared:
            yield Unchecked.WITNESS
        elif self.signed is not None and max(one.size for one in self._compared) < self.signed.size:
            yield Unchecked.SINCE_WITNESS_FILE


def verify_log(source: Source, asked: Asked) -> Report:
    """Return the outcome of a check of a whole source."""
    check = LogCheck(source, asked)
    for _ in check.check():
        pass
    return check.report()
