"""Inputs of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flight_delay.report.card import ModelCard
from flight_delay.report.plots.plot import Plot


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Contents of files that other stages wrote, parameters and plots."""

    metrics: Mapping[str, Any]  # reports/metrics.json
    threshold_choice: Mapping[str, Any]  # reports/choose_threshold/metrics.json
    backtest: Mapping[str, Mapping[str, float]]  # metrics by month, reports/backtest/by_month.json
    learning: Mapping[str, str]  # sentences of reports/learning_curves/conclusions.json
    slices: Sequence[Mapping[str, Any]]  # rows of reports/evaluate/slices.csv
    explanation: Mapping[str, Any]  # reports/interpret/summary.json
    selection: Mapping[str, Any]  # data/selected_features.json
    counts: Mapping[str, int]  # flights by outcome, reports/data/flights.json
    quality: Mapping[str, Any]  # quarantined flights and warnings, reports/quality.json
    quality_examples: Mapping[str, Any]  # examples of these, reports/data/quality.json
    findings: Sequence[Mapping[str, Any]]  # reports/check_data/findings.json
    manifest: Mapping[str, Any]  # of the raw data, data/raw/manifest.json
    bundle: Mapping[str, Any]  # manifest of the model, models/bundle/manifest.json
    card: ModelCard
    payoffs: Mapping[str, float]  # per flight, from params.yaml
    splits: Mapping[str, str]  # first and last month
    late_threshold_minutes: int  # delay from which a flight is late
    horizon_hours: int  # time of the prediction before departure
    plots: Sequence[Plot]  # in the order of each section
