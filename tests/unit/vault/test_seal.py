"""A sealed value opens where it belongs and nowhere else, and tells next to nothing of its length."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.keys import KEY_BYTES, CannotDecrypt
from compliance_bot.keys.epochs import EpochKeys, VaultKeyMissing
from compliance_bot.keys.sources import EnvironmentKeys
from compliance_bot.vault.seal import place, seal, unseal

KEYS = EpochKeys(EnvironmentKeys(" ".join(f"{n}:{base64.b64encode(bytes([n]) * KEY_BYTES).decode()}" for n in (1, 2))))
WHERE: dict[str, Any] = {
    "tenant": 1,
    "document": "d-1",
    "version": "v-1",
    "in_title": False,
    "start": 10,
    "end": 20,
    "type_": "PERSON",
    "number": 1,
}
HERE = place(**WHERE)
ELSEWHERE: dict[str, Any] = {
    "tenant": 2,
    "document": "d-2",
    "version": "v-2",
    "in_title": True,
    "start": 11,
    "end": 21,
    "type_": "LOCATION",
    "number": 2,
}
VALUES = st.one_of(st.text(), st.text("ab é客🙂\0\udcff", max_size=3000))


@given(VALUES)
def test_unsealing_brings_the_value_back(value: str) -> None:
    assert unseal(*seal(value, KEYS, 1, bound_to=HERE), KEYS, 1, bound_to=HERE) == value


@pytest.mark.parametrize("part", sorted(ELSEWHERE))
def test_moved_to_another_place_it_does_not_open(part: str) -> None:
    sealed = seal("Maria Lopez", KEYS, 1, bound_to=HERE)
    with pytest.raises(CannotDecrypt):
        unseal(*sealed, KEYS, 1, bound_to=place(**{**WHERE, part: ELSEWHERE[part]}))


def test_every_part_of_a_place_is_changed_above() -> None:
    assert WHERE.keys() == ELSEWHERE.keys()


@given(*(st.tuples(st.text(max_size=8), st.text(max_size=8), st.integers(0, 99), st.integers(0, 99)) for _ in range(2)))
def test_two_places_are_never_bound_alike(one: tuple[str, str, int, int], other: tuple[str, str, int, int]) -> None:
    def bound(where: tuple[str, str, int, int]) -> bytes:
        document, version, start, end = where
        return place(**{**WHERE, "document": document, "version": version, "start": start, "end": end})

    assert (bound(one) == bound(other)) == (one == other)


def test_the_key_and_the_value_of_two_places_are_not_to_be_exchanged() -> None:
    there = place(**ELSEWHERE)
    (key, value), (other_key, other_value) = (
        seal("Maria Lopez", KEYS, 1, bound_to=HERE),
        seal("Ben Hall", KEYS, 1, bound_to=there),
    )
    for wrapped, ciphertext in ((key, other_value), (other_key, value), (other_key, other_value)):
        with pytest.raises(CannotDecrypt):
            unseal(wrapped, ciphertext, KEYS, 1, bound_to=HERE)


def test_each_flipped_bit_and_each_shorter_form_is_noticed() -> None:
    wrapped, ciphertext = seal("Maria Lopez", KEYS, 1, bound_to=HERE)

    def damaged(whole: bytes) -> list[bytes]:
        flipped = [
            whole[:n] + bytes([whole[n] ^ (1 << bit)]) + whole[n + 1 :] for n in range(len(whole)) for bit in range(8)
        ]
        return [*flipped, *(whole[:n] for n in range(len(whole))), whole + b"\0"]

    for changed in damaged(wrapped):
        with pytest.raises(CannotDecrypt):
            unseal(changed, ciphertext, KEYS, 1, bound_to=HERE)
    for changed in damaged(ciphertext):
        with pytest.raises(CannotDecrypt):
            unseal(wrapped, changed, KEYS, 1, bound_to=HERE)


def test_it_opens_with_the_key_of_its_epoch_alone() -> None:
    sealed = seal("Maria Lopez", KEYS, 1, bound_to=HERE)
    with pytest.raises(CannotDecrypt):
        unseal(*sealed, KEYS, 2, bound_to=HERE)
    with pytest.raises(VaultKeyMissing):
        unseal(*sealed, KEYS, 3, bound_to=HERE)
    with pytest.raises(VaultKeyMissing):
        seal("Maria Lopez", KEYS, 3, bound_to=HERE)


def test_nearly_all_values_have_one_length() -> None:
    lengths = {tuple(map(len, seal("x" * size, KEYS, 1, bound_to=HERE))) for size in range(1, 60)}
    assert len(lengths) == 1


def test_lengths_beyond_that_are_few() -> None:
    lengths = {len(seal("x" * size, KEYS, 1, bound_to=HERE)[1]) for size in range(1, 4000, 7)}
    assert len(lengths) < 25


def test_two_seals_of_one_value_differ_and_show_nothing_of_it() -> None:
    sealed = [seal("Maria Lopez", KEYS, 1, bound_to=HERE) for _ in range(20)]
    assert len({wrapped for wrapped, _ in sealed}) == len({ciphertext for _, ciphertext in sealed}) == 20
    assert not any(b"Lopez" in ciphertext for _, ciphertext in sealed)
