"""Receipts: the log's word that it has the record of a text, and the proof of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.audit import merkle
from compliance_bot.audit.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from compliance_bot.audit.note import parse_note, sign_note
from compliance_bot.audit.note_key import NoteError, SignatureType, SigningKey
from compliance_bot.audit.receipt import (
    Receipt,
    ReceiptError,
    check,
    check_proof,
    check_receipt,
    commit,
    format_receipt,
    open_receipt,
    prove,
)

ORIGIN = "compliance-bot/7f1c"
KEY = SigningKey(name=ORIGIN, private_key=Ed25519PrivateKey.from_private_bytes(b"a" * 32))
OTHER = SigningKey(name="compliance-bot/9999", private_key=Ed25519PrivateKey.from_private_bytes(b"b" * 32))
FORGER = SigningKey(name=ORIGIN, private_key=Ed25519PrivateKey.from_private_bytes(b"c" * 32))
KEYS = [KEY.verifier(SignatureType.ED25519)]
TEXT = "Records are kept for six years. [1]"
SALT = bytes(range(32))
LEAVES = [merkle.leaf_hash(bytes([n])) for n in range(7)]
INDEX = 4
RECEIPT = Receipt(
    origin=ORIGIN,
    record="01a2023d-a1fb-7141-8099-fae63586aab8",
    leaf_hash=LEAVES[INDEX],
    answer=commit(TEXT, SALT),
    salt=SALT,
)


def proof(receipt: bytes, *, key: SigningKey = KEY, origin: str = ORIGIN, index: int = INDEX) -> bytes:
    checkpoint = Checkpoint(origin=origin, size=len(LEAVES), root=merkle.root(LEAVES))
    note = sign_note(format_checkpoint(checkpoint), key)
    return prove(receipt, index, merkle.prove_inclusion(index, LEAVES), note)


class TestReceipt:
    def test_it_shows_for_which_text_it_was_given(self) -> None:
        assert check_receipt(format_receipt(RECEIPT, KEY), TEXT, KEYS) == RECEIPT

    @given(st.text(max_size=40))
    def test_no_other_text_will_do(self, text: str) -> None:
        encoded = format_receipt(RECEIPT, KEY)
        if text != TEXT:
            with pytest.raises(ReceiptError, match="another text"):
                check_receipt(encoded, text, KEYS)

    def test_a_file_of_the_text_may_end_with_a_newline(self) -> None:
        assert check(format_receipt(RECEIPT, KEY), TEXT + "\n", KEYS) == (RECEIPT, None)
        with pytest.raises(ReceiptError):
            check(format_receipt(RECEIPT, KEY), TEXT + "\n\n", KEYS)

    @pytest.mark.parametrize("key", [FORGER, OTHER])
    def test_nobody_else_can_give_one(self, key: SigningKey) -> None:
        with pytest.raises(ReceiptError):
            open_receipt(format_receipt(RECEIPT, key), KEYS)

    def test_the_key_of_another_log_does_not_sign_for_this_one(self) -> None:
        known = [*KEYS, OTHER.verifier(SignatureType.ED25519)]
        with pytest.raises(ReceiptError):
            open_receipt(format_receipt(RECEIPT, OTHER), known)

    def test_every_changed_byte_is_refused(self) -> None:
        encoded = format_receipt(RECEIPT, KEY)
        for place in range(len(encoded)):
            changed = encoded[:place] + bytes([encoded[place] ^ 1]) + encoded[place + 1 :]
            with pytest.raises(ReceiptError):
                check_receipt(changed, TEXT, KEYS)

    @pytest.mark.parametrize("cut", [(0, 1), (1, 2), (2, 3), (5, 6)])
    def test_a_line_that_is_missing_is_told(self, cut: tuple[int, int]) -> None:
        lines = parse_note(format_receipt(RECEIPT, KEY)).text.splitlines(keepends=True)
        text = "".join([*lines[: cut[0]], *lines[cut[1] :]])
        with pytest.raises(ReceiptError):
            open_receipt(sign_note(text, KEY), KEYS)

    def test_a_short_salt_is_refused(self) -> None:
        with pytest.raises(ReceiptError, match="salt"):
            open_receipt(format_receipt(replace(RECEIPT, salt=b"short"), KEY), KEYS)

    def test_it_is_no_checkpoint_and_a_checkpoint_is_no_receipt(self) -> None:
        with pytest.raises(NoteError):
            parse_checkpoint(parse_note(format_receipt(RECEIPT, KEY)).text)
        note = sign_note(format_checkpoint(Checkpoint(origin=ORIGIN, size=7, root=bytes(32))), KEY)
        with pytest.raises(ReceiptError):
            open_receipt(note, KEYS)


class TestProof:
    def test_it_shows_where_the_record_stands(self) -> None:
        proven = check_proof(proof(format_receipt(RECEIPT, KEY)), TEXT, KEYS)
        assert (proven.receipt, proven.index, proven.size) == (RECEIPT, INDEX, 7)
        assert check(proof(format_receipt(RECEIPT, KEY)), TEXT, KEYS) == (RECEIPT, proven)

    def test_another_place_is_refused(self) -> None:
        for index in set(range(7)) - {INDEX}:
            with pytest.raises(ReceiptError):
                check_proof(proof(format_receipt(RECEIPT, KEY), index=index), TEXT, KEYS)

    def test_a_receipt_of_another_record_is_refused(self) -> None:
        other = replace(RECEIPT, leaf_hash=LEAVES[0])
        with pytest.raises(ReceiptError):
            check_proof(proof(format_receipt(other, KEY)), TEXT, KEYS)

    def test_a_checkpoint_by_somebody_else_is_refused(self) -> None:
        for key in (FORGER, OTHER):
            with pytest.raises(ReceiptError):
                check_proof(proof(format_receipt(RECEIPT, KEY), key=key), TEXT, KEYS)

    def test_a_checkpoint_of_another_log_is_refused_whoever_signed_it(self) -> None:
        with pytest.raises(ReceiptError, match="another log"):
            check_proof(proof(format_receipt(RECEIPT, KEY), origin="compliance-bot/9999"), TEXT, KEYS)

    def test_without_its_receipt_a_proof_shows_nothing_of_a_text(self) -> None:
        with pytest.raises(ReceiptError):
            check_proof(proof(b""), TEXT, KEYS)
