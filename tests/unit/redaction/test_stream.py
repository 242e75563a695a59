from __future__ import annotations

import re
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance_bot.redaction import stream
from compliance_bot.redaction.detect import DetectionFailed, Detector, Span
from compliance_bot.redaction.kinds import KINDS
from compliance_bot.redaction.mask import mask
from compliance_bot.redaction.stream import StreamRedactor
from compliance_bot.testing import FailingDetector, ListedDetector

from .values import EXAMPLES, noise, planted, texts_with_values

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compliance_bot.redaction.spans import Detects

WITH_FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
PROSE = "The branch keeps a copy of each statement in the file of the customer. "
HEBREW = "שלום, הכתובת שלי היא "


def streamed(detector: Detects, deltas: Iterable[str], look_back: int = stream.LOOK_BACK) -> list[str]:
    redactor = StreamRedactor(detector, look_back=look_back)
    return [*(redactor.feed(delta) for delta in deltas), redactor.finish()]


def cut(text: str, places: Iterable[int]) -> list[str]:
    borders = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[a:b] for a, b in pairwise(borders)]


@pytest.mark.parametrize("kind", EXAMPLES)
@pytest.mark.parametrize(
    "around", ["{}", "a\n{}\nb", "({}),", f"{HEBREW}{{}} שם", "日本語{}です", "<PERSON> {} <PERSON>", "é{}é"]
)
def test_a_value_is_masked_wherever_its_deltas_are_split(detector: Detector, kind: str, around: str) -> None:
    text = PROSE + around.format(EXAMPLES[kind]) + " " + PROSE
    whole = mask(text, detector).text
    start, end = text.index(EXAMPLES[kind]), text.index(EXAMPLES[kind]) + len(EXAMPLES[kind])
    for place in range(start - 1, end + 2):
        for deltas in ((text[:place], text[place:]), (text[:place], text[place : place + 2], text[place + 2 :])):
            assert "".join(streamed(detector, deltas, look_back=64)) == whole


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_value_is_masked_wherever_it_stands_to_the_looks(detector: Detector, kind: str) -> None:
    for shift in range(0, 90, 3):
        text = PROSE * 2 + "x" * shift + f" {EXAMPLES[kind]} " + PROSE * 3
        assert "".join(streamed(detector, text, look_back=64)) == mask(text, detector).text


@st.composite
def long_texts(draw: st.DrawFn) -> str:
    parts = draw(st.lists(st.one_of(planted, st.just(PROSE), st.just("<PHONE_NUMBER> Tel.: 55 "), noise), max_size=12))
    return "".join(f"{part}{draw(st.sampled_from([' ', chr(10), '; ', ' é ']))}" for part in parts)


@WITH_FIXTURE
@given(made=texts_with_values(), places=st.lists(st.integers(0, 400), max_size=12))
def test_chunks_joined_are_the_masked_text(detector: Detector, made: tuple[str, list[str]], places: list[int]) -> None:
    text, values = made
    pieces = streamed(detector, cut(text, places))
    assert "".join(pieces) == mask(text, detector).text
    assert not any(value in "".join(pieces) for value in values)


@WITH_FIXTURE
@given(text=long_texts(), places=st.lists(st.integers(0, 1500), max_size=40))
def test_long_texts_come_out_as_if_masked_whole(detector: Detector, text: str, places: list[int]) -> None:
    assert "".join(streamed(detector, cut(text, places), look_back=128)) == mask(text, detector).text


@WITH_FIXTURE
@given(text=st.text(max_size=600), places=st.lists(st.integers(0, 600), max_size=30))
def test_text_without_values_comes_out_as_it_went_in(text: str, places: list[int]) -> None:
    assert "".join(streamed(ListedDetector({}), cut(text, places), look_back=64)) == text


def test_empty_deltas_and_an_empty_stream_give_nothing(detector: Detector) -> None:
    assert streamed(detector, ["", "", ""]) == ["", "", "", ""]
    assert "".join(streamed(detector, ["", "4111 1111", "", " 1111 1111", ""])) == "<CREDIT_CARD>"


