"""Machines and storage that a service needs, and what they cost."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.core.params import flatten
from flight_delay.hosting.inputs import PRICES_FILE, Inputs, Machine

DAYS_PER_MONTH = 365 / 12
HOURS_PER_MONTH = 24 * DAYS_PER_MONTH
GIB = 2**30
REPLICAS = {"batch only": 0, "one replica": 1, "three replicas": 3}
# Sizes of the machines are no assumptions: other machines are other entries.
_SIZES = ("vcpus", "memory_gib")


class Needs(NamedTuple):
    """Quantities that follow from the inputs, whatever they cost.

    Times are of one vCPU; storage is in GiB.
    """

    vcpus: float
    machines: int
    batch_hours: float
    flights: float
    pipeline_hours: float
    pipeline_memory_gib: float
    predictions_per_day: float
    database_gib: float
    archive_gib: float
    batch_archive_gib: float
    versions_gib: float


class Line(NamedTuple):
    """A position of an estimate.

    `price` is in US dollars per unit and month.
    """

    item: str
    quantity: float
    unit: str
    price: float

    @property
    def dollars(self) -> float:
        """US dollars per month."""
        return self.quantity * self.price


class Sensitivity(NamedTuple):
    """A doubled input, and the total with it in US dollars per month."""

    name: str
    value: float
    total: float


def compute_needs(inputs: Inputs) -> Needs:
    """Compute what the demand needs.

    Raises:
        UserError: a machine has too little memory.
    """
    demand, assumed, measured, provider = inputs.demand, inputs.assumptions, inputs.measured, inputs.provider
    second = demand.requests_per_day / 86_400 * assumed.peak_factor * assumed.headroom
    vcpus = second * measured.cpu_us_per_request.value / 1e6
    flights = demand.flights_per_day * 365 * demand.history_years
    millions = flights / 1e6
    batch_s = measured.batch_cpu_s_per_day.value + demand.flights_per_day * measured.batch_cpu_us_per_flight.value / 1e6
    pipeline_s = measured.pipeline_cpu_s_fixed.value + millions * measured.pipeline_cpu_s_per_million_flights.value
    memory_mib = measured.pipeline_memory_mib.value + millions * measured.pipeline_memory_mib_per_million_flights.value
    _require_memory(provider.service, provider.service.vcpus * measured.memory_mib_per_worker.value / 1024)
    _require_memory(provider.pipeline, memory_mib / 1024)
    predictions = demand.requests_per_day * assumed.flights_per_request
    stored = predictions * measured.database_bytes_per_prediction.value
    logged = demand.requests_per_day * measured.log_bytes_per_request.value
    archived = 365 * demand.history_years * measured.archive_bytes_per_prediction.value / GIB
    version = flights * measured.data_bytes_per_flight.value + measured.model_bytes_per_version.value
    return Needs(
        vcpus=vcpus,
        machines=math.ceil(vcpus / provider.service.vcpus),
        batch_hours=batch_s / 3600,
        flights=flights,
        pipeline_hours=pipeline_s / 3600,
        pipeline_memory_gib=memory_mib / 1024,
        predictions_per_day=predictions,
        database_gib=(stored + logged) * assumed.database_days / GIB,
        archive_gib=max(predictions, demand.flights_per_day) * archived,
        batch_archive_gib=demand.flights_per_day * archived,
        versions_gib=version * assumed.kept_versions / GIB,
    )


def estimate(inputs: Inputs, scenario: str, *, spot: bool = False) -> list[Line]:
    """Estimate the cost of a month.

    Args:
        inputs: of the estimate.
        scenario: key of `REPLICAS`; without servers, there is no database, and a machine runs for the daily batch only.
        spot: run pipeline and daily batch on machines that the provider may stop.

    Raises:
        UserError: a machine has too little memory.
    """
    needs, provider, replicas = compute_needs(inputs), inputs.provider, REPLICAS[scenario]
    service, pipeline = provider.service, provider.pipeline
    runs = inputs.assumptions.runs_per_month * needs.pipeline_hours
    lines = [
        Line("pipeline", runs, f"h {pipeline.name}", pipeline.spot_per_hour if spot else pipeline.on_demand_per_hour),
        Line("data and models", needs.versions_gib, "GiB", provider.objects.per_gib_month),
    ]
    if not replicas:
        hourly = service.spot_per_hour if spot else service.on_demand_per_hour
        return [
            Line("daily batch", DAYS_PER_MONTH * needs.batch_hours, f"h {service.name}", hourly),
            *lines,
            Line("archive", needs.batch_archive_gib, "GiB", provider.objects.per_gib_month),
        ]
    servers = max(replicas, needs.machines) + (replicas > 1)
    return [
        Line("servers", servers, service.name, HOURS_PER_MONTH * service.on_demand_per_hour),
        Line("database and logs", needs.database_gib, "GiB", provider.disk.per_gib_month),
        *lines,
        Line("archive", needs.archive_gib, "GiB", provider.objects.per_gib_month),
    ]


def total(lines: list[Line]) -> float:
    """Sum positions, in US dollars per month."""
    return sum(line.dollars for line in lines)


def double_each(inputs: Inputs, scenario: str) -> Iterator[Sensitivity]:
    """Double each number of the inputs, one at a time.

    An input whose double no machine can hold has an infinite total.
    """
    nested = inputs.model_dump()
    for name, value in flatten(nested).items():
        if isinstance(value, int | float) and not name.endswith(_SIZES):
            try:
                doubled = total(estimate(Inputs.model_validate(_with(nested, name.split("."), 2 * value)), scenario))
            except UserError:
                doubled = math.inf
            yield Sensitivity(name.removesuffix(".value"), value, doubled)


def _with(nested: Mapping[str, Any], path: list[str], value: float) -> dict[str, Any]:
    first, *rest = path
    return {**nested, first: _with(nested[first], rest, value) if rest else value}


def _require_memory(machine: Machine, gib: float) -> None:
    if gib > machine.memory_gib:
        raise UserError(
            f"{PRICES_FILE}: {machine.name} has {machine.memory_gib:g} GiB, {gib:,.0f} GiB are needed; name a larger "
            "machine, or ask for fewer flights or years"
        )
