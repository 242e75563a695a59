"""Settings: which source wins, and that nothing misspelt is ignored."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from compliance_bot.errors import UsageError
from compliance_bot.settings import FILE_NAME, PREFIX, InvalidSetting, Settings, UnknownSetting, load_settings

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "postgresql://bot:hunter2@db/compliance"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)


def write(home: Path, text: str) -> Path:
    (home / FILE_NAME).write_text(text, encoding="utf-8")
    return home


class TestOrderOfStrength:
    def test_a_default_holds_where_nothing_is_set(self, tmp_path: Path) -> None:
        assert load_settings(home=tmp_path).chunk_words == 160

    def test_the_file_wins_over_the_default(self, tmp_path: Path) -> None:
        assert load_settings(home=write(tmp_path, "chunk_words = 100")).chunk_words == 100

    @pytest.mark.parametrize("name", ["COMPLIANCE_BOT_CHUNK_WORDS", "compliance_bot_chunk_words"])
    def test_the_environment_wins_over_the_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setenv(name, "120")
        assert load_settings(home=write(tmp_path, "chunk_words = 100")).chunk_words == 120

    def test_an_argument_wins_over_the_environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(PREFIX + "CHUNK_WORDS", "120")
        assert load_settings(home=write(tmp_path, "chunk_words = 100"), chunk_words=140).chunk_words == 140

    def test_an_argument_of_none_is_no_argument(self, tmp_path: Path) -> None:
        assert load_settings(home=tmp_path, chunk_words=None).chunk_words == 160

    def test_the_home_comes_from_the_environment_and_its_file_is_read(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(PREFIX + "HOME", str(write(tmp_path, "passages = 7")))
        settings = load_settings()
        assert (settings.home, settings.passages) == (tmp_path, 7)

    def test_a_file_cannot_move_the_home_that_it_lies_in(self, tmp_path: Path) -> None:
        assert load_settings(home=write(tmp_path, "home = '/elsewhere'")).home == tmp_path

    def test_the_home_is_absolute(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        assert load_settings(home="here").home == tmp_path / "here"
        monkeypatch.setenv("HOME", str(tmp_path))
        assert load_settings(home="~/there").home == tmp_path / "there"


class TestUnknownKeys:
    @pytest.mark.parametrize("name", ["COMPLIANCE_BOT_CHUNK_WORD", "compliance_bot_chunk_word", "Compliance_Bot_X"])
    def test_one_in_the_environment_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setenv(name, "120")
        with pytest.raises(
            UnknownSetting, match=f"no setting '{name}'; known: COMPLIANCE_BOT_AI_NOTICE, COMPLIANCE_BOT_ANCHOR, "
        ):
            load_settings(home=tmp_path)

    def test_one_in_the_file_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UnknownSetting, match="no setting 'chunk_word'; known: ai_notice, anchor, "):
            load_settings(home=write(tmp_path, "chunk_word = 100"))

    def test_one_in_code_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UnknownSetting, match="no setting 'chunk_word'"):
            load_settings(home=tmp_path, chunk_word=100)

    def test_they_end_a_command_as_wrong_usage(self) -> None:
        assert issubclass(UnknownSetting, UsageError)
        assert UnknownSetting.exit_code == InvalidSetting.exit_code == 2


class TestInvalidValues:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("chunk_words = 19", "chunk_words: Input should be greater than or equal to 20"),
            ("chunk_words = 'many'", "chunk_words: Input should be a valid integer"),
            ("chat_model = 'oracle'", "chat_model must be `quote` or `provider:model`"),
            ("chat_base_url = 'ftp://models'", "chat_base_url: String should match"),
            ("chat_fallback = 'guess'", "chat_fallback: Input should be 'quote' or 'refuse'"),
            ("threads = 0\npassages = 0", "passages: .*; threads: "),
            ("chunk_words = 20\nchunk_overlap_words = 20", "chunk_overlap_words must be smaller than chunk_words"),
            ("chunk_words = ", "not valid TOML"),
        ],
    )
    def test_one_is_refused_by_name(self, tmp_path: Path, text: str, message: str) -> None:
        with pytest.raises(InvalidSetting, match=message):
            load_settings(home=write(tmp_path, text))

    def test_a_file_that_is_no_text_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe")
        with pytest.raises(InvalidSetting, match="not valid TOML"):
            load_settings(home=tmp_path)

    def test_a_file_that_cannot_be_read_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / FILE_NAME).mkdir()
        with pytest.raises(InvalidSetting, match="cannot be read"):
            load_settings(home=tmp_path)

    def test_an_empty_dsn_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        # libpq would take it for "whatever PGHOST and PGUSER name".
        monkeypatch.setenv(PREFIX + "DATABASE_URL", "")
        with pytest.raises(InvalidSetting, match="database_url"):
            load_settings(home=tmp_path)


class TestSecrets:
    def test_they_are_in_no_message(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(PREFIX + "DATABASE_URL", SECRET)
        monkeypatch.setenv(PREFIX + "THREADS", "0")
        with pytest.raises(InvalidSetting) as refused:
            load_settings(home=tmp_path, database_owner_url=[SECRET])
        told = "".join([str(refused.value), repr(refused.value), repr(refused.value.__cause__)])
        assert "database_owner_url" in told
        assert "hunter2" not in told

    def test_they_are_in_no_printed_settings(self, tmp_path: Path) -> None:
        settings = load_settings(home=tmp_path, database_url=SECRET)
        assert "hunter2" not in repr(settings) + str(settings) + settings.model_dump_json()
        assert settings.database_url is not None
        assert settings.database_url.get_secret_value() == SECRET


LOG_KEYS = {"log_keys": "1:x", "log_key_command": "wrap", "log_sign_command": "sign"}


@pytest.mark.parametrize("missing", LOG_KEYS)
def test_the_logs_key_is_in_one_place(tmp_path: Path, missing: str) -> None:
    two = {name: value for name, value in LOG_KEYS.items() if name != missing}
    with pytest.raises(InvalidSetting, match="log_keys, log_key_command and log_sign_command: expected one of them"):
        load_settings(home=tmp_path, **two)
    load_settings(home=tmp_path, **{missing: LOG_KEYS[missing]})


def test_settings_do_not_change(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings(home=tmp_path).threads = 3


def test_each_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not (field.description or "").endswith(".")] == []


class TestAnchor:
    def test_it_is_beside_the_home_unless_somebody_says_where(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        assert load_settings(home=home).anchor_file == tmp_path / "home.anchor.jsonl"
        assert str(load_settings(home=home, anchor="/mnt/other/a.jsonl").anchor_file) == "/mnt/other/a.jsonl"

    def test_each_tenant_that_a_home_serves_has_its_own(self, tmp_path: Path) -> None:
        names = {load_settings(home=tmp_path / "home", tenant=name).anchor_file.name for name in ("default", "a", "b")}
        assert len(names) == 3

    @pytest.mark.parametrize("place", ["anchor.jsonl", "{home}/anchor.jsonl", "{home}/../home/keys/anchor.jsonl"])
    def test_one_that_is_no_place_or_in_the_home_is_refused(self, tmp_path: Path, place: str) -> None:
        with pytest.raises(InvalidSetting, match="anchor must"):
            load_settings(home=tmp_path / "home", anchor=place.format(home=tmp_path / "home"))
