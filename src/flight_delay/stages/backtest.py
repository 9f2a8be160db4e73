"""Stage: train a model for each month before the test split, and test it."""

from functools import partial

from flight_delay.core import files, months, params, paths
from flight_delay.core.runner import run_stage
from flight_delay.evaluation.backtest import (
    BacktestParameters,
    backtest_months,
    require_fold_classes,
    rolling_origin_folds,
    run_backtest,
)
from flight_delay.evaluation.scoring import mean_metrics
from flight_delay.model.booster import BoosterParameters
from flight_delay.model.examples import read_month
from flight_delay.model.selection import read_selection


def main() -> int:
    p = params.load_params("backtest", BacktestParameters)
    booster_parameters = params.load_params("train_model", BoosterParameters)
    splits = params.load_params("splits", months.Splits)
    existing = months.require_months(paths.PROCESSED, "splits.train or splits.validation", backtest_months(splits))
    folds = rolling_origin_folds(existing, p.first_test_month, p.test_months, p.max_folds)
    features = read_selection(paths.SELECTION).features
    read = partial(read_month, paths.PROCESSED, features)
    require_fold_classes(folds, read)
    result = run_backtest(booster_parameters, features, folds, paths.PROCESSED)

    with files.atomic_directory(paths.report("backtest")) as report:
        for month, predictions in result.predictions.items():
            predictions.write(report / "predictions", month)
        files.write_json(report / "by_month.json", result.by_month)
        files.write_json(report / "metrics.json", mean_metrics(result.by_month))
        header = ["last_training_month", "age_months", "month", *result.by_month[folds[0].test_months[0]]]
        files.write_csv(report / "model_staleness.csv", header, result.staleness)
    return sum(map(len, result.predictions.values()))


if __name__ == "__main__":
    run_stage("backtest", main)
