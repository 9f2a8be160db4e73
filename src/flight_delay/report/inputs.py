"""Inputs of the report: contents of files that other stages wrote, parameters and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flight_delay.report.card import ModelCard
from flight_delay.report.plots.picture import Picture


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Inputs of the report.

    Attributes:
        metrics: reports/metrics.json.
        threshold_choice: on the backtest, reports/decide/metrics.json.
        backtest: metrics by month, reports/backtest/by_month.json.
        learning: findings of the learning curves, reports/learning_curves/reading.json.
        slices: rows of reports/evaluate/slices.csv.
        explanation: reports/interpret/summary.json.
        selection: selected and dropped features, data/selection.json.
        counts: flights by outcome, reports/data/flights.json.
        quality: quarantined flights and warnings, reports/quality.json.
        quality_examples: examples of these, reports/data/quality.json.
        findings: of the checks, reports/check_data/findings.json.
        manifest: of the raw data, data/raw/manifest.json.
        bundle: the manifest of the model, models/bundle/manifest.json.
        card: the part of the model card that people write.
        payoffs: per flight, from params.yaml.
        windows: first and last month of each window.
        late_minutes: delay in minutes from which a flight is late.
        horizon_hours: time of the prediction in hours before departure.
        pictures: in the order of each section.
    """

    metrics: Mapping[str, Any]
    threshold_choice: Mapping[str, Any]
    backtest: Mapping[str, Mapping[str, float]]
    learning: Mapping[str, str]
    slices: Sequence[Mapping[str, Any]]
    explanation: Mapping[str, Any]
    selection: Mapping[str, Any]
    counts: Mapping[str, int]
    quality: Mapping[str, Any]
    quality_examples: Mapping[str, Any]
    findings: Sequence[Mapping[str, Any]]
    manifest: Mapping[str, Any]
    bundle: Mapping[str, Any]
    card: ModelCard
    payoffs: Mapping[str, float]
    windows: Mapping[str, str]
    late_minutes: int
    horizon_hours: int
    pictures: Sequence[Picture]
