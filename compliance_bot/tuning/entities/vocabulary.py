"""A smaller vocabulary for the base's tokenizer: what is seldom seen is spelled from pieces.

Kept are the special tokens, every piece inside words, every single character, and the words that the training texts and
the base's own order (by frequency) put first.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def pruned(tokenizer_json: str, texts: Iterable[str], size: int) -> tuple[str, list[int]]:
    """Return the tokenizer with `size` entries as JSON, and the base's row for each entry in order."""
    from tokenizers import Tokenizer

    description: dict[str, Any] = json.loads(tokenizer_json)
    vocabulary: dict[str, int] = description["model"]["vocab"]
    tokenizer = Tokenizer.from_str(tokenizer_json)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    seen: Counter[str] = Counter()
    for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False):
        seen.update(encoding.tokens)

    def rank(token: str) -> tuple[int, int, int]:
        row = vocabulary[token]
        is_special = token.startswith("[") and token.endswith("]") and not token.startswith("[unused")
        body = token.removeprefix("##")
        is_basic = is_special or (len(body) == 1 and ord(body) < 0x250)
        is_plain = body.isascii() and not token.startswith("[unused")
        if is_basic:
            return (0, 0, row)
        if seen[token] >= 3:
            return (1, 0, row)
        return (2 if is_plain else 3, 0 if token.startswith("##") else 1, row)

    kept = sorted(sorted(vocabulary, key=rank)[:size], key=vocabulary.__getitem__)
    description["model"]["vocab"] = {token: n for n, token in enumerate(kept)}
    rows = [vocabulary[token] for token in kept]
    renumbered = description["model"]["vocab"]
    for token in description.get("added_tokens", ()):
        token["id"] = renumbered[token["content"]]
    description["post_processor"] = None
    description["truncation"] = description["padding"] = None
    return json.dumps(description, ensure_ascii=False), rows
