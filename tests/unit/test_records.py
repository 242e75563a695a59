"""Records: immutable, exactly typed, and a principal is what was said of it."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import Any

import pytest

from compliance_bot import records
from compliance_bot.records import ClassId, EntityRef, Principal, Scope

NOUNS = [noun for noun in vars(records).values() if dataclasses.is_dataclass(noun) and isinstance(noun, type)]


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.__name__)
def test_every_noun_is_frozen_has_slots_and_is_built_by_name(noun: Any) -> None:
    assert noun.__dataclass_params__.frozen
    assert "__slots__" in vars(noun)
    # An entity is written in one breath: EntityRef("Group", "aml").
    assert noun is EntityRef or all(field.kw_only for field in dataclasses.fields(noun))
    assert noun.__doc__


class TestPrincipal:
    def test_has_nothing_by_default(self) -> None:
        ana = Principal(id="ana")
        assert (ana.groups, dict(ana.attributes), ana.source) == (frozenset(), {}, "asserted")

    @pytest.mark.parametrize("name", ["", " ", " ana", "ana\n"])
    def test_needs_an_id(self, name: str) -> None:
        with pytest.raises(ValueError, match="needs an id"):
            Principal(id=name)

    @pytest.mark.parametrize(("name", "groups"), [("ana\udcff", []), ("ana", ["aml", "\ud800"])])
    def test_is_named_in_text_that_can_be_written_down(self, name: str, groups: list[str]) -> None:
        with pytest.raises(ValueError, match="UTF-8"):
            Principal(id=name, groups=iter(groups))

    def test_refuses_one_name_as_groups(self) -> None:
        # "aml" would be the groups a, m and l.
        with pytest.raises(TypeError, match="a collection of names"):
            Principal(id="ana", groups="aml")

    def test_does_not_change_with_what_it_was_made_from(self) -> None:
        groups, attributes = ["aml"], {"clearance": 1}
        ana = Principal(id="ana", groups=groups, attributes=attributes)
        groups.append("board")
        attributes["clearance"] = 9
        assert (ana.groups, ana.attributes["clearance"]) == (frozenset({"aml"}), 1)
        with pytest.raises(TypeError):
            ana.attributes["clearance"] = 9  # type: ignore[index]
        with pytest.raises(dataclasses.FrozenInstanceError):
            ana.id = "bob"  # type: ignore[misc]

    def test_can_be_a_key_and_equals_one_with_the_same_rights(self) -> None:
        one, other = Principal(id="ana", groups=["a", "b"]), Principal(id="ana", groups=["b", "a"])
        assert one == other
        assert {one: 1}[other] == 1
        assert one != Principal(id="ana", groups=["a", "b"], attributes={"clearance": 1})


def test_a_scope_is_empty_when_there_is_nothing_to_search_in_it() -> None:
    scope = Scope(tenant=1, principal="ana", classes=(ClassId(1),), chunks=0, terms=0, policies="", determining=())
    assert scope.is_empty
    assert not dataclasses.replace(scope, chunks=1).is_empty


def test_they_load_nothing_but_the_standard_library() -> None:
    program = "import sys, compliance_bot.records as r; print(*{m.partition('.')[0] for m in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in loaded if not name.startswith("_")} - sys.stdlib_module_names <= {
        "compliance_bot",
        "sitecustomize",
    }
