"""What stands in an export for whoever opens it without knowing what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.audit.bundle.form import FORMAT

if TYPE_CHECKING:
    from compliance_bot.audit.bundle.manifest import Content

_TEXT = """\
{format}

This is a part of the audit log {origin}:
records {first} to before {end} of a tree of {size}. Content: {content}.

How to check it
---------------
You need Python 3.11 or later, the package `cryptography`, and the verifier key of the log. Get the key from whoever
runs the log, by another way than this export, and use a verifier that you trust: the one in here is for convenience.

    python verify.pyz . --key 'NAME+ID+KEY'

Exit status: 0 intact, 1 tampered with, 2 incomplete. The last lines say what was not checked. Keep the file
`checkpoint` and give it the next time with --checkpoint: then a log that was shortened or rewritten is found out.

What is evidence
----------------
The lines in records/ with the hashes in tile/ and the signed checkpoint. If there is a folder timestamps/, it has what
time stamping authorities answered for that checkpoint (RFC 3161); verify.pyz does not check it. The file records.csv is
a table for people: it is made from the same records, and nothing in it is evidence.
"""


def readme(*, origin: str, first: int, end: int, size: int, content: Content) -> bytes:
    """Return the bytes of `README.txt`."""
    filled = _TEXT.format(format=FORMAT, origin=origin, first=first, end=end, size=size, content=content.value)
    return filled.encode()
