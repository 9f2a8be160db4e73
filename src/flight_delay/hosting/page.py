"""The cost of hosting as a page of Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterator

from jinja2 import Environment, PackageLoader, StrictUndefined

from flight_delay.hosting.estimate import REPLICAS, Sensitivity, compute_needs, double_each, estimate, total
from flight_delay.hosting.inputs import Assumptions, Demand, Figure, Inputs, Measured, Prices, Provider

MEANINGS = {
    "peak_factor": "requests in the busiest second, over the mean",
    "headroom": "capacity over that peak",
    "flights_per_request": "predictions that a request stores",
    "database_days": "days of answers in the database; older ones are archived",
    "runs_per_month": "runs of the whole pipeline: retraining, verification, experiments",
    "kept_versions": "versions of data and models in the DVC remote",
}
SCENARIO = "three replicas"  # of the calculation and the sensitivity


def render_page(demand: Demand, assumed: Assumptions, measured: Measured, prices: Prices) -> str:
    """Render the page; the first provider is that of the calculation.

    Raises:
        UserError: a machine has too little memory.
    """
    inputs = [
        Inputs(demand=demand, assumptions=assumed, measured=measured, provider=provider)
        for provider in prices.providers
    ]
    lines = estimate(inputs[0], SCENARIO)
    before = total(lines)
    rows = sorted(double_each(inputs[0], SCENARIO), key=lambda row: -row.total)
    environment = Environment(  # noqa: S701 (Markdown is not escaped as HTML; the inputs are files of the repository)
        loader=PackageLoader("flight_delay.hosting", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(number=_number, dollars=_dollars, price=_price)
    return environment.get_template("page.md.j2").render(
        demand=demand,
        assumed=assumed,
        measured=measured,
        prices=prices,
        provider=prices.providers[0],
        needs=compute_needs(inputs[0]),
        lines=lines,
        columns=[f"{scenario}{spot}" for scenario in REPLICAS for spot in ("", ", spot")],
        table=[(entry.provider, list(_totals(entry))) for entry in inputs],
        assumptions=[(name, getattr(assumed, name), meaning) for name, meaning in MEANINGS.items()],
        sensitivities=[{**row._asdict(), "change": _change(row, before)} for row in rows if _matters(row, before)],
        negligible=sorted(row.name for row in rows if not _matters(row, before)),
        figures=[(name, value) for name, value in measured if isinstance(value, Figure)],
        price_rows=[row for provider in prices.providers for row in _price_rows(provider)],
    )


def _totals(inputs: Inputs) -> Iterator[float]:
    for scenario in REPLICAS:
        for spot in (False, True):
            yield total(estimate(inputs, scenario, spot=spot))


def _price_rows(provider: Provider) -> Iterator[tuple[str, ...]]:
    for use, machine in (("service", provider.service), ("pipeline", provider.pipeline)):
        what = f"{machine.name}, {machine.vcpus} vCPU, {machine.memory_gib:g} GiB"
        price = f"{_price(machine.on_demand_per_hour)}, {_price(machine.spot_per_hour)}"
        yield provider.name, use, what, price, f"<{machine.source}>"
    for use, storage in (("disk", provider.disk), ("objects", provider.objects)):
        yield provider.name, use, storage.name, _price(storage.per_gib_month), f"<{storage.source}>"


def _matters(row: Sensitivity, before: float) -> bool:
    return row.total >= 1.001 * before


def _change(row: Sensitivity, before: float) -> str:
    return "needs larger machines" if math.isinf(row.total) else f"+{100 * row.total / before - 100:.1f} %"


def _number(value: float) -> str:
    """Write a number with three digits at least."""
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _dollars(value: float) -> str:
    return "" if math.isinf(value) else f"${value:,.2f}"


def _price(value: float) -> str:
    return f"${value:,.4g}" if value < 1 else f"${value:,.2f}"
