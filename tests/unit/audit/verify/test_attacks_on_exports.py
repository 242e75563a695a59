"""Somebody changes an export on its way, without the key and with it. Each attack is found and named.

Where the changed export is vouched for anew, only the check that the test is about stands between it and the auditor.
"""

from __future__ import annotations

import base64
import json
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from compliance_bot.audit.bundle.form import MAX_HANDOVERS, MAX_LINE_BYTES, limit_bytes
from compliance_bot.audit.bundle.manifest import Content, Counts
from compliance_bot.audit.bundle.selection import Selection
from compliance_bot.audit.bundle.write import write_export
from compliance_bot.audit.envelope import _derive
from compliance_bot.audit.note_key import SignatureType
from compliance_bot.audit.verify.findings import Kind, Verdict
from compliance_bot.audit.verify.report import Report, Unchecked
from compliance_bot.keys import decrypt
from tests.audit_exports import RECORDS, Line, change_lines, kinds, verified, vouch
from tests.audit_logs import MadeLog, record_id, signing_key
from tests.two_key_gcm import ciphertext_of_two_keys

Change = Callable[[str], str]

KEY, FORGER = signing_key(1), signing_key(5)


@pytest.fixture(scope="module")
def log() -> MadeLog:
    log = MadeLog()
    log.begin()
    log.fill(280)
    return log


@pytest.fixture(scope="module")
def original(log: MadeLog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exports") / "export"
    write_export(log.source(), path, KEY)
    return path


@pytest.fixture
def export(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "export"))


def check(path: Path) -> Report:
    return verified(path, KEY.verifier(SignatureType.ED25519))


def without(lines: list[Line], index: int) -> list[Line]:
    return [*lines[:index], *lines[index + 1 :]]


def edited(lines: list[Line], index: int, **changes: object) -> list[Line]:
    return [*lines[:index], {**lines[index], **changes}, *lines[index + 1 :]]


def bare(lines: list[Line], index: int) -> list[Line]:
    kept = {name: lines[index][name] for name in ("index", "leaf")}
    return [*lines[:index], kept, *lines[index + 1 :]]


class TestNobodyChangedIt:
    def test_an_export_is_intact(self, export: Path) -> None:
        report = check(export)
        assert (report.verdict, report.records, report.opened) == (Verdict.INTACT, 281, 281)

    def test_it_is_tampered_with_for_somebody_without_the_key_and_vouching_hides_no_change_of_content(
        self, export: Path
    ) -> None:
        vouch(export, KEY)
        assert check(export).faults == ()
        vouch(export, FORGER)
        assert kinds(check(export)) == {Kind.MANIFEST}


