"""Stage: fit the baselines on the training split; predict the test split."""

from typing import Annotated

from pydantic import Field

from flight_delay.core import files, months, params, paths
from flight_delay.core.engine import map_in_threads
from flight_delay.core.runner import log, run_stage, track_progress
from flight_delay.features.segments import LOOKUP_FEATURES
from flight_delay.model.baselines import BASELINES, BaselineSettings
from flight_delay.model.examples import read_month, read_split, require_both_classes
from flight_delay.model.predictions import Predictions
from flight_delay.model.selection import read_selection


class TrainBaselines(params.Parameters):
    """Regularization of the logistic regression, and size of the sample."""

    C: Annotated[float, Field(gt=0)]
    max_rows: Annotated[int, Field(ge=1000)]


def main() -> int:
    p = params.load_params("train_baselines", TrainBaselines)
    splits = params.load_params("splits", months.Splits)
    test_months = months.require_months(paths.PROCESSED, "splits.test", splits.test)
    features = read_selection(paths.SELECTION).features
    needed = list({feature.name: feature for feature in (*LOOKUP_FEATURES, *features)}.values())
    train_months = months.require_months(paths.PROCESSED, "splits.train", splits.train)
    train = read_split(paths.PROCESSED, needed, train_months, p.max_rows)
    require_both_classes([train.target], "splits.train")

    log.info("  fitting to %s flights", f"{len(train):,}")
    settings = BaselineSettings(features, p.C)
    fitted = map_in_threads(
        lambda worker, fit: fit(train, settings._replace(worker=worker)), [(fit,) for fit in BASELINES.values()]
    )
    predictors = dict(zip(BASELINES, fitted, strict=True))
    with files.atomic_directory(paths.report("baselines")) as report:
        for month in track_progress(test_months, "month"):
            examples = read_month(paths.PROCESSED, needed, month)
            for name, predict in predictors.items():
                Predictions.from_examples(examples, predict(examples.features)).write(report / name, month)
    return len(train)


if __name__ == "__main__":
    run_stage("train_baselines", main)
