"""Pictures of what is decided by probabilities: what calls earn, and how far what is said is from what is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.ticker import PercentFormatter

from flight_delay.report.plots.style import BLUE, GREEN, GREY, ORANGE, picture, png

LIGHT_GREY = "#C8C8C8"


def profit(backtest: Mapping[str, Sequence[float]], test: Mapping[str, Sequence[float]], threshold: float) -> bytes:
    """Profit per flight by threshold, with the same call for every flight as the ends of the scale.

    Args:
        backtest: columns threshold and profit_per_flight, from 0 (every flight is called late) to 1 (none is).
        test: the same on the test months.
        threshold: the one that was chosen on the backtest.
    """
    earned = _at(test, threshold)
    best = max(test["profit_per_flight"])
    title = f"Late from {threshold:.0%} on: {earned:.1f} per flight on test (best {best:.1f})"
    with picture(title, "a flight is called late from this probability on", "profit per flight") as (figure, axes):
        axes.axhline(_at(test, 0.0), color=GREY, linestyle=":", linewidth=1.5, label="test, always late")
        axes.axhline(_at(test, 1.0), color=GREY, linestyle="-.", linewidth=1.5, label="test, always on time")
        axes.plot(
            backtest["threshold"], backtest["profit_per_flight"], color=GREEN, label="backtest, where it was chosen"
        )
        axes.plot(test["threshold"], test["profit_per_flight"], color=BLUE, label="test")
        axes.axvline(threshold, color=ORANGE, linestyle="--", linewidth=1.5, label="threshold")
        axes.plot([threshold], [earned], marker="o", color=BLUE)
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.legend(loc="best")
        return png(figure)


def said_and_seen(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Mean predicted probability beside the observed share of late flights, month by month.

    Args:
        rows: month, judged ('backtest', 'validation', 'test'), predicted, observed.
    """
    months = sorted({row["month"] for row in rows})
    worst = max(rows, key=lambda row: abs(row["predicted"] - row["observed"]))
    title = f"Farthest off: {worst['month']}, said {worst['predicted']:.1%}, were {worst['observed']:.1%}"
    with picture(title, "month", "late flights (share)") as (figure, axes):
        observed = {row["month"]: row["observed"] for row in rows}
        axes.bar(range(len(months)), [observed[month] for month in months], color=LIGHT_GREY, label="observed")
        for judged, colour in (("backtest", GREEN), ("validation", ORANGE), ("test", BLUE)):
            points = [(months.index(row["month"]), row["predicted"]) for row in rows if row["judged"] == judged]
            axes.plot(*zip(*points, strict=True), marker="o", color=colour, label=f"said, {judged}")
        axes.set_xticks(range(len(months)), months, rotation=45, ha="right")
        axes.set_ylim(top=1.3 * max(max(row["predicted"], row["observed"]) for row in rows))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.grid(visible=False, axis="x")
        axes.legend(loc="upper left", ncols=2)
        return png(figure)


def _at(curve: Mapping[str, Sequence[float]], threshold: float) -> float:
    """Profit per flight at the threshold of the curve that is nearest."""
    at = min(range(len(curve["threshold"])), key=lambda place: abs(curve["threshold"][place] - threshold))
    return curve["profit_per_flight"][at]
