"""Whether a log in a database is whole, told from its rows alone: none of the code that wrote them is asked."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import psycopg

from compliance_bot.audit import merkle
from compliance_bot.audit.checkpoint import parse_checkpoint
from compliance_bot.audit.note import open_note, parse_note
from compliance_bot.audit.tip import verifier
from compliance_bot.keys.signing import SigningKeys

_RECORDS = """SELECT e.entry_id::text, e.leaf_hash, e.envelope, l.leaf_index
              FROM audit.entry e LEFT JOIN audit.leaf l USING (entry_id) JOIN audit.payload USING (entry_id)
              WHERE e.tenant = %s ORDER BY l.leaf_index"""

_COUNTS = """SELECT (SELECT count(*) FROM audit.entry WHERE tenant = %(tenant)s),
                    (SELECT count(*) FROM audit.pending WHERE tenant = %(tenant)s)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeLog:
    """What stands in a log, in the order of its leaves."""

    envelopes: tuple[dict[str, Any], ...]
    checkpoints: int
    handovers: int

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(envelope["id"] for envelope in self.envelopes)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the envelopes of one type."""
        return [envelope for envelope in self.envelopes if envelope["type"] == kind]


def require_whole(conninfo: str, tenant: int, keys: SigningKeys) -> WholeLog:
    """Return what stands in a log in which nothing waits. Fails unless leaves, lanes and checkpoints are right."""
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute(_RECORDS, [tenant]).fetchall()
        assert connection.execute(_COUNTS, {"tenant": tenant}).fetchone() == (len(rows), 0), "payloads, and none waits"
        notes = connection.execute(
            "SELECT size, note, is_handover FROM audit.checkpoint WHERE tenant = %s ORDER BY size", [tenant]
        ).fetchall()
    assert [index for *_, index in rows] == list(range(len(rows))), "each has a place, and no place is empty"
    hashes = [merkle.leaf_hash(envelope) for _, _, envelope, _ in rows]
    assert hashes == [leaf for _, leaf, _, _ in rows]
    envelopes = tuple(json.loads(envelope) for _, _, envelope, _ in rows)
    assert [envelope["id"] for envelope in envelopes] == [id for id, *_ in rows]
    assert len({envelope["id"] for envelope in envelopes}) == len(rows)
    _require_lanes(envelopes, hashes)
    _require_checkpoints(notes, hashes, keys)
    return WholeLog(
        envelopes=envelopes, checkpoints=len(notes), handovers=sum(is_handover for *_, is_handover in notes)
    )


def _require_lanes(envelopes: tuple[dict[str, Any], ...], hashes: list[bytes]) -> None:
    """Fail unless each lane counts from 0 on, without a gap, and each record names the leaf before it."""
    lanes: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for envelope, leaf in zip(envelopes, hashes, strict=True):
        lane = envelope["lane"]
        lanes[lane["writer"]].append((lane["counter"], lane["previous"], leaf.hex()))
    for lane in lanes.values():  # in the order of the tree, which is that of the lane
        assert [counter for counter, *_ in lane] == list(range(len(lane)))
        assert [previous for _, previous, _ in lane] == ["", *(leaf for *_, leaf in lane[:-1])]


def _require_checkpoints(notes: list[Any], hashes: list[bytes], keys: SigningKeys) -> None:
    """Fail unless each checkpoint is signed by a key of the home and says the root of its leaves; the last, of all."""
    for size, note, is_handover in notes:
        stated = parse_checkpoint(parse_note(note).text)
        signed = open_note(note, [verifier(stated.origin, key) for key in keys.keys])
        assert (len(signed.verified) > 1) == is_handover
        assert (stated.size, stated.root) == (size, merkle.root(hashes[:size]))
    assert notes[-1][0] == len(hashes)
