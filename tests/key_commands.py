"""Commands of operators that keep keys elsewhere: a key management system, and a signer out of which no key comes."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

# A key management system of one's own: its key lies beside it, and AES key wrap (RFC 3394) hides what it is given.
MANAGEMENT = """
import base64, os, pathlib, sys
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

own = pathlib.Path(__file__).with_name("own-key")
if not own.exists():
    own.write_bytes(os.urandom(32))
with own.with_name("calls").open("a") as calls:
    print(sys.argv[-1], file=calls)
act = {"wrap": aes_key_wrap, "unwrap": aes_key_unwrap}[sys.argv[-1]]
print(base64.b64encode(act(own.read_bytes(), base64.b64decode(sys.stdin.read()))).decode())
"""

# A signer of one's own: it has the keys that its operator made, and writes down what it was asked for.
SIGNER = """
import base64, pathlib, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

act, number = sys.argv[-2:]
place = pathlib.Path(__file__).parent
with (place / "calls").open("a") as calls:
    print(act, number, file=calls)
key = Ed25519PrivateKey.from_private_bytes((place / f"own-{number}").read_bytes())
acts = {"public": key.public_key().public_bytes_raw, "sign": lambda: key.sign(sys.stdin.buffer.read())}
print(base64.b64encode(acts[act]()).decode())
"""


def command(folder: Path, script: str) -> str:
    """Return the command line that a script is, in a folder whose name has to be quoted."""
    place = folder / "key management"
    place.mkdir(parents=True, exist_ok=True)
    (place / "run.py").write_text(script, encoding="utf-8")
    return shlex.join([sys.executable, str(place / "run.py"), "--slot", "1"])


def calls(folder: Path) -> list[str]:
    """Return what a command was called for so far."""
    path = folder / "key management" / "calls"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def make_key(folder: Path, number: int) -> bytes:
    """Make a key of a signer, as its operator does, and return it."""
    path = folder / "key management" / f"own-{number}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(32))
    return path.read_bytes()
