"""Demand, assumptions, measurements and prices of hosting."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field

from flight_delay.core.params import Parameters

MEASURED_FILE = Path("references/measured_costs.yaml")
PRICES_FILE = Path("references/prices.yaml")

Text = Annotated[str, Field(pattern=r"\S")]
Address = Annotated[str, Field(pattern=r"^https://\S+$")]
# Bounded, so that no sum is infinite.
Positive = Annotated[float, Field(gt=0, le=1e12)]
Count = Annotated[int, Field(ge=1, le=10**12)]


class Demand(Parameters):
    """What is asked of the service, and what its models learn from.

    Requests may be 0; flights per day are those of the timetable, and of each day of history.
    """

    requests_per_day: Annotated[float, Field(ge=0, le=1e12)]
    flights_per_day: Positive
    history_years: Positive


class Assumptions(Parameters):
    """The section `cost` of params.yaml."""

    peak_factor: Annotated[float, Field(ge=1, le=1e6)]
    headroom: Annotated[float, Field(ge=1, le=1e6)]
    flights_per_request: Count
    database_days: Count
    runs_per_month: Count
    kept_versions: Count


class Figure(Parameters):
    """A measured figure in the unit of its name, and its command."""

    value: Positive
    command: Text


class Measured(Parameters):
    """Measured figures of one day and machine.

    Memory of the pipeline is that of the stage that needs most.
    """

    measured_on: datetime.date
    machine: Text
    cpu_us_per_request: Figure
    memory_mib_per_worker: Figure
    batch_cpu_us_per_flight: Figure
    batch_cpu_s_per_day: Figure
    database_bytes_per_prediction: Figure
    archive_bytes_per_prediction: Figure
    log_bytes_per_request: Figure
    pipeline_cpu_s_per_million_flights: Figure
    pipeline_cpu_s_fixed: Figure
    pipeline_memory_mib: Figure
    pipeline_memory_mib_per_million_flights: Figure
    data_bytes_per_flight: Figure
    model_bytes_per_version: Figure


class Machine(Parameters):
    """A type of machine; prices in US dollars per hour."""

    name: Text
    vcpus: Count
    memory_gib: Positive
    on_demand_per_hour: Positive
    spot_per_hour: Positive
    source: Address


class Storage(Parameters):
    """A kind of storage; price in US dollars per GiB and month."""

    name: Text
    per_gib_month: Positive
    source: Address


class Provider(Parameters):
    """Machines and storage of a provider in one region."""

    name: Text
    region: Text
    service: Machine
    pipeline: Machine
    disk: Storage
    objects: Storage


class Prices(Parameters):
    """Prices of some providers, as read on a day."""

    read_on: datetime.date
    providers: Annotated[list[Provider], Field(min_length=1)]


class Inputs(Parameters):
    """All that an estimate is computed from."""

    demand: Demand
    assumptions: Assumptions
    measured: Measured
    provider: Provider
