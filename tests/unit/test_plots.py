"""report.plots of the stages evaluate, learning_curves and interpret: numbers in, a plot of the report out.

test_wording_plots has titles and alternative texts with their numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from plots import check_plot
from plotted import (
    AGING,
    COUNTS,
    CURVE,
    EXPLANATION,
    LABELS,
    MONTHS,
    PARTNERS,
    PLOTS,
    PROFIT,
    RANDOM,
    ROWS,
    SLICES,
    TRAINING,
    UNITS,
    drawn,
)

from flight_delay.report.plots import comparison, dependence, evaluation
from flight_delay.report.plots.learning_curves import plot_validation_curve
from flight_delay.report.plots.plot import Plot


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_is_deterministic_and_names_its_place(name: str) -> None:
    assert check_plot(PLOTS[name], drawn(name)).name == name.partition(",")[0]


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("training_curve", lambda: evaluation.plot_training_curve({key: row[:2] for key, row in TRAINING.items()})),
        ("metric_by_month", lambda: evaluation.plot_metric_by_month(MONTHS[1:])),
        ("calibration_by_month", lambda: evaluation.plot_calibration_by_month(MONTHS[1:])),
        ("confusion", lambda: evaluation.plot_confusion(COUNTS | {"true_positive": 41}, 0.25)),
        ("model_staleness", lambda: comparison.plot_staleness([*AGING[:-1], {**AGING[-1], "roc_auc": 0.65}])),
        ("profit", lambda: comparison.plot_profit(PROFIT, PROFIT, 0.25)),
        ("slices", lambda: comparison.plot_slices(SLICES[:2])),
        ("validation_curve", lambda: plot_validation_curve(CURVE, 9, "2013-10")),
    ],
)
def test_other_numbers_give_another_plot(name: str, other: Callable[[], Plot]) -> None:
    assert other().content != drawn(name).content


@pytest.mark.parametrize(("name", "partner"), PARTNERS.items())
def test_dependence_is_drawn_for_every_kind_of_column(name: str, partner: str | None) -> None:
    plot = check_plot(lambda: dependence.plot_dependence(EXPLANATION, name, partner, LABELS, UNITS))
    assert plot.name == f"dependence_{name}"
    assert plot.text == dependence.describe_dependence(EXPLANATION, name, partner, LABELS, UNITS)


def test_partner_labels_and_units_are_in_the_plot() -> None:
    def plot(partner: str | None = "carrier", labels: dict = LABELS, units: dict = UNITS) -> bytes:
        return dependence.plot_dependence(EXPLANATION, "departure_minutes", partner, labels, units).content

    other_labels = LABELS | {"departure_minutes": "other"}
    assert len({plot(), plot(None), plot("rate"), plot(labels=other_labels), plot(units={})}) == 5


def test_many_rows_make_a_small_plot() -> None:
    many = EXPLANATION.take(RANDOM.integers(0, ROWS, 20_000))
    many.shap["departure_minutes"] = many.shap["departure_minutes"] + RANDOM.normal(0, 0.05, 20_000)
    plot = dependence.plot_dependence(many, "departure_minutes", "block_minutes", LABELS, UNITS)
    assert len(plot.content) < 150_000