class TestRecords:
    def test_an_edited_envelope(self, export: Path) -> None:
        def edit(lines: list[Line]) -> Iterable[Line]:
            return edited(lines, 7, envelope=lines[7]["envelope"].replace('"answered"', '"refused"'))

        change_lines(export, edit)
        assert kinds(check(export)) == {Kind.ENVELOPE, Kind.FORM, Kind.TABLE}  # FORM: not the file of the manifest
        vouch(export, KEY)
        (_, fault) = check(export).faults
        assert (fault.kind, fault.index) == (Kind.ENVELOPE, 7)

    def test_an_envelope_with_its_leaf(self, export: Path) -> None:
        change_lines(export, lambda lines: edited(lines, 7, leaf="00" * 32))
        vouch(export, KEY)
        assert kinds(check(export)) == {Kind.LEAF}

    def test_an_edited_ciphertext(self, export: Path) -> None:
        def edit(lines: list[Line]) -> Iterable[Line]:
            changed = bytearray(base64.b64decode(lines[9]["ciphertext"]))
            changed[20] ^= 1
            return edited(lines, 9, ciphertext=base64.b64encode(changed).decode())

        change_lines(export, edit)
        vouch(export, KEY)
        (fault,) = check(export).faults
        assert (fault.kind, fault.index) == (Kind.CONTENT, 9)

    @pytest.mark.parametrize("key", [b"\2" * 32, b"\2" * 16, b""])
    def test_another_key(self, key: bytes, export: Path) -> None:
        change_lines(export, lambda lines: edited(lines, 9, key=base64.b64encode(key).decode()))
        vouch(export, KEY)
        assert kinds(check(export)) == {Kind.CONTENT}

    def test_the_content_of_another_record(self, export: Path) -> None:
        def swap(lines: list[Line]) -> Iterable[Line]:
            return edited(lines, 9, ciphertext=lines[10]["ciphertext"], key=lines[10]["key"])

        change_lines(export, swap)
        vouch(export, KEY)
        assert kinds(check(export)) == {Kind.CONTENT}

    def test_a_line_that_was_deleted(self, export: Path) -> None:
        change_lines(export, lambda lines: without(lines, 30))
        vouch(export, KEY)
        assert kinds(check(export)) >= {Kind.LEAF, Kind.SELECTION}

    def test_the_last_line(self, export: Path) -> None:
        change_lines(export, lambda lines: lines[:-1])
        vouch(export, KEY, Counts(selected=280, disclosed=280))
        assert kinds(check(export)) == {Kind.SELECTION, Kind.TABLE}

    def test_a_line_too_many(self, export: Path) -> None:
        change_lines(export, lambda lines: [*lines, {**lines[-1], "index": 281}])
        vouch(export, KEY)
        assert kinds(check(export)) == {Kind.FORM}

    def test_lines_in_another_order(self, export: Path) -> None:
        change_lines(export, lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]])
        vouch(export, KEY)
        assert kinds(check(export)) == {Kind.LEAF, Kind.ENVELOPE, Kind.TABLE}

    def test_leaves_in_another_order_with_their_tiles(self, export: Path) -> None:
        def swap(lines: list[Line]) -> Iterable[Line]:
            return [*lines[:3], {**lines[4], "index": 3}, {**lines[3], "index": 4}, *lines[5:]]

        tile = export / "tile/0/000"
        hashes = tile.read_bytes()
        tile.write_bytes(hashes[:96] + hashes[128:160] + hashes[96:128] + hashes[160:])
        change_lines(export, swap)
        vouch(export, KEY)
        assert kinds(check(export)) == {Kind.TREE, Kind.TILE, Kind.TABLE}

    def test_a_tombstone_of_which_there_are_none(self, export: Path) -> None:
        def bury(lines: list[Line]) -> Iterable[Line]:
            kept = {name: lines[5][name] for name in ("index", "leaf", "envelope")}
            return [*lines[:5], {**kept, "tombstone": True}, *lines[6:]]

        change_lines(export, bury)
        vouch(export, KEY)
        assert Kind.FORM in kinds(check(export))

    def test_content_that_is_missing(self, export: Path) -> None:
        def drop(lines: list[Line]) -> Iterable[Line]:
            kept = {name: lines[5][name] for name in ("index", "leaf", "envelope")}
            return [*lines[:5], kept, *lines[6:]]

        change_lines(export, drop)
        vouch(export, KEY, Counts(selected=281, disclosed=280))
        assert kinds(check(export)) == {Kind.CONTENT_MISSING, Kind.TABLE}

    def test_a_line_with_two_readings(self, export: Path) -> None:
        path = export / RECORDS
        for once, twice in ((b'{"ciphertext"', b'{"index":0,"ciphertext"'), (b'"index":0', b'"index": 0')):
            whole = path.read_bytes()
            path.write_bytes(whole.replace(once, twice, 1))
            vouch(export, KEY)
            assert Kind.FORM in kinds(check(export))
            path.write_bytes(whole)

    def test_a_file_that_was_cut_within_a_line(self, export: Path) -> None:
        path = export / RECORDS
        path.write_bytes(path.read_bytes()[:-1])
        vouch(export, KEY)
        assert any("it was cut" in fault.message for fault in check(export).faults)

    def test_a_line_that_has_no_end(self, export: Path) -> None:
        (export / RECORDS).write_bytes(b"a" * (MAX_LINE_BYTES + (1 << 20)))
        vouch(export, KEY)
        assert any("longer than one may be" in fault.message for fault in check(export).faults)


def test_one_ciphertext_that_opens_as_two_texts_is_refused_for_the_second(tmp_path: Path) -> None:
    log = MadeLog()
    keys = [b"\3" * 32, b"\4" * 32]
    encryption_keys = [_derive(key)[0] for key in keys]
    log.at = log.at.replace(hour=13)
    id = record_id(log.at, 0)
    forged = ciphertext_of_two_keys(*encryption_keys, nonce=bytes(12), bound_to=id.encode())
    texts = [decrypt(key, forged, bound_to=id.encode()) for key in encryption_keys]
    assert texts[0] != texts[1]  # AES-GCM finds nothing wrong with either
    log.disclose(id, forged, keys[0], text=texts[0])
    write_export(log.source(), tmp_path / "one", KEY)
    assert verified(tmp_path / "one", log.verifier).faults == ()
    log.disclose(id, forged, keys[1], text=texts[0])
    write_export(log.source(), tmp_path / "other", KEY)
    (fault,) = verified(tmp_path / "other", log.verifier).faults
    assert fault.kind is Kind.CONTENT
    assert "commits to" in fault.message


