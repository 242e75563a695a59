"""The default answerer, with its shipped weights, on policies like a bank's."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_tests.unit_tests import ChatModelUnitTests

from compliance_bot.models.contract import Reply, Source, UnreadableRequest, format_request, parse_reply
from compliance_bot.models.features import Evidence, ScoredPassage
from compliance_bot.models.quote import QuoteChatModel
from compliance_bot.models.registry import ModelMissing, ModelTampered, shipped
from compliance_bot.records import ChunkId

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_core.language_models.chat_models import BaseChatModel

POLICIES = {
    "aml": """AML policy > Records
Records of customer due diligence are kept for six years after the end of the relationship. The MLRO reviews the
register every quarter.""",
    "pay": """Remuneration policy
Records of bonus decisions are kept for seven years. The Remuneration Committee approves every bonus above
EUR 50,000.""",
    "gifts": """Gifts and hospitality policy
Employees must not accept gifts worth more than EUR 100. However, branded items of low value may be accepted. All gifts
are entered in the gift register within five working days.""",
    "outsourcing": """Outsourcing policy
A business unit must not outsource a critical function unless:
(a) the Risk Committee has approved it;
(b) the provider was assessed; and
(c) an exit plan exists.
This does not apply to group companies.""",
    "schedule": """Retention schedule
File | Period | Owner
Customer due diligence file | 6 years | Compliance
Bonus decision | 7 years | HR
Call recording | 5 years | Trading""",
    "incidents": """Incident procedure
The Information Security Officer must be informed of a personal data breach within two hours. The Data Protection
Officer notifies the supervisory authority within 72 hours, unless the breach is unlikely to result in a risk to
individuals.""",
    "bribery": """Anti-bribery policy
Facilitation payments are prohibited. A bribe is anything of value offered to influence a decision. Employees must
report a suspected bribe to the Chief Compliance Officer without delay.""",
    "travel": """Travel policy
