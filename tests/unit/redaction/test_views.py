"""Disguised values are found, whole and alone; what only looks disguised is left alone."""

from __future__ import annotations

import base64
import hashlib
import random
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from compliance_bot.redaction import views
from compliance_bot.redaction.detect import DetectionFailed, Detector, Span
from compliance_bot.redaction.mask import mask
from compliance_bot.redaction.normalise import normalise
from compliance_bot.redaction.views import Reading, readings

from .disguises import AT, EVERYWHERE, places
from .values import EXAMPLES, planted, prose

if TYPE_CHECKING:
    from collections.abc import Sequence

WITH_FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
ENCODED = {name for name in EVERYWHERE if name.startswith(("base64", "percent of base64", "hexadecimal,"))} | {
    "hexadecimal"
}


def _found(detector: Detector, text: str) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in detector.detect(text)]


@pytest.mark.parametrize("around", ["see {} now", "see ({}, там)", "see אבג {} דה"])
@pytest.mark.parametrize("name", EVERYWHERE)
def test_a_disguised_value_is_found_whole_and_alone(detector: Detector, name: str, around: str) -> None:
    for kind, value in EXAMPLES.items():
        disguised = EVERYWHERE[name](value)
        assert _found(detector, around.format(disguised)) == [(kind, disguised)]


@pytest.mark.parametrize("name", AT)
def test_a_value_disguised_at_one_place_is_found_whole_and_alone(detector: Detector, name: str) -> None:
    for kind, value in EXAMPLES.items():
        for place in places(name, value):
            disguised = AT[name](value, place)
            assert _found(detector, f"see {disguised} now") == [(kind, disguised)]


@WITH_FIXTURE
@given(before=prose, value=planted, after=prose, data=st.data())
def test_a_value_planted_in_any_disguise_at_any_place_is_covered_and_no_more(
    detector: Detector, before: str, value: str, after: str, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([*EVERYWHERE, *AT]))
    if name in EVERYWHERE:
        disguised = EVERYWHERE[name](value)
    else:
        disguised = AT[name](value, data.draw(st.sampled_from(list(places(name, value)) or [len(value)])))
    assume(len(value) >= 10 or name not in ENCODED)  # less is not looked into: docs/discussions/redaction.md
    assume(not detector.detect(f"{before}see it now{after}"))  # "now X.X" is taken for a name with nothing planted
    text = f"{before}see {disguised} now{after}"
    start = len(before) + len("see ")
    assert [(span.start, span.end) for span in detector.detect(text)] == [(start, start + len(disguised))]


def test_the_place_of_a_code_is_exact_and_that_of_base64_is_the_whole_of_it(detector: Detector) -> None:
    assert _found(detector, "?q=a%20b%20maria%40bank.example%20c%20d") == [("EMAIL_ADDRESS", "maria%40bank.example")]
    token = base64.b64encode(b"pay maria@bank.example with 4111 1111 1111 1111").decode()
    assert _found(detector, f"x {token} y") == [("EMAIL_ADDRESS", token)]


@pytest.mark.parametrize(
    "text",
    [
        r"{\"to\":\"all\",\n\"card\":\"4111111111111111\"}".replace('\\"', '"').replace(":", r"\n"),
        "data:text/plain;base64," + base64.b64encode(b"card 4111111111111111").decode(),
        "Subject: =?utf-8?B?" + base64.b64encode(b"card 4111111111111111").decode() + "?=",
        "&amp;#52;111111111111111",
        "41&#49;11111**1111**1111",
        "4 1 1 1 1 1 &#49; 1 1 1 1 1 1 1 1 1",
        "c a r d 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "4 1 1 1  1 1 1 1  1 1 1 1  1 1 1 1",
        "card is 4111 1111 **1111** 1111",
        "⁴¹¹¹ ¹¹¹¹ ¹¹¹¹ ¹¹¹¹",
    ],
)
def test_a_card_is_masked_however_it_is_wrapped(detector: Detector, text: str) -> None:
    assert mask(text, detector).counts == {"CREDIT_CARD": 1}


def test_a_claim_in_a_signed_token_is_masked_with_the_token(detector: Detector) -> None:
    claims = base64.b64encode(b'{"email":"maria@bank.example"}').decode().rstrip("=")
    assert mask(f"eyJhbGciOiJIUzI1NiJ9.{claims}.c2lnbmF0dXJl", Detector(detector.recognizers[:1])).counts == {
        "EMAIL_ADDRESS": 1
    }