def test_text_comes_out_while_it_still_streams(detector: Detector) -> None:
    pieces = streamed(detector, re.findall(r"\S+\s", PROSE * 20))
    shown = 0
    for n, piece in enumerate(pieces[:-1], 1):
        shown += len(piece)
        fed = len("".join(re.findall(r"\S+\s", PROSE * 20)[:n]))
        assert fed - shown <= stream.LOOK_BACK + stream.LOOK_BACK // 4 + 20
    assert len(pieces[-1]) < 400


def test_a_label_that_was_shown_still_speaks_for_the_number_after_it() -> None:
    class Labelled:
        """Finds six digits after a label, up to forty characters back."""

        def detect(self, text: str) -> tuple[Span, ...]:
            found = re.finditer(r"account number:[^0-9]{0,40}([0-9]{6})", text)
            return tuple(Span(start=m.start(1), end=m.end(1), type="ACCOUNT", score=1.0) for m in found)

    text = PROSE * 3 + "account number:" + " " * 40 + "123456. " + PROSE * 3
    assert "".join(streamed(Labelled(), text, look_back=64)) == mask(text, Labelled()).text


@pytest.mark.parametrize("again", ["Lopez", "Maria Lopez", "Ms Lopez", "LOPEZ"])
def test_a_name_is_masked_where_it_stands_again_much_later(detector: Detector, again: str) -> None:
    text = f"We wrote to Ms Maria Lopez. {PROSE * 20} Then {again} answered, and nobody else. {PROSE * 20}"
    pieces = streamed(detector, text)
    assert "".join(pieces) == mask(text, detector).text
    assert "opez" not in "".join(pieces).lower()


def test_only_the_latest_names_are_remembered() -> None:
    redactor = StreamRedactor(
        ListedDetector({f"Name{chr(97 + n // 26)}{chr(97 + n % 26)}": "PERSON" for n in range(200)})
    )
    for n in range(200):
        redactor.feed(f"Then Name{chr(97 + n // 26)}{chr(97 + n % 26)} came. ")
    assert redactor.finish()
    assert len(redactor._detector._known) == stream.MOST_NAMES


class Runs:
    """Finds runs of x, however long."""

    def detect(self, text: str) -> tuple[Span, ...]:
        return tuple(Span(start=m.start(), end=m.end(), type="PERSON", score=1.0) for m in re.finditer("x+", text))


def test_a_value_longer_than_the_look_back_is_held_to_its_end() -> None:
    assert "".join(streamed(Runs(), "see " + "x" * 5000 + " end", look_back=64)) == "see <PERSON> end"


def test_an_unbroken_run_is_held_until_its_end_tells_what_it_is() -> None:
    class Signed:
        def detect(self, text: str) -> tuple[Span, ...]:
            found = re.finditer("[a-z0-9.]{1000,}=", text)
            return tuple(Span(start=m.start(), end=m.end(), type="SECRET", score=1.0) for m in found)

    text = PROSE + "token " + "ab1." * 500 + "= " + PROSE * 3
    assert "".join(streamed(Signed(), text)) == mask(text, Signed()).text


def test_a_value_without_an_end_is_refused_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST_HELD", 2000)
    redactor = StreamRedactor(Runs(), look_back=64)
    with pytest.raises(DetectionFailed, match="a value of more than 2000 characters came; the text was refused"):
        [redactor.feed("x" * 10) for _ in range(1000)]
    assert "xx" not in repr(vars(redactor))


class AfterAll:
    """Finds all of a text once an exclamation mark has come: the worst of a value that shows itself late."""

    def detect(self, text: str) -> tuple[Span, ...]:
        return (Span(start=0, end=len(text), type="PERSON", score=1.0),) if "!" in text[:-1] else ()


def test_what_is_left_of_a_value_that_shows_itself_too_late_is_masked() -> None:
    pieces = streamed(AfterAll(), "word " * 100 + "!" + " word" * 100, look_back=64)
    assert "".join(pieces).count("<PERSON>") == 1
    assert "".join(pieces).endswith("<PERSON>")


