from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.redaction.patterns.handles import HANDLES

from .tables import found, is_linear, lines, values

NAMES = """
    follow ⟦@maria_lopez⟧ and ⟦@j.doe⟧.
    (⟦@harbourbank⟧), "⟦@x_y⟧": hello
    username: ⟦jdoe42⟧; user id = ⟦maria.l⟧
    login: ⟦mlopez⟧, User Name "⟦maria⟧"
    {"username": "⟦jdoe⟧"}
    with username ⟦jdoe42⟧ and a password
    USERNAME: ⟦JDOE⟧; userid=⟦4711⟧
    Benutzername: ⟦mlopez⟧
    nom d'utilisateur : ⟦mlopez⟧
    Usuario: ⟦mgarcia⟧; nome utente: ⟦mrossi⟧
    identifiant : ⟦mdupont⟧
    twitter.com/⟦maria_l⟧ and instagram.com/⟦ana.b⟧/
    https://www.linkedin.com/in/⟦maria-lopez-123⟧/
    github.com/⟦mlopez⟧, t.me/⟦ana⟧, x.com/⟦ana_b⟧
"""
LEFT_ALONE = """
    @media print { a { color: red } }
    @import url("x.css"); @font-face { }
    @dataclass, @Override, @param text what, @return it
    @app.route("/x") and @pytest.fixture(scope="module")
    @angular/core, @types/node
    user@host, a@b, maria@bank.example, @example.com
    5 @ 3 EUR, @, @ home, @1
    the user: the person who signs; users are: many
    a user name is required, the login page, log in: press the button
    facebook.com/login, twitter.com/search, x.com/
    netflix.com/title, example.com/maria
    @x = 5
    superuser: no
"""


@pytest.mark.parametrize("line", lines(NAMES))
def test_a_user_name_is_found(line: str) -> None:
    assert found(HANDLES, line) == [("USERNAME", value) for value in values(line)]


@pytest.mark.parametrize("line", lines(LEFT_ALONE))
def test_code_and_prose_are_left_alone(line: str) -> None:
    assert found(HANDLES, line) == []


def test_a_decorator_above_code_is_no_handle() -> None:
    assert found(HANDLES, "@special_case\ndef f(): ...") == []
    assert found(HANDLES, "@special_case\nthanks!") == [("USERNAME", "@special_case")]


@given(st.from_regex(r"@[a-z][a-z0-9_]{5,14}[a-z0-9]", fullmatch=True))
def test_every_handle_with_a_digit_is_found(handle: str) -> None:
    handle = handle + "7"
    assert found(HANDLES, f"ask {handle}, or me") == [("USERNAME", handle)]


@pytest.mark.parametrize(
    "bomb", ["@", "@a", " @ab", "user ", "user: ", "username ", "x.com/", "login a1 ", "@a.b.", "\n@aa"]
)
def test_a_hostile_text_is_read_in_linear_time(bomb: str) -> None:
    assert is_linear(HANDLES, bomb)