def test_a_card_inside_a_web_address_is_masked_with_it(detector: Detector) -> None:
    text = "https://x.example/reset/" + base64.b64encode(b"card:4111111111111111").decode() + "/now"
    assert mask(text, detector).text == "<URL>"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("write to maria.lopez [at] bank (dot) example today", "maria.lopez [at] bank (dot) example"),
        ("m a r i a @ bank.example", "m a r i a @ bank.example"),
        ("maria.lo-\npez@bank.example", "maria.lo-\npez@bank.example"),
        ("maria.lopez@\nbank.example", "maria.lopez@\nbank.example"),
        ("maria.lopez@ba\nnk.example", "maria.lopez@ba\nnk.example"),
        ("maria。lopez＠bank。example", "maria。lopez＠bank。example"),
        ("мария@bank.example", "мария@bank.example"),
        ("ⓜⓐⓡⓘⓐ@bank.example", "ⓜⓐⓡⓘⓐ@bank.example"),
        ("ﬁona@bank.example", "ﬁona@bank.example"),
        ("jose\u0301@bank.example", "jose\u0301@bank.example"),
    ],
)
def test_an_address_is_found_as_it_is_written(detector: Detector, text: str, found: str) -> None:
    assert _found(detector, text) == [("EMAIL_ADDRESS", found)]


_RANDOM = random.Random(7)
LEFT_ALONE = [
    hashlib.sha256(b"x").hexdigest(),
    hashlib.md5(b"x").hexdigest().upper(),
    base64.b64encode(hashlib.sha512(b"x").digest()).decode(),
    base64.urlsafe_b64encode(hashlib.sha512(b"y").digest()).decode(),
    base64.b64encode(b"The quick brown fox jumps over the lazy dog, rule 3.3.32 of the book").decode(),
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAABFwAAAAdz",
    "550e8400-e29b-41d4-a716-446655440000",
    "responsibilities internationalisation CONFIDENTIALITY AntiMoneyLaunderingCompliance",
    "compliance_bot/redaction/normalise.py, getElementsByClassName, X-Forwarded-For-Original",
    "/a/very/long/path-with-words/2024/chapter?id=12345678&page=2",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "Contents . . . . . . . . . . . . . . . 12",
    "a b c d e f g h i j k l",
    "1 2 3 4 5 6 7 8 9 0",
    "| x | x | x | - | x | x | x |",
    "0 1 0 1 1 0 1 0 1 1 0 0",
    "Card 4111 **** **** 1111, SSN ***-**-6789",
    "2**10, 5*3*2, __init__, snake__case__name, a ** b",
    "100%20, 50%ab, 5% of 41%",
    r"\d{3}-\d{2} C:\new\table\x86 \\server\share $\alpha_1$",
    "AT&T; R&D &copy; 2019 &lt;b&gt; &#167; 3.2.1.4",
    "a=34 b=4111 x==y",
    "10² m, x³, CO₂, note¹²³, ½ cup, ①②③ and ⑩",
    "Роза Осокина, Сара, Анна-Мария; МОРОЗОВА О. С.",
    "α1-antitrypsin, β2, κ-casein, ΔG, Οδυσσέας",
    "number of shares 1200\nand 3400 of class 5600\n78 are left 90\n11 of them",
    "1200\n3400\n5600\n7800\n9100\n",
    "the period 2010-\n2020, rules 3.1-\n3.5 and items (1)-\n(4)",
    "the item 2019.\n4 members.\n10.3 Reports.\nnext",
    "follow the bank\nor .net and what (at) all",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f 7️⃣ 👩‍⚕️",
    "!/bin/sh = \\\n  $(cat x) && y",
]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_only_looks_disguised_is_left_alone(detector: Detector, text: str) -> None:
    assert _found(detector, f"see {text} now") == []


def test_ordinary_text_has_one_reading() -> None:
    text = "Rule 3.3.32 (as of 2024) applies, see § 4 & annex A: “records” are kept for 5 years.\n" * 20
    assert [reading.text for reading in readings(text)] == [normalise(text).text]


