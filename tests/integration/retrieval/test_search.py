"""Search within a scope: its scores are those of the readable subset alone, as foreign programs compute them."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import bm25s
import numpy as np
import psycopg
import pytest
from pgvector.psycopg import register_vector

from compliance_bot.models.contract import source
from compliance_bot.models.features import Evidence, Lexicon, ScoredPassage, compare
from compliance_bot.records import DocumentId
from compliance_bot.retrieval.fuse import K1, B, fuse
from compliance_bot.retrieval.plan import Plan
from compliance_bot.retrieval.search import gather, search, split_terms, weigh_terms
from compliance_bot.store import documents
from compliance_bot.store import search as queries
from compliance_bot.store.connect import SEARCH_PATH, Database, Transaction
from compliance_bot.store.embedded import SUPERUSER
from compliance_bot.store.models import serving_model
from compliance_bot.store.scope import access_classes
from compliance_bot.store.search import Walk
from compliance_bot.store.within import bitmap
from compliance_bot.terms import index_terms, query_terms, term_hash

from ..shelf import TERM_KEY, Draft, draft, embedding, scope_of, store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from compliance_bot.records import Hit, Scope
    from compliance_bot.retrieval.search import Found
    from compliance_bot.store.embedded import EmbeddedServer
    from compliance_bot.store.models import VectorModel

VOCABULARY = [f"{a}{b}" for a in ("bank", "risk", "kyc", "loan", "fee", "trade", "audit", "limit") for b in "abcdefgh"]
READABLE = ["aml", "credit"]
K = 10


def passages(seed: int, number: int) -> list[str]:
    """Return texts in which few words are frequent and most are rare, as in language."""
    rng = random.Random(seed)
    weights = [1 / rank for rank in range(1, len(VOCABULARY) + 1)]
    return [" ".join(rng.choices(VOCABULARY, weights, k=rng.randrange(3, 40))) for _ in range(number)]


def questions(seed: int, number: int) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(rng.sample(VOCABULARY, rng.randrange(1, 6))) for _ in range(number)]


def corpus(seed: int, number: int, collection: str) -> list[Draft]:
    return [draft(f"{collection} {n}", text, collection=collection) for n, text in enumerate(passages(seed, number))]


@pytest.fixture(scope="module")
def filled(module_database: Database) -> Database:
    """Return a tenant with 240 readable passages in two classes, and 160 others."""
    drafts = [*corpus(1, 140, "aml"), *corpus(2, 100, "credit"), *corpus(3, 120, "hr"), *corpus(4, 40, "board")]
    store(module_database, *drafts)
    return module_database


@pytest.fixture(scope="module")
def readable_texts() -> list[str]:
    return passages(1, 140) + passages(2, 100)


@pytest.fixture
def unlocked(server: EmbeddedServer, filled: Database) -> Iterator[Transaction]:
    """Return a transaction on which row-level security does not act: what is filtered, the query filters."""
    with psycopg.connect(server.conninfo(SUPERUSER), options=SEARCH_PATH) as connection:
        register_vector(connection)
        connection.execute("SELECT set_config('compliance_bot.tenant', %s, true)", [str(filled.tenant)])
        yield Transaction(connection, filled.tenant)


def find(database: Database, question: str, *, k: int = K, among: list[str] | None = None, **given: Any) -> Found:
    with database.reading() as transaction:
        scope = scope_of(transaction, READABLE if among is None else among)
        return search(
            transaction,
            scope,
            question,
            lambda: embedding(question),
            model=serving_model(transaction),
            term_key=TERM_KEY,
            k=k,
            **given,
        )


def serving(transaction: Transaction) -> VectorModel:
    model = serving_model(transaction)
    assert model is not None
    return model


def walking(fetch: int) -> Plan:
    """Return a plan that follows the index, however few chunks there are."""
    return Plan(walk=Walk(ef_search=200, fetch=fetch, longest=20_000))


def texts_of(transaction: Transaction, scope: Scope, scores: dict[int, float]) -> dict[int, str]:
    return {chunk: passage.text for chunk, passage in queries.passages(transaction, scope, list(scores)).items()}


class TestLexical:
    def test_scores_and_order_are_those_of_bm25s_on_the_readable_passages(
        self, filled: Database, readable_texts: list[str]
    ) -> None:
        ids = {term: n for n, term in enumerate(sorted({t for text in readable_texts for t in index_terms(text)}))}
        peer = bm25s.BM25(method="lucene", k1=K1, b=B)
        peer.index([[ids[term] for term in index_terms(text)] for text in readable_texts], show_progress=False)
        with filled.reading() as transaction:
            scope = scope_of(transaction, READABLE)
            for question in questions(5, 60):
                known = [ids[term] for term in query_terms(question) if term in ids]
                # Lucene leaves the constant factor k1 + 1 out.
                scores = [float(score) * (K1 + 1) for score in peer.get_scores(known)]
                idf = weigh_terms(transaction, scope, question, TERM_KEY)
                lexical, _ = gather(
                    transaction,
                    scope,
                    idf,
                    partial(embedding, question),
                    model=serving_model(transaction),
                    term_key=TERM_KEY,
                    candidates=100,
                )
                texts = texts_of(transaction, scope, lexical)
                best = sorted(scores, reverse=True)[:K]
                # bm25s computes in single precision.
                assert sorted(lexical.values(), reverse=True)[:K] == pytest.approx(best, rel=2e-5)
                by_text = dict(zip(readable_texts, scores, strict=True))
                assert lexical == pytest.approx({chunk: by_text[text] for chunk, text in texts.items()}, rel=2e-5)

    def test_frequent_terms_only_score_what_the_others_have_found_and_the_best_stay_the_best(
        self, filled: Database
    ) -> None:
        split = same = 0
        with filled.reading() as transaction:
            scope = scope_of(transaction, READABLE)
            for question in questions(5, 60):
                idf = weigh_terms(transaction, scope, question, TERM_KEY)
                weights = {term_hash(term, TERM_KEY): value for term, value in idf.items()}
                rare, frequent = split_terms(weights)
                assert {**rare, **frequent} == weights
                assert max(frequent.values(), default=0.0) <= min(rare.values())
                split += bool(frequent)
                everything = queries.lexical(transaction, scope, weights, k1=K1, b=B, limit=1000)
                given = {"model": serving(transaction), "term_key": TERM_KEY, "candidates": 30, "way": walking(30)}
                lexical, _ = gather(transaction, scope, idf, partial(embedding, question), **given)
                # Whoever is found has its whole score, whichever terms found it.
                assert lexical == pytest.approx({chunk: everything[chunk] for chunk in lexical}, abs=1e-5)
                best = sorted(everything.values(), reverse=True)[:K]
                same += sorted(lexical.values(), reverse=True)[:K] == pytest.approx(best, abs=1e-5)
        assert split > 5, "the corpus has questions with frequent terms"
        assert same / 60 >= 0.95

    def test_where_rare_terms_find_too_few_the_frequent_ones_choose_as_well(self, database: Database) -> None:
        rare, common = "quokka wombat numbat possum", "fee"
        texts = [f"{rare} {common}", *(f"{common} limit{n}" for n in range(30))]
        store(database, *(draft(f"{n}", text, collection="aml") for n, text in enumerate(texts)))
        with database.reading() as transaction:
            scope = scope_of(transaction, ["aml"])
            question = f"{rare} {common}"
            idf = weigh_terms(transaction, scope, question, TERM_KEY)
            weights = {term_hash(term, TERM_KEY): value for term, value in idf.items()}
            assert list(split_terms(weights)[1]) == [term_hash("fee", TERM_KEY)]
            given = {"model": serving(transaction), "term_key": TERM_KEY, "candidates": 10, "way": walking(10)}
            lexical, _ = gather(transaction, scope, idf, partial(embedding, question), **given)
            assert lexical == queries.lexical(transaction, scope, weights, k1=K1, b=B, limit=10)
            assert len(lexical) > 10

    def test_ties_at_the_limit_all_come(self, database: Database) -> None:
        store(database, *(draft(f"{n}", "fee limit", collection="aml") for n in range(7)))
        with database.reading() as transaction:
            scope = scope_of(transaction, ["aml"])
            weights = {term_hash("fee", TERM_KEY): 1.0}
            assert len(queries.lexical(transaction, scope, weights, k1=K1, b=B, limit=3)) == 7
            nearest = queries.nearest_exact(transaction, scope, serving(transaction), embedding("fee limit"), limit=3)
            assert len(nearest) == 7

    def test_without_a_tie_at_the_limit_no_more_come(self, filled: Database) -> None:
        with filled.reading() as transaction:
            scope = scope_of(transaction, READABLE)
            nearest = queries.nearest_exact(transaction, scope, serving(transaction), embedding("banka riska"), limit=3)
            ranked = sorted(nearest.values(), reverse=True)
            assert len(ranked) == 3
            more = queries.nearest_exact(transaction, scope, serving(transaction), embedding("banka riska"), limit=4)
            assert sorted(more.values(), reverse=True)[:3] == ranked


class TestDense:
    def test_the_exact_path_is_the_order_of_all_cosines(self, filled: Database, readable_texts: list[str]) -> None:
        matrix = np.stack([embedding(text).astype(np.float16).astype(np.float32) for text in readable_texts])
        matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
        with filled.reading() as transaction:
            scope = scope_of(transaction, READABLE)
            for question in questions(6, 20):
                vector = embedding(question)
                nearest = queries.nearest_exact(transaction, scope, serving(transaction), vector, limit=25)
                best = np.sort(matrix @ vector)[::-1][:25]
                assert list(nearest.values()) == pytest.approx(best.tolist(), abs=2e-3)
                assert sorted(nearest.values(), reverse=True) == list(nearest.values())
                cosines = queries.cosines(transaction, scope, serving(transaction), vector, list(nearest))
                assert cosines == pytest.approx(nearest)

    def test_the_approximate_path_returns_readable_passages_and_says_so(
        self, filled: Database, readable_texts: list[str]
    ) -> None:
        for question in questions(7, 10):
            found = find(filled, question, exact_threshold=0)
            assert not found.exact
            assert len(found.hits) == K
            assert {hit.passage.text for hit in found.hits} <= set(readable_texts)

    def test_the_approximate_path_finds_nearly_what_the_exact_one_does(self, filled: Database) -> None:
        def refs(found: Found) -> set[str]:
            return {hit.passage.chunk for hit in found.hits}

        shares = [
            len(refs(find(filled, question)) & refs(find(filled, question, exact_threshold=0))) / K
            for question in questions(8, 15)
        ]
        assert sum(shares) / len(shares) > 0.95

    def test_it_falls_back_to_the_exact_one_when_it_falls_short(
        self, filled: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        exact = find(filled, "fee limit")
        monkeypatch.setattr(queries, "nearest_approximate", lambda *_, **__: {})
        fallen_back = find(filled, "fee limit", exact_threshold=0)
        assert comparable(fallen_back.hits) == comparable(exact.hits)


@dataclass(frozen=True)
class Statistics:
    """All numbers that a search hands on, by content: ids are random."""

    idf: dict[str, float]
    lexical: dict[str, float]
    cosine: dict[str, float]
    fused: dict[str, float]
    passages: int
    exact: bool
    abstention: bytes


def statistics(database: Database, question: str) -> Statistics:
    """Return what scores and abstention rest on, in the scope of someone who reads one collection of two."""
    with database.reading() as snapshot:
        scope = scope_of(snapshot, ["aml"])
        stored = sum(one.chunks for one in access_classes(snapshot))
        assert stored > scope.chunks
        model = serving_model(snapshot)
        idf = weigh_terms(snapshot, scope, question, TERM_KEY)
        given: dict[str, Any] = {"model": model, "term_key": TERM_KEY, "candidates": 50}
        lexical, cosine = gather(snapshot, scope, idf, partial(embedding, question), **given)
        found = search(snapshot, scope, question, partial(embedding, question), k=K, stored=stored, **given)
        texts = texts_of(snapshot, scope, {**lexical, **cosine})
    fused = fuse(lexical, cosine, passages=scope.chunks)
    sources = [source(hit.passage) for hit in found.hits]
    scores = {
        hit.passage.chunk: ScoredPassage(lexical=hit.lexical, cosine=hit.cosine, fused=hit.score) for hit in found.hits
    }
    evidence = Evidence(idf=found.idf, scores=scores, passages=found.passages)
    features = compare(question, sources, Lexicon(shares={}, alike={}, strength=0.0), evidence).features
    return Statistics(
        idf=dict(found.idf),
        lexical={texts[chunk]: score for chunk, score in lexical.items()},
        cosine={texts[chunk]: score for chunk, score in cosine.items()},
        fused={texts[chunk]: score for chunk, score in fused.items()},
        passages=found.passages,
        exact=found.exact,
        abstention=features.tobytes(),
    )


def comparable(hits: tuple[Hit, ...]) -> list[Hit]:
    """Return the hits without what is random in them: ids, and the time of ingestion."""
    blank = uuid.UUID(int=0)
    return [
        replace(
            hit,
            passage=replace(
                hit.passage,
                chunk="",  # type: ignore[arg-type]
                document=str(blank),  # type: ignore[arg-type]
                version_id=str(blank),  # type: ignore[arg-type]
                class_id=0,  # type: ignore[arg-type]
                valid_from=None,  # type: ignore[arg-type]
            ),
        )
        for hit in hits
    ]


class TestNonInterference:
    def test_unreadable_documents_change_nothing_that_a_reader_gets(self, new_tenant: Callable[[], Database]) -> None:
        readable = [*corpus(1, 60, "aml"), *corpus(2, 40, "credit")]
        alone, beside = new_tenant(), new_tenant()
        store(alone, *readable)
        # Before, between and after, so that neither ids nor places in the index are the same.
        secret = corpus(9, 40, "board")
        store(beside, *secret[:20])
        store(beside, *readable[:50])
        store(beside, *secret[20:])
        store(beside, *readable[50:])
        for question in [*questions(10, 30), "boardroom merger of banka and loana", "the of and"]:
            one, other = find(alone, question), find(beside, question)
            assert repr(comparable(one.hits)) == repr(comparable(other.hits))
            assert (one.idf, one.exact) == (other.idf, other.exact)

    def test_no_statistic_that_scores_or_abstains_tells_of_other_unreadable_documents(
        self, new_tenant: Callable[[], Database]
    ) -> None:
        readable = corpus(1, 80, "aml")
        few, many = new_tenant(), new_tenant()
        for database, secret in ((few, corpus(9, 5, "board")), (many, corpus(8, 120, "board"))):
            store(database, *secret)
            store(database, *readable)
        for question in [*questions(12, 20), "boardroom merger of banka and loana"]:
            one, other = statistics(few, question), statistics(many, question)
            assert one == other
            assert one.lexical or not one.idf

    def test_their_superseded_versions_and_moves_change_nothing_either(
        self, new_tenant: Callable[[], Database]
    ) -> None:
        alone, beside = new_tenant(), new_tenant()
        for database in (alone, beside):
            store(database, *corpus(1, 40, "aml"))
        store(beside, *corpus(9, 20, "board"))
        store(beside, *(replace(one, pieces=(f"{one.pieces[0]} more",)) for one in corpus(9, 20, "board")))
        # Came into the readable class, and went again.
        store(beside, draft("visitor", "banka banka banka", collection="aml"))
        (stored,) = store(beside, draft("visitor", "banka banka banka", collection="board"))
        with beside.writing() as transaction:
            documents.lock_writers(transaction)
            scope_of(transaction, ["board"])
            documents.delete_document(transaction, stored.document)
        for question in questions(11, 20):
            one, other = find(alone, question, among=["aml"]), find(beside, question, among=["aml"])
            assert repr(comparable(one.hits)) == repr(comparable(other.hits))
            assert one.idf == other.idf

    def test_equal_scores_are_ordered_by_content_not_by_the_order_of_ingestion(
        self, new_tenant: Callable[[], Database]
    ) -> None:
        drafts = [draft(f"{n}", "fee limit", ref=f"r{n}") for n in range(12)]
        orders = []
        for seed in range(3):
            database = new_tenant()
            for one in random.Random(seed).sample(drafts, len(drafts)):
                store(database, one)
            orders.append([hit.passage.ref for hit in find(database, "fee limit", k=5).hits])
        assert orders[0] == orders[1] == orders[2]


class TestScopeInTheQuery:
    """With row-level security out of the way, each query still keeps to the classes of its scope."""

    @pytest.fixture(params=["listed", "mapped"])
    def scope(self, unlocked: Transaction, request: pytest.FixtureRequest) -> Scope:
        """Return the scope as few classes make it, and as very many do."""
        scope = scope_of(unlocked, READABLE, entered=False)
        return replace(scope, bitmap=bitmap(scope.classes)) if request.param == "mapped" else scope

    def test_without_the_lock_everything_lies_open(self, unlocked: Transaction) -> None:
        row = unlocked.connection.execute(
            "SELECT count(DISTINCT acl_id) FROM chunk WHERE tenant = %s", [unlocked.tenant]
        )
        assert row.fetchone() == (4,)

    def test_statistics_are_those_of_the_scope(
        self, unlocked: Transaction, scope: Scope, readable_texts: list[str]
    ) -> None:
        terms = {term: term_hash(term, TERM_KEY) for term in index_terms(" ".join(VOCABULARY))}
        found = queries.document_frequencies(unlocked, scope, list(terms.values()))
        counted = {hashed: sum(term in index_terms(text) for text in readable_texts) for term, hashed in terms.items()}
        assert found == {hashed: number for hashed, number in counted.items() if number}

    def test_every_query_returns_readable_passages_alone(self, unlocked: Transaction, scope: Scope) -> None:
        vector, model = embedding("banka riska"), serving(unlocked)
        weights = {term_hash(term, TERM_KEY): 1.0 for term in index_terms(" ".join(VOCABULARY))}
        chunks = "SELECT id, acl_id FROM chunk WHERE tenant = %s"
        classes: dict[int, int] = dict(unlocked.connection.execute(chunks, [unlocked.tenant]).fetchall())
        everything = list(classes)
        results: dict[str, Mapping[int, object]] = {
            "lexical": queries.lexical(unlocked, scope, weights, k1=K1, b=B, limit=1000),
            "lexical_of": queries.lexical_of(unlocked, scope, weights, everything, k1=K1, b=B),
            "nearest_exact": queries.nearest_exact(unlocked, scope, model, vector, limit=1000),
            "nearest_approximate": queries.nearest_approximate(
                unlocked, scope, model, vector, walk=Walk(ef_search=200, fetch=1000, longest=20_000)
            ),
            "cosines": queries.cosines(unlocked, scope, model, vector, everything),
            "content_order": queries.content_order(unlocked, scope, everything),
            "passages": queries.passages(unlocked, scope, everything),
        }
        for name, result in results.items():
            assert result, name
            assert {classes[chunk] for chunk in result} == set(scope.classes), name

    def test_a_bitmap_finds_what_a_list_does(self, unlocked: Transaction, scope: Scope) -> None:
        listed = replace(scope, bitmap=b"")
        for threshold in (None, 0):
            found = [
                search(
                    unlocked,
                    within,
                    "banka riska",
                    lambda: embedding("banka riska"),
                    model=serving(unlocked),
                    term_key=TERM_KEY,
                    k=K,
                    exact_threshold=threshold,
                ).hits
                for within in (scope, listed)
            ]
            assert found[0] == found[1] != ()
        assert documents.list_documents(unlocked, scope) == documents.list_documents(unlocked, listed)

    def test_an_empty_scope_finds_nothing(self, unlocked: Transaction) -> None:
        empty, model = scope_of(unlocked, [], entered=False), serving(unlocked)
        found = search(unlocked, empty, "banka", lambda: embedding("banka"), model=model, term_key=TERM_KEY, k=K)
        assert found.hits == ()
        assert queries.nearest_exact(unlocked, empty, model, embedding("banka"), limit=K) == {}
        walk = Walk(ef_search=40, fetch=K, longest=20_000)
        assert queries.nearest_approximate(unlocked, empty, model, embedding("banka"), walk=walk) == {}

    def test_documents_are_listed_within_the_scope(self, unlocked: Transaction, scope: Scope) -> None:
        listed = documents.list_documents(unlocked, scope)
        assert {one.collection for one in listed} == set(READABLE)
        (forbidden,) = unlocked.connection.execute(
            "SELECT id FROM document WHERE tenant = %s AND acl_id <> ALL (%s) LIMIT 1",
            [unlocked.tenant, list(scope.classes)],
        ).fetchone() or (None,)
        document = DocumentId(str(forbidden))
        assert documents.document_versions(unlocked, scope, document) == ()
        assert documents.version_text(unlocked, scope, document, None) is None
        assert documents.class_of_document(unlocked, scope, document) is None


class TestHits:
    def test_they_are_ranked_and_scored_relative_to_the_best(self, filled: Database) -> None:
        hits = find(filled, "banka riska kyca", k=25).hits
        assert [hit.rank for hit in hits] == list(range(1, 26))
        assert hits[0].score == 1.0
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)

    def test_there_are_no_more_than_the_scope_has(self, database: Database) -> None:
        store(database, draft("a", "fee limit"), draft("b", "other words"))
        assert len(find(database, "fee limit", k=50).hits) == 2

    def test_a_question_without_terms_is_answered_by_nearness(self, filled: Database) -> None:
        found = find(filled, "is it what it was")
        assert len(found.hits) == K
        assert all(hit.lexical == 0.0 for hit in found.hits)

    def test_a_passage_comes_as_it_was_stored(self, database: Database) -> None:
        (stored,) = store(
            database, draft("a", "first piece", "the fee limit", title="Fees", ref="r1", collection="aml")
        )
        passage = find(database, "fee limit", k=1).hits[0].passage
        assert (passage.text, passage.start, passage.end) == ("the fee limit", 12, 25)
        assert (passage.title, passage.ref, passage.collection, passage.version) == ("Fees", "r1", "aml", 1)
        assert (passage.document, passage.version_id) == (stored.document, stored.version)
        assert len(passage.chunk) == 16
