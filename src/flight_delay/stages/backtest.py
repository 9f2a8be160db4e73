"""Stage: for each month before the test window, train a model as of its time, and judge it on that month and those after it."""

from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import Field

from flight_delay.core import files, months, params
from flight_delay.core.runner import log, run_stage
from flight_delay.evaluation.backtest import origins
from flight_delay.evaluation.metrics import mean_metrics, probability_metrics
from flight_delay.model.booster import BoosterParameters, predict, train_booster
from flight_delay.model.encode import encode, learn_encoding
from flight_delay.model.examples import read_month, require_both_classes
from flight_delay.model.predictions import Predictions
from flight_delay.model.selection import read_selection

PROCESSED = Path("data/processed")
SELECTION = Path("data/selection.json")
REPORT = Path("reports/backtest")


class Backtest(params.Parameters):
    """From which month on models are judged, and how many months each predicts."""

    first_test_month: months.Month
    test_months: Annotated[int, Field(ge=1)]


def main() -> int:
    p = params.load("backtest", Backtest)
    booster_parameters = params.load("train_model", BoosterParameters)
    windows = params.load("windows", months.Windows)
    before_test = months.Window(first=windows.train.first, through=windows.validation.through)
    there_are = months.present_months(PROCESSED, "windows.train or windows.validation", before_test)
    steps = origins(there_are, p.first_test_month, p.test_months)
    features = read_selection(SELECTION).features
    read = partial(read_month, PROCESSED, features)
    require_both_classes(
        (read(month).late for month in steps[0].train_months), f"backtest before {steps[0].test_months[0]}"
    )
    for month in [steps[0].validation_month, *steps[0].test_months]:
        require_both_classes([read(month).late], month)

    predictions, by_month, aging = {}, {}, []
    for number, step in enumerate(steps, start=1):
        log.info("origin %d of %d: predict %s", number, len(steps), step.test_months[0])
        encoding = learn_encoding(features, (read(month) for month in step.train_months))
        trained = train_booster(booster_parameters, encoding, read, step.train_months, [step.validation_month])
        for age, month in enumerate(step.test_months, start=1):
            test = read(month)
            said = Predictions.of(test, predict(trained.booster, encode(test.features, encoding)))
            metrics = probability_metrics(said.late, said.probability)
            aging.append([step.train_months[-1], age, month, *metrics.values()])
            if age == 1:
                predictions[month], by_month[month] = said, metrics

    with files.whole_folder(REPORT) as report:
        for month, said in predictions.items():
            said.write(report / "predictions", month)
        files.write_json(report / "by_month.json", by_month)
        files.write_json(report / "metrics.json", mean_metrics(by_month))
        header = ["trained_through", "age_months", "month", *by_month[steps[0].test_months[0]]]
        files.write_csv(report / "aging.csv", header, aging)
    return sum(map(len, predictions.values()))


if __name__ == "__main__":
    run_stage("backtest", main)
