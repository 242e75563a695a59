"""Checkpoints: the text that a log signs is read and written in one form."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.audit.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint, parse_count
from compliance_bot.audit.note_key import NoteError

# c2sp.org/tlog-checkpoint
EXAMPLE = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

line = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
checkpoints = st.builds(
    Checkpoint,
    origin=line,
    size=st.integers(0, 2**63 - 1),
    root=st.binary(min_size=32, max_size=32),
    extensions=st.lists(line, max_size=3).map(tuple),
)


def test_the_example_of_the_specification_is_read() -> None:
    checkpoint = parse_checkpoint(EXAMPLE)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert base64.b64encode(checkpoint.root) == b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    assert checkpoint.extensions == ()
    assert format_checkpoint(checkpoint) == EXAMPLE


@given(checkpoint=checkpoints)
def test_a_checkpoint_comes_back_as_it_was(checkpoint: Checkpoint) -> None:
    text = format_checkpoint(checkpoint)
    assert parse_checkpoint(text) == checkpoint
    assert format_checkpoint(parse_checkpoint(text)) == text


@given(checkpoint=checkpoints, place=st.floats(0, 1, exclude_max=True), changed=st.text(max_size=2))
def test_what_is_read_at_all_is_written_the_same(checkpoint: Checkpoint, place: float, changed: str) -> None:
    text = format_checkpoint(checkpoint)
    at = int(len(text) * place)
    text = text[:at] + changed + text[at + 1 :]
    try:
        parsed = parse_checkpoint(text)
    except NoteError:
        return
    assert format_checkpoint(parsed) == text


def test_an_empty_tree_has_the_size_zero() -> None:
    assert parse_checkpoint(EXAMPLE.replace("20852163", "0")).size == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "an origin, a size and a root"),
        (EXAMPLE[:-1], "an origin, a size and a root"),
        (EXAMPLE + "\n", "an origin, a size and a root"),
        ("\n" + EXAMPLE, "an origin, a size and a root"),
        (EXAMPLE.replace("\n2", "\n\n2"), "an origin, a size and a root"),
        (EXAMPLE + "extension\n\nanother\n", "an origin, a size and a root"),
        ("\n".join(EXAMPLE.split("\n")[:2]) + "\n", "an origin, a size and a root"),
        (EXAMPLE.replace("\n", "\r\n"), "a decimal number"),
        (EXAMPLE.replace("CsUY", "Cs_Y"), "standard base64"),
        (EXAMPLE.replace("q2I=", "q2J="), "standard base64"),
        (EXAMPLE.replace("CsUY", ""), "a hash has 32 bytes, and one of 29 came"),
    ],
)
def test_what_is_not_a_checkpoint_is_refused_and_says_why(text: str, reason: str) -> None:
    with pytest.raises(NoteError, match=reason):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "text", ["", "00", "01", "+1", "-1", " 1", "1 ", "1_000", "0x1", "1e3", "1.0", "٣", "²", str(2**63), "9" * 5000]
)
def test_a_number_has_one_form_and_is_below_two_to_the_63(text: str) -> None:
    with pytest.raises(NoteError, match="a decimal number without leading zeroes and below"):
        parse_count(text)
    with pytest.raises(NoteError):
        parse_checkpoint(EXAMPLE.replace("20852163", text))


def test_the_largest_number_is_read() -> None:
    assert parse_count(str(2**63 - 1)) == 2**63 - 1


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint(origin="", size=1, root=bytes(32)),
        Checkpoint(origin="log\n5", size=1, root=bytes(32)),
        Checkpoint(origin="log", size=-1, root=bytes(32)),
        Checkpoint(origin="log", size=2**63, root=bytes(32)),
        Checkpoint(origin="log", size=1, root=bytes(31)),
        Checkpoint(origin="log", size=1, root=bytes(32), extensions=("",)),
        Checkpoint(origin="log", size=1, root=bytes(32), extensions=("two\nlines",)),
    ],
)
def test_what_could_not_be_read_back_is_not_written(checkpoint: Checkpoint) -> None:
    with pytest.raises(NoteError):
        format_checkpoint(checkpoint)