Economy class is used for flights of less than six hours. Expenses are claimed within 30 days.""",
}
START = 1000


@pytest.fixture(scope="module")
def model() -> QuoteChatModel:
    return QuoteChatModel()


def _text(name: str) -> str:
    return POLICIES[name].partition("\n")[2]


def _sources(*names: str) -> list[Source]:
    titles = [POLICIES[name].partition("\n")[0] for name in names]
    return [
        Source(id=ChunkId(f"{n:016x}"), title=title, text=_text(name), start=START)
        for n, (name, title) in enumerate(zip(names, titles, strict=True))
    ]


def _ask(model: BaseChatModel, question: str, *names: str, **kwargs: Any) -> Reply:
    message = HumanMessage(content_blocks=format_request(question, _sources(*names)))
    return parse_reply(model.invoke([message], **kwargs).text)


@pytest.mark.parametrize(
    ("question", "policies", "answer"),
    [
        ("How long are bonus records kept?", "aml pay", "seven years"),
        ("How long do we keep KYC records?", "aml pay", "six years"),
        ("How long must customer due diligence records be retained?", "aml", "six years"),
        ("What is the retention period for customer due diligence files?", "schedule", "6 years"),
        ("How long are call recordings retained?", "schedule aml", "5 years"),
        ("Who approves bonuses above 50,000 euros?", "pay aml", "Remuneration Committee"),
        ("What is the maximum value of a gift that an employee may accept?", "gifts bribery", "EUR 100"),
        ("By when must gifts be recorded in the register?", "gifts aml", "five working days"),
        ("When may a business unit outsource a critical function?", "outsourcing aml", "Risk Committee"),
        ("Who must be informed of a data breach and how soon?", "incidents", "two hours"),
        ("When is the supervisory authority notified of a breach?", "incidents aml", "72 hours"),
        ("Are facilitation payments allowed?", "bribery", "prohibited"),
        ("To whom do employees report a suspected bribe?", "bribery incidents", "Chief Compliance Officer"),
        ("What is a bribe?", "bribery gifts aml pay travel", "anything of value"),
        ("Within what time are expenses claimed?", "travel aml", "30 days"),
    ],
)
def test_it_quotes_the_sentence_that_answers(model: QuoteChatModel, question: str, policies: str, answer: str) -> None:
    assert answer in _ask(model, question, *policies.split()).sentences[0].text


@pytest.mark.parametrize(
    ("question", "policies"),
    [
        # The asker may read the AML policy only, and its "six years" are not about bonuses.
        ("How long are bonus records kept?", "aml"),
        ("How long do we keep bonus records?", "aml gifts travel"),
        ("How long do we have to retain bonus records?", "aml"),
        ("How long are call recordings kept?", "aml pay"),
        ("How long are visitor records kept?", "aml pay"),
        ("How long are travel records kept?", "aml travel"),
        ("How long is a whistleblower protected from dismissal?", "aml pay bribery"),
        ("What is the maximum value of a loan to a director?", "gifts pay"),
        ("Who approves the annual budget?", "pay gifts outsourcing"),
        ("How many vacation days do employees have?", "gifts travel"),
        ("Within how many hours must a failed payment be reported?", "incidents"),
        ("What is the parental leave policy?", "aml pay gifts travel"),
        ("How often does the board review the AML policy?", "aml"),
        ("Who is the Chief Executive Officer?", "bribery incidents"),
        ("What gifts may customers receive at Christmas?", "aml pay"),
    ],
)
def test_it_abstains_where_no_passage_answers(model: QuoteChatModel, question: str, policies: str) -> None:
    assert _ask(model, question, *policies.split()).is_abstention


def test_exceptions_and_conditions_come_with_the_rule(model: QuoteChatModel) -> None:
    assert "However, branded items" in _ask(model, "May employees accept gifts?", "gifts").sentences[0].text
    outsourcing = _ask(model, "When may a critical function be outsourced?", "outsourcing").sentences[0].text
    assert outsourcing == _text("outsourcing")


def test_every_quote_stands_verbatim_where_it_says(model: QuoteChatModel) -> None:
    reply = _ask(model, "How long are call recordings retained?", "schedule", "aml")
    assert reply.sentences[0].text == "File | Period | Owner Call recording | 5 years | Trading"
    for quote in reply.sentences[0].quotes:
        assert quote.start is not None
        assert _text("schedule")[quote.start - START :].startswith(quote.quote)


def test_evidence_can_be_bound_and_invoked_with(model: QuoteChatModel) -> None:
    scores = {source.id: ScoredPassage(lexical=3.0, cosine=-5.0, fused=0.1) for source in _sources("aml")}
    evidence = Evidence(idf={}, scores=scores, passages=1)
    question = "How long are customer due diligence records kept?"
    assert not _ask(model, question, "aml").is_abstention
    assert _ask(model, question, "aml", evidence=evidence).is_abstention
    message = HumanMessage(content_blocks=format_request(question, _sources("aml")))
    assert parse_reply(model.bind(evidence=evidence).invoke([message]).text).is_abstention


def test_the_last_human_message_is_the_question(model: QuoteChatModel) -> None:
    earlier = HumanMessage(content_blocks=format_request("Are facilitation payments allowed?", _sources("bribery")))
    last = HumanMessage(content_blocks=format_request("How long are bonus records kept?", _sources("pay")))
    reply = model.invoke([SystemMessage("Be brief."), earlier, AIMessage("No."), last])
    assert "seven years" in parse_reply(reply.text).sentences[0].text


def test_without_a_human_message_there_is_nothing_to_answer(model: QuoteChatModel) -> None:
    with pytest.raises(UnreadableRequest, match="needs a human message"):
        model.invoke([SystemMessage("Be brief.")])


def test_a_stream_is_the_same_reply_with_a_sentence_per_chunk(model: QuoteChatModel) -> None:
    message = HumanMessage(content_blocks=format_request("How long are bonus records kept?", _sources("pay")))
    chunks = [chunk.text for chunk in model.stream([message])]
    assert "".join(chunks) == model.invoke([message]).text
    assert "seven years" in chunks[0]


def test_the_same_question_gives_the_same_bytes_whatever_else_was_asked(model: QuoteChatModel) -> None:
    message = HumanMessage(content_blocks=format_request("How long are bonus records kept?", _sources("pay", "aml")))
    first = model.invoke([message]).text
    model.invoke("What else?")
    assert model.invoke([message]).text == first == QuoteChatModel().invoke([message]).text


def test_it_is_named_by_the_hash_of_its_manifest(model: QuoteChatModel) -> None:
    assert model.invoke("What?").response_metadata["manifest"] == model.manifest_hash
    assert model.manifest_hash in str(model._identifying_params)


def test_a_changed_coefficient_refuses_to_load(tmp_path: Path) -> None:
    folder = shutil.copytree(shipped("quote"), tmp_path / "quote")
    assert QuoteChatModel(folder=folder).manifest_hash == QuoteChatModel().manifest_hash
    file = folder / "coefficients.json"
    file.write_text(file.read_text().replace("0", "1", 1))
    with pytest.raises(ModelTampered, match=r"coefficients\.json was changed"):
        QuoteChatModel(folder=folder)


def test_a_missing_folder_and_another_kind_of_model_refuse_to_load(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        QuoteChatModel(folder=tmp_path / "none")
    folder = shutil.copytree(shipped("quote"), tmp_path / "quote")
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"answerer"', '"reranker"'))
    with pytest.raises(ModelTampered, match="expected answerer"):
        QuoteChatModel(folder=folder)


class TestStandard(ChatModelUnitTests):
    """LangChain's own tests of a chat model."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return QuoteChatModel

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {}
