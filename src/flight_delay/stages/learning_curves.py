"""Stage: train on fewer months, and with shallower and deeper trees.

No parameter is chosen here; parameters are chosen on the backtest."""

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
    p = params.load_params("learning_curves", CurveParameters)
    model = params.load_params("train_model", BoosterParameters)
    windows = params.load_params("windows", months.Splits)
    features = read_selection(paths.SELECTION).features
    read = partial(read_month, paths.PROCESSED, features)
    train = months.require_months(paths.PROCESSED, "windows.train", windows.train)
    validation = months.require_months(paths.PROCESSED, "windows.validation", windows.validation)
    last = learning_curves.last_months(train, p.training_months)
    required = {"validation": validation, **{f"train, its last {n} months": names for n, names in last.items()}}
    for name, names in required.items():
        require_both_classes((read(month).target for month in names), f"windows.{name}")

    by_months, by_depth = curves = fit_curves(p, model, features, read, train, validation)
    window = str(windows.validation)
    rounds = files.read_csv_columns(paths.report("train") / "curve.csv")["validation_logloss"]
    conclusions = {
        "months": learning_curves.interpret_months(by_months, window),
        "fit": learning_curves.interpret_fit(by_months, window),
        "rounds": learning_curves.interpret_rounds(rounds, model.max_rounds, window),
        "depth": learning_curves.interpret_depth(model.max_depth, by_depth, window),
    }
    with files.atomic_directory(paths.report("learning_curves")) as folder:
        for name, varied, curve in (("months", "training_months", by_months), ("depths", "max_depth", by_depth)):
            rows = [[value, *curve_model.point] for value, curve_model in curve.items()]
            files.write_csv(folder / f"{name}.csv", [varied, *learning_curves.Point._fields], rows)
        files.write_json(folder / "reading.json", conclusions)
        write_pictures(folder, draw_learning_curves(by_months, by_depth, model.max_depth, window))
    return curves.rows


if __name__ == "__main__":
    run_stage("learning_curves", main)
