"""The retriever, the chain and its steps in the ways that LangChain applications use them."""

from __future__ import annotations

import asyncio
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.runnables import RunnableLambda
from langchain_tests.integration_tests import RetrieversIntegrationTests
from langgraph.graph import END, START, StateGraph

from compliance_bot.audit import together
from compliance_bot.errors import Refused, UsageError
from compliance_bot.integrations.langchain import (
    ComplianceRetriever,
    NoPrincipal,
    answer_text,
    governed_chain,
    untraced,
)
from compliance_bot.integrations.redactor import Redactor
from compliance_bot.integrations.steps import CaseClosed, CaseOpen, NoConclusion, StepOutOfOrder, recorded
from compliance_bot.records import Answer, AnswerPart, Principal
from compliance_bot.store import log as rows
from compliance_bot.store.connect import StoreUnavailable
from compliance_bot.testing import ListedDetector, throw_away_bot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.bot import ComplianceBot

QUESTION = "How high is the fee for a transfer abroad?"
FEE = "The fee for a transfer abroad is nine crowns."
BOARD = "The fee for a transfer abroad will be raised to eleven crowns in May."
ANA, BEA, FRANK = Principal(id="ana", groups={"aml"}), Principal(id="bea", groups={"board"}), Principal(id="frank")
GRANTS = """
@id("they-ask") permit (principal, action in [Action::"ask", Action::"search"], resource)
when { principal in Group::"aml" || principal in Group::"board" };
@id("aml-reads") permit (principal in Group::"aml", action == Action::"read", resource in Collection::"policies");
@id("board-reads") permit (principal in Group::"board", action == Action::"read", resource in Collection::"board");
"""


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComplianceBot]:
    folder = tmp_path_factory.mktemp("langchain")
    (folder / "tariff.md").write_text(f"# Tariff\n\n{FEE}\n", encoding="utf-8")
    for number in range(3):
        (folder / f"more{number}.md").write_text(f"# Transfer {number}\n\nA transfer takes {number} days.\n")
    (folder / "board.md").write_text(f"# Board\n\n{BOARD}\n", encoding="utf-8")
    with throw_away_bot(folder / "home") as made:
        (folder / "home" / "policies" / "grants.cedar").write_text(GRANTS, encoding="utf-8")
        with type(made).open(folder / "home") as opened:
            opened.__dict__["embedder"], opened.__dict__["detector"] = made.embedder, made.detector
            opened.ingest(sorted(folder.glob("[mt]*.md")), collection="policies")
            opened.ingest([folder / "board.md"], collection="board")
            yield opened


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
class TestRetriever(RetrieversIntegrationTests):
    """LangChain's own tests of a retriever."""

    @pytest.fixture(autouse=True)
    def _with(self, bot: ComplianceBot) -> None:
        self.params = {"bot": bot, "principal": ANA}

    @property
    def retriever_constructor(self) -> type[ComplianceRetriever]:
        return ComplianceRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return self.params

    @property
    def retriever_query_example(self) -> str:
        return "transfer"


def by(principal: Principal | str) -> Any:
    return {"configurable": {"principal": principal}}


def test_a_document_says_where_its_text_stands(bot: ComplianceBot) -> None:
    first = ComplianceRetriever(bot=bot, principal=ANA, k=1).invoke(QUESTION)[0]
    text = bot.document(first.metadata["document"], principal=ANA).text or ""
    assert text[first.metadata["start"] : first.metadata["end"]] == first.page_content == FEE
    assert (first.metadata["title"], first.metadata["version"], first.metadata["score"]) == ("Tariff", 1, 1.0)
    assert first.id == first.metadata["chunk"]


def test_without_a_principal_nothing_is_found_or_answered(bot: ComplianceBot) -> None:
    for runnable in (ComplianceRetriever(bot=bot), governed_chain(bot)):
        with pytest.raises(NoPrincipal, match="Nobody asks"):
            runnable.invoke(QUESTION)


def test_two_principals_in_one_call_are_refused(bot: ComplianceBot) -> None:
    with pytest.raises(UsageError, match="two different values for principal"):
        ComplianceRetriever(bot=bot, principal=ANA).invoke(QUESTION, by(BEA))


