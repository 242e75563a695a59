"""A quote never loses its exception, its condition, its lead-in or its header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.models.outline import Span
from compliance_bot.models.units import Unit, union, units
from compliance_bot.records import Lead
from compliance_bot.sentences import sentences


def _texts(text: str, *, start: int = 0, leads: tuple[Lead, ...] = ()) -> list[list[str]]:
    return [[span.text for span in unit.spans] for unit in units(text, start=start, leads=leads)]


def test_a_sentence_without_exceptions_stands_alone() -> None:
    assert _texts("Records are kept. They are complete.") == [["Records are kept."], ["They are complete."]]


@pytest.mark.parametrize(
    "exception",
    [
        "However, drafts may be deleted.",
        "Except for drafts.",
        "Unless the Board agrees otherwise.",
        "This does not apply to branches.",
        "This rule does not apply to branches.",
        "These requirements only apply to banks.",
        "Provided that the client was told.",
        "Notwithstanding this, drafts may go.",
        "Other than drafts.",
        "The only exception is a draft.",
        "Exceptions: drafts.",
        "Nothing in this rule prevents disposal.",
        "But drafts may go.",
        "Subject to approval by the Board.",
    ],
)
def test_an_exception_belongs_to_the_sentence_before_it(exception: str) -> None:
    found = _texts(f"Records are kept for six years. {exception} Fees are due monthly.")
    assert found == [[f"Records are kept for six years. {exception}"], ["Fees are due monthly."]]


def test_a_condition_that_opens_a_rule_does_not_bind_the_rule_before() -> None:
    found = _texts("Records are kept. Subject to section 5, a firm must report.")
    assert found == [["Records are kept."], ["Subject to section 5, a firm must report."]]


def test_each_inline_item_carries_its_lead_in() -> None:
    assert _texts("A firm must: (a) keep records; (b) report; and (c) train staff. Fees are due.") == [
        ["A firm must: (a) keep records;"],
        ["A firm must:", "(b) report; and"],
        ["A firm must:", "(c) train staff."],
        ["Fees are due."],
    ]


def test_a_negating_lead_in_without_a_colon_stays_with_each_item() -> None:
    found = _texts("A firm must not (a) disclose the report; or (b) warn the client.")
    assert found == [
        ["A firm must not (a) disclose the report; or"],
        ["A firm must not", "(b) warn the client."],
    ]


def test_items_on_lines_keep_both_lead_ins_and_the_closing_clause() -> None:
    text = (
        "The bank must keep:\n(a) client files for six years;\n(b) bonus files:\n(i) of managers for seven years; and\n"
        "(ii) of others for five; and\n(c) the rest,\nunless the Board agrees otherwise.\nFees are due."
    )
    closing = "unless the Board agrees otherwise."
    assert _texts(text) == [
        ["The bank must keep:\n(a) client files for six years;", closing],
        ["The bank must keep:", "(b) bonus files:\n(i) of managers for seven years; and", closing],
        ["The bank must keep:", "(b) bonus files:", "(ii) of others for five; and", closing],
        ["The bank must keep:", f"(c) the rest,\n{closing}"],
        ["Fees are due."],
    ]


@pytest.mark.parametrize(
    "lead",
    [
        "A firm need not report if:",
        "A firm may outsource where the provider:",
        "A firm must not act unless",
        "Disposal is allowed provided that:",
        "A firm must do one of the following:",
        "A firm may report in any of the following circumstances:",
    ],
)
def test_a_list_of_conditions_is_quoted_whole(lead: str) -> None:
    text = f"{lead}\n(a) it is small; and\n(b) it is new."
    assert _texts(text) == [[text]]


def test_a_condition_before_the_main_clause_does_not_hold_its_list_together() -> None:
    found = _texts("If a client is new, the firm must:\n(a) identify it; and\n(b) keep a copy.")
    assert len(found) == 2


def test_alternatives_are_quoted_whole_but_prohibitions_are_not() -> None:
    assert len(_texts("A firm must:\n(a) report; or\n(b) explain.")) == 1
    assert len(_texts("A firm must not:\n(a) report; or\n(b) explain.")) == 2


def test_an_exception_at_the_end_of_an_inline_list_may_bind_every_item() -> None:
    text = "A firm must (a) report; and (b) explain, unless the Regulator agrees otherwise."
    assert _texts(text) == [[text]]


def test_an_exception_item_belongs_to_every_other_item() -> None:
    found = _texts("A firm must:\n(a) report;\n(b) explain;\n(c) except that a branch need do neither.")
    assert found == [
        ["A firm must:\n(a) report;", "(c) except that a branch need do neither."],
        ["A firm must:", "(b) explain;\n(c) except that a branch need do neither."],
    ]


def test_an_exception_with_a_list_of_its_own_is_whole() -> None:
    text = "Files are kept for six years. This does not apply to:\n- drafts\n- copies"
    assert _texts(text) == [[text]]


def test_an_exception_goes_to_the_paragraph_that_it_names() -> None:
    found = _texts("(1) Files are kept.\n(2) Fees are due.\n(3) Paragraph (1) does not apply to branches.")
    assert found == [
        ["(1) Files are kept.", "(3) Paragraph (1) does not apply to branches."],
        ["(2) Fees are due."],
    ]


def test_an_exception_of_the_whole_section_goes_to_everything_before_it() -> None:
    found = _texts("Files are kept. Fees are due. This section does not apply to branches.")
    exception = "This section does not apply to branches."
    assert found == [["Files are kept.", exception], [f"Fees are due. {exception}"]]


def test_exceptions_announced_by_a_later_list_go_to_every_rule_before_it() -> None:
    text = (
        "Health data never cross to the bank. No bank system holds a diagnosis. The wall has two exceptions:\n"
        "1. the member asks for it;\n2. a court orders it.\nPremiums may be seen by both."
    )
    rule, ban, *items, last = [" ".join(unit.text.split()) for unit in units(text)]
    listed = "The wall has two exceptions: 1. the member asks for it; 2. a court orders it."
    assert rule == f"Health data never cross to the bank. {listed}"
    assert ban == f"No bank system holds a diagnosis. {listed}"
    assert all(item.startswith("The wall has two exceptions:") for item in items)
    assert last == "Premiums may be seen by both."


def test_names_of_items_elsewhere_are_no_items() -> None:
    text = (
        "Fees under paragraph (a) and rule 3(b), and those in (1)(a) and (c), are due in the way set out in (a) above."
    )
    assert _texts(text) == [[text]]
    assert len(_texts("A firm must meet paragraphs (a) and (b) of rule 3.")) == 1


def test_the_ninth_letter_is_not_a_nested_numeral() -> None:
    found = _texts("A firm must:\n(h) report;\n(i) explain; and\n(j) train.")
    assert [spans[-1].split("\n")[-1] for spans in found] == ["(h) report;", "(i) explain; and", "(j) train."]


def test_bullets_carry_their_lead_in() -> None:
    found = _texts("Staff must never:\n- accept cash\n- share passwords")
    assert found == [["Staff must never:\n- accept cash"], ["Staff must never:", "- share passwords"]]


def test_a_row_carries_its_header_its_caption_and_its_exception() -> None:
    text = "Files are destroyed after:\nFile | Years\nClient | 6\nBonus | 7\nExcept for disputed files.\nFees are due."
    assert _texts(text) == [
        ["Files are destroyed after:\nFile | Years\nClient | 6", "Except for disputed files."],
        ["Files are destroyed after:\nFile | Years", "Bonus | 7\nExcept for disputed files."],
        ["Fees are due."],
    ]


def test_a_chunk_from_the_middle_of_a_list_takes_only_the_leads_that_are_its_own() -> None:
    leads = (Lead(start=10, text="A firm must not:"), Lead(start=300, text="(b) as to a new client:"))
    found = units("(ii) pay; and\n(iii) lend.\n(c) advise.\nFees are due.", start=500, leads=leads)
    assert [[span.text for span in unit.spans] for unit in found] == [
        ["A firm must not:", "(b) as to a new client:", "(ii) pay; and"],
        ["A firm must not:", "(b) as to a new client:", "(iii) lend."],
        ["A firm must not:", "(c) advise."],
        ["Fees are due."],
    ]
    assert [span.start for span in found[1].spans] == [10, 300, 514]


def test_a_chunk_of_rows_takes_its_header_from_the_leads() -> None:
    found = _texts("Bonus | 7\nCall | 5", start=90, leads=(Lead(start=20, text="File | Years"),))
    assert found == [["File | Years", "Bonus | 7"], ["File | Years", "Call | 5"]]


@pytest.mark.parametrize("lead", [Lead(start=12, text="must not:"), Lead(start=0, text="Now. A firm must")])
def test_a_lead_that_overlaps_the_passage_is_not_quoted_twice(lead: Lead) -> None:
    found = _texts("A firm must not:\n- pay", start=5, leads=(lead,))
    assert found == [["A firm must not:\n- pay"]]


@pytest.mark.parametrize("text", ["(b) of clients;", "Fees are due."])
def test_a_lead_leads_in_whatever_it_looks_like(text: str) -> None:
    assert _texts(text, start=90, leads=(Lead(start=5, text="Do not lend."),)) == [["Do not lend.", text]]


def test_items_of_one_list_unite_into_one_quote() -> None:
    one, other, *_ = units("A firm must: (a) keep; (b) report.")
    assert union(other, one).text == "A firm must: (a) keep; (b) report."
    with pytest.raises(ValueError, match="one list"):
        union(one, Unit(spans=(Span(start=40, text="x"),), group=9))


_WORDS = st.sampled_from(
    """A firm must keep records report except unless however if or and not: following (a) (b) (c) (i) (ii) (1) (2) -
    1. 2. client. files; fees, This does not apply | Years 6 other than. \n \n\n Rule 3(a)""".split(" ")
)
_PASSAGES = st.lists(_WORDS, max_size=60).map(" ".join) | st.text(max_size=120)


@given(_PASSAGES, st.integers(0, 10_000), st.lists(_PASSAGES.filter(str.strip), max_size=2))
def test_every_span_is_verbatim_in_order_and_no_text_is_unreachable(text: str, gap: int, lead_texts: list[str]) -> None:
    document = ""
    leads = []
    for lead in lead_texts:
        leads.append(Lead(start=len(document), text=lead))
        document += f"{lead}\n…\n"
    start = len(document) + gap
    document = document.ljust(start, "~") + text
    found = units(text, start=start, leads=leads)
    reached: set[int] = set()
    for unit in found:
        assert all(document[span.start : span.end] == span.text for span in unit.spans)
        assert all(one.end <= other.start for one, other in zip(unit.spans, unit.spans[1:], strict=False))
        assert any(span.start >= start for span in unit.spans)
        reached.update(n for span in unit.spans for n in range(span.start, span.end))
    assert all(n in reached for n, character in enumerate(document[start:], start) if character.strip())


_PLAIN = st.lists(
    st.sampled_from(["Fees are due.", "Records are kept, and well.", "Who pays?"]), min_size=1, max_size=8
)


@given(_PLAIN)
def test_every_unit_of_a_passage_without_lists_is_a_sentence(parts: list[str]) -> None:
    text = " ".join(parts)
    spans = [(unit.spans[0].start, unit.spans[0].end) for unit in units(text)]
    assert tuple(spans) == sentences(text)
    assert all(len(unit.spans) == 1 for unit in units(text))
