"""The page as an ASGI application: Streamlit's, with security headers, and without the doors that nobody here needs.

`compliance-bot ui` runs it through `streamlit run`. Streamlit sends no security headers of its own, answers metrics and
an API description to anybody, and would let foreign pages embed this one.
"""

from __future__ import annotations

import base64
import hashlib
import re
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import session
import streamlit
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse
from streamlit import App

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def _own_scripts() -> str:
    """Return the hashes of the scripts that Streamlit's own page holds inline, as a policy names them."""
    page = Path(streamlit.__file__).with_name("static") / "index.html"
    scripts = _INLINE_SCRIPT.findall(page.read_text(encoding="utf-8"))
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    return " ".join(f"'sha256-{value}'" for value in hashes)


_HEADERS = {
    # Streamlit needs inline styles and WebAssembly; nothing comes from another host, and nobody may frame the page.
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
        f"script-src 'self' 'wasm-unsafe-eval' {_own_scripts()}; font-src 'self' data:; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'self'; form-action 'self'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_CLOSED = ("/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check")
_HOST_CONFIG = {
    "allowedOrigins": [],
    "useExternalAuthToken": False,
    "enableCustomParentMessages": False,
    "enforceDownloadInNewTab": False,
    "metricsUrl": "",
    "blockErrorDialogs": False,
    "resourceCrossOriginMode": None,
}


class Guard:
    """Adds the headers to every response and answers for the closed doors."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        path = scope["path"].rstrip("/")
        if path.startswith(_CLOSED):
            await PlainTextResponse("Not Found", status_code=404)(scope, receive, send_guarded)
        elif path.endswith("/_stcore/host-config"):
            await JSONResponse(_HOST_CONFIG)(scope, receive, send_guarded)
        else:
            await self._app(scope, receive, send_guarded)


@asynccontextmanager
async def _open_for_business(_: App) -> AsyncIterator[dict[str, Any]]:
    try:
        yield {}
    finally:
        session.close()


app = App(Path(__file__).with_name("app.py"), lifespan=_open_for_business, middleware=[Middleware(Guard)])
