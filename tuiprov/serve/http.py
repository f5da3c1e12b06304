"""The application: one room without routes, since the chain of verdicts decides about every path.

Every refusal leaves the same time after its request came in, so that the clock does not tell an
unknown phone from a known one either.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from typing import Final

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tuiprov.serve.reception import Ask, Reception, Reply

REFUSED_AFTER_SECONDS: Final = 0.05
_ROUNDED_UP_SECONDS: Final = 0.0011


def application(reception: Reception, threads: Executor | None = None) -> ASGIApp:
    """The ASGI application. `threads` read database and disk, so that a slow one does not stop
    the clock of the others' deadlines. The connection's own facts are in the scope's `state`
    (`front.py`): `certificate`, and `is_whole`, which says whether all that was sent went out."""
    app = Starlette()
    app.router.default = _Phones(reception, threads)
    return app


class _Phones:
    def __init__(self, reception: Reception, threads: Executor | None) -> None:
        self._reception, self._threads = reception, threads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        loop = asyncio.get_running_loop()
        since, ask = loop.time(), _ask(scope)
        reply = await loop.run_in_executor(self._threads, self._reception.answer, ask)
        if not reply.is_file:
            await _until(since + REFUSED_AFTER_SECONDS)
        await _response(reply)(scope, receive, send)
        is_whole = scope.get("state", {}).get("is_whole")
        self._reception.close(ask, reply, is_sent=is_whole is None or is_whole())


async def _until(moment: float) -> None:
    """Wait until this very moment of the loop's clock. asyncio rounds a wait up to the next whole
    millisecond, counted from when the work before it ended: over 2,000 requests that told known
    MAC addresses from unknown ones (medians 0.3 ms apart). So the end comes in small steps."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(moment - _ROUNDED_UP_SECONDS - loop.time())
    while loop.time() < moment:
        await asyncio.sleep(0)


def _ask(scope: Scope) -> Ask:
    headers: dict[bytes, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name, []).append(value.decode("latin-1"))
    query = scope["query_string"].decode("latin-1")
    path = scope["raw_path"].decode("latin-1")
    return Ask(
        peer=scope["client"][0] if scope["client"] else "",
        protocol=scope["scheme"],
        method=scope["method"],
        target=f"{path}?{query}" if query else path,
        forwarded=tuple(headers.get(b"x-forwarded-for", ())),
        forwarded_protocol=headers.get(b"x-forwarded-proto", [""])[-1],
        authorization=headers.get(b"authorization", [""])[0],
        agent=headers.get(b"user-agent", [""])[0],
        certificate=scope.get("state", {}).get("certificate"),
    )


def _response(reply: Reply) -> Response:
    response = Response(reply.body, reply.status)
    response.raw_headers = reply.headers
    return response
