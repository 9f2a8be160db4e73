"""Check the months of which outcomes are known."""

from __future__ import annotations

from collections.abc import Sequence

from flight_delay.monitoring.results import Estimate, Finding, Level, MonthSummary
from flight_delay.monitoring.truth import MONTHS


def check_truth(months: Sequence[MonthSummary]) -> list[Finding]:
    """Check whether two months in succession agree that the model is wrong.

    Args:
        months: the last two complete ones, oldest first.
    """
    labelled = [month for month in months if month.calibration_gap]
    basis = "95 % intervals over days that exclude zero in two months in succession"
    if not labelled:
        return [Finding("truth", "no_data", None, 0.0, "no complete month with outcomes", basis)]
    findings = []
    statistics = (
        ("calibration", "predicted minus observed", [month.calibration_gap for month in months], (-1, 1)),
        ("roc_auc", "ROC AUC minus 0.5", [_minus(month.roc_auc, 0.5) for month in months], (-1, 0)),
        ("shadow", "log loss minus that of the shadow", [m.shadow_log_loss_difference for m in months], (1,)),
    )
    for subject, label, estimates, bad in statistics:
        last = estimates[-1]
        if last is None:
            if subject != "shadow":
                findings.append(Finding("truth", "no_data", None, 0.0, f"{label}: no outcomes", basis, subject))
            continue
        signs = [None if estimate is None else _sign(estimate) for estimate in estimates]
        level: Level = "quiet"
        if signs[-1] in bad:
            level = "alarm" if len(signs) == MONTHS and signs[0] == signs[1] else "warning"
        message = f"{label} of {months[-1].month}: {last.value:.4f} ({last.low:.4f} … {last.high:.4f})"
        findings.append(Finding("truth", level, last.value, 0.0, message, basis, subject))
    return findings


def _minus(estimate: Estimate | None, number: float) -> Estimate | None:
    return None if estimate is None else Estimate(*(value - number for value in estimate))


def _sign(estimate: Estimate) -> int:
    return int(estimate.low > 0) - int(estimate.high < 0)
