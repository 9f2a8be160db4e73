"""Stage: fit the baselines on the training window and predict the test window with them."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flight_delay.core import files, months, params
from flight_delay.core.runner import progress, run_stage
from flight_delay.model.baselines import base_rate, logistic_regression
from flight_delay.model.examples import read_month, read_window, require_both_classes
from flight_delay.model.predictions import Predictions

PROCESSED = Path("data/processed")
REPORT = Path("reports/baselines")


class TrainBaselines(params.Parameters):
    """How strongly the logistic regression is held back."""

    regularization_strength: Annotated[float, Field(gt=0)]


def main() -> int:
    p = params.load("train_baselines", TrainBaselines)
    windows = params.load("windows", months.Windows)
    test_months = months.present_months(PROCESSED, "windows.test", windows.test)
    train = read_window(PROCESSED, months.present_months(PROCESSED, "windows.train", windows.train))
    require_both_classes([train.late], "windows.train")

    baselines = {"base_rate": base_rate(train), "logistic": logistic_regression(train, p.regularization_strength)}
    with files.whole_folder(REPORT) as report:
        for month in progress(test_months, "month"):
            examples = read_month(PROCESSED, month)
            for name, predict in baselines.items():
                Predictions.of(examples, predict(examples.features)).write(report / name, month)
    return len(train)


if __name__ == "__main__":
    run_stage("train_baselines", main)
