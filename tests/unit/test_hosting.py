"""hosting: an example by hand, and what holds for any demand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.core.params import load_params
from flight_delay.core.references import read_reference
from flight_delay.hosting.estimate import HOURS_PER_MONTH, REPLICAS, compute_needs, double_each, estimate, total
from flight_delay.hosting.inputs import MEASURED_FILE, PRICES_FILE, Assumptions, Demand, Inputs, Measured, Prices
from flight_delay.hosting.page import MEANINGS, render_page

REPOSITORY = Path(__file__).resolve().parents[2]
ASSUMED = load_params("cost", Assumptions, REPOSITORY / "params.yaml")
MEASURED = read_reference(REPOSITORY / MEASURED_FILE, Measured)
PRICES = read_reference(REPOSITORY / PRICES_FILE, Prices)
DEMANDS = st.builds(
    Demand, requests_per_day=st.floats(0, 1e10), flights_per_day=st.floats(1, 5e4), history_years=st.floats(0.1, 10)
)


def inputs(demand: Demand, **changes: Any) -> Inputs:
    """Inputs with the first provider, and changed values of measured figures."""
    figures = {name: getattr(MEASURED, name).model_copy(update={"value": value}) for name, value in changes.items()}
    measured = MEASURED.model_copy(update=figures)
    return Inputs(demand=demand, assumptions=ASSUMED, measured=measured, provider=PRICES.providers[0])


def test_an_estimate_by_hand() -> None:
    demand = Demand(requests_per_day=86_400.0, flights_per_day=1000.0, history_years=2.0)
    given_inputs = inputs(
        demand,
        cpu_us_per_request=500_000,
        pipeline_cpu_s_fixed=10,
        pipeline_cpu_s_per_million_flights=1000,
        archive_bytes_per_prediction=2**30,
    )
    needs = compute_needs(given_inputs)
    assert needs.vcpus == pytest.approx(ASSUMED.peak_factor * ASSUMED.headroom / 2)
    assert needs.machines == math.ceil(needs.vcpus / given_inputs.provider.service.vcpus) == 3
    assert needs.flights == 730_000
    assert needs.pipeline_hours == pytest.approx(740 / 3600)
    assert needs.archive_gib == pytest.approx(86_400 * 730)
    assert needs.batch_archive_gib == pytest.approx(1000 * 730)
    price = HOURS_PER_MONTH * given_inputs.provider.service.on_demand_per_hour
    for scenario, servers in (("one replica", 3), ("three replicas", 4)):
        first, *others = estimate(given_inputs, scenario)
        assert (first.quantity, first.dollars) == (servers, pytest.approx(servers * price))
        assert total([first, *others]) == pytest.approx(first.dollars + total(others))


@given(DEMANDS)
def test_more_of_anything_never_costs_less(demand: Demand) -> None:
    for scenario in REPLICAS:
        before = total(estimate(inputs(demand), scenario))
        doubled = {row.name: row.total for row in double_each(inputs(demand), scenario)}
        assert "demand.requests_per_day" in doubled
        assert {name: value for name, value in doubled.items() if value < before * (1 - 1e-12)} == {}


@given(DEMANDS)
def test_more_replicas_never_cost_less_and_spot_never_more(demand: Demand) -> None:
    for spot in (False, True):
        costs = [total(estimate(inputs(demand), scenario, spot=spot)) for scenario in REPLICAS]
        assert costs == sorted(costs)
    for scenario in REPLICAS:
        assert total(estimate(inputs(demand), scenario, spot=True)) <= total(estimate(inputs(demand), scenario))


@given(DEMANDS)
def test_the_servers_have_the_capacity_of_the_peak(demand: Demand) -> None:
    needs, machine = compute_needs(inputs(demand)), PRICES.providers[0].service
    assert needs.machines * machine.vcpus >= needs.vcpus
    assert (needs.machines - 1) * machine.vcpus < max(needs.vcpus, 1e-9)


def test_a_machine_with_too_little_memory_is_no_estimate() -> None:
    demand = Demand(requests_per_day=1.0, flights_per_day=1.0, history_years=1.0)
    for figure in ("memory_mib_per_worker", "pipeline_memory_mib"):
        with pytest.raises(UserError):
            compute_needs(inputs(demand, **{figure: 1e9}))
    doubled = {row.name: row.total for row in double_each(inputs(demand, pipeline_memory_mib=40_000.0), "one replica")}
    assert [name for name, value in doubled.items() if math.isinf(value)] == ["measured.pipeline_memory_mib"]


def test_the_page_names_every_assumption_figure_and_price() -> None:
    demand = Demand(requests_per_day=0.0, flights_per_day=1.0, history_years=1.0)
    page = render_page(demand, ASSUMED, MEASURED, PRICES)
    assert set(MEANINGS) == set(Assumptions.model_fields)
    figures = set(Measured.model_fields) - {"measured_on", "machine"}
    assert [name for name in (*MEANINGS, *figures) if f"| `{name}` |" not in page] == []
    sources = [
        part.source for provider in PRICES.providers for part in vars(provider).values() if hasattr(part, "source")
    ]
    assert [source for source in sources if f"<{source}>" not in page] == []
    assert "sensitivity" in page.lower()
