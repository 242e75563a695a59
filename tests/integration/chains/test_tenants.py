"""Two institutions in one database, each with a home of its own: neither learns of the other, and each can go."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from langchain_core.documents import Document
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from pydantic import Field

from compliance_bot.anchor.faults import AnchorLost
from compliance_bot.bot import ComplianceBot
from compliance_bot.chains.tenants import BundleOfOtherTenant, BundleOfOtherVersion, TenantNotEmpty
from compliance_bot.cli.doctor import examine
from compliance_bot.errors import ComplianceError, Refused, UsageError
from compliance_bot.home import create_home
from compliance_bot.keys import load_keys
from compliance_bot.settings import load_settings
from compliance_bot.store import bundle
from compliance_bot.store.bundle import BundleDamaged, BundleExists, BundleOfOtherKeys, BundleUnwritable
from compliance_bot.store.connect import NeedsOwner, TenantRemoved
from compliance_bot.store.embedded import APP_ROLE, OWNER_ROLE
from compliance_bot.store.removal import ExportOutdated, TenantHeld
from compliance_bot.store.tenants import ForeignTenant, UnknownTenant, claim
from compliance_bot.testing import HashEmbedder, ListedDetector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from langchain_core.outputs import ChatGenerationChunk

    from compliance_bot.store.embedded import EmbeddedServer

    Connection = psycopg.Connection[Any]

QUESTION = "How long are the files kept?"


class Institution:
    """A home on the shared database, and what its people do."""

    def __init__(self, path: Path, server: EmbeddedServer, name: str) -> None:
        self.path, self.name = path, name
        self.settings: dict[str, Any] = {
            "home": path,
            "tenant": name,
            "database_url": server.conninfo(APP_ROLE),
        }
        self.owner = {"database_owner_url": server.conninfo(OWNER_ROLE)}
        self.made()

    def made(self) -> None:
        create_home(load_settings(**self.settings, **self.owner))

    @contextmanager
    def opened(self, **given: Any) -> Iterator[ComplianceBot]:
        with ComplianceBot.open(**{**self.settings, **given}) as bot:
            bot.embedder = HashEmbedder()
            bot.detector = ListedDetector({"Ana Lopez": "PERSON"})  # type: ignore[assignment]
            yield bot

    def fill(self, *years: str) -> None:
        """Store one document in versions, and ask about it."""
        with self.opened() as bot:
            for year in years:
                bot.ingest_loader([page(f"The files are kept {year} years.")], collection="files")
            (shown,) = bot.documents(principal="admin")
            bot.mark(shown.document, "kept", entity_type="PERSON", reason="for the tests", principal="admin")
            bot.unmark(shown.document, "<PERSON_2>", reason="for the tests", principal="admin")
            bot.ask(QUESTION, principal="admin")


def page(text: str, source: str = "keeping.md") -> Document:
    """Return a document as a loader brings it: no parser has to be started for it."""
    return Document(page_content=text, metadata={"source": source, "title": "Note of Ana Lopez"})


@pytest.fixture
def found(tmp_path: Path, server: EmbeddedServer) -> Callable[[str], Institution]:
    return lambda name: Institution(tmp_path / name.encode().hex()[:20], server, name)


@pytest.fixture
def bank(found: Callable[[str], Institution], tmp_path: Path, superuser: Connection) -> Iterator[Institution]:
    made = found(f"bank {tmp_path.name}")
    made.fill("five", "six")
    yield made
    number = load_number(superuser, made.name)
    if number:
        superuser.execute("UPDATE tenant SET name = name || ' (over)' WHERE id = %s", [number])


@pytest.fixture
def fund(found: Callable[[str], Institution], tmp_path: Path) -> Institution:
    made = found(f"fund {tmp_path.name}")
    made.fill("nine")
    return made


def load_number(superuser: Connection, name: str) -> int | None:
    row = superuser.execute("SELECT id FROM tenant WHERE name = %s", [name]).fetchone()
    return row[0] if row else None


# No export has the tree over the log: it is made again from the records.
TREE = {f"audit.{name}" for name in ("checkpoint", "cosignature", "leaf", "pending", "tile")}


def everything(superuser: Connection, number: int | None) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of a tenant, by table, whatever locks there are; but for what triggers keep of others."""
    query = """SELECT c.oid::regclass::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
               WHERE a.attname = 'tenant' AND relnamespace IN ('compliance_bot'::regnamespace, 'audit'::regnamespace)
                 AND relkind IN ('r', 'p') AND NOT relispartition"""
    tables = sorted(name for (name,) in superuser.execute(query) if name != "class_revision")
    return {
        table: sorted(superuser.execute(f"SELECT t::text FROM {table} t WHERE tenant = %s", [number]).fetchall())
        for table in tables
    }


