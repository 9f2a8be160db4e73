"""What the page is made of. Every field but the last six is the content of a file that another stage wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flight_delay.report.card import ModelCard


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Numbers, words and pictures of the page.

    Attributes:
        metrics: reports/metrics.json.
        decided: on the backtest, reports/decide/metrics.json.
        backtest: metrics by month, reports/backtest/by_month.json.
        learning: what learning curves say, reports/learning_curves/reading.json.
        slices: parts of the data, rows of reports/evaluate/slices.csv.
        explanation: what moves predictions, reports/interpret/summary.json.
        selection: features that are trained on, and that are not, data/selection.json.
        counts: what became of the scheduled flights, reports/data/flights.json.
        quality: what was set aside and warned of, reports/quality.json.
        details: examples of that, reports/data/quality.json.
        findings: pitfalls, reports/check_data/findings.json.
        manifest: of the raw data, data/raw/manifest.json.
        bundle: the manifest of the model, models/bundle/manifest.json.
        card: what people say of the model.
        payoffs: per flight, from params.yaml.
        windows: by name, the months in words.
        late_minutes: from how many minutes on a flight is late.
        horizon_hours: how long before departure a prediction is made.
        pictures: PNG by name; profiles are shown in the order given.
    """

    metrics: Mapping[str, Any]
    decided: Mapping[str, Any]
    backtest: Mapping[str, Mapping[str, float]]
    learning: Mapping[str, str]
    slices: Sequence[Mapping[str, Any]]
    explanation: Mapping[str, Any]
    selection: Mapping[str, Any]
    counts: Mapping[str, int]
    quality: Mapping[str, Any]
    details: Mapping[str, Any]
    findings: Sequence[Mapping[str, Any]]
    manifest: Mapping[str, Any]
    bundle: Mapping[str, Any]
    card: ModelCard
    payoffs: Mapping[str, float]
    windows: Mapping[str, str]
    late_minutes: int
    horizon_hours: int
    pictures: Mapping[str, bytes]
