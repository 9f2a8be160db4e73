"""Routes: health, readiness, version and metrics."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from pydantic import Field

from flight_delay.serving.api.metrics import STATE_AS_OF, STATE_REJECTIONS, render_metrics
from flight_delay.serving.api.predictions import current
from flight_delay.serving.api.schemas import API_VERSION, Schema
from flight_delay.serving.store import StoreError

router = APIRouter(tags=["status"])


class VersionResponse(Schema):
    """Versions of the API, the model, the code and the state."""

    api_version: str
    model_version: str
    shadow_version: str | None
    bundle: str
    git_commit: str
    state: str
    as_of: str


class Health(Schema):
    """Whether a check passed, and why it did not."""

    status: Literal["ok", "unavailable"]
    problems: list[str] = Field(default_factory=list)


@router.get("/health")
async def health() -> Health:
    """Tell that the process answers."""
    return Health(status="ok")


@router.get("/ready", responses={503: {"model": Health}})
async def ready(request: Request, response: Response) -> Health:
    """Tell whether predictions can be answered and stored.

    A rejected state is a problem that does not make the server unavailable.
    """
    service, problems = request.app.state.service, []
    has_state = service.current.table is not None
    if not has_state:
        problems.append("no state yet; `flight-delay state --as-of DATE` builds one")
    if service.current.rejected:
        problems.append(f"state rejected: {service.current.rejected}")
    try:
        await service.store.run(lambda connection: connection.execute(sa.text("SELECT 1")))
        has_database = True
    except StoreError as error:
        has_database = False
        problems.append(f"database: {error}")
    if has_state and has_database:
        return Health(status="ok", problems=problems)
    response.status_code = 503
    return Health(status="unavailable", problems=problems)


@router.get("/version")
async def version(request: Request) -> VersionResponse:
    """Return the versions of the API, the model, the code and the state."""
    service, table = current(request)
    manifest = table.state.manifest
    return VersionResponse(
        api_version=API_VERSION,
        model_version=manifest.model_version,
        shadow_version=manifest.shadow_version,
        bundle=manifest.bundle,
        git_commit=service.git_commit,
        state=table.state.id,
        as_of=manifest.as_of,
    )


@router.get("/metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """Return the metrics for Prometheus."""
    current_state = request.app.state.service.current
    if table := current_state.table:
        STATE_AS_OF.set(table.state.as_of_seconds)
    STATE_REJECTIONS.set(current_state.rejections)
    return Response(render_metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")
