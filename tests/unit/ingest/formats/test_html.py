"""HTML: what a reader sees, and nothing that is hidden, fetched or nested out of reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compliance_bot.ingest.formats.html import read_html
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.ingest.structure import ParsedDocument

PAGE = """<html><head><title>T | site</title><style>x</style></head><body>
<header><h1>Site</h1></header><nav>menu</nav><article><header><h1>Policy</h1></header>
<p>A firm must:<ul><li>keep <b>records</b>;<li><p>report</p><p>at once</p><ol start=3><li>x<li>y</ol></ul>
tail <!-- comment --> text<br>line<br><br>new para<div style="display: none">hidden</div> shown <i hidden>h</i>after
<table><caption>Fees</caption><tr><th>Fee<th>Amount</tr><tr><td>Entry<td>5<br>EUR</table>after table
<pre>code
 more</pre><table><tr><td><p>layout</p></td></tr></table></article><footer>foot</footer><script>bad()</script></body>"""


def read(markup: str) -> ParsedDocument:
    return read_html(markup.encode(), Limits())


def test_a_page_gives_its_main_content_in_order(outline: Callable[[ParsedDocument], list[str]]) -> None:
    found = read(PAGE)
    assert found.title == "Policy"
    assert outline(found) == [
        "heading 1: Policy",
        "list_lead 0: A firm must:",
        "list_item 1: - keep records;",
        "list_item 1: - report",
        "list_lead 0: at once",
        "list_item 2: 3. x",
        "list_item 2: 4. y",
        "paragraph 0: tail text line",
        "paragraph 0: new para shown after",
        "paragraph 0: Fees",
        "table_header 0: Fee | Amount",
        "table_row 0: Entry | 5 EUR",
        "paragraph 0: after table",
        "code 0: code\n more",
        "paragraph 0: layout",
    ]


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>no</p>",
        "<p style='color:red; DISPLAY : none'>no</p>",
        "<p style=visibility:hidden>no</p>",
        "<p aria-hidden=true>no</p>",
        "<template><p>no</p></template>",
        "<noscript>no</noscript>",
        "<dialog>no</dialog>",
        "<div role=navigation>no</div>",
        "<aside>no</aside>",
        "<select><option>no</select>",
        "<!-- no -->",
        "<![CDATA[no]]>",
        "<svg><text>no</text></svg>",
        "<table><tr><td hidden>no<td>a<td>b</table>",
    ],
)
def test_what_cannot_be_seen_is_no_text(hidden: str) -> None:
    text = read(f"<p>before</p>{hidden}<p>after</p>").text
    assert "no" not in text
    assert "before" in text
    assert "after" in text


def test_the_main_element_is_the_document() -> None:
    assert read("<div>side</div><main><p>text</p></main><div>side</div>").text == "text"


def test_entities_of_a_documents_own_are_not_resolved() -> None:
    found = read('<!DOCTYPE foo [<!ENTITY x SYSTEM "file:///etc/passwd">]><html><p>a &x; b &eacute;</p>')
    assert found.text == "a &x; b é"


@pytest.mark.parametrize("markup", ["<div>" * 100_000 + "deep", "<p>start</p>" + "<b>" * 3_000 + "deep"])
def test_nesting_that_would_be_cut_off_is_refused(markup: str) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        read(markup)
    assert caught.value.reason is Reason.TOO_DEEP


def test_nesting_within_reach_is_read_whole() -> None:
    assert read("<p>start</p>" + "<div>" * 1_500 + "deep" + "</div>" * 1_500 + "<p>end</p>").text.split() == [
        "start",
        "deep",
        "end",
    ]


@pytest.mark.parametrize("markup", ["", "<html></html>", "<script>x</script>", "<p>&nbsp;</p>", "<!---->"])
def test_a_page_without_words_is_refused(markup: str) -> None:
    with pytest.raises(UnreadableDocument, match="no text"):
        read(markup)


def test_a_declared_encoding_is_used_and_a_wrong_one_is_not() -> None:
    text = "<meta charset=windows-1251><p>Правила</p>"
    assert read_html(text.encode("cp1251"), Limits()).text == "Правила"
    assert read_html("<meta charset=nonsense><p>Zürich</p>".encode(), Limits()).text == "Zürich"
    assert read_html("<meta charset=ascii><p>Zürich</p>".encode(), Limits()).text == "Zürich"
