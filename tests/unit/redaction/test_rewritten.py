from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.redaction.rewritten import Rewriting, Swap, disjoint, rewrite

_swaps = st.lists(st.builds(Swap, st.integers(0, 20), st.integers(1, 5), st.text("xyz", max_size=4)), max_size=6)


@given(st.text("abcdef", min_size=26, max_size=26), _swaps)
def test_every_character_comes_from_where_it_stood(text: str, drawn: list[Swap]) -> None:
    swaps = list(disjoint([Swap(swap.start, swap.start + swap.end, swap.plain) for swap in drawn]))
    origins: list[tuple[int, int]] = []
    done = 0
    for swap in (*swaps, Swap(len(text), len(text), "")):
        origins += [(index, index + 1) for index in range(done, swap.start)]
        origins += [(swap.start, swap.end)] * len(swap.plain)
        done = swap.end
    rewritten = rewrite(text, swaps)
    assert len(rewritten.text) == len(origins)
    for start in range(len(origins)):
        for end in range(start + 1, len(origins) + 1):
            assert rewritten.source(start, end) == (origins[start][0], origins[end - 1][1])
            holds = set(range(origins[start][0], origins[end - 1][1]))
            is_touched = any(
                swap.start in holds or swap.end == min(holds) or swap.start == max(holds) + 1 for swap in swaps
            )
            assert rewritten.is_changed(start, end) <= is_touched


def test_a_change_counts_inside_and_beside_a_stretch() -> None:
    rewritten = rewrite("ab--cd&lt;ef", [Swap(2, 4, ""), Swap(6, 10, "<")])
    assert rewritten.text == "abcd<ef"
    stretches = [(start, end) for start in range(7) for end in range(start + 1, 8)]
    assert [stretch for stretch in stretches if not rewritten.is_changed(*stretch)] == [(0, 1), (6, 7)]


def test_nothing_reaches_over_a_border() -> None:
    rewriting = Rewriting()
    for place in (5, 2):
        rewriting.swap(Swap(place, place, "  "))
        rewriting.keep("a")
        rewriting.swap(Swap(place + 1, place + 3, "&"))
        rewriting.keep("b")
    rewritten = rewriting.done()
    assert rewritten.text == "  a&b  a&b"
    assert rewritten.source(2, 5) == (5, 9)
    assert rewritten.source(7, 10) == (2, 6)
    assert rewritten.is_changed(2, 5)
    assert rewritten.is_changed(7, 10)
    assert not rewritten.is_changed(4, 8)
    assert not rewritten.is_changed(1, 4)


def test_of_swaps_that_overlap_the_first_and_longest_stays() -> None:
    swaps = [Swap(4, 6, "c"), Swap(0, 2, "a"), Swap(0, 3, "b"), Swap(2, 4, "d")]
    assert list(disjoint(swaps)) == [Swap(0, 3, "b"), Swap(4, 6, "c")]
