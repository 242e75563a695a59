"""The request to a witness: the specification's example is read, and anything but the one form is refused."""

from __future__ import annotations

import pytest

from compliance_bot.audit.note_key import NoteError
from compliance_bot.witness.request import MAX_REQUEST_BYTES, format_request, format_size, parse_request, parse_size
from tests.witnessed_log import MemoryLog

# c2sp.org/tlog-witness, "add-checkpoint"
EXAMPLE = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
""".encode()  # noqa: E501


def test_the_example_of_the_specification_is_read_and_written_again() -> None:
    asked = parse_request(EXAMPLE)
    assert (asked.old_size, len(asked.proof)) == (20852014, 4)
    assert (asked.checkpoint.origin, asked.checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert format_request(asked.old_size, asked.proof, asked.note) == EXAMPLE


def test_a_request_without_a_proof_has_the_note_after_the_empty_line() -> None:
    note = MemoryLog(3).note()
    encoded = format_request(0, (), note)
    assert encoded == b"old 0\n\n" + note
    assert parse_request(encoded).note == note


@pytest.mark.parametrize(
    ("what", "to"),
    [
        (b"old 20852014", b"old 020852014"),
        (b"old 20852014", b"old -1"),
        (b"old 20852014", b"old  20852014"),
        (b"old 20852014", b"new 20852014"),
        (b"old 20852014", "old ２".encode()),
        (b"\nPlRN", b"\n\nPlRN"),
        (b"PlRNCrwH", b"PlRN CrwH"),
        (b"PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=", b"PlRNCrwHpqg="),
        (b"kaw=\n", b"kaw=\r\n"),
        (b"\n20852163\n", b"\n20852163 \n"),
        (b"YQ8=\n", b"YQ8="),
        ("— ".encode(), b"- "),
    ],
)
def test_anything_but_the_one_form_is_refused(what: bytes, to: bytes) -> None:
    assert what in EXAMPLE
    with pytest.raises(NoteError):
        parse_request(EXAMPLE.replace(what, to))


def test_a_request_beyond_its_bounds_is_refused() -> None:
    note = MemoryLog(3).note()
    with pytest.raises(NoteError, match="at most 63 hashes"):
        format_request(1, (b"h" * 32,) * 64, note)
    with pytest.raises(NoteError, match=f"at most {MAX_REQUEST_BYTES} bytes"):
        parse_request(b"o" * (MAX_REQUEST_BYTES + 1))
    assert parse_request(format_request(1, (b"h" * 32,) * 63, note)).old_size == 1


@pytest.mark.parametrize("body", [b"", b"7", b"07\n", b"7\n\n", b" 7\n", b"-7\n", "７\n".encode(), b"9" * 30 + b"\n"])
def test_a_size_has_one_form(body: bytes) -> None:
    assert parse_size(format_size(7)) == 7
    with pytest.raises(NoteError):
        parse_size(body)
