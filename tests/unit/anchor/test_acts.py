"""What lines of the anchor say: each act comes back as it was, and tells nobody without the key what is named."""

from __future__ import annotations

import json
import uuid

import pytest

from compliance_bot.anchor.acts import (
    Activated,
    Anchored,
    BegunAnew,
    Corrected,
    Deleted,
    Erased,
    Granted,
    Lifted,
    Move,
    Refiled,
    Revoked,
    Stopped,
    format_act,
    parse_act,
)
from compliance_bot.anchor.faults import AnchorFromNewer
from compliance_bot.keys import CannotDecrypt
from compliance_bot.records import DocumentId, GrantId, StopKind

KEY = b"k" * 32
ONE, TWO = (DocumentId(str(uuid.UUID(int=n))) for n in (1, 2))
GRANT = GrantId(str(uuid.UUID(int=3)))

ACTS: list[Anchored] = [
    Erased(values=(b"\x00" * 32, b"\x01" * 32), held=(b"\x02" * 32,)),
    Deleted(documents=(ONE, TWO)),
    Refiled(moves=(Move(attributes=b'{"matter":"heron"}', documents=(ONE, TWO)),)),
    Granted(grant=GRANT),
    Revoked(grant=GRANT),
    Stopped(kind=StopKind.COLLECTION, name="heron"),
    Lifted(kind=StopKind.TENANT, name=""),
    Corrected(),
    Activated(digest=b"\x03" * 32),
    BegunAnew(),
]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: type(act).__name__)
def test_an_act_comes_back_as_it_was(act: Anchored) -> None:
    kind, content = format_act(act, KEY)
    stored = json.loads(json.dumps(content))
    assert parse_act(kind, stored, KEY) == act
    assert "heron" not in json.dumps([kind, stored])


def test_names_are_for_the_key_alone() -> None:
    kind, content = format_act(Stopped(kind=StopKind.MODEL, name="m"), KEY)
    with pytest.raises(CannotDecrypt):
        parse_act(kind, content, b"o" * 32)


def test_what_this_version_does_not_know_is_refused() -> None:
    with pytest.raises(AnchorFromNewer):
        parse_act("frozen", {}, KEY)
