"""Proofs to hand out: read and written in one form, and enough to show an entry with nothing but a public key."""

from __future__ import annotations

import base64
import dataclasses
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.audit.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from compliance_bot.audit.merkle import ProofError, check_inclusion, leaf_hash, prove_inclusion, root
from compliance_bot.audit.note import MAX_NOTE_BYTES, Note, Signature, format_note, open_note, sign_note
from compliance_bot.audit.note_key import NoteError, SignatureType, SigningKey, VerifierKey
from compliance_bot.audit.proof import MAX_PROOF_BYTES, Proof, format_proof, parse_proof

ENTRIES = [f"entry {number}".encode() for number in range(7)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
LOG = SigningKey(name="log.example/home", private_key=Ed25519PrivateKey.from_private_bytes(b"l" * 32))
LOG_KEY = LOG.verifier(SignatureType.ED25519)
CHECKPOINT_TEXT = format_checkpoint(Checkpoint(origin=LOG.name, size=7, root=root(LEAVES)))
SIGNED = sign_note(CHECKPOINT_TEXT, LOG)
PROOF = Proof(index=4, hashes=prove_inclusion(4, LEAVES), checkpoint=SIGNED)
TEXT = format_proof(PROOF).decode()
A_HASH = base64.b64encode(bytes(32)).decode()

proofs = st.builds(
    Proof,
    index=st.integers(0, 2**63 - 1),
    hashes=st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple),
    checkpoint=st.just(SIGNED),
    extra=st.binary(max_size=50),
)


def shows(proof: bytes, entry: bytes, key: VerifierKey) -> bool:
    """Say whether a proof shows that the log of this key has an entry: what an auditor does with a proof."""
    try:
        parsed = parse_proof(proof)
        tree = parse_checkpoint(open_note(parsed.checkpoint, [key]).text)
        check_inclusion(leaf_hash(entry), parsed.index, tree.size, parsed.hashes, tree.root)
    except (ProofError, NoteError):
        return False
    return tree.origin == key.name


def test_the_example_of_the_specification_is_read() -> None:
    # c2sp.org/tlog-proof, whose signatures are left out there: one of another note stands for them
    signature = "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8="
    example = (
        "c2sp.org/tlog-proof@v1\n"
        "extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ\n"
        "index 73894\n"
        "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n"
        "B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n"
        "EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=\n"
        "RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=\n"
        "AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=\n"
        "\n"
        "example.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n"
        "\n"
        f"— example.com/fancylog {signature}\n"
    ).encode()
    proof = parse_proof(example)
    assert (proof.index, len(proof.hashes), proof.extra[:10]) == (73894, 5, b"age-v1.2.1")
    assert format_proof(proof) == example


def test_a_proof_shows_its_entry_to_who_has_the_public_key() -> None:
    for index, entry in enumerate(ENTRIES):
        proof = format_proof(Proof(index=index, hashes=prove_inclusion(index, LEAVES), checkpoint=SIGNED))
        assert shows(proof, entry, LOG_KEY)
        assert not shows(proof, b"another", LOG_KEY)
        assert not shows(proof, entry, dataclasses.replace(LOG_KEY, public_key=bytes(32)))


def test_no_proof_with_one_changed_bit_shows_anything() -> None:
    proof = format_proof(PROOF)
    for place in range(len(proof)):
        for bit in range(8):
            changed = proof[:place] + bytes([proof[place] ^ 1 << bit]) + proof[place + 1 :]
            assert not shows(changed, ENTRIES[4], LOG_KEY)


def test_nothing_follows_from_extra_data() -> None:
    one, other = (format_proof(dataclasses.replace(PROOF, extra=extra)) for extra in (b"", b"anything"))
    assert shows(one, ENTRIES[4], LOG_KEY)
    assert shows(other, ENTRIES[4], LOG_KEY)


@given(proof=proofs)
def test_a_proof_comes_back_as_it_was(proof: Proof) -> None:
    encoded = format_proof(proof)
    assert parse_proof(encoded) == proof
    assert format_proof(parse_proof(encoded)) == encoded


