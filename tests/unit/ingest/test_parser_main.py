"""What the parser's process may do while it serves a request, to parse as to unpack: nothing but answer it."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import pytest

from compliance_bot.ingest import sandbox
from compliance_bot.ingest.sandbox import ParserProcess
from compliance_bot.ingest.unreadable import Reason, UnreadableDocument
from tests.unit.ingest.escapes import WAYS, landlock_works, surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator

# A parser that a file has taken over: it runs what it is sent, and answers with how that ended.
_TAKEN_OVER = """
import sys; sys.modules['numpy'] = None; sys.path[:] = sys.argv[3:]
from compliance_bot.ingest import parser_main
from compliance_bot.ingest.assemble import Part, assemble
from compliance_bot.ingest.container import Member
from compliance_bot.ingest.structure import BlockKind
def end_of(data):
    try:
        exec(data.decode(), {})
    except OSError as error:
        return type(error).__name__
    return 'out'
def parse(data, *, name, limits):
    return assemble(end_of(data), [Part(kind=BlockKind.PARAGRAPH, text='words')])
def unpack(data, *, name, limits):
    return (Member(name=end_of(data)),)
parser_main.parse, parser_main.unpack = parse, unpack
parser_main.main()
"""


@pytest.fixture(scope="module")
def parser() -> Iterator[ParserProcess]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "_START", _TAKEN_OVER)
        with ParserProcess() as taken_over:
            yield taken_over


def end_of(parser: ParserProcess, task: str, program: str) -> str:
    """Return how a program ended that ran in the place of a task: an error's name, or `out`."""
    if task == "parse":
        return parser.parse(program.encode(), "a").title
    members = parser.unpack(program.encode(), "a")
    assert members is not None
    return members[0].name


@pytest.mark.skipif(not landlock_works(), reason="this kernel has no Landlock")
@pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="no filter of system calls here")
@pytest.mark.parametrize("task", ["parse", "unpack"])
@pytest.mark.parametrize("way", WAYS)
def test_no_request_finds_a_way_out(
    parser: ParserProcess, tmp_path_factory: pytest.TempPathFactory, way: str, task: str
) -> None:
    with surroundings(tmp_path_factory.mktemp("s")) as around:
        assert end_of(parser, task, around.program(way)) in ("PermissionError", "OSError")


@pytest.mark.parametrize("task", ["parse", "unpack"])
def test_no_request_has_secrets_at_hand(parser: ParserProcess, task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLIANCE_BOT_DATABASE_URL", "postgresql://secret")
    parser.close()
    secrets = "import os\nif {*os.environ} <= {'LC_CTYPE', 'LD_LIBRARY_PATH'}: raise OSError"
    assert end_of(parser, task, secrets) == "OSError"


@pytest.mark.parametrize("task", ["parse", "unpack"])
@pytest.mark.parametrize(
    ("program", "reason"),
    [("x = bytearray(2_000_000_000)", Reason.STOPPED), ("while True: pass", Reason.TIMED_OUT)],
)
def test_memory_and_time_of_a_request_have_an_end_and_the_next_is_served(
    parser: ParserProcess, monkeypatch: pytest.MonkeyPatch, task: str, program: str, reason: Reason
) -> None:
    assert end_of(parser, task, "pass") == "out"
    monkeypatch.setattr(parser, "_timeout_s", 0.5)
    with pytest.raises(UnreadableDocument) as refused:
        end_of(parser, task, program)
    assert refused.value.reason is reason
    assert end_of(parser, task, "pass") == "out"