class TestFiles:
    @pytest.mark.parametrize("name", ["records.csv", "README.txt", "verify.pyz", "checkpoint", "tile/0/001.p/25"])
    def test_a_file_that_was_edited_is_found(self, name: str, export: Path) -> None:
        whole = (export / name).read_bytes()
        (export / name).write_bytes(whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:])
        assert Kind.FILE in kinds(check(export))

    @pytest.mark.parametrize(
        "change",
        [
            lambda text: text.replace('"answered"', '"refused"', 1),
            lambda text: text + '"281","","","","","",""\r\n',
            lambda text: text[:-2],
            lambda text: "",
        ],
    )
    def test_a_table_that_says_something_else_than_the_records(
        self, change: Callable[[str], str], export: Path
    ) -> None:
        path = export / "records.csv"
        path.write_bytes(change(path.read_bytes().decode()).encode())
        assert kinds(check(export)) == {Kind.FILE, Kind.TABLE}
        vouch(export, KEY)
        assert kinds(check(export)) == {Kind.TABLE}

    def test_an_edited_manifest(self, export: Path) -> None:
        path = export / "manifest.json"
        path.write_bytes(path.read_bytes().replace(b'"selected":281', b'"selected":280'))
        assert kinds(check(export)) == {Kind.MANIFEST, Kind.SELECTION}

    def test_the_note_of_another_manifest(self, export: Path, log: MadeLog, tmp_path: Path) -> None:
        write_export(log.source(first=3), tmp_path / "other", KEY)
        shutil.copy(tmp_path / "other" / "manifest.note", export)
        assert kinds(check(export)) == {Kind.MANIFEST}

    def test_the_checkpoint_of_another_tree(self, export: Path, log: MadeLog) -> None:
        (export / "checkpoint").write_bytes(log.checkpoint(280))
        vouch(export, KEY)
        assert Kind.MANIFEST in kinds(check(export))

    def test_a_checkpoint_in_the_place_of_a_manifests_note(self, export: Path) -> None:
        shutil.copy(export / "checkpoint", export / "manifest.note")
        assert kinds(check(export)) == {Kind.MANIFEST}

    def test_a_manifest_that_a_replaced_key_vouches_for(self, tmp_path: Path) -> None:
        log = MadeLog().fill(5)
        log.hand_over(signing_key(2))
        write_export(log.source(), tmp_path / "export", signing_key(2))
        assert verified(tmp_path / "export", log.verifier).faults == ()
        vouch(tmp_path / "export", KEY)
        assert kinds(verified(tmp_path / "export", log.verifier)) == {Kind.MANIFEST}

    def test_a_hash_above_the_leaves(self, export: Path) -> None:
        (export / "tile/1/000.p/1").write_bytes(bytes(32))
        vouch(export, KEY)
        assert kinds(check(export)) == {Kind.TILE}

    @pytest.mark.parametrize(
        "name",
        [
            "checkpoint",
            "manifest.json",
            "manifest.note",
            "records.csv",
            "README.txt",
            "verify.pyz",
            RECORDS,
            "tile/0/000",
            "tile/1/000.p/1",
        ],
    )
    def test_a_missing_file_is_incomplete(self, name: str, export: Path) -> None:
        (export / name).unlink()
        report = check(export)
        assert (report.verdict, kinds(report)) == (Verdict.INCOMPLETE, {Kind.NOT_THERE})

    @pytest.mark.parametrize("name", ["checkpoint", "manifest.note", "manifest.json", "README.txt"])
    def test_a_file_that_is_larger_than_it_may_be_is_not_read_to_its_end(self, name: str, export: Path) -> None:
        with (export / name).open("ab") as file:
            file.truncate(limit_bytes(name) + 1)  # zeros that take no room
        assert any(fault.message.startswith(f"{name} is larger") for fault in check(export).faults)

    def test_more_handovers_than_a_log_can_have_are_not_read(self, export: Path) -> None:
        (export / "handovers").mkdir()
        for number in range(MAX_HANDOVERS + 1):
            (export / "handovers" / str(number)).write_bytes(b"")
        assert any(fault.message.startswith("an export has at most") for fault in check(export).faults)

    def test_an_export_without_a_file_that_each_has_is_found(self, export: Path) -> None:
        (export / "README.txt").unlink()
        vouch(export, KEY)
        assert kinds(check(export)) == {Kind.MANIFEST}

    @pytest.mark.parametrize("name", ["records/0000009999.jsonl", "tile/2/000", "tile/0/002"])
    def test_a_file_that_the_tree_or_the_range_does_not_have_is_found(self, name: str, export: Path) -> None:
        (export / name).parent.mkdir(exist_ok=True)
        (export / name).write_bytes(b"")
        vouch(export, KEY)
        assert kinds(check(export)) == {Kind.FORM}

    @pytest.mark.parametrize("changed", [bytes(32) * 26, bytes(32) * 24, b""])
    def test_a_tile_of_another_size_is_found(self, changed: bytes, export: Path) -> None:
        (export / "tile/0/001.p/25").write_bytes(changed)
        vouch(export, KEY)
        assert Kind.FORM in kinds(check(export))

    def test_a_file_of_records_under_another_index_is_found(self, export: Path) -> None:
        (export / RECORDS).rename(export / "records/0000000001.jsonl")
        vouch(export, KEY)
        assert Kind.FORM in kinds(check(export))

    def test_a_file_that_nobody_listed(self, export: Path) -> None:
        (export / "handovers").mkdir()
        shutil.copy(export / "checkpoint", export / "handovers" / "281")
        (export / "handovers" / "281.json").write_bytes(b"{}\n")
        assert kinds(check(export)) == {Kind.FILE, Kind.HANDOVER}

    @pytest.mark.parametrize("name", ["more.txt", "tile/0/../x", "records/1.jsonl", "tile/0/000.p/0/x"])
    def test_a_name_that_no_export_has(self, name: str, export: Path) -> None:
        (export / name).parent.mkdir(exist_ok=True, parents=True)
        (export / name).write_bytes(b"")
        assert kinds(check(export)) == {Kind.FORM}

    def test_a_link(self, export: Path) -> None:
        (export / "README.txt").unlink()
        (export / "README.txt").symlink_to("/etc/hostname")
        assert kinds(check(export)) == {Kind.FORM}

    def test_what_is_no_export_is_incomplete(self, tmp_path: Path) -> None:
        assert kinds(check(tmp_path)) == {Kind.NOT_THERE}
        assert kinds(check(tmp_path / "nothing")) == {Kind.NOT_THERE}
        (tmp_path / "text").write_text("no archive")
        assert kinds(check(tmp_path / "text")) == {Kind.FORM}


