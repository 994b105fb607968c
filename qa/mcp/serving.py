"""The tools over standard input and output, or over HTTP."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import uvicorn
from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings

from qa.keys import KeyFile
from qa.mcp.tools import key_of

PATH = "/mcp"

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]


def serve_stdio(server: MCPServer) -> None:
    """Serve one client on standard input and output, until it ends."""
    anyio.run(server.run_stdio_async)


def serve_http(server: MCPServer, host: str, port: int, keys: KeyFile | None, allowed_hosts: tuple[str, ...]) -> None:
    """Serve any number of clients at ``/mcp`` until SIGTERM or SIGINT: each request by itself, so that a key is asked
    for at every one, and several processes can share the work."""
    hosts = [
        "127.0.0.1:*",
        "localhost:*",
        "[::1]:*",
        f"{host}:*",
        *(f"{name}:*" for name in allowed_hosts),
        *allowed_hosts,
    ]
    security = TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=[f"http://{name}" for name in hosts[:3]])
    app = server.streamable_http_app(
        streamable_http_path=PATH, stateless_http=True, json_response=True, transport_security=security
    )
    uvicorn.run(guarded(app, keys) if keys else app, host=host, port=port, log_level="warning")


def guarded(app: Application, keys: KeyFile) -> Application:
    """Return an application that refuses who sends no key that is known. A file of keys that cannot be read lets nobody
    in."""

    async def guard(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if key_of(keys, headers.get("authorization", "")) is not None:
            await app(scope, receive, send)
            return
        message = "These texts need a key that is known: send it as Authorization: Bearer KEY."
        body = json.dumps({"error": {"code": "unauthorized", "message": message}}).encode()
        answered = [(b"content-type", b"application/json"), (b"www-authenticate", b'Bearer realm="candor"')]
        await send({"type": "http.response.start", "status": 401, "headers": answered})
        await send({"type": "http.response.body", "body": body})

    return guard