class Words:
    """Says where Maria Lopez stands; a stand-in for the entity model, which sees what views show as well."""

    types = ("PERSON",)
    version = "words"

    def tag(self, texts: Sequence[str]) -> Sequence[tuple[Span, ...]]:
        places = [text.find("Maria Lopez") for text in texts]
        return [
            (Span(start=place, end=place + 11, type="PERSON", score=1.0),) if place >= 0 else () for place in places
        ]


@pytest.mark.parametrize("name", [base64.b64encode(b"Maria Lopez").decode(), "Mar**ia** Lopez", "Maria&nbsp;Lopez"])
def test_the_entity_model_sees_what_is_disguised(name: str) -> None:
    text = f"ask {name} today"
    (span,) = Detector([], tagger=Words()).detect(text)
    assert (text[span.start : span.end], span.type) == (name, "PERSON")


def test_a_value_is_not_put_together_from_two_places() -> None:
    (_, view) = readings(f"4111**1{' words' * 100} 11**11")
    assert "4111" in view.text
    first, second = view.text.index("41111"), view.text.index("1111", view.text.index("41111") + 5)
    assert view.source(first, second + 4) is None
    assert view.source(first, first + 5) == (0, 7)


def test_what_a_view_shows_unchanged_does_not_count_again() -> None:
    reading = readings("maria@bank.example and 4111**1111")[1]
    start = reading.text.index("maria")
    assert reading.source(start, start + 18) is None


def test_a_third_disguise_inside_another_is_not_read() -> None:
    text = "4111111111111111"
    for _ in range(3):
        text = base64.b64encode(text.encode()).decode()
    assert len(readings(text)) == 1 + views.DEPTH


@settings(deadline=None)
@given(st.text(st.sampled_from("4a1 \n-@.*<b>&#52;%40\\x=\u200b/M"), max_size=120))
def test_every_place_of_a_view_is_a_place_of_the_text(text: str) -> None:
    for reading in readings(text):
        for start in range(len(reading.text)):
            place = reading.source(start, start + 1)
            assert place is None or 0 <= place[0] < place[1] <= len(text)


@pytest.mark.parametrize(
    "bomb",
    [
        "%",
        "&#",
        "%41",
        "&#52;",
        "a ",
        "1 ",
        "\\",
        "\\u0041",
        "=\n",
        "**a",
        "<b>a",
        "<b",
        "<!--",
        "-\n1",
        "1\n",
        "(at)",
        "\n@a",
        "@a-\n",
        "Ab1cdefghijklmnop ",
        "a-b_c/",
        "responsibilities\n",
        "`1",
        "1\u0301",
        "\u200b1",
        "а1",
        "ﬁ",
        "%25" * 20,
        "TWFy",
        "TWFyaWEg" * 4 + "\n",
        "61",
        "&amp;",
        "{ at } ",
        "m-\n",
        "e\u0301\u0301\u0301",
    ],
)
def test_a_hostile_text_is_read_in_linear_time(bomb: str) -> None:
    started = time.process_time()
    readings(bomb * (100_000 // len(bomb)) + "!")
    assert time.process_time() - started < 10  # linear: half a second; quadratic: minutes


def test_ten_megabytes_without_a_blank_are_decoded_to_the_end(detector: Detector) -> None:
    text = base64.b64encode(b"word " * 1_500_000 + b"maria@x.example").decode()
    spans = Detector(detector.recognizers[:1]).detect(text)
    assert [(span.type, span.start, span.end) for span in spans] == [("EMAIL_ADDRESS", 0, len(text))]


def test_a_reading_that_fails_refuses_the_text_and_does_not_quote_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str) -> tuple[Reading, ...]:
        raise ValueError(text)

    monkeypatch.setattr("compliance_bot.redaction.detect.detector.readings", fail)
    with pytest.raises(DetectionFailed, match=r"^the text could not be read \(ValueError\); it was refused$"):
        Detector([]).detect("Maria Lopez")


def test_the_time_limit_holds_for_views() -> None:
    class Slow:
        supported_entities = ("PERSON",)

        def analyze(self, text: str, *_: object) -> list[object]:
            time.sleep(0.05 if "\n  " in text else 0)
            return []

    with pytest.raises(DetectionFailed, match="longer than its limit"):
        Detector([Slow(), Slow()], limit_s=0.02).detect("4111**1111")
