from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

import compliance_bot
from compliance_bot import Redacted, redact
from compliance_bot import redactor as module
from compliance_bot.errors import UsageError
from compliance_bot.redaction.profile import Profile
from compliance_bot.redaction.profiles import UnknownProfile
from compliance_bot.redactor import load_detector

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "Write to maria.lopez@bank.example, card 4111 1111 1111 1111."


def test_a_text_is_masked_with_what_was_found_where() -> None:
    made = redact(TEXT)
    assert isinstance(made, Redacted)
    assert made.text == "Write to <EMAIL_ADDRESS>, card <CREDIT_CARD>."
    assert made.counts == {"CREDIT_CARD": 1, "EMAIL_ADDRESS": 1}
    assert [(span.type, TEXT[span.start : span.end]) for span in made.spans] == [
        ("EMAIL_ADDRESS", "maria.lopez@bank.example"),
        ("CREDIT_CARD", "4111 1111 1111 1111"),
    ]
    assert all(span.source and 0 < span.score <= 1 for span in made.spans)
    assert redact("") == Redacted(text="", spans=(), counts={})


def test_a_profile_is_named_or_given() -> None:
    cards = Profile(name="cards", types=frozenset({"CREDIT_CARD"}))
    assert redact(TEXT, cards).text == "Write to maria.lopez@bank.example, card <CREDIT_CARD>."
    # A cardholder's name is account data, in an address as well.
    assert redact(TEXT, "pci-dss").text == "Write to <PERSON>.<PERSON>@bank.example, card <CREDIT_CARD>."
    with pytest.raises(UnknownProfile, match=r"no redaction profile 'hippa'; known: .*hipaa"):
        redact(TEXT, "hippa")


def test_what_is_no_text_is_told() -> None:
    with pytest.raises(UsageError, match="expected a text, a bytes came"):
        redact(TEXT.encode())  # type: ignore[arg-type]


def test_the_detector_is_loaded_once_whatever_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    from compliance_bot.redaction import detect

    loaded: list[Any] = []
    real = detect.Detector.load

    def load(**given: Any) -> Any:
        loaded.append(1)
        return real(**given)

    monkeypatch.setattr(detect.Detector, "load", load)
    monkeypatch.setattr(module, "_loaded", {})
    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(load_detector, [None, "minimal", "pci-dss"] * 8))
    assert len(loaded) == 1
    assert len(made) == 3


def test_the_names_of_the_package_are_those_of_their_modules() -> None:
    assert {"redact", "Redacted"} <= set(compliance_bot.__all__)
    assert compliance_bot.redact is module.redact


def test_it_needs_no_home_no_database_and_no_network(tmp_path: Path) -> None:
    script = """
import socket, sys
def refuse(*_, **__): raise AssertionError("network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from compliance_bot import redact
print(redact("to maria.lopez@bank.example", "minimal").text)
assert not {"psycopg", "langchain_core"} & set(sys.modules), "what it does not need"
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("to <EMAIL_ADDRESS>\n", 0), done.stderr
    assert list(tmp_path.iterdir()) == []
