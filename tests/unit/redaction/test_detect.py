from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from presidio_analyzer import RecognizerResult

from compliance_bot.redaction.detect import DetectionFailed, Detector, windows
from compliance_bot.redaction.kinds import KINDS

from .values import EXAMPLES, IN_CLEAR, noise, texts_with_values

if TYPE_CHECKING:
    from pathlib import Path

ALL = EXAMPLES | IN_CLEAR
WITH_FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def _found(detector: Detector, text: str) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in detector.detect(text)]


def test_every_type_is_found_among_the_others(detector: Detector) -> None:
    text = "; ".join(ALL.values())
    assert _found(detector, text) == list(ALL.items())


@pytest.mark.parametrize("around", ["({})", "“{}”", "{}.", "{},", "{}!", "\t{}\n", "<b>{}</b>", "|{}|", "*{}*", "_{}_"])
def test_punctuation_does_not_hide_a_value(detector: Detector, around: str) -> None:
    for kind, value in ALL.items():
        text = around.format(value)
        assert any(value in found and found_kind == kind for found_kind, found in _found(detector, text)), (kind, text)


@pytest.mark.parametrize("kind", ALL)
def test_a_value_on_the_border_of_a_window_is_found_once(
    detector: Detector, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "WINDOW", 2048)
    value = ALL[kind]
    for start in range(2048 - len(value) - 2, 2048 + 3):
        text = ("plain text " * 500)[: start - 1] + " " + value + " plain text" * 300
        assert [(span.start, span.end) for span in detector.detect(text)] == [(start, start + len(value))]


KEY = "-----BEGIN PRIVATE KEY-----\n" + "\n".join(
    ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"] * 48
)
LONG = {
    "a signed token": "eyJhbGciOiJSUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0" * 100 + "." + "c2lnbmF0dXJl" * 28,
    "a private key": f"{KEY}\n-----END PRIVATE KEY-----",
}


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_long_secret_on_the_border_of_a_window_is_found_whole(detector: Detector, name: str, share: float) -> None:
    value = LONG[name]
    assert 3000 < len(value) < windows.MARGIN
    start = windows.WINDOW - int(share * len(value))
    text = ("plain text " * (windows.WINDOW // 11))[: start - 1] + f" {value} plain text"
    assert [(span.type, span.start, span.end) for span in detector.detect(text)] == [
        ("SECRET", start, start + len(value))
    ]


def test_a_number_cut_by_a_window_is_not_taken_for_a_shorter_one(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = " " * 10 + "9" * 22 + "4111111111111111" + " end" * 40
    monkeypatch.setattr(windows, "WINDOW", 64)
    monkeypatch.setattr(windows, "MARGIN", 32)
    assert _found(detector, text) == []


@settings(WITH_FIXTURE, max_examples=50)
@given(made=texts_with_values(), more=noise)
def test_windows_do_not_change_what_is_found(detector: Detector, made: tuple[str, list[str]], more: str) -> None:
    text = made[0] + more
    whole = detector.detect(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "WINDOW", 16)
        assert detector.detect(text) == whole


@WITH_FIXTURE
@given(text=noise)
def test_spans_are_sorted_disjoint_and_inside_the_text(detector: Detector, text: str) -> None:
    spans = detector.detect(text)
    borders = [border for span in spans for border in (span.start, span.end)]
    assert borders == sorted(borders)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert {span.type for span in spans} <= set(KINDS)


@pytest.mark.parametrize(
    "bomb", ["a", "1", "a@", "(", "1 ", "a.", "1.1.1.1.", ":f", "+1 ", "4111-", "DE89 ", "a-a_", "((1)"]
)
def test_a_hostile_text_is_read_in_linear_time(detector: Detector, bomb: str) -> None:
    """Four times the text takes about four times as long: quadratic, it would take sixteen times, each time anew."""
    texts = [bomb * (size // len(bomb)) + "!" for size in (10_000, 40_000)]
    tries = ([_seconds(detector, text) for text in texts] for _ in range(3))  # a busy machine is not a defect
    assert any(long < 9 * max(short, 0.05) for short, long in tries)


def _seconds(detector: Detector, text: str) -> float:
    started = time.process_time()
    detector.detect(text)
    return time.process_time() - started


def test_megabytes_without_a_blank_are_read_to_the_end(detector: Detector) -> None:
    text = "a" * 2_000_000 + "@x.example"
    assert [(span.type, span.end) for span in detector.detect(text)] == [("EMAIL_ADDRESS", len(text))]


class Tiles:
    """Finds every stretch of ten characters that begins at a multiple of eight."""

    supported_entities = ("PERSON",)

    def analyze(self, text: str, *_: Any) -> list[Any]:
        starts = range(0, len(text), 8)
        return [RecognizerResult("PERSON", start, min(start + 10, len(text)), 1.0) for start in starts]


def test_a_row_of_overlapping_spans_longer_than_a_margin_is_one_span(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "WINDOW", 2048)
    text = "a" * 9000
    (span,) = Detector([Tiles()]).detect(text)  # type: ignore[list-item]
    assert (span.start, span.end) == (0, 9000)


class Broken:
    supported_entities = ("PERSON",)

    def analyze(self, text: str, *_: Any) -> list[Any]:
        raise ValueError(f"cannot read {text!r}")


def test_a_failing_recogniser_refuses_the_text_and_does_not_quote_it() -> None:
    with pytest.raises(
        DetectionFailed, match=r"^the detector Broken failed \(ValueError\); the text was refused$"
    ) as e:
        Detector([Broken()]).detect("Maria Lopez")  # type: ignore[list-item]
    assert e.value.exit_code == 3
    assert e.value.__cause__ is None
    assert e.value.__suppress_context__


def test_a_type_has_a_threshold_of_its_own(detector: Detector) -> None:
    text = "card 4222222222222, or 501800000009 and 219-09-9999"
    strict = Detector(detector.recognizers, thresholds={"US_SSN": 0.9})
    assert _found(strict, text) == _found(detector, text)[:-1]


def test_a_word_for_a_value_counts_only_while_no_other_number_is_named(detector: Detector) -> None:
    assert _found(detector, "phone 5550143") == [("PHONE_NUMBER", "5550143")]
    assert _found(detector, "phone, invoice 5550143") == []
    assert _found(detector, "<PHONE> 5550143") == []


def test_a_number_that_passes_a_checksum_is_not_misread_as_a_telephone(detector: Detector) -> None:
    assert _found(detector, "phone or card: 4111 1111 1111 1111") == [("CREDIT_CARD", "4111 1111 1111 1111")]


def test_loading_and_detecting_open_no_socket_and_write_no_file(tmp_path: Path) -> None:
    script = f"""
import socket
def refuse(*_, **__): raise AssertionError("network")
socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
from compliance_bot.redaction.detect import Detector
assert len(Detector.load().detect({"; ".join(ALL.values())!r})) == {len(ALL)}
"""
    environment = os.environ | {
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path),
        "PYTHONPATH": ":".join(sys.path),
    }
    subprocess.run([sys.executable, "-W", "error", "-c", script], env=environment, cwd=tmp_path, check=True, timeout=60)
    assert list(tmp_path.iterdir()) == []
