"""Every page of the documentation can be followed: links lead somewhere, commands and names exist."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from compliance_bot.cli.app import app
from compliance_bot.identity import load_principals
from compliance_bot.policy.attributes import typed_attributes
from compliance_bot.policy.folder import load_policies
from compliance_bot.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted(
    path.relative_to(ROOT) for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "samples" / "README.md")
)
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_ASSIGNMENT = re.compile(r"[A-Z_]+=\S*")


def text_of(page: Path) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: Path, *languages: str) -> Iterator[str]:
    """Yield the fenced blocks of a page that are in one of these languages."""
    yield from (body for language, body in _FENCED.findall(text_of(page)) if language in languages)


def commands(page: Path) -> Iterator[list[str]]:
    """Yield the words of each `compliance-bot` command line in the page's blocks for a shell."""
    for block in blocks(page, "bash", "sh", "console", ""):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True) if "compliance-bot " in line else []
            while words and _ASSIGNMENT.fullmatch(words[0]):
                words.pop(0)
            if words and words[0] == "compliance-bot":
                end = next((n for n, word in enumerate(words) if word in {"|", ">", "<", "&&"}), len(words))
                yield words[1:end]


def parse(words: list[str]) -> None:
    """Parse a command line as the program would, without running it."""
    command, path = typer.main.get_command(app), "compliance-bot"
    while members := getattr(command, "commands", None):
        assert words, f"`{path}` needs a command"
        name, *words = words
        assert name in members, f"`{path}` has no command {name!r}"
        command, path = members[name], f"{path} {name}"
    command.make_context(path, words)


def anchors(text: str) -> set[str]:
    """Return the anchors that headings get on the usual forges."""
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_relative_links_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(_FENCED.sub("", text_of(page))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), f"{page} links to {target}"
        if anchor:
            assert anchor in anchors(file.read_text(encoding="utf-8")), f"{page} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_commands_are_ones_that_the_program_understands(page: Path) -> None:
    for words in commands(page):
        try:
            parse(list(words))
        except typer.Exit:  # --help
            continue


def test_a_command_that_does_not_exist_is_noticed() -> None:
    with pytest.raises(AssertionError, match="no command 'safe'"):
        parse(["safe", "open"])
    with pytest.raises(typer.BadParameter.__base__ or Exception, match="--as-of"):
        parse(["ask", "How long?", "--as-of", "2026-01-01"])


def test_readme_and_quickstart_show_commands() -> None:
    assert sum(1 for _ in commands(Path("README.md"))) >= 3
    assert sum(1 for _ in commands(Path("docs/quickstart.md"))) >= 5


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_settings_that_a_page_names_exist(page: Path) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]*[A-Z]\b", text_of(page))) <= known


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_python_blocks_compile_and_import_what_exists(page: Path) -> None:
    for block in blocks(page, "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("compliance_bot"):
                module = importlib.import_module(node.module or "")
                assert all(hasattr(module, alias.name) for alias in node.names), f"{page}: {ast.unparse(node)}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [Path("README.md")]
    while waiting:
        page = waiting.pop()
        seen.add(page)
        for target in _LINK.findall(_FENCED.sub("", text_of(page))):
            file = ((ROOT / page).parent / target.partition("#")[0]).resolve()
            if file.suffix == ".md" and file.is_relative_to(ROOT) and file.relative_to(ROOT) not in seen:
                waiting.append(file.relative_to(ROOT))
    missing = sorted(map(str, set(PAGES) - seen))
    assert not missing, f"link them from docs/README.md: {', '.join(missing)}"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_policies_that_a_page_shows_are_valid(page: Path, tmp_path: Path) -> None:
    shown = [block for block in blocks(page, "text") if block.startswith("@id(")]
    if shown:
        shutil.copy(ROOT / "policies" / "starter" / "starter.cedarschema", tmp_path)
        (tmp_path / "shown.cedar").write_text("\n".join(shown), encoding="utf-8")
        assert load_policies(tmp_path).ids


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_principals_that_a_page_shows_are_valid(page: Path, tmp_path: Path) -> None:
    policies = load_policies(ROOT / "policies" / "starter")
    for block in blocks(page, "yaml"):
        if not block.startswith("- "):  # a mapping of claims: tests/unit/identity/test_mapping.py
            continue
        (tmp_path / "principals.yaml").write_text(block, encoding="utf-8")
        for principal in load_principals(tmp_path / "principals.yaml").values():
            typed_attributes(policies, "User", principal.attributes)


def test_the_pages_show_policies_and_principals() -> None:
    texts = [block for page in PAGES for block in blocks(page, "text", "yaml")]
    assert sum(block.startswith("@id(") for block in texts) >= 4
    assert sum(block.startswith(("- {id:", "- id:")) for block in texts) >= 2
