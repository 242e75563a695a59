"""What of a home goes into its backup: all that the program reads there, no key and no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compliance_bot.recovery.contents import files_of, secrets_in

if TYPE_CHECKING:
    from pathlib import Path

IDENTITY = """
oidc:
  issuer: https://id.example
  audience: bot
  jwks: {jwks}
  groups: null
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in (
        "policies/a.cedar",
        "policies/tests/t.yaml",
        "policies/redaction/own.yaml",
        "keys/key-encryption-key",
        "keys/vault/epoch-1",
        "backups/x.dump",
        "database/data/PG_VERSION",
        "approvers.yaml",
        "compliance-bot.home",
        "server.json",
        "provider/jwks.json",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
    return tmp_path


def test_policies_with_all_that_is_in_their_folder_and_approvers_go_in_and_nothing_else(home: Path) -> None:
    assert files_of(home) == (
        "approvers.yaml",
        "policies/a.cedar",
        "policies/redaction/own.yaml",
        "policies/tests/t.yaml",
    )


def test_settings_come_first(home: Path) -> None:
    (home / "compliance-bot.toml").write_text("passages = 5\n", encoding="utf-8")
    assert files_of(home)[0] == "compliance-bot.toml"


@pytest.mark.parametrize("secret", ["vault_keys", "log_keys", "chat_api_key", "embedder_api_key", "database_owner_url"])
def test_settings_with_a_secret_are_left_out_as_a_whole(home: Path, secret: str) -> None:
    (home / "compliance-bot.toml").write_text(f'passages = 5\n{secret} = "x"\n', encoding="utf-8")
    assert secrets_in(home)
    assert "compliance-bot.toml" not in files_of(home)


@pytest.mark.parametrize(
    ("jwks", "expected"),
    [("provider/jwks.json", True), ("./provider/../provider/jwks.json", True), ("keys/key-encryption-key", False)],
)
def test_the_keys_of_those_who_sign_tokens_go_in_but_none_of_the_homes_own(
    home: Path, jwks: str, expected: bool
) -> None:
    (home / "policies" / "identity.yaml").write_text(IDENTITY.format(jwks=jwks), encoding="utf-8")
    assert ("provider/jwks.json" in files_of(home)) is expected
    assert not any(name.startswith("keys") for name in files_of(home))


def test_a_key_set_outside_of_the_home_is_not_followed(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "jwks.json"
    outside.write_text("{}", encoding="utf-8")
    (home / "policies" / "identity.yaml").write_text(IDENTITY.format(jwks=outside), encoding="utf-8")
    assert all("jwks" not in name for name in files_of(home))
