"""Stage: train again on fewer months, and with shallower and deeper trees: would more data, or trees of another size, help?
Nothing is chosen here; parameters are chosen on the backtest."""

from functools import partial

from flight_delay.core import files, months, params, paths
from flight_delay.core.runner import run_stage
from flight_delay.evaluation import learning_curves
from flight_delay.evaluation.curve_models import CurveParameters, fit_curves
from flight_delay.model.booster import BoosterParameters
from flight_delay.model.examples import read_month, require_both_classes
from flight_delay.model.selection import read_selection
from flight_delay.report.plots.learning_curves import draw_learning_curves
from flight_delay.report.plots.picture import write_pictures


def main() -> int:
    p = params.load("learning_curves", CurveParameters)
    model = params.load("train_model", BoosterParameters)
    windows = params.load("windows", months.Windows)
    features = read_selection(paths.SELECTION).features
    read = partial(read_month, paths.PROCESSED, features)
    train = months.present_months(paths.PROCESSED, "windows.train", windows.train)
    validation = months.present_months(paths.PROCESSED, "windows.validation", windows.validation)
    last = learning_curves.last_months(train, p.training_months)
    needed = {"validation": validation, **{f"train, its last {n} months": names for n, names in last.items()}}
    for name, names in needed.items():
        require_both_classes((read(month).late for month in names), f"windows.{name}")

    by_months, by_depth = curves = fit_curves(p, model, features, read, last, train, validation)
    judged = str(windows.validation)
    rounds = files.read_csv(paths.report("train") / "curve.csv")["validation_logloss"]
    reading = {
        "months": learning_curves.read_months(by_months, judged),
        "fit": learning_curves.read_fit(by_months, judged),
        "rounds": learning_curves.read_rounds(rounds, model.max_rounds, judged),
        "depth": learning_curves.read_depth(model.max_depth, by_depth, judged),
    }
    with files.whole_folder(paths.report("learning_curves")) as folder:
        for name, varied, curve in (("months", "training_months", by_months), ("depths", "max_depth", by_depth)):
            rows = [[value, *point.point] for value, point in curve.items()]
            files.write_csv(folder / f"{name}.csv", [varied, *learning_curves.Point._fields], rows)
        files.write_json(folder / "reading.json", reading)
        write_pictures(folder, draw_learning_curves(by_months, by_depth, model.max_depth, judged))
    return curves.rows


if __name__ == "__main__":
    run_stage("learning_curves", main)
