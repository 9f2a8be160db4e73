"""Stage: for each month before the test window, train a model as of its time, and judge it on that month and those after it."""

from functools import partial

from flight_delay.core import files, months, params, paths
from flight_delay.core.runner import run_stage
from flight_delay.evaluation.backtest import BacktestParameters, before_test, origins, require_outcomes, run_backtest
from flight_delay.evaluation.scoring import mean_metrics
from flight_delay.model.booster import BoosterParameters
from flight_delay.model.examples import read_month
from flight_delay.model.selection import read_selection


def main() -> int:
    p = params.load_params("backtest", BacktestParameters)
    booster_parameters = params.load_params("train_model", BoosterParameters)
    windows = params.load_params("windows", months.Splits)
    there_are = months.require_months(paths.PROCESSED, "windows.train or windows.validation", before_test(windows))
    steps = origins(there_are, p.first_test_month, p.test_months)
    features = read_selection(paths.SELECTION).features
    read = partial(read_month, paths.PROCESSED, features)
    require_outcomes(steps, read)
    done = run_backtest(booster_parameters, features, steps, read)

    with files.atomic_directory(paths.report("backtest")) as report:
        for month, said in done.predictions.items():
            said.write(report / "predictions", month)
        files.write_json(report / "by_month.json", done.by_month)
        files.write_json(report / "metrics.json", mean_metrics(done.by_month))
        header = ["trained_through", "age_months", "month", *done.by_month[steps[0].test_months[0]]]
        files.write_csv(report / "aging.csv", header, done.aging)
    return sum(map(len, done.predictions.values()))


if __name__ == "__main__":
    run_stage("backtest", main)
