"""Check and record every request.

It gets an id, and is refused without an API key or with a body that is too large."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from flight_delay.serving.api.metrics import DURATIONS, REQUESTS
from flight_delay.serving.api.request_log import MAX_BODY_BYTES, RequestLog

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

# Answered without a key: orchestrators and Prometheus call them.
OPEN_PATHS = ("/health", "/ready", "/version", "/metrics", "/docs", "/openapi.json", "/static-offline-docs")

MAX_REQUEST_BYTES = 4 << 20
BODY_SECONDS = 10.0  # in which a client must send its body

log = logging.getLogger(__name__)


class RefusedError(Exception):
    """A request that is not passed on."""

    def __init__(self, status: int, message: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers


@dataclass
class _Exchange:
    """A request and its response, as the log shows them."""

    request_id: str
    body: bytes = b""
    status: int = 500
    response: bytearray = field(default_factory=bytearray)
    has_started: bool = False


class Gate:
    """ASGI middleware of all requests."""

    def __init__(self, app: App, key_hashes: frozenset[str], request_log: RequestLog) -> None:
        self._app, self._key_hashes, self._log = app, key_hashes, request_log

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, exchange = time.perf_counter(), _Exchange(new_request_id())
        scope["state"] = {**scope.get("state", {}), "request_id": exchange.request_id}

        async def send_recorded(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status, exchange.has_started = message["status"], True
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", exchange.request_id.encode())]
            elif len(exchange.response) <= MAX_BODY_BYTES:
                exchange.response += message.get("body", b"")
            await send(message)

        try:
            self._require_key(scope)
            exchange.body = await _read_body(dict(scope["headers"]), receive)
            await self._app(scope, _replay(exchange.body, receive), send_recorded)
        except RefusedError as refused:
            await _send_error(send_recorded, exchange.request_id, refused.status, str(refused), *refused.headers)
        except Exception:
            log.exception("request %s failed", exchange.request_id)
            if exchange.has_started:
                raise
            await _send_error(send_recorded, exchange.request_id, 500, "the server failed; its log has the reason")
        finally:
            self._record(scope, exchange, time.perf_counter() - started)

    def _record(self, scope: MutableMapping[str, Any], exchange: _Exchange, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        REQUESTS.labels(route, exchange.status).inc()
        DURATIONS.labels(route).observe(seconds)
        fields = {"method": scope["method"], "path": scope["path"], "query": scope["query_string"].decode("latin-1")}
        fields |= {"status": exchange.status, "milliseconds": round(1000 * seconds, 2)}
        response = bytes(exchange.response) if route.startswith("/v1/") or exchange.status >= 400 else b""
        try:
            self._log.write(exchange.request_id, fields, exchange.body, response)
        except OSError as error:  # such as a full disk: predictions are in the database
            log.warning("request %s is not logged: %s", exchange.request_id, error)

    def _require_key(self, scope: MutableMapping[str, Any]) -> None:
        path = scope["path"]
        if not self._key_hashes or any(path == name or path.startswith(f"{name}/") for name in OPEN_PATHS):
            return
        key = _given_key(dict(scope["headers"]))
        if key is None or hashlib.sha256(key).hexdigest() not in self._key_hashes:
            challenge = (b"www-authenticate", b'Basic realm="flight-delay", charset="UTF-8"')
            raise RefusedError(401, "an API key is needed: Authorization: Bearer KEY", challenge)


def new_request_id() -> str:
    """Return an id whose first 12 of 32 digits are the time in milliseconds."""
    return f"{time.time_ns() // 1_000_000:012x}{uuid.uuid4().hex[12:]}"


def _given_key(headers: dict[bytes, bytes]) -> bytes | None:
    """Return the key of a bearer token, or the password of a browser."""
    scheme, _, value = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"bearer":
        return value.strip()
    if scheme.lower() == b"basic":
        try:
            return base64.b64decode(value, validate=True).partition(b":")[2]
        except binascii.Error:
            return None
    return None


async def _read_body(headers: dict[bytes, bytes], receive: Receive) -> bytes:
    too_large = RefusedError(413, f"the body is larger than {MAX_REQUEST_BYTES:,} bytes; send fewer flights at once")
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length) > MAX_REQUEST_BYTES:
        raise too_large
    if length == b"0" and b"transfer-encoding" not in headers:
        return b""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise RefusedError(400, "the client closed the connection")
                body += message.get("body", b"")
                if len(body) > MAX_REQUEST_BYTES:
                    raise too_large
                if not message.get("more_body"):
                    return bytes(body)
    except TimeoutError:
        late = f"the body did not arrive within {BODY_SECONDS:g} s"
        raise RefusedError(408, late, (b"connection", b"close")) from None


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives a body that was read before."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


async def _send_error(send: Send, request_id: str, status: int, message: str, *headers: tuple[bytes, bytes]) -> None:
    body = json.dumps({"request_id": request_id, "message": message, "errors": []}).encode()
    content = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*content, *headers]})
    await send({"type": "http.response.body", "body": body})