@pytest.mark.parametrize("unit", ["a", "1", "漢", "a@", "4111-", "\u0301", "1.1.", "x\u200d"])
def test_a_stream_without_blanks_takes_bounded_memory_and_linear_time(detector: Detector, unit: str) -> None:
    redactor = StreamRedactor(detector)
    began = time.monotonic()
    shown = 0
    for _ in range(20_000 // len(unit)):
        shown += len(redactor.feed(unit))
        assert len(redactor._text) + redactor._arrived < 20_000
    shown += len(redactor.finish())
    assert shown
    assert time.monotonic() - began < 10  # linear: under a second


def test_the_look_at_a_stream_has_a_bounded_size(detector: Detector) -> None:
    seen: list[int] = []

    class Measured:
        def detect(self, text: str) -> tuple[Span, ...]:
            seen.append(len(text))
            return ()

    streamed(Measured(), [PROSE[n : n + 4] for n in range(0, len(PROSE), 4)] * 400)
    assert max(seen) < stream.CONTEXT + 2 * stream.LOOK_BACK
    assert sum(seen) < 400 * len(PROSE) * 16


def test_a_failing_detector_lets_nothing_out_and_closes_the_stream() -> None:
    redactor = StreamRedactor(FailingDetector(), look_back=64)
    with pytest.raises(DetectionFailed) as caught:
        [redactor.feed(PROSE) for _ in range(4)]
    assert PROSE[:9] not in str(caught.value)
    for again in (redactor.finish, lambda: redactor.feed("more")):
        with pytest.raises(RuntimeError, match="this stream is over"):
            again()
    assert PROSE[:9] not in repr(vars(redactor))


def test_a_detector_that_fails_at_the_end_lets_the_rest_not_out() -> None:
    redactor = StreamRedactor(FailingDetector())
    assert redactor.feed("Maria") == ""
    with pytest.raises(DetectionFailed):
        redactor.finish()


def test_a_detector_over_its_time_limit_refuses_the_stream(detector: Detector) -> None:
    late = Detector(detector.recognizers, limit_s=-1.0)
    with pytest.raises(DetectionFailed, match="longer than its limit"):
        streamed(late, ["Write to maria.lopez@bank.example"])


def test_two_streams_at_once_do_not_mix(detector: Detector) -> None:
    one, other = StreamRedactor(detector, look_back=64), StreamRedactor(detector, look_back=64)
    texts = (PROSE + "card 4111 1111 1111 1111. " + PROSE, PROSE + "write to maria.lopez@bank.example. " + PROSE)
    out = ["", ""]
    for first, second in zip(*texts, strict=False):
        out[0] += one.feed(first)
        out[1] += other.feed(second)
    out[0] += one.feed(texts[0][len(texts[1]) :]) + one.finish()
    out[1] += other.feed(texts[1][len(texts[0]) :]) + other.finish()
    assert out == [mask(text, detector).text for text in texts]
    assert (one.counts, other.counts) == ({"CREDIT_CARD": 1}, {"EMAIL_ADDRESS": 1})


def test_what_was_masked_is_counted_once(detector: Detector) -> None:
    redactor = StreamRedactor(detector, look_back=64)
    text = PROSE + "; ".join(EXAMPLES.values()) + "; " + PROSE * 5 + "a@b.example"
    for letter in text:
        redactor.feed(letter)
    redactor.finish()
    assert redactor.counts == mask(text, detector).counts
    assert set(redactor.counts) <= set(KINDS)


@pytest.mark.parametrize("joined", ["e\u0301", "👩\u200d👩\u200d👧", "क\u093f", "❤\ufe0f", "\ud83d\ude00"])
def test_a_piece_does_not_begin_inside_a_character(joined: str) -> None:
    text = joined * 200
    pieces = [piece for piece in streamed(ListedDetector({}), text, look_back=64) if piece]
    assert "".join(pieces) == text
    assert len(pieces) > 3
    assert all(piece.startswith(joined[0]) for piece in pieces)


def test_halves_of_a_surrogate_pair_in_two_deltas_are_kept_as_they_came(detector: Detector) -> None:
    deltas = [PROSE, "\ud83d", "\ude00", " a@b.example ", PROSE * 3]
    assert "".join(streamed(detector, deltas, look_back=64)) == mask("".join(deltas), detector).text
