"""Stage: calibrate and choose the threshold, both on the out-of-sample predictions of the backtest."""

from flight_delay.core import files, months, params, paths
from flight_delay.core.runner import log, run_stage
from flight_delay.evaluation.bootstrap import DRAWS, SEED, bootstrap_sum, interval
from flight_delay.evaluation.calibration_selection import judge_calibrations, said_and_seen
from flight_delay.evaluation.costs import DecisionParameters
from flight_delay.evaluation.threshold import (
    bayes_threshold,
    best_threshold,
    profit_curve,
    profit_per_flight,
    strategies,
)
from flight_delay.model.calibration import calibrate
from flight_delay.model.decision_rule import save_decision
from flight_delay.model.examples import require_both_classes
from flight_delay.model.fit_calibration import fit_calibration
from flight_delay.model.predictions import Predictions


def main() -> int:
    p = params.load("decide", DecisionParameters)
    backtest = paths.report("backtest") / "predictions"
    by_month = {month: Predictions.read(backtest, month) for month in months.months_in(backtest)}
    raw = Predictions.concat(by_month.values())
    require_both_classes([raw.target], "the months of the backtest")

    calibrations = judge_calibrations(by_month)
    calibration = fit_calibration(p.calibration, raw.probability, raw.target)
    probability = calibrate(calibration, raw.probability)
    calibrated = {name: of.with_probability(calibrate(calibration, of.probability)) for name, of in by_month.items()}
    threshold = best_threshold(raw.target, probability, p.payoffs)
    profit = profit_per_flight(raw.target, probability >= threshold, p.payoffs)
    drawn = bootstrap_sum({"model": profit}, raw.date, draws=DRAWS, seed=SEED)
    constant = strategies(raw.target, p.payoffs)
    best = min(calibrations, key=lambda method: calibrations[method]["log_loss"])
    log.info("  late from %.2f on; %s has the lowest log loss in the backtest", threshold, best)

    with files.whole_folder(paths.report("decide")) as report:
        files.write_json(
            report / "metrics.json",
            {
                "threshold": threshold,
                "bayes_threshold": round(bayes_threshold(p.payoffs), 6),
                "expected_profit": round(float(profit.mean()), 4),
                "expected_profit_interval": [round(end, 4) for end in interval(drawn["model"])],
                **{name: round(value, 4) for name, value in constant._asdict().items()},
                "calibration": {"used": p.calibration, "lowest_log_loss": best, "judged": calibrations},
            },
        )
        files.write_csv(report / "profit_curve.csv", *profit_curve(raw.target, probability, p.payoffs))
        rows = said_and_seen(calibrated)
        files.write_csv(report / "by_month.csv", list(rows[0]), [list(row.values()) for row in rows])
        save_decision(paths.BUNDLE, calibration, threshold)  # here, so that the report does not change when this fails
    return len(raw)


if __name__ == "__main__":
    run_stage("decide", main)
