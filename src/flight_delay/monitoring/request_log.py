"""Read refused rows and latency from the request log of a day."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

PREDICTIONS_PATH = "/v1/predictions"


class RequestLogs(NamedTuple):
    """Rows of prediction requests of a day, those refused, and latencies."""

    rows: int
    refused: int
    latency_ms: Mapping[str, float]


def read_request_logs(folder: Path, date: datetime.date) -> RequestLogs:
    """Read the logs of a day, of all processes.

    Lines that are no JSON are skipped. A body that is too long for the log counts as no row.
    """
    rows = refused = 0
    milliseconds = []
    for path in sorted(folder.glob(f"requests-{date}-*.jsonl")):
        with path.open("rb") as lines:
            for line in lines:
                try:
                    entry = json.loads(line)
                except ValueError:  # the last line of a process that was killed
                    continue
                if not isinstance(entry, dict) or not str(entry.get("path")).startswith(PREDICTIONS_PATH):
                    continue
                milliseconds.append(float(entry["milliseconds"]))
                if entry["method"] == "POST":
                    given, invalid = _count_rows(entry)
                    rows, refused = rows + given, refused + invalid
    percentiles = np.percentile(milliseconds, [50, 95, 99]).tolist() if milliseconds else []
    return RequestLogs(rows, refused, dict(zip(("p50", "p95", "p99"), percentiles, strict=False)))


def _count_rows(entry: Mapping[str, object]) -> tuple[int, int]:
    request, response = entry.get("request"), entry.get("response")
    flights = request.get("flights") if isinstance(request, dict) else None
    if not isinstance(flights, list):
        return 0, 0
    problems = response.get("invalid") or response.get("errors") or [] if isinstance(response, dict) else []
    return len(flights), len({problem.get("row") for problem in problems if isinstance(problem, dict)} - {None})
