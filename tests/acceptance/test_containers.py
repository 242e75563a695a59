"""Archives and e-mails as a user has them: their files go in, are found, updated and left out one by one."""

from __future__ import annotations

import io
import time
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.acceptance.conftest import Cli


def archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return buffer.getvalue()


def mail(subject: str, text: str, **attached: bytes) -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"] = subject, "porter@x.example"
    message.set_content(text)
    for name, data in attached.items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name.replace("_", "."))
    return message.as_bytes()


def test_an_archive_with_a_mail_with_an_archive_goes_in_file_by_file(cli: Cli, tmp_path: Path) -> None:
    inner = archive({"gate.md": b"# Gate\n\nThe north gate is opened at six by the porter."})
    letter = mail("Keys", "The keys of the vault hang in the tower.", inner_zip=inner, note_txt=b"Bells ring at noon.")
    packed = tmp_path / "packed.zip"
    packed.write_bytes(
        archive({"mail/keys.eml": letter, "roof.txt": b"The roof is made of slate.", "x.bin": bytes(99)})
    )
    report = cli("ingest", packed, "--collection", "nested", "--json").json
    assert report["ingested"] == 4
    assert [one["path"] for one in report["rejected"]] == ["packed.zip!/x.bin"]
    answer = cli("ask", "When is the north gate opened?", "--json").json
    assert "opened at six" in answer["answer"]
    assert cli("ingest", packed, "--collection", "nested", "--json").json["skipped"] == 4
    packed.write_bytes(archive({"mail/keys.eml": letter, "roof.txt": b"The roof is made of copper."}))
    report = cli("ingest", packed, "--collection", "nested", "--json").json
    assert (report["ingested"], report["skipped"]) == (1, 3)


def test_a_line_for_the_container_holds_for_its_members_and_a_members_own_is_stronger(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(archive({"one.txt": b"The first lamp is red.", "two.txt": b"The second is blue."}))
    listed = tmp_path / "listed.csv"
    listed.write_text("path,classification\na.zip,2\na.zip!/two.txt,3\n", encoding="utf-8")
    cli("ingest", tmp_path / "a.zip", "--collection", "lamps", "--attributes", listed)
    documents = [d for d in cli("documents", "list", "--json").json["documents"] if d["collection"] == "lamps"]
    assert {d["title"]: d["attributes"]["classification"] for d in documents} == {"one": 2, "two": 3}


def test_a_misspelt_member_leaves_the_unlisted_ones_out(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(archive({"one.txt": b"Cats sleep.", "two.txt": b"Dogs bark.", "c.txt": b"Cows."}))
    (tmp_path / "free.txt").write_text("Horses run.", encoding="utf-8")
    listed = tmp_path / "listed.csv"
    listed.write_text("path,classification\nb.zip!/tow.txt,3\nb.zip!/c.txt,1\n", encoding="utf-8")
    report = cli("ingest", tmp_path / "b.zip", "--collection", "pets", "--attributes", listed, "--json").json
    assert report["ingested"] == 1
    assert {one["path"] for one in report["rejected"]} == {"b.zip!/one.txt", "b.zip!/two.txt", "b.zip!/tow.txt"}


def _bomb(levels: int) -> bytes:
    data = archive({"zeros.txt": bytes(20_000_000)})
    for _ in range(levels):
        data = archive({f"{n}.zip": data for n in range(10)})
    return data


@pytest.mark.parametrize("levels", [1, 2, 5])
def test_a_bomb_of_archives_is_refused_in_bounded_time_and_the_rest_goes_in(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, levels: int
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "bomb.zip").write_bytes(_bomb(levels))
    (folder / "good.txt").write_text(f"The bell of tower {levels} is cracked.", encoding="utf-8")
    monkeypatch.setenv("COMPLIANCE_BOT_MAX_FILE_MB", "10")
    began = time.monotonic()
    report = cli("ingest", folder, "--collection", f"bombs-{levels}", "--json").json
    assert time.monotonic() - began < 60
    assert report["ingested"] == 1
    assert report["rejected"]


def test_names_that_lead_elsewhere_are_names(cli: Cli, tmp_path: Path) -> None:
    hostile = {
        "../../../../tmp/evil-\x1b[31m.txt": b"Owls hoot at the mill.",
        "<script>alert(1)</script>.txt": b"Hens.",
    }
    (tmp_path / "h.zip").write_bytes(archive(hostile))
    result = cli("ingest", tmp_path / "h.zip", "--collection", "names", "--json")
    assert result.json["ingested"] == 2
    assert not list(Path("/tmp").glob("evil*"))
    listed = cli("documents", "list")
    assert "\x1b" not in listed.out
    assert "evil" in listed.out
