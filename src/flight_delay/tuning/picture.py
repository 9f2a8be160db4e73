"""The picture of a search: which parameters the metric depends on."""

from __future__ import annotations

from collections.abc import Mapping

from flight_delay.evaluation.metrics import METRICS
from flight_delay.plots.style import BLUE, picture, png


def importances(shares: Mapping[str, float], metric: str, trials: int) -> bytes:
    """Shares of parameters as bars, the largest on top; PNG.

    Args:
        shares: by parameter, the largest first.
        metric: that was searched by.
        trials: that they are from.
    """
    name, share = next(iter(shares.items()))
    title = f"{METRICS[metric].label}: {share:.0%} by {name}"
    with picture(title, f"share of what {METRICS[metric].label} varies by in {trials} trials (fANOVA)", "") as (
        figure,
        axes,
    ):
        axes.barh(list(shares)[::-1], list(shares.values())[::-1], color=BLUE)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.grid(visible=False, axis="y")
        return png(figure)
