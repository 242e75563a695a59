"""`compliance-bot ui`: serve the Streamlit page on this machine."""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import socket
import sys
from typing import TYPE_CHECKING, NoReturn

from compliance_bot.bundled import bundled
from compliance_bot.cli import output
from compliance_bot.errors import Unavailable, UsageError
from compliance_bot.home import create_home, is_home
from compliance_bot.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path


class PageNotInstalled(Unavailable):
    """The page needs Streamlit, which is not installed."""

    hint = 'Install it with `pip install "compliance-bot[ui]"`.'


def serve_page(*, host: str, port: int, sample: bool) -> NoReturn:
    """Serve the page until it is interrupted; does not return.

    Raises PageNotInstalled, UsageError for an address that others can reach, Unavailable where the port is taken or
    there is no home.
    """
    if importlib.util.find_spec("streamlit") is None:
        raise PageNotInstalled
    if not _is_loopback(host):
        raise UsageError(
            f"the page has a demonstration sign-in only, so it is served on this machine: not on {host}",
            hint="Leave --host out.",
        )
    home = load_settings().home
    if sample and not is_home(home):
        _make_sample_home()
    if not is_home(home):
        hint = "Run `compliance-bot init`, or `compliance-bot ui --sample` for the sample institution."
        raise Unavailable(f"there is no home at {home}", hint=hint)
    _require_free(host, port)
    output.tell(f"the page is at http://{host}:{port} (Ctrl-C ends it)")
    _become_server(bundled("ui"), host, port)


def _make_sample_home() -> None:
    from compliance_bot.bot import ComplianceBot
    from compliance_bot.cli.demo import ingest_samples

    create_home(load_settings(), policies="sample")
    with ComplianceBot.open() as bot:
        ingest_samples(bot)


def _become_server(folder: Path, host: str, port: int) -> NoReturn:
    """Replace this process by Streamlit's server, so that whatever ends the command ends the page."""
    arguments = [sys.executable, "-m", "streamlit", "run", str(folder / "server.py")]
    arguments += [f"--server.address={host}", f"--server.port={port}", "--server.headless=true"]
    environment = {**os.environ, "COMPLIANCE_BOT_HOME": str(load_settings().home)}
    sys.stdout.flush()
    sys.stderr.flush()
    os.chdir(folder)  # Streamlit looks for its settings beside the script and in the working folder
    os.execve(sys.executable, arguments, environment)  # noqa: S606  # no shell is wanted


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _require_free(host: str, port: int) -> None:
    try:
        with socket.create_server((host, port)):
            return
    except OSError as error:
        raise Unavailable(f"port {port} is taken: {error.strerror}", hint="Choose another with --port.") from error
