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
from flight_delay.report.plots.plot import write_plots


def main() -> int:
    p = params.load_params("learning_curves", CurveParameters)
    model = params.load_params("train_model", BoosterParameters)
    splits = params.load_params("splits", months.Splits)
    features = read_selection(paths.SELECTION).features
    rounds = files.read_csv_columns(paths.report("train") / "curve.csv")["validation_log_loss"]
    read = partial(read_month, paths.PROCESSED, features)
    train = months.require_months(paths.PROCESSED, "splits.train", splits.train)
    validation = months.require_months(paths.PROCESSED, "splits.validation", splits.validation)
    last = learning_curves.last_months(train, p.training_months)
    required = {"validation": validation, **{f"train, its last {n} months": names for n, names in last.items()}}
    for name, names in required.items():
        require_both_classes((read(month).target for month in names), f"splits.{name}")

    by_months, by_depth = curves = fit_curves(p, model, features, paths.PROCESSED, train, validation)
    split = str(splits.validation)
    conclusions = {
        "months": learning_curves.interpret_months(by_months, split),
        "fit": learning_curves.interpret_fit(by_months, split),
        "rounds": learning_curves.interpret_rounds(rounds, model.num_boost_round, split),
        "depth": learning_curves.interpret_depth(model.max_depth, by_depth, split),
    }
    with files.atomic_directory(paths.report("learning_curves")) as folder:
        for name, varied, curve in (("months", "training_months", by_months), ("depths", "max_depth", by_depth)):
            rows = [[value, *curve_model.point] for value, curve_model in curve.items()]
            files.write_csv(folder / f"{name}.csv", [varied, *learning_curves.Point._fields], rows)
        files.write_json(folder / "conclusions.json", conclusions)
        write_plots(folder, draw_learning_curves(by_months, by_depth, model.max_depth, split))
    return curves.rows


if __name__ == "__main__":
    run_stage("learning_curves", main)
