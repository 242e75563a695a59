"""What users get when the input is wrong: a clear error or a collected reject, the right exit code, nothing lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fpdf import FPDF

from compliance_bot.bot import ComplianceBot
from compliance_bot.cli import run
from compliance_bot.models import registry
from compliance_bot.settings import load_settings
from tests.acceptance.conftest import Cli, made_home

Write = Callable[[str, str], Path]


@pytest.fixture
def bad_folder(tmp_path: Path) -> Path:
    """One file of each kind that cannot be ingested, and one that can."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "good.md").write_text("# Opening hours\n\nThe Harbour branch opens at nine.\n", encoding="utf-8")
    (folder / "empty.txt").touch()
    (folder / "corrupt.pdf").write_bytes(b"%PDF-1.7\nthis is no PDF at all\n%%EOF")
    (folder / "encrypted.pdf").write_bytes(_pdf("Secret text.", password="open sesame"))
    (folder / "scanned.pdf").write_bytes(_pdf(""))
    (folder / "image.pdf").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 20)
    (folder / "archive.docx").write_bytes(b"PK\x03\x04 broken")
    (folder / "really-a-pdf.txt").write_bytes(_pdf("The Quay branch opens at ten."))
    return folder


def _pdf(text: str, *, password: str = "") -> bytes:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=12)
    if text:
        pdf.cell(text=text)
    if password:
        pdf.set_encryption(owner_password=password, user_password=password)
    return bytes(pdf.output())


def test_bad_files_are_collected_with_reasons_and_never_stop_the_good_ones(cli: Cli, bad_folder: Path) -> None:
    result = cli("ingest", bad_folder, "--collection", "policies", "--json")
    assert result.code == 0
    assert result.json["ingested"] == 2  # good.md, and the PDF that is called .txt
    reasons = {item["path"]: item["reason"] for item in result.json["rejected"]}
    assert set(reasons) == {
        "empty.txt", "corrupt.pdf", "encrypted.pdf", "scanned.pdf", "image.pdf", "binary.txt", "archive.docx",
    }  # fmt: skip
    assert "empty" in reasons["empty.txt"]
    assert "password" in reasons["encrypted.pdf"]
    assert "no text" in reasons["scanned.pdf"]
    assert "OCR" in reasons["scanned.pdf"]
    assert "image" in reasons["image.pdf"]
    assert cli("ask", "When does the Quay branch open?", "--as", "ana", "--json").json["citations"][0]["page"] == 1


def test_passages_without_a_word_are_rejects_and_the_others_go_in(cli: Cli, write: Write) -> None:
    texts = {"W-1": "***", "W-2": "\u0301\u200b", "W-3": "", "W-4": "The quay crane lifts forty tonnes."}
    rows = [json.dumps({"_id": key, "title": "", "text": text}) for key, text in texts.items()]
    result = cli("ingest", write("corpus.jsonl", "\n".join(rows)), "--collection", "policies", "--json").json
    assert result["ingested"] == 1
    assert len(result["rejected"]) == 3


def test_a_document_with_an_ornament_between_its_sections_goes_in(cli: Cli, write: Write) -> None:
    path = write(
        "ornament.md", "# Lighthouse\n\n## Part\n\n\\* \\* \\*\n\n## Lamp\n\nThe lamp turns four times a minute.\n"
    )
    assert cli("ingest", path, "--collection", "policies", "--json").json["ingested"] == 1
    answer = cli("ask", "How often does the lamp turn?", "--as", "ana", "--json").json
    assert answer["citations"][0]["heading"] == "Lamp"


