"""Stage: train again on fewer months, and with shallower and deeper trees: would more data, or trees of another size, help?
Nothing is chosen here; parameters are chosen on the backtest."""

from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from flight_delay.core import files, months, params
from flight_delay.core.runner import progress, run_stage
from flight_delay.evaluation import learning
from flight_delay.evaluation.curve_models import fit_depths
from flight_delay.model.booster import BoosterParameters
from flight_delay.model.examples import read_month, require_both_classes
from flight_delay.model.selection import read_selection
from flight_delay.plots import learning as plots

PROCESSED = Path("data/processed")
SELECTION = Path("data/selection.json")
TRAINING_CURVE = Path("reports/train/curve.csv")
REPORT = Path("reports/learning_curves")


def _ascending(numbers: list[int]) -> list[int]:
    if sorted(set(numbers)) != numbers:
        raise ValueError("numbers must rise")
    return numbers


class LearningCurves(params.Parameters):
    """On how many months and how deep to train.

    Months are the last ones of the training window. Every model stops early on the validation window, as the one of
    train_model does, since the number of rounds that is right depends on months and depth; and it is judged there. The
    learning rate is a larger one, so that a curve costs no more than the model itself.
    """

    training_months: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=2), AfterValidator(_ascending)]
    max_depths: Annotated[list[Annotated[int, Field(ge=1, le=32)]], Field(min_length=1), AfterValidator(_ascending)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]


def main() -> int:
    p = params.load("learning_curves", LearningCurves)
    model = params.load("train_model", BoosterParameters)
    windows = params.load("windows", months.Windows)
    features = read_selection(SELECTION).features
    read = partial(read_month, PROCESSED, features)
    train = months.present_months(PROCESSED, "windows.train", windows.train)
    validation = months.present_months(PROCESSED, "windows.validation", windows.validation)
    last = learning.last_months(train, p.training_months)
    asked = {"validation": validation, **{f"train, its last {n} months": of for n, of in last.items()}}
    for name, needed in asked.items():
        require_both_classes((read(month).late for month in needed), f"windows.{name}")

    depths = sorted({model.max_depth, *p.max_depths})
    # All months with the depth of the model are a point of both curves, and trained once.
    runs = {n: [model.max_depth] for n in last} | {len(train): depths}
    parameters = model.model_copy(update={"learning_rate": p.learning_rate})
    learnt = {}
    for n, of in progress(list(runs.items()), "months and depths"):
        fitted = fit_depths(parameters, features, of, read, train[-n:], validation)
        learnt.update({(n, depth): model for depth, model in fitted.items()})
    by_months = {n: learnt[n, model.max_depth] for n in last}
    by_depth = {depth: learnt[len(train), depth] for depth in depths}
    rounds = files.read_csv(TRAINING_CURVE)["validation_logloss"]

    judged = str(windows.validation)
    reading = {
        "months": learning.read_months(by_months, judged),
        "fit": learning.read_fit(by_months, judged),
        "rounds": learning.read_rounds(rounds, model.max_rounds, judged),
        "depth": learning.read_depth(model.max_depth, by_depth, judged),
    }
    with files.whole_folder(REPORT) as report:
        for name, varied, curve in (("months", "training_months", by_months), ("depths", "max_depth", by_depth)):
            rows = [[value, *of.point] for value, of in curve.items()]
            files.write_csv(report / f"{name}.csv", [varied, *learning.Point._fields], rows)
        files.write_json(report / "reading.json", reading)
        files.write_bytes(report / "learning_curve.png", plots.learning_curve(by_months, judged))
        files.write_bytes(report / "complexity.png", plots.complexity(by_depth, model.max_depth, judged))
    return sum(of.point.rows for of in learnt.values())


if __name__ == "__main__":
    run_stage("learning_curves", main)
