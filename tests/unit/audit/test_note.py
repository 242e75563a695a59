"""Signed notes: those that others published open, and a note that was touched does not."""

from __future__ import annotations

import base64
import dataclasses

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.audit.note import (
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    Note,
    Signature,
    cosign_note,
    format_note,
    open_note,
    parse_note,
    sign_note,
)
from compliance_bot.audit.note_key import NoteError, SignatureType, SigningKey, VerifierKey, parse_verifier_key

# golang.org/x/mod, sumdb/note/note_test.go. The private key is that of its example.
PETER = parse_verifier_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
ENOCH = parse_verifier_key("EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop")
PETER_SIGNS = SigningKey(
    name="PeterNeumann",
    private_key=Ed25519PrivateKey.from_private_bytes(
        base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
    ),
)
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
BY_PETER = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
BY_ENOCH = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
NOTE = f"{TEXT}\n{BY_PETER}{BY_ENOCH}".encode()

# A checkpoint of a public log with cosignatures of public witnesses, made on 2026-05-23.
STAGING = """arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
""".encode()  # noqa: E501
STAGING_LOG = parse_verifier_key(
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
)
REMORA = parse_verifier_key("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2")
SEEN_AT = 0x6A122120

LOG = SigningKey(name="log.example/home", private_key=Ed25519PrivateKey.from_private_bytes(b"l" * 32))
WITNESS = SigningKey(name="witness.example/w1", private_key=Ed25519PrivateKey.from_private_bytes(b"w" * 32))
LOG_KEY = LOG.verifier(SignatureType.ED25519)
WITNESS_KEY = WITNESS.verifier(SignatureType.COSIGNATURE)

texts = st.text(st.characters(exclude_categories=["Cs"], min_codepoint=32) | st.just("\n"), max_size=200)
lines = st.builds(
    Signature,
    name=st.text(st.characters(categories=["L", "N", "P"], exclude_characters="+"), min_size=1, max_size=20),
    key_id=st.binary(min_size=4, max_size=4),
    value=st.binary(min_size=1, max_size=80),
)
notes = st.builds(
    Note, text=texts.map(lambda text: text + "\n"), signatures=st.lists(lines, min_size=1, max_size=5).map(tuple)
)


def signers(encoded: bytes, *keys: VerifierKey) -> list[str]:
    return [verified.key.name for verified in open_note(encoded, keys).verified]