class TestSelections:
    @pytest.fixture
    def chosen(self, log: MadeLog, tmp_path: Path) -> Path:
        selection = Selection(types=frozenset({"answer"}))
        write_export(log.source(selection=selection), tmp_path / "chosen", KEY)
        return tmp_path / "chosen"

    def test_a_selection_is_intact_and_its_completeness_is_not_claimed(self, chosen: Path) -> None:
        report = check(chosen)
        assert (report.faults, report.records) == ((), 94)
        assert Unchecked.SELECTION in report.unchecked

    def test_a_record_that_was_dropped_from_it(self, chosen: Path) -> None:
        change_lines(chosen, lambda lines: bare(lines, 1))
        assert kinds(check(chosen)) == {Kind.FORM, Kind.SELECTION, Kind.TABLE}
        vouch(chosen, KEY)
        assert kinds(check(chosen)) == {Kind.SELECTION, Kind.TABLE}

    def test_a_record_that_was_not_selected(self, chosen: Path, original: Path) -> None:
        whole = [json.loads(line) for line in (original / RECORDS).read_text().splitlines()]
        change_lines(chosen, lambda lines: [*lines[:2], whole[2], *lines[3:]])
        shutil.copy(original / "records.csv", chosen)
        vouch(chosen, KEY, Counts(selected=95, disclosed=95))
        (_, fault) = check(chosen).faults
        assert (fault.kind, fault.index) == (Kind.SELECTION, 2)

    def test_a_record_that_is_not_there_where_all_were_selected(self, export: Path) -> None:
        change_lines(export, lambda lines: bare(lines, 280))
        table = (export / "records.csv").read_bytes().splitlines(keepends=True)
        (export / "records.csv").write_bytes(b"".join(table[:-1]))
        vouch(export, KEY, Counts(selected=280, disclosed=280))
        (fault,) = check(export).faults
        assert (fault.kind, fault.index) == (Kind.SELECTION, 280)

    def test_what_is_withheld_is_told_and_what_is_not_asked_for_too(self, log: MadeLog, tmp_path: Path) -> None:
        write_export(log.source(is_withheld=lambda index: index == 3), tmp_path / "some", KEY)
        report = check(tmp_path / "some")
        assert (report.faults, report.withheld, report.opened) == ((), 1, 280)
        assert Unchecked.CONTENT_WITHHELD in report.unchecked
        write_export(log.source(content=Content.NONE), tmp_path / "none", KEY)
        report = check(tmp_path / "none")
        assert (report.faults, report.opened) == ((), 0)
        assert Unchecked.CONTENT in report.unchecked
        assert verified(tmp_path / "some", log.verifier, opens_content=False).opened == 0


