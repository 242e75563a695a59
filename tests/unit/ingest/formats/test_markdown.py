"""Markdown: structure kept, markup gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compliance_bot.ingest.formats.markdown import read_markdown
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.ingest.structure import ParsedDocument

SAMPLE = """---
title: "Front"
author: someone
---
# Title *em*

A firm must:

1. keep
   `code`
2. two
   - nested <b>bold</b>
   - more

   of the second

> quote [link](http://x.example) ![a picture](a.png) \\*not em\\* &amp; so

| a | b |
|---|---|
| 1 | 2 |

```python
x = 1

y
```

Setext
------

<!-- hidden -->
<div>block <i>html</i></div>
"""


def read(text: str) -> ParsedDocument:
    return read_markdown(text.encode(), Limits())


def test_markdown_keeps_structure_and_drops_markup(outline: Callable[[ParsedDocument], list[str]]) -> None:
    found = read(SAMPLE)
    assert found.title == "Title em"
    assert outline(found) == [
        "heading 1: Title em",
        "list_lead 0: A firm must:",
        "list_item 1: 1. keep code",
        "list_item 1: 2. two",
        "list_item 2: - nested bold",
        "list_item 2: - more",
        "paragraph 0: of the second",
        "paragraph 0: quote link a picture *not em* & so",
        "table_header 0: a | b",
        "table_row 0: 1 | 2",
        "code 0: x = 1\n\ny",
        "heading 2: Setext",
        "paragraph 0: block html",
    ]


def test_the_title_of_the_front_matter_stands_in_for_a_heading() -> None:
    assert read("---\ntitle: 'Front'\n---\ntext").title == "Front"


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    assert "secret" in read("---\nsecret words\n\nmore\n").text


@pytest.mark.parametrize("text", [">" * 1_000 + " deep", "- " * 500 + "deep", "start\n\n" + "> " * 70 + "deep"])
def test_nesting_that_would_be_cut_off_is_refused(text: str) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        read(text)
    assert caught.value.reason is Reason.TOO_DEEP


@pytest.mark.parametrize("text", ["", "---\n---\n", "<!-- x -->", "***", "[](x)"])
def test_markdown_without_words_is_refused(text: str) -> None:
    with pytest.raises(UnreadableDocument, match="no text"):
        read(text)
