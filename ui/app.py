"""The page: who is asking, then the chat and the records. It calls the package's public interface and nothing else.

Choosing a person from the home's list is a demonstration sign-in, and the page says so; it is served on this machine
only (`compliance-bot ui` sees to that). Nobody chosen: nothing shown.
"""

from __future__ import annotations

from pathlib import Path

import look
import session
import streamlit as st
from views import chat, records

from compliance_bot import ComplianceError

st.set_page_config(page_title="compliance_bot", page_icon=str(Path(__file__).with_name("icon.png")), layout="centered")


def _choose() -> str | None:
    """Return the person that the visitor acts as; None as long as nobody is chosen."""
    people = {principal.id: principal for principal in session.bot().principals()}
    with st.sidebar:
        st.header("Acting as")
        person: str | None = st.selectbox(
            "Person",
            list(people),
            index=None,
            key="person",
            placeholder="Choose a person",
            help="Who you are decides what is searched.",
        )
        if person:
            st.html(f'<p class="cb-note">Groups: {look.text(", ".join(sorted(people[person].groups)) or "none")}</p>')
        st.html('<p class="cb-note">A demonstration sign-in: people of this home, on this machine only.</p>')
    return person


def _welcome() -> None:
    st.title("Ask your documents")
    st.html('<p class="cb-answer">Choose a person on the left. What they may read is what is searched.</p>')


def main() -> None:
    """Draw the page."""
    st.html(look.STYLE)
    try:
        person = _choose()
    except ComplianceError as error:
        st.title("The page cannot open its home")
        st.error(look.label(str(error), 400))
        if error.hint:
            st.info(look.label(error.hint, 400))
        return
    if person is None:
        session.leave()
        pages = [st.Page(_welcome, title="Welcome", default=True)]
    else:
        visit = session.visit(person)
        pages = [
            st.Page(lambda: chat.show(visit), title="Chat", url_path="chat", default=True),
            st.Page(lambda: records.show(visit), title="Records", url_path="records"),
        ]
    st.navigation(pages).run()


main()