class TestArchives:
    @pytest.fixture
    def archive(self, log: MadeLog, tmp_path: Path) -> Path:
        write_export(log.source(), tmp_path / "export.zip", KEY)
        return tmp_path / "export.zip"

    def test_an_archive_is_as_good_as_a_folder(self, archive: Path, export: Path) -> None:
        assert check(archive).faults == ()
        with zipfile.ZipFile(archive) as opened:
            for name in opened.namelist():
                assert opened.read(name) == (export / name).read_bytes()

    def test_a_folder_that_somebody_packed_is_as_good(self, export: Path, tmp_path: Path) -> None:
        shutil.make_archive(str(tmp_path / "packed"), "zip", export)
        assert check(tmp_path / "packed.zip").faults == ()

    def test_an_edited_member_is_found(self, archive: Path) -> None:
        data = bytearray(archive.read_bytes())
        data[len(data) // 3] ^= 1
        archive.write_bytes(data)
        assert check(archive).verdict is Verdict.TAMPERED

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    @pytest.mark.parametrize(
        "name", ["checkpoint", "../checkpoint", "/etc/passwd", "tile\\0\\000", "a" * 400, "handovers/7\0.txt"]
    )
    def test_a_member_that_leads_elsewhere_or_stands_for_another(self, name: str, archive: Path) -> None:
        with zipfile.ZipFile(archive, "a") as opened:
            entry = zipfile.ZipInfo("x")
            entry.filename = name
            opened.writestr(entry, b"")
        assert kinds(check(archive)) == {Kind.FORM}

    def test_a_member_that_is_a_link(self, archive: Path) -> None:
        with zipfile.ZipFile(archive, "a") as opened:
            entry = zipfile.ZipInfo("handovers/7")
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            opened.writestr(entry, b"/etc/passwd")
        assert kinds(check(archive)) == {Kind.FORM}

    @pytest.mark.parametrize("name", ["handovers/7", "tile/2/000"])
    def test_a_member_that_unpacks_to_more_than_it_may_have(self, name: str, archive: Path) -> None:
        with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as opened:
            opened.writestr(name, bytes(300 * 1024))
        assert kinds(check(archive)) == {Kind.FORM}

    def test_a_member_that_says_it_is_small_and_is_not(self, archive: Path, tmp_path: Path) -> None:
        with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as opened:
            opened.writestr("handovers/7", bytes(64 << 20))
        size = (64 << 20).to_bytes(4, "little")
        data = archive.read_bytes()
        assert data.count(size) >= 2
        archive.write_bytes(data.replace(size, (100).to_bytes(4, "little")))
        assert check(archive).verdict is Verdict.TAMPERED

    def test_two_members_of_the_same_bytes(self, archive: Path) -> None:
        with zipfile.ZipFile(archive, "a") as opened:
            twin = zipfile.ZipInfo("handovers/7")
            first = opened.infolist()[0]
            for name in ("header_offset", "compress_size", "file_size", "CRC", "compress_type", "flag_bits"):
                setattr(twin, name, getattr(first, name))
            opened.filelist.append(twin)
            opened._didModify = True  # type: ignore[attr-defined]
        assert kinds(check(archive)) == {Kind.FORM}

    def test_a_member_that_is_encrypted(self, archive: Path) -> None:
        data = bytearray(archive.read_bytes())
        data[data.index(b"PK\1\2") + 8] |= 1  # the flags of the first member, in the table of contents
        archive.write_bytes(data)
        assert kinds(check(archive)) == {Kind.FORM}

    def test_an_archive_that_was_replaced_is_read_anew(self, archive: Path, export: Path, tmp_path: Path) -> None:
        assert check(archive).faults == ()
        (export / RECORDS).write_bytes(b"")
        archive.unlink()
        shutil.make_archive(str(tmp_path / "export"), "zip", export)
        assert check(archive).records == 0

    def test_an_unusual_packing(self, archive: Path) -> None:
        with zipfile.ZipFile(archive, "a", zipfile.ZIP_LZMA) as opened:
            opened.writestr("handovers/7", b"x")
        assert kinds(check(archive)) == {Kind.FORM}