@given(proof=proofs, place=st.floats(0, 1, exclude_max=True), changed=st.binary(max_size=3))
def test_what_is_read_at_all_is_written_the_same(proof: Proof, place: float, changed: bytes) -> None:
    encoded = format_proof(proof)
    at = int(len(encoded) * place)
    encoded = encoded[:at] + changed + encoded[at + 1 :]
    try:
        parsed = parse_proof(encoded)
    except ProofError:
        return
    assert format_proof(parsed) == encoded


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "an empty line before its checkpoint"),
        (TEXT.split("\n\n")[0], "an empty line before its checkpoint"),
        (TEXT.replace("@v1", "@v2"), "begins with 'c2sp.org/tlog-proof@v1'"),
        ("\n" + TEXT, "begins with"),
        (TEXT.replace("\n", "\r\n"), "an empty line before its checkpoint"),
        (TEXT.replace("index 4\n", ""), "'index ' and a number"),
        (TEXT.replace("index 4\n", "").replace("v1\n", "v1\n\n"), "'index ' and a number"),
        (TEXT.replace("index 4", "index 04"), "a decimal number"),
        (TEXT.replace("index 4", "index -4"), "a decimal number"),
        (TEXT.replace("index 4", "index  4"), "a decimal number"),
        (TEXT.replace("index 4", f"index {2**63}"), "a decimal number"),
        (TEXT.replace("index 4", "index 4\nextra YQ=="), "standard base64"),
        (TEXT.replace("index 4", "extra \nindex 4"), "extra data has none"),
        (TEXT.replace("index 4", "extra YQ\nindex 4"), "standard base64"),
        (TEXT.replace("index 4", "extra YQ==\nextra YQ==\nindex 4"), "'index ' and a number"),
        (TEXT.replace("index 4", f"index 4\n{A_HASH[:-4]}"), "a hash has 32 bytes, and one of 30 came"),
        (TEXT.replace("index 4", "index 4\nnonsense!"), "standard base64"),
        (TEXT.replace("index 4", "index 4" + f"\n{A_HASH}" * 61), "at most 63 hashes, and this one has 64"),
        (TEXT.replace("index 4\n", "index 4\n\n"), "an origin, a size and a root"),
        (TEXT.replace("index 4", "index 4\udcff"), "UTF-8"),
        (TEXT.replace("— log", "- log"), "signature 1 is not a dash"),
        (TEXT[:-1], "each with a newline"),
        (TEXT.replace("\n7\n", "\n07\n"), "a decimal number"),
    ],
)
def test_what_is_not_a_proof_is_refused_and_says_why(text: str, reason: str) -> None:
    with pytest.raises(ProofError, match=reason):
        parse_proof(text.encode(errors="surrogateescape"))


def test_what_is_too_large_is_not_read() -> None:
    line = Signature(name="w", key_id=b"four", value=b"s" * 3 * (MAX_NOTE_BYTES // 4 - 100))
    note = format_note(Note(text=CHECKPOINT_TEXT, signatures=(line,)))
    assert parse_proof(format_proof(dataclasses.replace(PROOF, checkpoint=note))).checkpoint == note
    with pytest.raises(ProofError, match=f"at most {MAX_PROOF_BYTES} bytes"):
        format_proof(dataclasses.replace(PROOF, extra=bytes(MAX_PROOF_BYTES)))
    with pytest.raises(ProofError, match=f"a note has at most {MAX_NOTE_BYTES} bytes"):
        parse_proof(TEXT.encode() + SIGNED.split(b"\n\n")[1] * (MAX_NOTE_BYTES // 100))


@pytest.mark.parametrize(
    "changes",
    [
        {"index": -1},
        {"index": 2**63},
        {"hashes": (bytes(31),)},
        {"hashes": (b"",)},
        {"hashes": (bytes(32),) * 64},
        {"checkpoint": b""},
        {"checkpoint": b"\n\n" + SIGNED},
        {"checkpoint": sign_note("not a checkpoint\n", LOG)},
    ],
)
def test_what_could_not_be_read_back_is_not_handed_out(changes: dict[str, object]) -> None:
    with pytest.raises(ProofError):
        format_proof(dataclasses.replace(PROOF, **changes))  # type: ignore[arg-type]


def test_checking_a_proof_loads_nothing_but_the_standard_library_and_cryptography() -> None:
    program = (
        "import sys, compliance_bot.audit.proof, compliance_bot.audit.subtrees; "
        "print(*(m for m in sys.modules if m.partition('.')[0] not in sys.stdlib_module_names))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    foreign = {name.partition(".")[0] for name in loaded if not name.startswith("_")}
    assert foreign <= {"compliance_bot", "cryptography", "sitecustomize"}
    assert {name for name in loaded if name.startswith("compliance_bot")} == {
        "compliance_bot",
        "compliance_bot.errors",
        "compliance_bot.audit",
        *(f"compliance_bot.audit.{name}" for name in ("checkpoint", "merkle", "note", "note_key", "proof", "subtrees")),
    }
