"""Create the application: routes, errors, start and stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from flight_delay.serving.api import explanations, page, predictions, status
from flight_delay.serving.api.gate import Gate
from flight_delay.serving.api.predictions import RETRY, respond_error
from flight_delay.serving.api.request_log import RequestLog
from flight_delay.serving.api.schemas import API_VERSION, ErrorResponse, InvalidRow, field_of
from flight_delay.serving.api.settings import Settings
from flight_delay.serving.current import CurrentState
from flight_delay.serving.database import open_database
from flight_delay.serving.service import Service
from flight_delay.serving.store import PredictionStore, StoreError

LOGS = "requests"
DESCRIPTION = (
    "Probability that a scheduled flight arrives 15 minutes late or more, as of 24 hours before departure. All answers "
    "come from one state, which they name. Predictions by key or with a schedule are stored before they are given, and "
    "`flight-delay replay REQUEST_ID` repeats them bit for bit; lists and explanations are not stored."
)
# A server without `--keys` needs none, which {} says.
KEYS = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "an API key"},
    "basic": {"type": "http", "scheme": "basic", "description": "an API key as password, for browsers"},
}
SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"basic": []}, {}]


def build_app(settings: Settings) -> FastAPI:
    """Create the application.

    Args:
        settings: of the server.
    """
    request_log = RequestLog(Path(settings.service) / LOGS, settings.git_commit)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store = PredictionStore(open_database(settings.database))
        current = CurrentState(Path(settings.service) / "states")
        current.refresh()
        app.state.service = Service(current, store, settings.git_commit, settings.time_limit_ms / 1000)
        watching = asyncio.create_task(current.watch())
        yield
        watching.cancel()
        store.close()
        request_log.close()

    app = FastAPIOffline(
        title="Flight delay predictions",
        version=API_VERSION,
        description=DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
        responses={code: {"model": ErrorResponse} for code in (400, 401, 408, 413, 422, 500, 503)},
    )
    app.add_middleware(Gate, key_hashes=settings.key_hashes, request_log=request_log)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_refused)
    app.exception_handler(StoreError)(_not_stored)
    # In the order in which they are searched.
    for routes in (predictions, explanations, page, status):
        app.include_router(routes.router)
    describe = app.openapi
    app.openapi = lambda: _with_keys(describe())  # type: ignore[method-assign]
    return app


def _with_keys(document: dict[str, Any]) -> dict[str, Any]:
    """Declare API keys, which the middleware checks, in an OpenAPI document."""
    document["components"]["securitySchemes"] = KEYS
    return {**document, "security": SECURITY}


def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    errors = [
        InvalidRow(row=_row_of(detail["loc"]), field=field_of(detail["loc"][1:]), message=_message(detail))
        for detail in error.errors()
    ]
    return respond_error(request, 422, "the request is not valid", errors)


def _row_of(location: tuple[int | str, ...]) -> int | None:
    """Return the row in a location such as ('body', 'outcomes', 3, 'cancelled')."""
    return next((part for part in location[2:3] if isinstance(part, int)), None)


def _refused(request: Request, error: HTTPException) -> JSONResponse:
    return respond_error(request, error.status_code, str(error.detail), headers=error.headers)


def _not_stored(request: Request, error: StoreError) -> JSONResponse:
    return respond_error(request, 503, f"the answer could not be stored ({error}); try again", headers=RETRY)


def _message(detail: Any) -> str:
    reason = f": {detail['ctx']['error']}" if detail["type"] == "json_invalid" else ""
    return f"{detail['msg']}{reason}"
