"""Named SQL: each `.sql` file here holds queries behind lines `-- name: what it returns or does`."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, LiteralString, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADER = re.compile(r"^-- (\w+): .+$", re.MULTILINE)


@cache
def named_queries(file: str) -> Mapping[str, LiteralString]:
    """Return the queries of `<file>.sql` by name."""
    text = files(__name__).joinpath(f"{file}.sql").read_text(encoding="utf-8")
    parts = _HEADER.split(text)
    # The text is ours and static: values only ever come in as parameters.
    return {name: cast("LiteralString", body.strip()) for name, body in zip(parts[1::2], parts[2::2], strict=True)}
