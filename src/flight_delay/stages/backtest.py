"""Stage: for each month before the test window, train a model as of its time, and judge it on that month."""

from functools import partial
from pathlib import Path

from flight_delay.core import files, months, params
from flight_delay.core.runner import log, run_stage
from flight_delay.evaluation.backtest import origins
from flight_delay.evaluation.metrics import mean_metrics, probability_metrics
from flight_delay.features.registry import FEATURES
from flight_delay.model.booster import BoosterParameters, predict, train_booster
from flight_delay.model.encode import encode, learn_encoding
from flight_delay.model.examples import read_month, require_both_classes

PROCESSED = Path("data/processed")
REPORT = Path("reports/backtest")


class Backtest(params.Parameters):
    """From which month on models are judged."""

    first_test_month: months.Month


def main() -> int:
    p = params.load("backtest", Backtest)
    booster_parameters = params.load("train_model", BoosterParameters)
    windows = params.load("windows", months.Windows)
    before_test = months.Window(first=windows.train.first, through=windows.validation.through)
    steps = origins(
        months.present_months(PROCESSED, "windows.train or windows.validation", before_test), p.first_test_month
    )
    read = partial(read_month, PROCESSED)
    for step in steps:
        require_both_classes((read(month).late for month in step.train_months), f"backtest before {step.test_month}")
        require_both_classes([read(step.validation_month).late], step.validation_month)
        require_both_classes([read(step.test_month).late], step.test_month)

    by_month = {}
    for number, step in enumerate(steps, start=1):
        log.info("origin %d of %d: predict %s", number, len(steps), step.test_month)
        encoding = learn_encoding(FEATURES, (read(month) for month in step.train_months))
        trained = train_booster(booster_parameters, encoding, read, step.train_months, [step.validation_month])
        test = read(step.test_month)
        by_month[step.test_month] = probability_metrics(
            test.late, predict(trained.booster, encode(test.features, encoding))
        )

    with files.whole_folder(REPORT) as report:
        files.write_json(report / "by_month.json", by_month)
        files.write_json(report / "metrics.json", mean_metrics(by_month))
    return sum(int(of_month["rows"]) for of_month in by_month.values())


if __name__ == "__main__":
    run_stage("backtest", main)