class TestPublishedNotes:
    def test_the_example_of_go_opens_for_each_of_its_keys(self) -> None:
        assert open_note(NOTE, [PETER]).text == TEXT
        assert signers(NOTE, PETER) == ["PeterNeumann"]
        assert signers(NOTE, ENOCH) == ["EnochRoot"]
        assert signers(NOTE, ENOCH, PETER) == ["PeterNeumann", "EnochRoot"]

    def test_the_example_of_go_is_signed_to_the_same_bytes(self) -> None:
        assert sign_note(TEXT, PETER_SIGNS) == f"{TEXT}\n{BY_PETER}".encode()
        assert PETER_SIGNS.verifier(SignatureType.ED25519) == PETER

    def test_the_example_of_verifier_keys_opens(self) -> None:
        # c2sp.org/signed-note, the example of "Verifier keys"
        key = parse_verifier_key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
        signature = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
        note = f"This is an example message.\n\n— example.com/foo {signature}\n".encode()
        assert open_note(note, [key]).text == "This is an example message.\n"

    def test_a_checkpoint_of_the_go_checksum_database_opens(self) -> None:
        # transparency-dev/formats, log/checkpoint_test.go
        key = parse_verifier_key("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
        note = (
            "go.sum database tree\n6476701\nmb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=\n\n"
            "— sum.golang.org "
            "Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=\n"
        )
        assert signers(note.encode(), key) == ["sum.golang.org"]

    def test_a_cosigned_checkpoint_says_when_its_witness_saw_it(self) -> None:
        log, witness = open_note(STAGING, [STAGING_LOG, REMORA]).verified
        assert (log.key, log.at) == (STAGING_LOG, None)
        assert (witness.key, witness.at) == (REMORA, SEEN_AT)

    def test_the_examples_of_the_specifications_are_well_formed(self) -> None:
        # Whose keys are not published. c2sp.org/signed-note, and c2sp.org/tlog-cosignature
        signed_note = (
            "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
            "— quasimodo.example/salvatore "
            "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
        ).encode()
        assert parse_note(signed_note).text.count("\n") == 4
        assert format_note(parse_note(signed_note)) == signed_note
        cosigned = (
            "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
            "— example.com/behind-the-sofa "
            "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
            "— witness.example.com/w1 "
            "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
        ).encode()
        assert [line.name for line in parse_note(cosigned).signatures][1] == "witness.example.com/w1"
        assert format_note(parse_note(cosigned)) == cosigned


class TestWhoSigned:
    def test_signatures_of_unknown_keys_are_ignored(self) -> None:
        nonsense = BY_ENOCH.replace("5n2t", "AAAA").encode()
        assert signers(f"{TEXT}\n{BY_PETER}".encode() + nonsense, PETER) == ["PeterNeumann"]
        same_name = dataclasses.replace(PETER, public_key=ENOCH.public_key)
        same_id = f"— Somebody {BY_PETER.split(' ')[2]}".encode()
        assert signers(NOTE + same_id, PETER) == ["PeterNeumann"]
        with pytest.raises(NoteError, match="none of the 2 signatures"):
            open_note(NOTE, [same_name])

    def test_a_wrong_signature_of_a_known_key_refuses_the_note_whoever_else_signed(self) -> None:
        note = f"{TEXT}\n{BY_PETER}{BY_ENOCH.replace('5n2t', 'AAAA')}".encode()
        for keys in ([ENOCH], [PETER, ENOCH], [ENOCH, PETER]):
            with pytest.raises(NoteError, match="by the known key EnochRoot is wrong"):
                open_note(note, keys)

    def test_a_note_that_nobody_known_signed_is_refused(self) -> None:
        with pytest.raises(NoteError, match="none of the 2 signatures is by one of the 1 known keys"):
            open_note(NOTE, [LOG_KEY])
        with pytest.raises(NoteError, match="by one of the 0 known keys"):
            open_note(NOTE, [])

    def test_a_key_that_signs_twice_counts_once(self) -> None:
        assert signers(NOTE + BY_PETER.encode() * 3, PETER) == ["PeterNeumann"]
        twice = cosign_note(cosign_note(sign_note(TEXT, LOG), WITNESS, at=7), WITNESS, at=9)
        assert [verified.at for verified in open_note(twice, [LOG_KEY, WITNESS_KEY]).verified] == [None, 7]

    def test_a_second_signature_of_a_known_key_has_to_be_right_too(self) -> None:
        with pytest.raises(NoteError, match="by the known key PeterNeumann is wrong"):
            open_note(NOTE + BY_PETER.replace("UG/S", "AAAA").encode(), [PETER])

    def test_a_known_key_that_is_given_twice_is_one_key(self) -> None:
        assert signers(NOTE, PETER, PETER) == ["PeterNeumann"]

    def test_known_keys_that_cannot_be_told_apart_are_refused(self) -> None:
        one, other = (
            VerifierKey(name=LOG.name, type=SignatureType.ED25519, public_key=number.to_bytes(32, "big"))
            for number in (42_979, 89_180)  # the first two numbers whose ids under this name are the same
        )
        assert one.id == other.id
        with pytest.raises(NoteError, match="two known keys have the same name and id"):
            open_note(sign_note(TEXT, LOG), [LOG_KEY, one, other])

    @pytest.mark.parametrize("length", [0, 1, 63, 65, 72])
    def test_a_signature_of_another_length_is_wrong(self, length: int) -> None:
        line = Signature(name="PeterNeumann", key_id=PETER.id, value=b"s" * length or b"\0")
        with pytest.raises(NoteError, match="by the known key PeterNeumann is wrong"):
            open_note(format_note(Note(text=TEXT, signatures=(line,))), [PETER])

    def test_every_changed_bit_of_text_and_signature_is_found(self) -> None:
        note = sign_note("log.example/home\n7\nroot\n", LOG)
        for place in range(len(note)):
            for bit in range(8):
                changed = note[:place] + bytes([note[place] ^ 1 << bit]) + note[place + 1 :]
                with pytest.raises(NoteError):
                    open_note(changed, [LOG_KEY])


class TestCosignatures:
    NOTE = cosign_note(sign_note(TEXT, LOG), WITNESS, at=1_679_315_147)

    def test_a_witness_says_when(self) -> None:
        opened = open_note(self.NOTE, [LOG_KEY, WITNESS_KEY])
        assert [(verified.key.name, verified.at) for verified in opened.verified] == [
            ("log.example/home", None),
            ("witness.example/w1", 1_679_315_147),
        ]

    def test_another_time_is_a_wrong_signature(self) -> None:
        note = parse_note(self.NOTE)
        line = note.signatures[1]
        later = dataclasses.replace(line, value=line.value[:7] + bytes([line.value[7] ^ 1]) + line.value[8:])
        with pytest.raises(NoteError, match=r"by the known key witness\.example/w1 is wrong"):
            open_note(format_note(dataclasses.replace(note, signatures=(later,))), [WITNESS_KEY])

    def test_a_time_is_below_two_to_the_63(self) -> None:
        at = 2**63
        signed = WITNESS.private_key.sign(f"cosignature/v1\ntime {at}\n{TEXT}".encode())
        line = Signature(name=WITNESS.name, key_id=WITNESS_KEY.id, value=at.to_bytes(8, "big") + signed)
        with pytest.raises(NoteError, match="a time beyond"):
            open_note(format_note(Note(text=TEXT, signatures=(line,))), [WITNESS_KEY])
        for at in (-1, 2**63):
            with pytest.raises(NoteError, match=f"below 2\\*\\*63, not {at}"):
                cosign_note(self.NOTE, WITNESS, at=at)

    def test_one_kind_of_signature_does_not_pass_for_the_other(self) -> None:
        at = 7
        signed = WITNESS.private_key.sign(f"cosignature/v1\ntime {at}\n{TEXT}".encode())
        plain = WITNESS.verifier(SignatureType.ED25519)
        line = Signature(name=WITNESS.name, key_id=plain.id, value=at.to_bytes(8, "big") + signed)
        with pytest.raises(NoteError, match="is wrong"):
            open_note(format_note(Note(text=TEXT, signatures=(line,))), [plain])
        with pytest.raises(NoteError, match="none of the 2 signatures"):
            open_note(self.NOTE, [plain])

    def test_a_text_that_would_make_a_cosignature_is_not_signed(self) -> None:
        with pytest.raises(NoteError, match="pass for a cosignature"):
            sign_note(f"cosignature/v1\ntime 7\n{TEXT}", LOG)


class TestForm:
    @given(note=notes)
    def test_a_note_comes_back_as_it_was(self, note: Note) -> None:
        encoded = format_note(note)
        assert parse_note(encoded) == note
        assert format_note(parse_note(encoded)) == encoded

    @given(note=notes, place=st.floats(0, 1, exclude_max=True), changed=st.binary(max_size=3))
    def test_what_is_read_at_all_is_written_the_same(self, note: Note, place: float, changed: bytes) -> None:
        encoded = format_note(note)
        at = int(len(encoded) * place)
        encoded = encoded[:at] + changed + encoded[at + 1 :]
        try:
            parsed = parse_note(encoded)
        except NoteError:
            return
        assert format_note(parsed) == encoded

    @pytest.mark.parametrize(
        ("encoded", "reason"),
        [
            (b"", "a text, an empty line and signatures"),
            (TEXT.encode(), "a text, an empty line and signatures"),
            (f"{TEXT}\n".encode(), "a text, an empty line and signatures"),
            (f"{TEXT}{BY_PETER}".encode(), "a text, an empty line and signatures"),
            (BY_PETER.encode(), "a text, an empty line and signatures"),
            (f"\n{BY_PETER}".encode(), "a text, an empty line and signatures"),
            (f"{TEXT}\n{BY_PETER}".encode()[:-1], "each with a newline"),
            (f"{TEXT}\n{BY_PETER}\n".encode(), "a text, an empty line and signatures"),
            (f"{TEXT}\n{BY_PETER}Another line.\n".encode(), "signature 2 is not a dash"),
            (f"{TEXT}\n{BY_PETER}".replace("\n", "\r\n").encode(), "no control characters but newlines"),
            (f"{TEXT}\t\n{BY_PETER}".encode(), "no control characters but newlines"),
            (f"\x00{TEXT}\n{BY_PETER}".encode(), "no control characters but newlines"),
            (f"\x1f{TEXT}\n{BY_PETER}".encode(), "no control characters but newlines"),
            (b"\xff" + NOTE, "UTF-8, and byte 0 of this one is not"),
            (b"\xc0\xae" + NOTE, "UTF-8"),
            (b"\xed\xa0\x80" + NOTE, "UTF-8"),
            (NOTE.decode().encode("utf-16"), "UTF-8"),
            (f"{TEXT}\n{BY_PETER}".replace("— ", "- ").encode(), "signature 1 is not a dash"),
            (f"{TEXT}\n{BY_PETER}".replace("— ", "—").encode(), "signature 1 is not a dash"),
            (f"{TEXT}\n{BY_PETER}".replace("— ", "—  ").encode(), "signature 1 is not a dash"),
            (f"{TEXT}\n— Bad Name {BY_PETER.split(' ')[2]}".encode(), "standard base64"),
            (f"{TEXT}\n— Bad+Name {BY_PETER.split(' ')[2]}".encode(), "signature 1 is not a dash"),
            (f"{TEXT}\n— Bad\u00a0Name {BY_PETER.split(' ')[2]}".encode(), "signature 1 is not a dash"),
            (f"{TEXT}\n— PeterNeumann\n".encode(), "shorter than the id of a key"),
            (f"{TEXT}\n— PeterNeumann x08gow==\n".encode(), "shorter than the id of a key"),
            (f"{TEXT}\n{BY_PETER}".replace("=\n", "\n").encode(), "standard base64"),
            (f"{TEXT}\n{BY_PETER}".replace("nAM=", "nAN=").encode(), "standard base64"),
            (f"{TEXT}\n{BY_PETER}".replace("=\n", "= \n").encode(), "standard base64"),
        ],
    )
    def test_what_is_not_a_note_is_refused_and_says_why(self, encoded: bytes, reason: str) -> None:
        for read in (parse_note, lambda note: open_note(note, [PETER])):
            with pytest.raises(NoteError, match=reason):
                read(encoded)

    def test_the_text_ends_at_the_last_empty_line(self) -> None:
        text = f"{TEXT}\n{BY_ENOCH}\n\n"
        signed = sign_note(text, LOG)
        assert open_note(signed, [LOG_KEY]).text == text
        with pytest.raises(NoteError, match="none of the 1 signatures"):
            open_note(signed, [ENOCH])  # whose signature is only quoted

    def test_a_hundred_signatures_are_accepted_and_no_more(self) -> None:
        note = f"{TEXT}\n{BY_PETER}".encode()
        assert signers(note + BY_ENOCH.encode() * (MAX_SIGNATURES - 1), PETER) == ["PeterNeumann"]
        with pytest.raises(NoteError, match="at most 100 signatures, and this one has 101"):
            open_note(note + BY_ENOCH.encode() * MAX_SIGNATURES, [PETER])

    def test_sixteen_signatures_as_long_as_they_come_are_accepted(self) -> None:
        long = tuple(Signature(name=f"witness{n}", key_id=b"four", value=bytes(5000)) for n in range(16))
        assert len(parse_note(format_note(Note(text=TEXT, signatures=long))).signatures) == 16

    def test_a_note_that_is_too_large_is_not_read(self) -> None:
        largest = "x" * (MAX_NOTE_BYTES - len(f"\n\n{BY_PETER}".encode())) + "\n"
        assert parse_note(f"{largest}\n{BY_PETER}".encode()).text == largest
        with pytest.raises(NoteError, match=f"at most {MAX_NOTE_BYTES} bytes, and this one has {MAX_NOTE_BYTES + 1}"):
            parse_note(f"x{largest}\n{BY_PETER}".encode())

    @pytest.mark.parametrize("text", ["", "no newline", "a\r\n", "half a pair \ud83d\n"])
    def test_what_could_not_be_read_back_is_not_signed(self, text: str) -> None:
        with pytest.raises(NoteError):
            sign_note(text, LOG)
        with pytest.raises(NoteError):
            sign_note(TEXT)

    @pytest.mark.parametrize("name", ["", "a b", "a\n", "a+b", "a\u2028b"])
    def test_nobody_signs_under_a_name_that_could_not_be_read_back(self, name: str) -> None:
        with pytest.raises(NoteError):
            sign_note(TEXT, dataclasses.replace(LOG, name=name))

    def test_a_refusal_does_not_quote_the_note(self) -> None:
        for note in (f"{TEXT}\n{BY_ENOCH}", f"{TEXT}\n— Ana López x\n", f"{TEXT}\r\n", f"{TEXT}\n— Ana+López x\n"):
            with pytest.raises(NoteError) as refusal:
                open_note(note.encode(), [PETER])
            assert not any(word in str(refusal.value) for word in ("cryptography", "Ana", "López", "Enoch"))
