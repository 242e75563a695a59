"""The search by vectors among what a person may read: what it finds of the ten nearest, and how long it takes.

The product's own way, under row-level security in a home's tables, beside langchain-postgres (`peers_search`) with a
metadata filter on the same vectors in the same server. Access is drawn, or goes with a topic that the questions are
about (`near`), or with another one (`far`). Both are judged by comparing every vector here: neither judges itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from psycopg.conninfo import conninfo_to_dict

from compliance_bot.home import open_home, throw_away_home
from compliance_bot.records import Scope
from compliance_bot.retrieval.plan import plan
from compliance_bot.retrieval.search import nearest
from compliance_bot.settings import load_settings
from compliance_bot.store.embedded import OWNER_ROLE, EmbeddedServer, destroy
from compliance_bot.store.models import serving_model
from compliance_bot.store.scope import access_classes, enter
from compliance_bot.store.tuning import BUILT_IN, measured
from tests.benchmarks.filtered_home import fill
from tests.benchmarks.homes import Setup
from tests.benchmarks.ingest import environment
from tests.benchmarks.measure import ROOT, clock, percentiles
from tests.benchmarks.pieces import SHARES, pieces

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from compliance_bot.home import Home
    from tests.benchmarks.pieces import Pieces

ASKED = 200
WARM = 20
PEER = ("langchain-postgres==0.0.19",)
_K, _CANDIDATES = 10, 100
_SAME = 2e-3  # half precision: cosines that agree to here are equal

Found = tuple[list[list[float]], list[float]]
"""Cosines of the ten found for each question, and milliseconds."""


def run(setup: Setup) -> dict[str, Any]:
    """Return recall@10 and milliseconds by way and share, of both."""
    with tempfile.TemporaryDirectory() as scratch:
        place = (setup.homes or Path(scratch)) / "filtered"
        given = pieces(setup.data, place, setup.wide)
        home = place / "home"
        try:
            with throw_away_home(home, keep=True):
                return _compared(setup, given, home)
        finally:
            if setup.homes is None:
                destroy(home)


def _compared(setup: Setup, given: Pieces, path: Path) -> dict[str, Any]:
    with open_home(load_settings(home=path)) as home:
        with home.database.reading() as snapshot:
            is_empty = serving_model(snapshot) is None
        if is_empty:
            fill(home.database, given)
        ours = {(way, mark): _ours(home, given, way, mark) for way in given.marks for mark in range(len(SHARES))}
    theirs = _theirs(setup, given, path)
    rows: dict[str, dict[str, Any]] = {}
    for (way, mark), found in ours.items():
        readable = given.vectors[given.marks[way] <= mark]
        best = [np.sort(readable @ vector)[::-1][:_K] for vector in given.questions[: len(found[0])]]
        row = {
            "readable": len(readable),
            "ours": _figures(found, best),
            "peer": _figures(theirs[f"{way} {mark}"], best),
        }
        rows.setdefault(way, {})[f"{SHARES[mark]:g}"] = row
    return {"chunks": len(given.texts), "asked": min(ASKED, len(given.questions)), "by": rows}


def _figures(found: Found, best: Sequence[NDArray[np.float32]]) -> dict[str, float]:
    hits = [
        sum(cosine >= top[-1] - _SAME for cosine in cosines[:_K])
        for cosines, top in zip(found[0], best, strict=True)
        if len(top)
    ]
    there = sum(map(len, best))
    return {"recall": round(sum(hits) / there, 4) if there else 1.0, **percentiles(found[1])}


def _ours(home: Home, given: Pieces, way: str, mark: int) -> Found:
    """Return what the vector side of a search finds in the scope that a mark opens; it is warmed up first."""
    cosines, ms = [], []
    with home.database.reading() as snapshot:
        classes = access_classes(snapshot)
        scope = _scope(snapshot.tenant, [one for one in classes if int(str(one.attributes[way])) <= mark])
        enter(snapshot, scope)
        model = serving_model(snapshot)
        assert model is not None
        reach = measured(snapshot, model) or BUILT_IN
        chosen = plan(scope.chunks, sum(one.chunks for one in classes), _CANDIDATES, reach)
        for vector in (*given.questions[-WARM:], *given.questions[:ASKED]):
            with clock() as seconds:
                found = nearest(snapshot, scope, model, vector, _CANDIDATES, chosen)
            cosines.append(sorted(found.values(), reverse=True)[:_K])
            ms.append(seconds() * 1000)
    warm = min(WARM, len(given.questions))
    return cosines[warm:], ms[warm:]


def _scope(tenant: int, classes: Sequence[Any]) -> Scope:
    return Scope(
        tenant=tenant,
        principal="bench",
        classes=tuple(one.id for one in classes),
        chunks=sum(one.chunks for one in classes),
        terms=0,
        policies=hashlib.sha256(b"").hexdigest(),
        determining=(),
    )


def _theirs(setup: Setup, given: Pieces, home: Path) -> Mapping[str, Found]:
    """Return what the peer finds, by "way mark"."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        np.save(folder / "vectors.npy", given.vectors)
        np.save(folder / "questions.npy", given.questions)
        np.savez(folder / "marks.npz", **given.marks)  # type: ignore[arg-type]  # arrays by name
        python = environment((setup.homes or folder) / "peer-search", (PEER,))
        server = EmbeddedServer.open(home)
        try:
            server.ensure_running()
            of = conninfo_to_dict(server.conninfo(OWNER_ROLE))
            url = f"postgresql+psycopg://{of['user']}:{of['password']}@/{of['dbname']}?host={of['host']}"
            command = [str(python), "-P", str(ROOT / "tests/benchmarks/peers_search.py"), str(folder)]
            told = {"PATH": os.environ["PATH"], "DATABASE_URL": url}
            done = subprocess.run(
                [*command, "--asked", str(ASKED)], env=told, stdout=subprocess.PIPE, text=True, check=True
            )
        finally:
            server.close()
    rows: Mapping[str, list[tuple[list[int], float]]] = json.loads(done.stdout.splitlines()[-1])
    return {name: (_cosines(given, [one[0] for one in row]), [one[1] for one in row]) for name, row in rows.items()}


def _cosines(given: Pieces, found: Sequence[list[int]]) -> list[list[float]]:
    return [(given.vectors[ids] @ vector).tolist() for ids, vector in zip(found, given.questions, strict=False)]
