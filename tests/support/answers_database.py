"""Rows of the predictions database."""

from __future__ import annotations

import datetime as dt
from typing import Any

NOON = dt.datetime.fromisoformat("2013-03-05T12:00")  # UTC, without zone


def request(request_id: str, answered_at: dt.datetime = NOON, **changes: Any) -> dict[str, Any]:
    """A row of `tables.REQUESTS`."""
    return {
        "request_id": request_id, "answered_at": answered_at, "state": "0" * 16, "model_version": "3",
        "shadow_version": None, "git_commit": "c" * 40, **changes,
    }  # fmt: skip


def prediction(request_id: str, row: int = 0, probability: float = 0.25, **changes: Any) -> dict[str, Any]:
    """A row of `tables.PREDICTIONS`."""
    return {
        "request_id": request_id, "row": row, "flight_id": f"2013-03-05-UA-{row + 1}-EWR-0600",
        "flight_date": dt.date(2013, 3, 5), "schedule": None, "probability": probability, "predicted_late": False,
        "days_behind": 0, "fallback": False, "shadow_probability": None, **changes,
    }  # fmt: skip


def predictions_url(url: str) -> str:
    """Name the driver that is installed in the URL of a PostgreSQL database."""
    return url.replace("postgresql://", "postgresql+psycopg2://")
