"""Kept scopes have room for so many classes; those unused the longest go, and none is too large for the others."""

from __future__ import annotations

import pytest

from compliance_bot.records import ClassId, Scope
from compliance_bot.store import kept
from compliance_bot.store.kept import KeptScopes


def scope(classes: int) -> tuple[Scope, bytes]:
    ids = tuple(map(ClassId, range(classes)))
    made = Scope(tenant=1, principal="ana", classes=ids, chunks=0, terms=0, policies="", determining=())
    return made, b""


@pytest.fixture
def scopes(monkeypatch: pytest.MonkeyPatch) -> KeptScopes:
    monkeypatch.setattr(kept, "_MOST_CLASSES", 10)
    monkeypatch.setattr(kept, "_MOST_SCOPES", 3)
    return KeptScopes()


def there(scopes: KeptScopes) -> str:
    return "".join(name for name in "abcd" if name in scopes._kept)


def test_those_unused_the_longest_make_room(scopes: KeptScopes) -> None:
    for name in "abc":
        scopes.keep(name, scope(3))
    assert scopes.get("a") is not None
    scopes.keep("d", scope(2))  # one scope too many
    assert there(scopes) == "acd"
    scopes.keep("d", scope(5))  # one class too many
    assert there(scopes) == "ad"
    scopes.keep("b", scope(2))
    assert there(scopes) == "abd"


def test_one_that_is_too_large_is_not_kept_and_pushes_nobody_out(scopes: KeptScopes) -> None:
    scopes.keep("a", scope(4))
    scopes.keep("b", scope(11))
    assert there(scopes) == "a"
    scopes.keep("c", scope(6))
    assert there(scopes) == "ac"
