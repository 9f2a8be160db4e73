"""Metrics for Prometheus.

`register_metric` adds a metric of answers; the others are of requests and of the server."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

from flight_delay.serving.table import Answer

PREFIX = "flight_delay_"
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # of prometheus_client: where several workers write
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class AnswerMetric(NamedTuple):
    """A metric of answers; `value` returns the value of an answer."""

    collector: Counter | Histogram
    value: Callable[[Answer], float]


REGISTRY = CollectorRegistry()
ANSWER_METRICS: list[AnswerMetric] = []


def register_metric(
    name: str,
    kind: Literal["counter", "histogram"],
    description: str,
    value: Callable[[Answer], float],
    buckets: Sequence[float] = (),
) -> None:
    """Register a metric that is updated with every answer.

    Args:
        name: without the prefix 'flight_delay_'.
        kind: 'counter', which adds the value, or 'histogram'.
        description: help text.
        value: returns the value of an answer.
        buckets: upper bounds of a histogram.

    Raises:
        ValueError: the name is taken.
    """
    if kind == "counter":
        collector: Counter | Histogram = Counter(PREFIX + name, description, registry=REGISTRY)
    else:
        collector = Histogram(PREFIX + name, description, buckets=buckets, registry=REGISTRY)
    ANSWER_METRICS.append(AnswerMetric(collector, value))


REQUESTS = Counter(PREFIX + "requests", "Requests by route and status", ("route", "status"), registry=REGISTRY)
DURATIONS = Histogram(
    PREFIX + "request_seconds", "Duration of requests by route", ("route",), buckets=SECONDS, registry=REGISTRY
)
INVALID_ROWS = Counter(PREFIX + "invalid_rows", "Rows that were refused", registry=REGISTRY)
STORE_ERRORS = Counter(PREFIX + "store_errors", "Answers that the database did not take", registry=REGISTRY)
STATE_REJECTIONS = Gauge(
    PREFIX + "state_rejections", "States that were not loaded", registry=REGISTRY, multiprocess_mode="max"
)
# Of the worker that renders: others keep the state of when they last rendered, or none.
STATE_AS_OF = Gauge(
    PREFIX + "state_as_of_seconds", "Cut-off of the state, Unix time", registry=REGISTRY, multiprocess_mode="mostrecent"
)

register_metric("predictions", "counter", "Answered flights", lambda _: 1)
register_metric("predicted_late", "counter", "Flights predicted late", lambda answer: answer.row["predicted_late"])
register_metric("provisional", "counter", "Provisional answers", lambda answer: answer.row["days_behind"] > 0)
register_metric("fallbacks", "counter", "Base rates after the time limit", lambda answer: answer.row["fallback"])
register_metric(
    "probability",
    "histogram",
    "Predicted probability",
    lambda answer: answer.row["probability"],
    buckets=[tenth / 10 for tenth in range(1, 10)],
)


def count_answers(answers: Sequence[Answer]) -> None:
    """Update the metrics of answers."""
    for collector, value in ANSWER_METRICS:
        amounts = [value(answer) for answer in answers]
        if isinstance(collector, Histogram):
            for amount in amounts:
                collector.observe(amount)
        else:
            collector.inc(sum(amounts))


def render_metrics() -> bytes:
    """Render all metrics, also of other workers if there are several."""
    registry: Any = REGISTRY
    if FOLDER_VARIABLE in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    content: bytes = generate_latest(registry)
    return content
