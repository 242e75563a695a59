"""`python -m compliance_bot.audit.verify` and `verify.pyz`: Python, `cryptography`, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import compliance_bot
from compliance_bot.audit.bundle.verifier import MODULES, verifier
from compliance_bot.audit.bundle.write import write_export
from compliance_bot.audit.kept import format_kept
from compliance_bot.audit.note import cosign_note
from compliance_bot.audit.note_key import SignatureType, format_verifier_key
from compliance_bot.audit.verify.__main__ import main
from tests.audit_exports import RECORDS
from tests.audit_logs import BEGIN, MadeLog, signing_key

ROOT = Path(__file__).resolve().parents[4]
SCHEMA = ROOT / "docs" / "reference" / "schemas" / "audit-verify.json"
KEY = format_verifier_key(signing_key(1).verifier(SignatureType.ED25519))
WITNESS = signing_key(9, name="witness.example")
WITNESS_KEY = format_verifier_key(WITNESS.verifier(SignatureType.COSIGNATURE))

# Refuses every import of anything else, and says in the end what was imported of the program.
GUARDED = """
import sys
from importlib.abc import MetaPathFinder

class Guard(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names | {"compliance_bot", "cryptography", "_cffi_backend"}:
            raise ImportError("the verifier imports " + name)

sys.meta_path.insert(0, Guard())
from compliance_bot.audit.verify.__main__ import main
code = main(sys.argv[1:])
print(*sorted(sys.modules[name].__file__ for name in sys.modules if name.startswith("compliance_bot")), file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture(scope="module")
def log() -> MadeLog:
    log = MadeLog()
    log.begin()
    return log.fill(4200)


@pytest.fixture(scope="module")
def export(log: MadeLog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exports") / "export"
    write_export(log.source(), path, signing_key(1))
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "export"
    log = MadeLog().fill(3)
    note = cosign_note(log.checkpoint(), WITNESS, at=int(BEGIN.timestamp()) + 3600)
    write_export(log.source(note=note), path, signing_key(1))
    return path


def run(*words: str | Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *map(str, words)]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_it_imports_the_standard_library_and_cryptography_alone(export: Path) -> None:
    done = run("-c", GUARDED, export, "--key", KEY, "--jobs", "1")
    assert (done.returncode, "Intact." in done.stdout) == (0, True), done.stderr
    package = Path(compliance_bot.__file__).parent
    assert {str(Path(file).relative_to(package)) for file in done.stderr.split()} == set(MODULES)


def test_it_runs_as_a_module_in_several_processes(export: Path) -> None:
    done = run("-m", "compliance_bot.audit.verify", export, "--key", KEY, "--jobs", "2")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Read 4201 records; opened 4201 contents" in done.stdout


def test_the_verifier_in_an_export_runs_alone(export: Path, tmp_path: Path) -> None:
    shutil.copy(export / "verify.pyz", tmp_path)
    done = run("-I", "verify.pyz", export, "--key", KEY, "--jobs", "2", "--json", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["opened"] == 4201


def test_the_verifier_is_the_same_bytes_each_time() -> None:
    assert verifier() == verifier()


def test_what_is_found_in_several_processes_is_what_one_finds(export: Path, tmp_path: Path) -> None:
    changed = Path(shutil.copytree(export, tmp_path / "changed"))
    path = changed / "records/0000004096.jsonl"
    path.write_bytes(path.read_bytes().replace(b'\\"n\\":4100', b'\\"n\\":9999'))
    (changed / "records.csv").write_bytes((changed / "records.csv").read_bytes()[:-40])
    one, two = (run("-m", "compliance_bot.audit.verify", changed, "--key", KEY, "--jobs", jobs) for jobs in "12")
    assert one.stdout == two.stdout
    assert one.returncode == two.returncode == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--key", KEY], 0),
        ([], 2),
        (["--key", KEY, "--witness", WITNESS_KEY], 0),
        (["--key", KEY, "--witness", WITNESS_KEY, "--quorum", "0"], 0),
        (["--key", KEY, "--no-content"], 0),
        (["--key", KEY, "--max-silence", "4"], 1),
        (["--key", KEY, "--max-silence", "5"], 0),
    ],
)
def test_exit_codes_and_json_are_what_the_schema_and_the_pages_say(
    words: list[str], code: int, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(small), "--jobs", "1", "--json", *words]) == code
    shape = json.loads(capsys.readouterr().out)
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(shape)
    assert shape["verdict"] == ["intact", "tampered", "incomplete"][code]


@pytest.mark.parametrize(
    "words",
    [
        ["--key", "nonsense"],
        ["--key", WITNESS_KEY],
        ["--witness", KEY],
        ["--witness", WITNESS_KEY, "--quorum", "2"],
        ["--quorum", "-1"],
        ["--jobs", "0"],
        ["--max-silence", "-1"],
        ["--checkpoint", "no such file"],
        ["--witness-file", "no such file"],
        ["--witness-file", __file__],
    ],
)
def test_what_makes_no_sense_is_refused(words: list[str], small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([str(small), *words])
    assert capsys.readouterr().out == ""


def test_a_checkpoint_is_kept_where_all_is_intact_and_compared_the_next_time(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, changed = tmp_path / "kept", Path(shutil.copytree(small, tmp_path / "changed"))
    (changed / RECORDS).write_bytes(b"")
    assert main([str(changed), "--jobs", "1", "--key", KEY, "--save-checkpoint", str(kept)]) == 1
    assert not kept.exists()
    assert main([str(small), "--jobs", "1", "--key", KEY, "--save-checkpoint", str(kept)]) == 0
    assert kept.read_bytes() == (small / "checkpoint").read_bytes()
    write_export(MadeLog().fill(2).source(), tmp_path / "shorter", signing_key(1))
    assert main([str(tmp_path / "shorter"), "--jobs", "1", "--key", KEY, "--checkpoint", str(kept)]) == 1
    assert "it was shortened" in capsys.readouterr().out


def test_a_file_of_a_witness_is_compared(small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "checkpoints.jsonl"
    words = [str(small), "--jobs", "1", "--key", KEY, "--witness-file", str(file)]
    file.write_bytes(format_kept(1, (small / "checkpoint").read_bytes()))
    assert main(words) == 0
    assert (
        "Checkpoints in checkpoints.jsonl that agree with this log: 1, the last of 3 records" in capsys.readouterr().out
    )
    file.write_bytes(file.read_bytes() + format_kept(1, MadeLog().fill(3).checkpoint()))
    assert main([*words, "--json"]) == 1
    shape = json.loads(capsys.readouterr().out)
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(shape)
    assert shape["witness_files"] == [{"file": "checkpoints.jsonl", "checkpoints": 1, "size": 3}]
    (fault,) = shape["faults"]
    assert (fault["kind"], fault["message"].split(" in ")[0]) == ("rewritten", "checkpoint 2")


def test_a_report_shows_nothing_that_steers_a_terminal(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = Path(shutil.copytree(small, tmp_path / "changed"))
    (changed / "\x1b[2J\u202ex\n").write_bytes(b"")
    assert main([str(changed), "--jobs", "1", "--key", KEY]) == 1
    assert all(line.isprintable() for line in capsys.readouterr().out.splitlines())
