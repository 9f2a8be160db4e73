"""Stage: compute from the backtest the thresholds that monitoring uses."""

from datetime import date

import numpy as np

from flight_delay.core import files, months, paths
from flight_delay.core.runner import log, run_stage
from flight_delay.drift.psi import Counts, fit_bins
from flight_delay.drift.thresholds import compute_thresholds, save_thresholds
from flight_delay.drift.weeks import Scores, count_days, days_of_month, sum_scores
from flight_delay.features.columns import Column, columns_from_table
from flight_delay.features.feature import DATE
from flight_delay.model.bundle import load_bundle
from flight_delay.model.calibration import calibrate
from flight_delay.model.predictions import Predictions


def main() -> int:
    bundle = load_bundle(paths.BUNDLE)
    threshold, categories = bundle.decision.threshold, {f.name: f.categories for f in bundle.manifest.features}
    backtest = paths.report("backtest") / "predictions"
    tested = months.list_months(backtest)

    def read(month: str, *names: str) -> dict[str, Column]:
        return columns_from_table(files.read_table(months.month_path(paths.PROCESSED, month), columns=names))

    def read_column(name: str) -> Column:
        return np.concatenate([read(month, name)[name] for month in tested])

    def predict(month: str) -> Predictions:
        raw = Predictions.read(backtest, month)
        return raw.with_probability(calibrate(bundle.decision.calibration, raw.probability))

    # One column at a time, because all columns of several years are larger than the memory.
    bins = {f.name: fit_bins(f.kind, read_column(f.name), categories[f.name]) for f in bundle.manifest.inputs}
    score_bins = fit_bins("quantitative", np.concatenate([predict(month).probability for month in tested]))
    inputs: dict[date, dict[str, Counts]] = {}
    scores: dict[date, Scores] = {}
    for month in tested:
        days, columns, predictions = days_of_month(month), read(month, DATE, *bins), predict(month)
        inputs |= count_days(columns, bins, columns[DATE], days)
        scores |= sum_scores(predictions.probability, predictions.date, score_bins, threshold, days)
    thresholds = compute_thresholds(bins, inputs, score_bins, scores)

    save_thresholds(paths.BUNDLE, thresholds)
    monitored = sum(column.is_monitored for column in thresholds.columns.values())
    log.info("  %d weeks; %d of %d inputs are monitored", thresholds.scores.psi.weeks, monitored, len(bins))
    return sum(int(day.counts.sum()) for day in scores.values())


if __name__ == "__main__":
    run_stage("drift_thresholds", main)