def _key(row: tuple[Any, ...]) -> str:
    """Return what tells a row as text from others of its tenant: its second column."""
    return str(row[0]).split(",")[1]


class TestApart:
    def test_neither_finds_hears_or_counts_anything_of_the_other(self, bank: Institution, fund: Institution) -> None:
        with bank.opened() as bot:
            assert [hit.text for hit in bot.search(QUESTION, principal="admin")] == ["The files are kept six years."]
            assert "six" in bot.ask(QUESTION, principal="admin").answer
            assert len(bot.documents(principal="admin")) == 1
            assert {record.type for record in bot.records(principal="admin")} >= {"answer", "ingest"}
            state = bot.tenant(principal="admin").show()
            assert (state.holdings.documents, state.holdings.versions, state.holdings.chunks) == (1, 2, 1)
        with fund.opened() as bot:
            assert [hit.text for hit in bot.search(QUESTION, principal="admin")] == ["The files are kept nine years."]
            records = bot.records(principal="admin")
            assert bot.tenant(principal="admin").show().holdings.versions == 1
        with bank.opened() as bot:
            assert not {record.record for record in bot.records(principal="admin")} & {r.record for r in records}
            with pytest.raises(Refused):
                bot.record(records[0].record, principal="admin")

    def test_scores_do_not_depend_on_what_the_other_has(
        self, bank: Institution, found: Callable[[str], Institution], tmp_path: Path
    ) -> None:
        with bank.opened() as bot:
            alone = [(hit.lexical, hit.cosine, hit.score) for hit in bot.search(QUESTION, principal="admin")]
        other = found(f"other {tmp_path.name}")
        other.fill(*(str(number) for number in range(4)))
        with bank.opened() as bot:
            beside = [(hit.lexical, hit.cosine, hit.score) for hit in bot.search(QUESTION, principal="admin")]
        assert beside == alone

    def test_one_changes_its_embedder_and_the_other_goes_on_with_its_own(
        self, bank: Institution, fund: Institution
    ) -> None:
        class Wider(HashEmbedder):
            manifest_hash = "e" * 64

        with bank.opened() as bot:
            assert bot.re_embed(embedder=Wider(96)) == 2
            assert [one.dim for one in bot.embedders(principal="admin")] == [96]
            assert bot.search(QUESTION, principal="admin")
        with fund.opened() as bot:
            assert [(one.dim, one.use) for one in bot.embedders(principal="admin")] == [(384, "serving")]
            assert [hit.text for hit in bot.search(QUESTION, principal="admin")] == ["The files are kept nine years."]

    def test_the_doctor_of_one_says_nothing_of_the_other(
        self, bank: Institution, fund: Institution, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = []
        for one in (bank, fund):
            for key, value in one.settings.items():
                monkeypatch.setenv(f"COMPLIANCE_BOT_{key.upper()}", str(value))
            said.append({finding.check: finding.detail for finding in examine()})
        assert "newest" in said[0]["audit log"]
        for finding in said[0].values():
            assert fund.name not in finding
        assert bank.name not in str(said[1])

    def test_sixteen_askers_of_two_institutions_get_their_own(self, bank: Institution, fund: Institution) -> None:
        with bank.opened() as ours, fund.opened() as theirs:
            wrong: list[str] = []

            def ask(bot: ComplianceBot, year: str) -> None:
                for _ in range(4):
                    answer = bot.ask(QUESTION, principal="admin").answer
                    if year not in answer:
                        wrong.append(answer)

            threads = [
                threading.Thread(target=ask, args=(bot, year))
                for bot, year in ((ours, "six"), (theirs, "nine"))
                for _ in range(8)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(120)
        assert wrong == []


class TestOpening:
    def test_a_tenant_that_is_not_registered_is_refused(self, bank: Institution) -> None:
        with pytest.raises(UnknownTenant, match="not registered"), bank.opened(tenant="nobody"):
            pass

    def test_a_home_with_other_keys_is_refused(self, bank: Institution, fund: Institution) -> None:
        with pytest.raises(ForeignTenant, match="other keys"), fund.opened(tenant=bank.name):
            pass
        with pytest.raises(ForeignTenant):
            create_home(load_settings(**{**fund.settings, **fund.owner, "tenant": bank.name}))

    def test_a_second_machine_with_the_same_keys_and_the_same_anchor_is_let_in(
        self, bank: Institution, found: Callable[[str], Institution], tmp_path: Path
    ) -> None:
        second = tmp_path / "second"
        shutil.copytree(bank.path, second)
        with pytest.raises(AnchorLost), bank.opened(home=second):
            pass
        with bank.opened(home=second, anchor=load_settings(**bank.settings).anchor_file) as bot:
            assert len(bot.documents(principal="admin")) == 1


class TestExport:
    def test_it_has_every_row_and_no_key(self, bank: Institution, superuser: Connection, tmp_path: Path) -> None:
        before = everything(superuser, load_number(superuser, bank.name))
        with bank.opened() as bot:
            manifest = bot.tenant(principal="admin").export(tmp_path / "x.zip")
        counts = {member.table.removeprefix("compliance_bot."): member.rows for member in manifest.members}
        log = {"audit.entry", "audit.payload"}  # its own record came before the snapshot
        assert counts == {table: len(rows) + (table in log) for table, rows in before.items() if table not in TREE}
        unused = {"document_place", "principal_grant", "search_tuning", "seen_token", "stop"}
        unused |= {"redaction_measure", "redaction_review", "redaction_score"}
        assert {table for table, rows in counts.items() if not rows} == unused
        keys = [(bank.path / "keys" / name).read_bytes() for name in ("key-encryption-key", "vault/epoch-1")]
        with zipfile.ZipFile(tmp_path / "x.zip") as archive:
            for name in archive.namelist():
                content = archive.read(name)
                for key in keys:
                    assert key not in content
                    assert key.hex().encode() not in content
                assert b"Lopez" not in content
        assert (tmp_path / "x.zip").stat().st_mode & 0o777 == 0o600

    def test_the_rows_of_the_other_are_not_in_it(
        self, bank: Institution, fund: Institution, tmp_path: Path, superuser: Connection
    ) -> None:
        with bank.opened() as bot:
            bot.tenant(principal="admin").export(tmp_path / "x.zip")
        with zipfile.ZipFile(tmp_path / "x.zip") as archive:
            texts = archive.read("compliance_bot.document_version.csv").decode()
        assert "six years" in texts
        assert "five years" in texts
        assert "nine" not in texts

    def test_what_is_stored_meanwhile_is_wholly_in_it_or_not_at_all(
        self, bank: Institution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, superuser: Connection
    ) -> None:
        before = everything(superuser, load_number(superuser, bank.name))
        with bank.opened() as bot, bank.opened() as other:
            add = bundle.Draft.add

            def adding(draft: bundle.Draft, table: str, *given: Any) -> bundle.Member:
                if table == "compliance_bot.document_source":  # some tables are written already
                    other.ingest_loader([page("Something new.", "new.txt")], collection="files")
                return add(draft, table, *given)

            monkeypatch.setattr(bundle.Draft, "add", adding)
            manifest = bot.tenant(principal="admin").export(tmp_path / "x.zip")
            assert len(bot.documents(principal="admin")) == 2
        counts = {member.table.removeprefix("compliance_bot."): member.rows for member in manifest.members}
        for table in before.keys() - {"audit.entry", "audit.payload", *TREE}:
            assert counts[table] == len(before[table]), table

    def test_it_never_takes_the_place_of_a_file(self, bank: Institution, tmp_path: Path) -> None:
        taken, dangling = tmp_path / "x.zip", tmp_path / "y.zip"
        taken.write_text("mine")
        dangling.symlink_to(tmp_path / "nowhere")
        with bank.opened() as bot:
            for path in (taken, dangling, tmp_path):
                with pytest.raises(BundleExists, match="exists"):
                    bot.tenant(principal="admin").export(path)
        assert taken.read_text() == "mine"
        assert not [path for path in tmp_path.iterdir() if path.name.endswith(".partial")]

    def test_a_folder_that_is_not_there_is_refused(self, bank: Institution, tmp_path: Path) -> None:
        with bank.opened() as bot, pytest.raises(BundleUnwritable, match="No such file"):
            bot.tenant(principal="admin").export(tmp_path / "no" / "x.zip")

    def test_who_may_not_administer_may_not_export(self, bank: Institution, tmp_path: Path) -> None:
        (bank.path / "policies" / "principals.yaml").write_text("- {id: admin}\n- {id: eve}\n", encoding="utf-8")
        with bank.opened() as bot:
            room = bot.tenant(principal="eve")
            for act in (
                room.show,
                lambda: room.export(tmp_path / "x.zip"),
                lambda: room.bring_back(tmp_path / "x.zip"),
                lambda: room.remove(bank.name, tmp_path / "x.zip"),
            ):
                with pytest.raises(Refused):
                    act()
            kinds = [(r.type, r.outcome) for r in bot.records(principal="admin", limit=4)]
        names = ("delete", "import", "export", "show")
        assert kinds == [(f"tenant.{name}", "refused") for name in names]
        assert not (tmp_path / "x.zip").exists()


@pytest.fixture
def exported(bank: Institution, tmp_path: Path) -> Path:
    with bank.opened() as bot:
        bot.tenant(principal="admin").export(tmp_path / "x.zip")
    return tmp_path / "x.zip"


class TestRemoval:
    def test_nothing_is_left_but_the_mark_and_the_other_tenants(
        self, bank: Institution, fund: Institution, exported: Path, superuser: Connection
    ) -> None:
        number = load_number(superuser, bank.name)
        others = everything(superuser, load_number(superuser, fund.name))
        with bank.opened(**bank.owner) as bot:
            removed = bot.tenant(principal="admin").remove(bank.name, exported)
        assert not any(everything(superuser, number).values())
        assert everything(superuser, load_number(superuser, fund.name)) == others
        assert load_number(superuser, bank.name) is None
        query = (
            "SELECT records, last_leaf, later, encode(export_sha256, 'hex') FROM audit.removed_tenant WHERE number = %s"
        )
        ((records, leaf, later, export),) = superuser.execute(query, [number]).fetchall()
        assert (records, leaf, export) == (removed.records, removed.last_leaf, removed.export)
        assert [json.loads(one)["type"] for one in later] == ["tenant.export", "tenant.delete.started"]

    def test_it_comes_back_as_it_was(
        self, bank: Institution, exported: Path, superuser: Connection, tmp_path: Path
    ) -> None:
        number = load_number(superuser, bank.name)
        before = everything(superuser, number)
        query = "SELECT max(id) FROM access_class WHERE tenant = %s"
        (classes,) = superuser.execute(query, [number]).fetchone() or (0,)
        with bank.opened(**bank.owner) as bot:
            bot.tenant(principal="admin").remove(bank.name, exported)
        bank.made()
        # As in a new database, which has given few ids yet.
        (drawn,) = superuser.execute("SELECT last_value FROM access_class_id_seq").fetchone() or (1,)
        superuser.execute("SELECT setval('access_class_id_seq', %s, false)", [classes])
        with bank.opened() as bot:
            bot.tenant(principal="admin").bring_back(exported)
        after = everything(superuser, load_number(superuser, bank.name))
        for table, rows in before.items():
            if table in ("audit.entry", "audit.payload"):
                kept = [row for row in rows if row in after[table]]
                # Of the export; of the tree, the anchor and the rules that the home began with again, of the import,
                # and of the tree that began anew with all of it.
                assert (len(rows) - len(kept), len(after[table]) - len(kept)) == (1, 5), table
            elif table == "audit.leaf":
                assert len(after[table]) == len(after["audit.entry"])
            elif table in TREE:
                continue  # made again
            elif table == "anchor_position":  # it stands where its anchor ends, behind the rules
                assert [_key(row) for row in rows] == ["3"]  # of the rules and two corrections
                assert [_key(row) for row in after[table]] == ["4"]
            elif table == "document_class_history":  # begins anew with the classes that documents have
                assert len(after[table]) == len(rows), table
            elif table in ("audit.actor", "policy_set", "policy_activation"):  # a home has some once it is opened
                assert len(after[table]) >= len(rows), table
                assert {_key(row) for row in rows} <= {_key(row) for row in after[table]}, table
            else:
                assert after[table] == rows, table
        with bank.opened() as bot:
            assert [hit.text for hit in bot.search(QUESTION, principal="admin")] == ["The files are kept six years."]
            same = page("The files are kept six years.")
            again = bot.ingest_loader([same], collection="files")
            assert (again.ingested, again.skipped) == (0, 1)
            assert bot.ingest_loader([same], collection="new").ingested == 1  # a class with a new id
            superuser.execute("SELECT setval('access_class_id_seq', %s)", [drawn])
            (removal,) = bot.tenant(principal="admin").show().removals
            assert (
                removal.export.hex()
                == bot.record(
                    next(r.record for r in bot.records(principal="admin") if r.type == "tenant.import"),
                    principal="admin",
                ).envelope["public"]["export"]["sha256"]
            )

    @pytest.mark.parametrize("name", ["", "default", "bank", "x'; DROP TABLE tenant; --"])
    def test_another_name_removes_nothing(
        self, bank: Institution, exported: Path, superuser: Connection, name: str
    ) -> None:
        with bank.opened(**bank.owner) as bot, pytest.raises(UsageError, match="nothing is deleted") as refused:
            bot.tenant(principal="admin").remove(name, exported)
        assert name == "" or name not in str(refused.value)
        assert load_number(superuser, bank.name)

    def test_the_application_account_alone_removes_nothing(self, bank: Institution, exported: Path) -> None:
        with bank.opened() as bot:
            with pytest.raises(NeedsOwner):
                bot.tenant(principal="admin").remove(bank.name, exported)
            assert len(bot.documents(principal="admin")) == 1

    @pytest.mark.parametrize("act", ["ask", "ingest", "delete"])
    def test_an_export_from_before_the_last_change_is_not_enough(
        self, bank: Institution, exported: Path, superuser: Connection, tmp_path: Path, act: str
    ) -> None:
        with bank.opened(**bank.owner) as bot:
            if act == "ask":
                bot.ask(QUESTION, principal="admin")
            elif act == "ingest":
                bot.ingest_loader([page("Something new.", "new.txt")], collection="files")
            else:
                bot.delete(bot.documents(principal="admin")[0].document, principal="admin")
            before = everything(superuser, load_number(superuser, bank.name))
            with pytest.raises(ExportOutdated, match="the records since then"):
                bot.tenant(principal="admin").remove(bank.name, exported)
            bot.tenant(principal="admin").export(tmp_path / "newer.zip")
            after = everything(superuser, load_number(superuser, bank.name))
            assert {t: after[t] for t in after if not t.startswith("audit.")} == {
                t: before[t] for t in before if not t.startswith("audit.")
            }
            assert bot.tenant(principal="admin").remove(bank.name, tmp_path / "newer.zip").records

    def test_a_change_that_left_no_record_is_found(
        self, bank: Institution, exported: Path, superuser: Connection
    ) -> None:
        number = load_number(superuser, bank.name)
        superuser.execute("UPDATE document SET title = 'changed' WHERE tenant = %s", [number])
        with (
            bank.opened(**bank.owner) as bot,
            pytest.raises(ExportOutdated, match=r"differ: compliance_bot\.document$"),
        ):
            bot.tenant(principal="admin").remove(bank.name, exported)

    def test_a_hold_keeps_it(self, bank: Institution, exported: Path, owner: Connection, superuser: Connection) -> None:
        mine = "(SELECT NULLIF(current_setting('compliance_bot.tenant', true), '')::integer)"
        statements = (
            "CREATE TABLE audit.hold (tenant integer)",
            "ALTER TABLE audit.hold ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE audit.hold FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY tenant ON audit.hold USING (tenant = {mine})",
        )
        for statement in statements:
            owner.execute(statement)
        try:
            superuser.execute("INSERT INTO audit.hold VALUES (%s)", [load_number(superuser, bank.name)])
            with bank.opened(**bank.owner) as bot, pytest.raises(TenantHeld, match="under a hold"):
                bot.tenant(principal="admin").remove(bank.name, exported)
        finally:
            owner.execute("DROP TABLE audit.hold")

    def test_who_asks_meanwhile_gets_no_answer(self, bank: Institution, exported: Path, superuser: Connection) -> None:
        number, model = load_number(superuser, bank.name), Slow(responses=["six years"])
        outcomes: list[object] = []

        def ask(bot: ComplianceBot) -> None:
            try:
                outcomes.append(bot.ask(QUESTION, principal="admin", model=model))
            except ComplianceError as error:
                outcomes.append(type(error))

        with bank.opened() as asker, bank.opened(**bank.owner) as bot:
            thread = threading.Thread(target=ask, args=(asker,))
            thread.start()
            try:
                assert model.asked.wait(60)  # it has read its passages, and the model has them
                bot.tenant(principal="admin").remove(bank.name, exported)
            finally:
                model.go_on.set()
                thread.join(60)
            assert outcomes == [TenantRemoved]
            with pytest.raises(TenantRemoved):
                bot.ask(QUESTION, principal="admin")
        assert not any(everything(superuser, number).values())


class Slow(FakeListChatModel):
    """A chat model that is waited for."""

    asked: threading.Event = Field(default_factory=threading.Event)
    go_on: threading.Event = Field(default_factory=threading.Event)

    def _stream(self, *given: Any, **named: Any) -> Iterator[ChatGenerationChunk]:
        self.asked.set()
        self.go_on.wait(60)
        return super()._stream(*given, **named)


def tampered(path: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """Copy a bundle with some of its members changed, or left out."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as copy:
        changed = {name: change(name, source.read(name)) for name in source.namelist()}
        if change is _forged:
            manifest = json.loads(changed["manifest.json"] or b"")
            for member in manifest["members"]:
                text = changed[f"{member['table']}.csv"] or b""
                member |= {"size_bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}
            changed["manifest.json"] = json.dumps(manifest, indent=1, sort_keys=True).encode()
        for name, content in changed.items():
            if content is not None:
                copy.writestr(name, content)
    return target


def _other_text(name: str, content: bytes) -> bytes:
    return content.replace(b"six years", b"one years") if name.endswith("document_version.csv") else content


def _forged(name: str, content: bytes) -> bytes:
    """Change a text; the manifest is made to fit: only the seal is left to tell."""
    return _other_text(name, content)


def _without_seal(name: str, content: bytes) -> bytes | None:
    return None if name == "manifest.hmac" else content


def _without_records(name: str, content: bytes) -> bytes | None:
    return None if name == "audit.entry.csv" else content


def _one_row_less(name: str, content: bytes) -> bytes:
    return b"".join(content.splitlines(keepends=True)[:-1]) if name == "audit.entry.csv" else content


def _other_manifest(name: str, content: bytes) -> bytes:
    return b"{}" if name == "manifest.json" else content


CHANGES = [
    _other_text, _forged, _without_seal, _without_records, _one_row_less, _other_manifest,
]  # fmt: skip


class TestTampered:
    @pytest.mark.parametrize("change", CHANGES)
    def test_it_is_neither_brought_back_nor_enough_to_remove(
        self,
        bank: Institution,
        exported: Path,
        tmp_path: Path,
        superuser: Connection,
        change: Callable[[str, bytes], bytes | None],
    ) -> None:
        changed = tampered(exported, tmp_path / "changed.zip", change)
        number = load_number(superuser, bank.name)
        with bank.opened(**bank.owner) as bot:
            with pytest.raises(BundleDamaged):
                bot.tenant(principal="admin").remove(bank.name, changed)
            bot.tenant(principal="admin").remove(bank.name, exported)
        bank.made()
        with bank.opened() as bot:
            with pytest.raises(BundleDamaged):
                bot.tenant(principal="admin").bring_back(changed)
            left = everything(superuser, number)
            opened = ("audit.", "policy_", "anchor_position")  # what a home has as soon as it is opened
            assert not any(rows for table, rows in left.items() if not table.startswith(opened))
            # A refusal is on record, and is not in the way.
            assert bot.tenant(principal="admin").bring_back(exported).tenant == bank.name
            assert len(bot.documents(principal="admin")) == 1

    @pytest.mark.parametrize("content", [b"", b"PK", b"not a zip at all" * 100])
    def test_what_is_no_export_is_refused(self, bank: Institution, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "x.zip"
        path.write_bytes(content)
        with bank.opened() as bot, pytest.raises(BundleDamaged):
            bot.tenant(principal="admin").bring_back(path)

    def test_one_cut_short_is_refused(self, bank: Institution, exported: Path, tmp_path: Path) -> None:
        whole = exported.read_bytes()
        for length in (len(whole) // 2, len(whole) - 1):
            (tmp_path / f"{length}.zip").write_bytes(whole[:length])
            with bank.opened() as bot, pytest.raises(BundleDamaged):
                bot.tenant(principal="admin").bring_back(tmp_path / f"{length}.zip")

    def test_a_flipped_bit_anywhere_is_refused_or_without_effect(self, bank: Institution, exported: Path) -> None:
        whole = exported.read_bytes()
        keyring = load_keys(bank.path / "keys")
        fingerprint = claim(bank.name, keyring).fingerprint
        with bundle.opened(exported, keyring, fingerprint=fingerprint) as source:
            expected = source.manifest
        passed = 0
        for place in range(0, len(whole), 97):
            flipped = bytearray(whole)
            flipped[place] ^= 0x10
            exported.write_bytes(flipped)
            try:
                with bundle.opened(exported, keyring, fingerprint=fingerprint) as source:
                    source.require_whole()
                    assert source.manifest == expected
                    passed += 1
            except (BundleDamaged, BundleOfOtherKeys):
                pass
        # Dates and attributes of members are not what they hold.
        assert passed < len(whole) / 97 / 4


class TestBringingBack:
    def test_a_tenant_that_has_something_is_refused(
        self, bank: Institution, exported: Path, superuser: Connection
    ) -> None:
        with bank.opened() as bot:
            with pytest.raises(TenantNotEmpty):
                bot.tenant(principal="admin").bring_back(exported)
            assert len(bot.documents(principal="admin")) == 1

    def test_other_keys_and_other_names_are_refused(
        self, bank: Institution, fund: Institution, exported: Path, tmp_path: Path
    ) -> None:
        with fund.opened() as bot, pytest.raises(BundleOfOtherKeys):
            bot.tenant(principal="admin").bring_back(exported)
        other = {**bank.settings, "tenant": f"other {tmp_path.name}"}
        create_home(load_settings(**other, **bank.owner))
        with ComplianceBot.open(**other) as bot, pytest.raises(BundleOfOtherTenant):
            bot.tenant(principal="admin").bring_back(exported)

    def test_one_of_another_schema_is_refused(
        self, bank: Institution, exported: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("compliance_bot.chains.tenants.known_migrations", lambda: ("0001_access",))
        with bank.opened() as bot, pytest.raises(BundleOfOtherVersion):
            bot.tenant(principal="admin").bring_back(exported)

    def test_what_was_deleted_since_the_export_is_deleted_again(
        self, bank: Institution, exported: Path, tmp_path: Path
    ) -> None:
        with bank.opened(**bank.owner) as bot:
            bot.delete(bot.documents(principal="admin")[0].document, principal="admin")
            bot.stop("model", "m", reason="a test")
            bot.tenant(principal="admin").export(tmp_path / "newer.zip")
            bot.tenant(principal="admin").remove(bank.name, tmp_path / "newer.zip")
        bank.made()
        with bank.opened() as bot:
            bot.tenant(principal="admin").bring_back(exported)
            assert bot.documents(principal="admin") == ()
            assert bot.search(QUESTION, principal="admin") == ()
            assert [stop.name for stop in bot.stops(principal="admin")] == ["m"]
            record = next(r.record for r in bot.records(principal="admin") if r.type == "tenant.import")
            public = bot.record(record, principal="admin").envelope["public"]
            assert (public["anchor"], public["applied"]["documents_deleted"]) == (True, 1)
        with bank.opened() as bot:
            assert sum(r.type == "anchor.applied" for r in bot.records(principal="admin")) == 1  # of the empty tenant

    def test_with_another_anchor_it_is_brought_back_only_by_who_says_so(
        self, bank: Institution, exported: Path, tmp_path: Path
    ) -> None:
        anchor = load_settings(**bank.settings).anchor_file
        with bank.opened(**bank.owner) as bot:
            bot.tenant(principal="admin").remove(bank.name, exported)
        anchor.rename(tmp_path / "elsewhere")
        bank.made()
        with bank.opened() as bot:
            with pytest.raises(AnchorLost):
                bot.tenant(principal="admin").bring_back(exported)
            assert bot.tenant(principal="admin").show().holdings.documents == 0
            bot.tenant(principal="admin").bring_back(exported, with_anchor=False)
            assert len(bot.documents(principal="admin")) == 1
            bot.stop("model", "m", reason="a test")
        with bank.opened() as bot:
            assert len(bot.documents(principal="admin")) == 1

    def test_a_file_that_is_not_there_is_refused(self, bank: Institution, tmp_path: Path) -> None:
        with bank.opened() as bot, pytest.raises(UsageError, match="No such file"):
            bot.tenant(principal="admin").bring_back(tmp_path / "none.zip")
