"""The detector as it is shipped: each text here needs one of its parts, and leaks when that part is taken out."""

from __future__ import annotations

import socket
from typing import NoReturn

import pytest

from compliance_bot.redactor import redact


@pytest.fixture(autouse=True)
def without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("network")

    for name in ("connect", "connect_ex", "bind"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_the_entity_model_finds_names_that_no_rule_knows() -> None:
    text = "yesterday Oluwaseun Adeyemi and Ingrid Halvorsen drove from Aberystwyth to Kraków."
    assert redact(text).text == "yesterday <PERSON> and <PERSON> drove from <LOCATION> to <LOCATION>."
    assert {span.source for span in redact(text).spans} == {"entities-minilm-int8"}


def test_rules_find_names_beside_an_honorific() -> None:
    assert "Xyzzy" not in redact("Seen by Dr. Xyzzy on the ward.").text


def test_a_name_is_found_again_by_a_part_of_it() -> None:
    """By itself "Ledger" is a word like another."""
    assert "Ledger" in redact("The Ledger file was closed.").text
    text = "Maria Ledger opened an account. The Ledger file was closed; nobody but Maria answered."
    masked = redact(text)
    assert "Ledger" not in masked.text
    assert "Maria" not in masked.text
    assert "propagation" in {span.source for span in masked.spans}


def test_the_normal_form_sees_through_look_alikes() -> None:
    assert redact("mail mаria.lopez@bank․example or ４１１１ １１１１ １１１１ １１１１").text == (
        "mail <EMAIL_ADDRESS> or <CREDIT_CARD>"
    )


def test_views_see_through_codes() -> None:
    assert redact("mail maria.lopez%40bank.example").counts == {"EMAIL_ADDRESS": 1}
    assert "bWFyaWE" not in redact("token bWFyaWEubG9wZXpAYmFuay5leGFtcGxl").text
