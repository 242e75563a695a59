"""A policy file is cut where its policies end, whatever its strings and comments contain."""

from __future__ import annotations

import json

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.bundled import bundled
from compliance_bot.policy.folder import load_policies
from compliance_bot.policy.source import pieces


@pytest.mark.parametrize("name", ["starter", "sample"])
def test_every_shipped_policy_is_found_where_it_stands(name: str) -> None:
    folder = bundled("policies") / name
    policies = load_policies(folder)
    assert sorted(source.id for source in policies.sources) == list(policies.ids)
    for source in policies.sources:
        lines = (folder / source.file).read_text(encoding="utf-8").split("\n")
        assert lines[source.line - 1].startswith(f'@id("{source.id}")')
        assert source.text.startswith(f'@id("{source.id}")')
        assert source.text.endswith(";")


def test_semicolons_and_quotes_in_strings_and_comments_end_nothing() -> None:
    text = """// "one; two
@id("a;b") // it's; "here
permit (principal == User::"x\\"; //", action, resource); permit (principal, action, resource)
// the end;
;
"""
    assert [(piece.line, piece.text[:6]) for piece in pieces(text)] == [(2, '@id("a'), (3, "permit")]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])), min_size=1, max_size=4))
def test_each_piece_is_one_policy_to_cedar(ids: list[str]) -> None:
    text = "// start\n" + "\n// and; then\n".join(
        f"@id({json.dumps(f'{n}{id_}', ensure_ascii=False)}) permit (principal, action, resource);"
        for n, id_ in enumerate(ids)
    )
    whole = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    found = [json.loads(cedarpy.policies_to_json_str(piece.text))["staticPolicies"] for piece in pieces(text)]
    assert [next(iter(one.values()))["annotations"] for one in found] == [one["annotations"] for one in whole.values()]
    assert all(len(one) == 1 for one in found)


def test_what_is_not_finished_is_a_piece_too() -> None:
    assert [piece.text for piece in pieces("permit (principal, action, resource)\n")] == [
        "permit (principal, action, resource)"
    ]
    assert list(pieces(" \n// nothing\n")) == []