def test_what_is_no_principal_is_told(bot: ComplianceBot) -> None:
    with pytest.raises(UsageError, match="principal is not of the expected kind"):
        governed_chain(bot).invoke(QUESTION, {"configurable": {"principal": {"id": "ana"}}})


def test_a_refusal_passes_through_as_it_is(bot: ComplianceBot) -> None:
    with pytest.raises(Refused, match="Not permitted"):
        governed_chain(bot).invoke(QUESTION, by(FRANK))
    assert bot.records(principal="admin", limit=1)[0].outcome == "refused"


def test_principals_that_share_a_retriever_never_mix(bot: ComplianceBot) -> None:
    retriever = ComplianceRetriever(bot=bot)

    def ask(number: int) -> bool:
        own, who = (FEE, ANA) if number % 2 else (BOARD, BEA)
        texts = {document.page_content for document in retriever.invoke(QUESTION, by(who))}
        return own in texts and not {FEE, BOARD} - {own} & texts

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, range(24)))


def test_a_batch_keeps_each_principal_to_its_question(bot: ComplianceBot) -> None:
    answers = governed_chain(bot).batch([QUESTION, QUESTION], [by(ANA), by(BEA)])
    assert [answer.citations[0].quote for answer in answers] == [FEE, BOARD]


def test_the_chain_gives_the_answer_of_the_bot(bot: ComplianceBot) -> None:
    chain = governed_chain(bot)
    direct = bot.ask(QUESTION, principal=ANA)
    for answer in (chain.invoke({"question": QUESTION, "principal": ANA}), chain.invoke(QUESTION, by(ANA))):
        assert (answer.answer, answer.citations) == (direct.answer, direct.citations)
        assert bot.record(answer.record, principal="admin").type == "answer"


def test_a_stream_ends_with_the_answer_and_the_same_comes_asynchronously(bot: ComplianceBot) -> None:
    chain = governed_chain(bot)

    async def collect() -> list[Any]:
        return [item async for item in chain.astream(QUESTION, by(ANA))]

    for items in (list(chain.stream(QUESTION, by(ANA))), asyncio.run(collect())):
        assert [type(item) for item in items] == [AnswerPart, Answer]
        assert items[0].sentence == items[1].sentences[0]
    assert asyncio.run(chain.ainvoke(QUESTION, by(ANA))).answer == f"{FEE} [1]"


def test_the_answer_as_text_joined_to_the_chain_comes_whole_and_in_pieces(bot: ComplianceBot) -> None:
    text = governed_chain(bot) | answer_text

    async def collect(question: str) -> list[str]:
        return [piece async for piece in text.astream(question, by(ANA))]

    assert text.invoke(QUESTION, by(ANA)) == f"{FEE} [1]"
    assert "".join(text.stream(QUESTION, by(ANA))) == f"{FEE} [1]"
    assert "".join(asyncio.run(collect(QUESTION))) == f"{FEE} [1]"
    assert "".join(text.stream("Who won the lottery?", by(ANA))).startswith("I have found no source")


@pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")
def test_a_model_that_has_the_chain_as_a_tool_cannot_say_who_asks(bot: ComplianceBot) -> None:
    tool = (governed_chain(bot) | answer_text).as_tool(name="policies", description="Answers from the policies.")
    assert set(tool.args) == {"question"}
    assert tool.invoke({"question": QUESTION, "principal": "admin"}, by(ANA)) == f"{FEE} [1]"
    with pytest.raises(NoPrincipal):
        tool.invoke({"question": QUESTION, "principal": "admin"})


def test_its_schemas_are_told(bot: ComplianceBot) -> None:
    chain = governed_chain(bot)
    assert list(chain.get_input_jsonschema()["properties"]) == ["question"]
    assert "citations" in chain.get_output_jsonschema()["$defs"]["Answer"]["properties"]


def test_it_is_a_node_of_a_graph(bot: ComplianceBot) -> None:
    class State(TypedDict, total=False):
        question: str
        text: str

    chain = governed_chain(bot)
    graph = StateGraph(State)
    graph.add_node("answer", lambda state: {"text": chain.invoke({"question": state["question"]}).answer})
    graph.add_edge(START, "answer")
    graph.add_edge("answer", END)
    assert graph.compile().invoke({"question": QUESTION}, by(ANA))["text"] == f"{FEE} [1]"


@pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")
def test_the_documented_examples_run(bot: ComplianceBot) -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "embed-in-your-application.md"
    named: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        if "compliance_bot.integrations" in code:
            exec(compile(code, str(page), "exec", dont_inherit=True), named)
    assert named["use"](bot, ANA).invoke({"question": QUESTION}, by(ANA)) == f"{FEE} [1]"
    assert named["ask_in_steps"](bot, ANA, QUESTION).answer == f"{FEE} [1]"


# Tracing


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What reaches a tracing server on this machine while the environment asks for tracing."""
    bodies: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"] or 0)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_PATCH = do_POST  # noqa: N815

        def do_GET(self) -> None:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    from langsmith import run_trees, utils

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        for name, value in {
            "TRACING": "true",
            "API_KEY": "none",
            "ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        }.items():
            monkeypatch.setenv(f"LANGSMITH_{name}", value)
        monkeypatch.setattr(run_trees, "_CLIENT", None)
        utils.get_env_var.cache_clear()
        yield bodies
        monkeypatch.undo()
        utils.get_env_var.cache_clear()
        server.shutdown()
        thread.join()


def everything_sent() -> None:
    from langchain_core.tracers.langchain import get_client, wait_for_all_tracers

    wait_for_all_tracers()
    get_client().flush()


def test_no_tracer_hears_of_anything_whatever_the_environment_says(bot: ComplianceBot, posted: list[bytes]) -> None:
    retriever, chain = ComplianceRetriever(bot=bot, principal=ANA), governed_chain(bot)
    retriever.invoke(QUESTION)
    asyncio.run(retriever.ainvoke(QUESTION))
    (retriever | RunnableLambda(len)).invoke(QUESTION)
    chain.invoke(QUESTION, by(ANA))
    for runnable in (chain, chain | answer_text, untraced(RunnableLambda(lambda q: q) | chain.with_config(by(ANA)))):
        list(runnable.stream(QUESTION, by(ANA)))

        async def drain(runnable: Any = runnable) -> None:
            async for _ in runnable.astream(QUESTION, by(ANA)):
                pass

        asyncio.run(drain())
    with recorded(bot, principal=ANA) as steps:
        (steps.mask | steps.retrieve | steps.recheck).invoke(QUESTION)
    everything_sent()
    assert posted == []


def test_no_tracer_hears_of_what_a_redactor_masks(posted: list[bytes]) -> None:
    redactor, text = Redactor(detector=ListedDetector({"Ana Lopez": "PERSON"})), "from Ana Lopez today"
    same = RunnableLambda(lambda value: value)
    for made in (
        redactor,
        redactor | same,
        redactor.with_retry(),
        redactor.with_fallbacks([same]),
        untraced(same | redactor),
    ):
        assert made.invoke(text) == "from <PERSON> today"
        assert "".join(made.stream(text)) == "from <PERSON> today"
        assert made.batch([text]) == ["from <PERSON> today"]
        assert asyncio.run(made.ainvoke(text)) == "from <PERSON> today"
    redactor.map().invoke([text])
    redactor.transform_documents([Document(text)])
    everything_sent()
    assert posted == []


def test_retries_fallbacks_and_maps_of_the_chain_tell_nobody_the_question(
    bot: ComplianceBot, posted: list[bytes]
) -> None:
    hearing, chain = Hearing(), governed_chain(bot)
    config = {**by(ANA), "callbacks": [hearing]}
    for made in (chain.with_retry(), chain.with_fallbacks([chain]), ComplianceRetriever(bot=bot).with_retry()):
        assert made.invoke(QUESTION, config)
    assert chain.map().invoke([QUESTION], config)
    everything_sent()
    assert (hearing.heard, posted) == ([], [])


def test_the_listener_of_these_tests_does_hear_a_bare_runnable(posted: list[bytes]) -> None:
    RunnableLambda(len).invoke("canary question")
    everything_sent()
    assert posted


class Hearing(BaseCallbackHandler):
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def on_chain_start(self, serialized: Any, inputs: Any, **_: Any) -> None:
        self.heard.append(inputs)

    def on_retriever_start(self, serialized: Any, query: str, **_: Any) -> None:
        self.heard.append(query)

    def on_chat_model_start(self, serialized: Any, messages: Any, **_: Any) -> None:
        self.heard.append(messages)


def test_a_run_around_the_chain_hears_no_passage(bot: ComplianceBot, posted: list[bytes]) -> None:
    hearing = Hearing()
    around = RunnableLambda(lambda _: len(governed_chain(bot).invoke(QUESTION, by(ANA)).sentences))
    assert around.invoke("go", {"callbacks": [hearing]}) == 1
    everything_sent()
    assert hearing.heard == ["go"]
    assert any(b"RunnableLambda" in body for body in posted)  # the application's own run
    assert not any(b"crowns" in body or QUESTION.encode() in body for body in posted)


def test_callbacks_are_called_for_the_applications_own_parts_alone(bot: ComplianceBot) -> None:
    hearing = Hearing()
    config = {**by(ANA), "callbacks": [hearing]}
    ComplianceRetriever(bot=bot, principal=ANA).invoke(QUESTION, config)
    governed_chain(bot).invoke(QUESTION, config)
    assert hearing.heard == []
    (governed_chain(bot) | answer_text | RunnableLambda(len)).invoke(QUESTION, config)
    (ComplianceRetriever(bot=bot) | RunnableLambda(len)).invoke(QUESTION, config)
    assert f"{FEE} [1]" in hearing.heard
    assert QUESTION not in repr(hearing.heard)  # nor of the sequence, which begins with ours


# Steps


def test_the_steps_make_the_answer_of_the_chain_and_its_kind_of_record(bot: ComplianceBot) -> None:
    with recorded(bot, principal=ANA) as steps:
        made = steps.mask | steps.retrieve | steps.recheck | steps.compose | steps.cite | steps.screen
        steps.conclude(made.invoke(QUESTION))
        with pytest.raises(CaseOpen, match="not committed yet"):
            _ = steps.answer
    direct = bot.ask(QUESTION, principal=ANA, reveal=False)
    assert (steps.answer.answer, steps.answer.citations) == (direct.answer, direct.citations)
    assert set(steps.answer.timings_ms) == set(direct.timings_ms)
    ours, theirs = (bot.record(a.record, principal="admin").envelope for a in (steps.answer, direct))
    assert (ours["type"], ours["outcome"], set(ours["public"])) == (
        theirs["type"],
        theirs["outcome"],
        set(theirs["public"]),
    )


def test_without_a_durable_record_the_steps_give_no_answer(bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise StoreUnavailable

    with pytest.raises(StoreUnavailable), recorded(bot, principal=ANA) as steps:  # noqa: PT012
        made = steps.mask | steps.retrieve | steps.recheck | steps.compose | steps.cite | steps.screen
        steps.conclude(made.invoke(QUESTION))
        monkeypatch.setattr(rows, "append", fail)
        monkeypatch.setattr(together, "append_all", fail)
    with pytest.raises(NoConclusion):
        _ = steps.answer


def test_a_step_works_only_in_its_place_and_in_its_open_case(bot: ComplianceBot) -> None:
    with recorded(bot, principal=ANA) as steps:
        masked = steps.mask.invoke(QUESTION)
        for step in (steps.recheck, steps.compose, steps.cite, steps.screen):
            with pytest.raises(StepOutOfOrder, match=f"the step {step.name} expects"):
                step.invoke(masked)
        with pytest.raises(StepOutOfOrder, match="conclude"):
            steps.conclude(masked)
    with pytest.raises(CaseClosed):
        steps.retrieve.invoke(masked)
    record = bot.record(steps.record, principal="admin")
    assert record.envelope["outcome"] == "failed"


def test_who_may_not_ask_gets_no_steps_and_leaves_a_record(bot: ComplianceBot) -> None:
    with pytest.raises(Refused), recorded(bot, principal=FRANK):
        pytest.fail("the block was entered")
    assert bot.records(principal="admin", limit=1)[0].outcome == "refused"
