"""The records of the audit log, for those who may review them; opening one is recorded as well."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import look
import session
import streamlit as st

from compliance_bot import ComplianceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.records import RecordSummary

_MOST = 100


def show(visit: session.Visit) -> None:
    """Draw the newest records, and one of them with all that this person may see of it."""
    st.title("Records")
    st.html(look.WIDE)
    try:
        records = session.bot().records(principal=visit.person, limit=_MOST)
    except ComplianceError as error:
        st.html(f'<p class="cb-answer">{look.text(str(error))}</p>')
        return
    st.html(f'<p class="cb-note">The newest {len(records)}. Looking at them is on record too.</p>')
    named = {one.record: f"{one.at:%H:%M:%S} {one.type} {one.outcome} {one.record}" for one in records}
    chosen = st.selectbox(
        "Open a record", list(named), index=None, key="record", format_func=named.__getitem__, placeholder="Choose one"
    )
    if chosen:
        _one(visit, chosen)
    st.html(_table(records))


def _one(visit: session.Visit, record: str) -> None:
    try:
        shown = session.bot().record(record, principal=visit.person)
    except ComplianceError as error:
        st.warning(look.label(str(error), 300))
        return
    st.subheader("What is on record")
    for name, part in (("Envelope", shown.envelope), ("Sealed content", shown.payload)):
        st.caption(name)
        st.code(json.dumps(dict(part), indent=2, ensure_ascii=True, default=str), language="json")


def _table(records: Sequence[RecordSummary]) -> str:
    rows = "".join(
        f'<tr><td class="at">{record.at:%Y-%m-%d %H:%M:%S}</td><td>{look.text(record.type)}</td>'
        f"<td>{look.text(record.principal)}</td><td>{look.text(record.outcome)}</td>"
        f'<td>{len(record.citations)}</td><td class="id">{look.text(record.record)}</td></tr>'
        for record in records
    )
    heads = "".join(f"<th>{head}</th>" for head in ("Time (UTC)", "Act", "Person", "Outcome", "Quotes", "Record"))
    return f'<table class="cb-table"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
