"""Stage: fit the calibration and choose the threshold on the backtest."""

from flight_delay.core import files, months, params, paths
from flight_delay.core.runner import log, run_stage
from flight_delay.evaluation import threshold as thresholds
from flight_delay.evaluation.bootstrap import bootstrap_mean, interval
from flight_delay.evaluation.calibration_selection import calibration_by_month, compare_calibration_methods
from flight_delay.evaluation.costs import DecisionParameters
from flight_delay.model.calibration import calibrate
from flight_delay.model.decision_rule import save_decision
from flight_delay.model.examples import require_both_classes
from flight_delay.model.fit_calibration import fit_calibration
from flight_delay.model.predictions import Predictions


def main() -> int:
    p = params.load_params("choose_threshold", DecisionParameters)
    backtest = paths.report("backtest") / "predictions"
    by_month = {month: Predictions.read(backtest, month).without_ids() for month in months.list_months(backtest)}
    raw = Predictions.concat(by_month.values())
    require_both_classes([raw.target], "the months of the backtest")

    methods = compare_calibration_methods(by_month)
    calibration = fit_calibration(p.calibration, raw.probability, raw.target)
    probability = calibrate(calibration, raw.probability)
    calibrated = {
        name: month.with_probability(calibrate(calibration, month.probability)) for name, month in by_month.items()
    }
    threshold = thresholds.best_threshold(raw.target, probability, p.payoffs)
    profit = thresholds.profit_per_row(raw.target, probability >= threshold, p.payoffs)
    draws = bootstrap_mean({"model": profit}, raw.date)
    constant = thresholds.constant_strategies(raw.target, p.payoffs)
    best = min(methods, key=lambda method: methods[method]["log_loss"])
    log.info("  threshold %.2f; calibration with the lowest log loss in the backtest: %s", threshold, best)

    with files.atomic_directory(paths.report("choose_threshold")) as report:
        files.write_json(
            report / "metrics.json",
            {
                "threshold": threshold,
                "bayes_threshold": round(thresholds.bayes_threshold(p.payoffs), 6),
                "mean_profit": round(float(profit.mean()), 4),
                "mean_profit_interval": [round(end, 4) for end in interval(draws["model"])],
                **{name: round(value, 4) for name, value in constant._asdict().items()},
                "calibration": {"used": p.calibration, "lowest_log_loss": best, "methods": methods},
            },
        )
        files.write_csv(report / "profit_curve.csv", *thresholds.profit_curve(raw.target, probability, p.payoffs))
        rows = calibration_by_month(calibrated)
        files.write_csv(report / "by_month.csv", list(rows[0]), [list(row.values()) for row in rows])
        save_decision(paths.BUNDLE, calibration, threshold)  # here, so that a failure leaves the report unchanged
    return len(raw)


if __name__ == "__main__":
    run_stage("choose_threshold", main)