def test_names_that_are_not_text_are_told_and_never_stop_a_batch(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / os.fsdecode(b"\xff\xfe.txt")).touch()
    (folder / os.fsdecode(b"\xffgood.txt")).write_text("The odd ferry leaves at noon.", encoding="utf-8")
    (folder / "new\nline\x1b[31m.md").touch()
    result = cli("ingest", folder, tmp_path / os.fsdecode(b"absent\xff"), "--collection", "policies", "--json")
    assert result.json["ingested"] == 1
    assert {item["path"] for item in result.json["rejected"]} == {
        "\ufffd\ufffd.txt", "new\nline\x1b[31m.md", str(tmp_path / "absent\ufffd"),
    }  # fmt: skip
    assert "\x1b" not in cli("ingest", folder, "--collection", "policies").err
    assert not cli("ask", "When does the odd ferry leave?", "--as", "ana", "--json").json["abstained"]


def test_a_batch_of_nothing_good_ends_with_exit_code_1(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    assert cli("ingest", tmp_path / "empty.txt", "--collection", "policies").code == 1
    absent = cli("ingest", tmp_path / "absent.pdf", "--collection", "policies", "--json")
    assert absent.code == 1
    assert absent.json["rejected"][0]["reason"] == "there is no such file or folder"


def test_a_file_over_the_size_limit_is_rejected_unread(cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLIANCE_BOT_MAX_FILE_MB", "1")
    large = write("large.txt", "All work and no play. " * 100_000)
    result = cli("ingest", large, "--collection", "policies", "--json")
    assert result.code == 1
    assert "too large" in result.json["rejected"][0]["reason"]


def test_a_file_that_this_account_may_not_read_is_a_reject(tmp_path: Path) -> None:
    """Root reads everything, so this runs as another account."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to become another account")
    folder = Path("/tmp") / f"compliance-bot-unreadable-{os.getpid()}"
    folder.mkdir(mode=0o755)
    try:
        (folder / "closed.txt").write_text("closed", encoding="utf-8")
        (folder / "closed.txt").chmod(0o600)
        (folder / "open.txt").write_text("open", encoding="utf-8")
        (folder / "open.txt").chmod(0o644)
        (folder / "sub").mkdir(mode=0o700)
        program = (
            "import os, sys; from pathlib import Path; from compliance_bot.ingest.items import gather;"
            "os.setuid(65534);"
            "print([type(i).__name__ + ':' + (i.reason if hasattr(i, 'reason') else i.name)"
            " for i in gather([Path(sys.argv[1])], base=None, max_bytes=10**6)])"
        )
        seen = subprocess.run([sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=True)
    finally:
        shutil.rmtree(folder)
    assert "Rejected:the file cannot be read: Permission denied" in seen.stdout
    assert "Rejected:the folder cannot be read: Permission denied" in seen.stdout
    assert "Item:open.txt" in seen.stdout


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("", "empty"),
        ("  \n\t ", "empty"),
        ("why " * 25_000, "characters"),
        ("what\udcff\udcfe", "UTF-8"),
        ("a\0b", "not text"),
    ],
)
def test_a_question_that_is_no_question_is_a_usage_error_and_on_record(cli: Cli, question: str, message: str) -> None:
    result = cli("ask", question, "--as", "ana", "--json")
    assert result.code == 2
    assert message in result.json["error"]["message"]
    newest = cli("audit", "list", "--limit", "1", "--json").json["records"][0]
    assert (newest["type"], newest["outcome"], newest["principal"]) == ("answer", "refused", "ana")


def test_a_purpose_that_is_not_text_is_a_usage_error(cli: Cli) -> None:
    assert cli("ask", "When does the Harbour branch open?", "--purpose", "a\udcff", "--as", "ana").code == 2


def test_a_question_of_stop_words_only_is_an_abstention(cli: Cli) -> None:
    result = cli("ask", "what is the of and to it", "--as", "ana", "--json")
    assert result.code == 0
    assert result.json["abstained"]


def test_an_unknown_person_is_refused_and_the_refusal_is_on_record(cli: Cli) -> None:
    result = cli("ask", "When does the Harbour branch open?", "--as", "mallory", "--json")
    assert result.code == 1
    assert result.json["error"]["type"] == "UnknownPrincipal"
    newest = cli("audit", "list", "--limit", "1", "--json").json["records"][0]
    assert (newest["type"], newest["outcome"]) == ("answer", "refused")


def test_ingest_into_a_collection_without_the_right_is_refused_and_on_record(cli: Cli, write: Write) -> None:
    path = write("mine.md", "# Mine\n\nA document of Frank.\n")
    for collection in ("policies", "no-such-collection"):
        result = cli("ingest", path, "--collection", collection, "--as", "frank", "--json")
        assert result.code == 1
        assert result.json["error"]["message"] == "Not permitted, or there is no such thing."
    newest = cli("audit", "list", "--limit", "1", "--json").json["records"][0]
    assert (newest["type"], newest["outcome"], newest["principal"]) == ("ingest", "refused", "frank")


def test_an_undeclared_attribute_is_refused_before_anything_is_stored(cli: Cli, write: Write, tmp_path: Path) -> None:
    path = write("folder/doc.md", "# Undeclared\n\nNobody stores this.\n")
    before = cli("documents", "list", "--json").json
    listed = write("attributes.csv", "path,colour\ndoc.md,red\n")
    for option in (("--set", "colour=red"), ("--set", "classification=high"), ("--attributes", listed)):
        result = cli("ingest", path, "--collection", "policies", *option, "--json")
        assert result.code == 2
        assert result.json["error"]["type"] == "UndeclaredAttribute"
    assert cli("documents", "list", "--json").json == before


def test_a_misspelt_line_in_a_list_of_attributes_opens_nothing_to_more_people(
    cli: Cli, write: Write, tmp_path: Path
) -> None:
    write("inbox/secret.md", "# Secret\n\nThe merger closes in June.\n")
    write("inbox/open.md", "# Open\n\nThe shop opens in June.\n")
    listed = write("attributes.csv", "path,classification\nsecert.md,3\nopen.md,0\n")
    result = cli("ingest", tmp_path / "inbox", "--collection", "misspelt", "--attributes", listed, "--json").json
    assert result["ingested"] == 1
    assert {item["path"] for item in result["rejected"]} == {"secret.md", "secert.md"}
    twice = write("attributes.csv", "path,classification\nopen.md,3\nopen.md,0\n")
    assert cli("ingest", tmp_path / "inbox", "--collection", "misspelt", "--attributes", twice).code == 2


def test_a_path_outside_the_base_is_refused_before_anything_is_stored(cli: Cli, write: Write, tmp_path: Path) -> None:
    inside, outside = write("base/in.md", "# In\n\nText inside.\n"), write("out.md", "# Out\n\nText outside.\n")
    result = cli("ingest", inside, outside, "--collection", "based", "--base", tmp_path / "base", "--json")
    assert result.code == 2
    assert not [d for d in cli("documents", "list", "--json").json["documents"] if d["collection"] == "based"]


def test_usage_errors_are_json_too(cli: Cli) -> None:
    result = cli("ask", "--json")
    assert result.code == 2
    assert result.json["error"]["type"] == "UsageError"
    assert cli("frobnicate").code == 2
    assert cli("search", "x", "-k", "0").code == 2


def test_an_unknown_setting_is_an_error(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLIANCE_BOT_CHUNK_WORD", "100")
    result = cli("documents", "list")
    assert result.code == 2
    assert "COMPLIANCE_BOT_CHUNK_WORD" in result.err


def test_without_a_home_every_command_says_so(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMPLIANCE_BOT_HOME", str(tmp_path / "nowhere"))
    for command in (("ask", "Anything?"), ("documents", "list"), ("audit", "list")):
        result = cli(*command, "--json")
        assert result.code == 3
        assert result.json["error"]["type"] == "NoHome"
    assert cli("doctor").code == 1


def test_policies_that_are_not_valid_stop_everything_and_leave_no_server_behind(cli: Cli, home: Path) -> None:
    broken = home / "policies" / "broken.cedar"
    broken.write_text('@id("x") permit (principal, action, resource) when { principal.nonsense };', encoding="utf-8")
    try:
        result = cli("ask", "Anything?", "--json")
        assert result.code == 2
        assert result.json["error"]["type"] == "InvalidPolicies"
        assert cli("doctor").code == 1
        place = json.loads((home / "server.json").read_text(encoding="utf-8"))
        assert not (Path(place["folder"]) / "data" / "postmaster.pid").exists()
    finally:
        broken.unlink()
    assert cli("documents", "list").code == 0


def test_forbidden_and_absent_are_told_in_the_same_words(cli: Cli, write: Write) -> None:
    path = write("board.md", "# Board minutes\n\nThe board decided to close the Quarry branch.\n")
    cli("ingest", path, "--collection", "board")
    (document,) = [d for d in cli("documents", "list", "--json").json["documents"] if d["title"] == "Board minutes"]
    unknown = cli("documents", "delete", document["document"], "--as", "mallory", "--json")
    assert unknown.code == 1
    newest = cli("audit", "list", "--limit", "1", "--json").json["records"][0]
    assert (newest["type"], newest["outcome"]) == ("documents.delete", "refused")
    for command in ("show", "history", "delete"):
        forbidden = cli("documents", command, document["document"], "--as", "ana", "--json")
        absent = cli("documents", command, "6a1bd5a5-58f3-4eb2-9c1c-1d1a5b5cf1a1", "--as", "ana", "--json")
        no_id = cli("documents", command, "no id at all", "--as", "ana", "--json")
        assert (forbidden.code, forbidden.out) == (absent.code, absent.out) == (no_id.code, no_id.out)
    assert cli("ask", "Which branch did the board decide to close?", "--as", "ana", "--json").json["abstained"]
    assert not cli("ask", "Which branch did the board decide to close?", "--json").json["abstained"]


def test_nothing_is_permitted_by_default(cli: Cli) -> None:
    for command in (("ask", "Anything?"), ("search", "anything"), ("audit", "list")):
        assert cli(*command, "--as", "frank").code == 1
    assert cli("documents", "list", "--as", "frank", "--json").json == {"documents": []}


def test_control_characters_of_documents_never_reach_the_terminal(cli: Cli, write: Write) -> None:
    hostile = "\x1b[31mred\x1b]0;owned\x07 \u202egnirts\u200b\x9b2J"
    line = {"_id": "X-1", "title": f"Terminal {hostile}", "text": f"The terminal fee {hostile} is four crowns."}
    corpus = write("terminal-corpus.jsonl", json.dumps(line))
    cli("ingest", corpus, "--collection", "policies")
    shown = cli("ask", "What is the terminal fee?", "--as", "ana").out
    shown += cli("search", "terminal fee", "--as", "ana").out + cli("documents", "list").out
    assert "terminal fee" in shown.lower()
    assert not set(shown) & set("\x1b\x07\x9b\u202e\u200b")


def test_tampered_weights_are_refused(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = tmp_path / "weights"
    shutil.copytree(registry.shipped("quote").parent, copied)
    path = next((copied / "quote").glob("coefficients.json"))
    path.write_bytes(path.read_bytes().replace(b"0", b"1", 1))
    monkeypatch.setattr(registry, "_SHIPPED", copied)
    result = cli("ask", "When does the Harbour branch open?", "--as", "ana", "--json")
    assert result.code == 1
    assert result.json["error"]["type"] == "ModelTampered"
    assert "coefficients.json" in result.json["error"]["message"]


def test_two_ingests_of_one_folder_at_once_make_no_duplicates(home: Path, cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "twins"
    folder.mkdir()
    for number in range(12):
        text = f"# Twin {number}\n\nDocument number {number} of the twins.\n"
        (folder / f"{number}.md").write_text(text, encoding="utf-8")
    barrier = threading.Barrier(2)

    def ingest() -> None:
        with ComplianceBot.open(home) as bot:
            bot.parts  # noqa: B018  # load before the race
            barrier.wait(60)
            bot.ingest([folder], collection="twins")

    threads = [threading.Thread(target=ingest) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    twins = [d for d in cli("documents", "list", "--json").json["documents"] if d["collection"] == "twins"]
    assert sorted(d["title"] for d in twins) == sorted(f"Twin {number}" for number in range(12))
    assert {d["versions"] for d in twins} == {1}


def test_an_ingest_that_is_killed_is_taken_up_again_without_loss_or_duplicates(
    home: Path, cli: Cli, tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus.jsonl"
    lines = [{"_id": f"K-{n}", "title": "", "text": f"Killed passage number {n} about ledgers."} for n in range(400)]
    corpus.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    program = [sys.executable, "-m", "compliance_bot.cli", "ingest", str(corpus), "--collection", "killed"]
    environment = {**os.environ, "COMPLIANCE_BOT_HOME": str(home)}
    with ComplianceBot.open(home) as bot, subprocess.Popen(program, env=environment) as child:
        while not (stored := _stored(bot)) and child.poll() is None:
            pass
        child.kill()
    assert stored > 0
    result = cli("ingest", corpus, "--collection", "killed", "--json").json
    assert result["ingested"] + result["skipped"] == 400
    assert result["skipped"] >= stored
    documents = [d for d in cli("documents", "list", "--json").json["documents"] if d["collection"] == "killed"]
    assert len(documents) == 400
    assert {d["versions"] for d in documents} == {1}


def test_an_ingest_that_is_interrupted_says_so_and_keeps_what_was_done(home: Path, cli: Cli, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.jsonl"
    lines = [{"_id": f"I-{n}", "title": "", "text": f"Interrupted passage {n} on anchors."} for n in range(2000)]
    corpus.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    program = [sys.executable, "-m", "compliance_bot.cli", "ingest", str(corpus), "--collection", "killed"]
    environment = {**os.environ, "COMPLIANCE_BOT_HOME": str(home)}
    with ComplianceBot.open(home) as bot:
        before = _stored(bot)
        with subprocess.Popen(program, env=environment, stderr=subprocess.PIPE, text=True) as child:
            while (stored := _stored(bot)) == before and child.poll() is None:
                pass
            child.send_signal(signal.SIGINT)
            told = child.communicate()[1]
        assert child.returncode == 130
        assert "interrupted" in told
        assert "Traceback" not in told
        assert before < stored <= _stored(bot) < before + 2000


def _stored(bot: ComplianceBot) -> int:
    return sum(document.collection == "killed" for document in bot.documents(principal="admin"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of 120 MB."""
    folder = Path("/tmp") / f"compliance-bot-disk-{os.getpid()}"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=120m,mode=0755", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode:
        folder.rmdir()
        pytest.skip("needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


def test_a_full_disk_loses_nothing_and_heals(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COMPLIANCE_BOT_DATABASE_DIR", str(small_disk))
    with made_home(tmp_path / "full") as home:
        monkeypatch.setenv("COMPLIANCE_BOT_HOME", str(home))
        assert load_settings().database_dir == small_disk
        good = tmp_path / "good.md"
        good.write_text("# Ferry\n\nThe ferry leaves at eight.\n", encoding="utf-8")
        assert run(["ingest", str(good), "--collection", "c"]) == 0
        filler = small_disk / "filler"
        _fill(filler)
        corpus = tmp_path / "corpus.jsonl"
        rows = [json.dumps({"_id": str(n), "title": "", "text": f"Passage {n} {'word ' * 150}{n}"}) for n in range(300)]
        corpus.write_text("\n".join(rows), encoding="utf-8")
        assert run(["ingest", str(corpus), "--collection", "c"]) == 3
        assert run(["ask", "When does the ferry leave?"]) == 3
        assert "ferry leaves" not in capsys.readouterr().out
        filler.unlink()
        assert run(["ask", "When does the ferry leave?"]) == 0
        assert "The ferry leaves at eight." in capsys.readouterr().out
        assert run(["ingest", str(corpus), "--collection", "c"]) == 0


def _fill(path: Path) -> None:
    """Write until nothing fits any more."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(2**16))
        except OSError:
            return
