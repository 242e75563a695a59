"""The chat: questions, answers by verified sentence, and quotes that open in their document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import look
import session
import streamlit as st

from compliance_bot import Answer, ComplianceError

if TYPE_CHECKING:
    from compliance_bot.records import Citation

_WITHHELD = "Part of this answer is not shown again: it rests on documents that you may not read any more."
_FAILED = "Something went wrong here. The question was not answered; it may be asked again."


def show(visit: session.Visit) -> None:
    """Draw the conversation and take the next question."""
    st.title("Ask your documents")
    st.html(f'<p class="cb-note">As {look.text(visit.person)}. Answers quote their sources; each is on record.</p>')
    with st.sidebar:
        purpose: str = st.text_input(
            "Purpose",
            key="purpose",
            max_chars=200,
            placeholder="Complaint 12",
            help="What you need it for. Some policies show personal data for a purpose alone; it goes on record.",
        )
    if _check(visit):
        for number, turn in enumerate(visit.turns):
            _turn(visit, number, turn)
    question = st.chat_input("Ask a question", key="question", on_submit=_open, args=(visit, None))
    if question:
        turn = session.Turn(question=question, purpose=purpose.strip() or None)
        visit.turns.append(turn)
        _ask(visit, turn)
        st.rerun()


def _check(visit: session.Visit) -> bool:
    """Forget what the person may not read any more; return whether the rest may be drawn again."""
    for purpose in dict.fromkeys(turn.purpose for turn in visit.turns):
        answered = [(t, t.answer) for t in visit.turns if t.answer is not None and t.purpose == purpose]
        if not answered:
            continue
        try:
            readable = session.bot().still_readable(
                [answer for _, answer in answered], principal=visit.person, purpose=purpose
            )
        except ComplianceError as error:
            st.warning(look.label(str(error), 300))
            return False
        for (turn, answer), now in zip(answered, readable, strict=True):
            turn.withheld += len(answer.sentences) - len(now.sentences)
            turn.answer = now
    return True


def _turn(visit: session.Visit, number: int, turn: session.Turn) -> None:
    with st.chat_message("user"):
        st.html(f'<p class="cb-answer">{look.text(turn.question)}</p>')
    with st.chat_message("assistant"):
        if turn.answer is None:
            st.html(f'<p class="cb-answer">{look.text(turn.problem or _FAILED)}</p>')
            if turn.hint:
                st.html(f'<p class="cb-note">{look.text(turn.hint)}</p>')
            return
        _answer(visit, number, turn, turn.answer)


def _answer(visit: session.Visit, number: int, turn: session.Turn, answer: Answer) -> None:
    if answer.abstained:
        st.html(f'<p class="cb-answer">{look.text(answer.answer)}</p>')
    for sentence in answer.sentences:
        st.html(look.sentence(sentence))
    if turn.withheld:
        st.html(f'<p class="cb-note">{look.text(_WITHHELD)}</p>')
    for citation in answer.citations:
        _citation(visit, number, citation, turn.purpose)
    notes = [f"Record {answer.record}", f"answered by {answer.model}"]
    if answer.fallback:
        notes.append(answer.fallback)
    if not answer.is_complete:
        notes.append("the model broke off: the answer is not whole")
    masked = ", ".join(f"{count} {kind}" for kind, count in answer.redactions.items())
    if masked:
        notes.append(f"personal data: {masked}")
    if answer.revealed:
        shown = ", ".join(f"{count} {kind}" for kind, count in answer.revealed.items())
        notes.append(f"shown to you: {shown}" + (f", for: {turn.purpose}" if turn.purpose else ""))
    if answer.notice:
        st.html(f'<p class="cb-note">{look.text(answer.notice)}</p>')
    st.html(f'<p class="cb-note cb-end">{look.text(" · ".join(notes))}</p>')
    if answer.receipt is not None:
        _receipt(number, answer, answer.receipt)


def _citation(visit: session.Visit, number: int, citation: Citation, purpose: str | None) -> None:
    is_open = visit.opened == (number, citation.n)
    with st.container(border=True):
        title = f"[{citation.n}] {citation.title}"
        st.button(
            look.label(title),
            key=f"quote-{number}-{citation.n}",
            type="tertiary",
            help="Close the document" if is_open else "Open the passage in its document",
            on_click=_open,
            args=(visit, None if is_open else (number, citation.n)),
        )
        st.html(look.place(citation, is_open=is_open))
        if is_open:
            _source(visit, number, citation, purpose)


def _receipt(number: int, answer: Answer, receipt: str) -> None:
    """Offer what `compliance-bot audit receipt` checks: the receipt, and the text that it is for, to the letter."""
    offered = (
        (
            "Receipt",
            "receipt",
            receipt,
            "What the log signed for this answer; `compliance-bot audit receipt` checks it",
        ),
        ("Text", "txt", answer.answer, "The text that the receipt is for, to the letter"),
    )
    with st.container(horizontal=True, key=f"signed-{number}"):
        for name, ending, content, told in offered:
            st.download_button(
                name,
                content.encode(),
                file_name=f"answer-{answer.record}.{ending}",
                mime="text/plain",
                key=f"{ending}-{number}",
                help=told,
                on_click="ignore",
                type="tertiary",
            )


def _open(visit: session.Visit, opened: tuple[int, int] | None, is_whole: bool = False) -> None:
    """Open one quote's document, or none. Runs before the page is drawn: what is drawn open is read, and recorded."""
    visit.opened, visit.is_whole = opened, is_whole


def _source(visit: session.Visit, number: int, citation: Citation, purpose: str | None) -> None:
    """Show the quote where it stands, if its document may still be read: that is asked again, and recorded."""
    try:
        shown = session.bot().document(
            citation.document, principal=visit.person, version=citation.version, purpose=purpose
        )
    except ComplianceError as error:
        st.warning(look.label(str(error), 300))
        return
    document = shown.text or ""
    if document[citation.start : citation.end] != citation.quote:
        st.warning("The text of this version has changed since the answer was given.")
        return
    st.html(look.highlighted(document, citation.start, citation.end, whole=visit.is_whole))
    is_cut = not visit.is_whole and len(document) > citation.end - citation.start + 2 * look.WINDOW_CHARS
    if is_cut:
        key = f"whole-{number}-{citation.n}"
        st.button("Show the whole document", key=key, on_click=_open, args=(visit, visit.opened, True))


def _ask(visit: session.Visit, turn: session.Turn) -> None:
    """Answer the newest question, sentence by sentence; whatever happens, the conversation keeps what was asked."""
    with st.chat_message("user"):
        st.html(f'<p class="cb-answer">{look.text(turn.question)}</p>')
    with st.chat_message("assistant"):
        waiting = st.empty()
        waiting.html('<p class="cb-note">Searching what you may read …</p>')
        try:
            for part in session.bot().stream(turn.question, principal=visit.person, purpose=turn.purpose):
                if isinstance(part, Answer):
                    turn.answer = part
                else:
                    waiting.empty()
                    st.html(look.sentence(part.sentence))
        except ComplianceError as error:
            turn.problem, turn.hint = str(error), error.hint
