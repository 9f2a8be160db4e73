"""serving: the exact wording of its messages about packages of models."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import xgboost
from small_package import MONTH, RECORDED, VERSION, change_golden, installed_package

from flight_delay.core import paths
from flight_delay.core.errors import UserError
from flight_delay.core.files import read_table, write_table
from flight_delay.core.months import month_path
from flight_delay.model.bundle import load_bundle
from flight_delay.serving import model_project
from flight_delay.serving.model_package import MODULE, find_installed_model, local_model
from flight_delay.serving.package_builder import choose_golden, find_version, require_same_airports


@pytest.fixture
def package(small_service: Path) -> Iterator[Path]:
    with installed_package(Path("package")) as folder:
        yield folder


def load_without_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, MODULE, None)
    shutil.rmtree(paths.BUNDLE)
    local_model()


def load_changed(content: bytes | None) -> None:
    path = Path("package/reference.json")
    path.write_bytes(content) if content else path.unlink()
    find_installed_model()


def load_other_bits(_: pytest.MonkeyPatch) -> None:
    change_golden(Path("package"), 0)
    find_installed_model()


def at_five(rows: pa.Table) -> pa.Table:
    """Let every flight depart at 0:05."""
    at = rows.schema.get_field_index("departure_minutes")
    return rows.set_column(at, rows.schema.field(at), pa.array([5.0] * len(rows), pa.float32()))


def choose_from(change: Callable[[pa.Table], pa.Table]) -> None:
    path = month_path(paths.PROCESSED, MONTH)
    write_table(path, change(read_table(path)))
    choose_golden(RECORDED, load_bundle(paths.BUNDLE), VERSION)


def build_without_hatchling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_project, "find_spec", lambda _: None)
    model_project.build_project(Path(), Path("dist"))


DAMAGED = "package/reference.json: damaged; `pip install --force-reinstall flight-delay-model` restores it"
NOT_PREDICTED = (
    "data/processed/2013-03.parquet: not what version 7 predicted; check out its commit, and run `dvc checkout`"
)
REFUSED: list[tuple[Callable[[pytest.MonkeyPatch], None], str]] = [
    (load_without_any, "models/bundle: no model; run `dvc repro` in a checkout, or `pip install flight-delay-model`"),
    (lambda _: load_changed(None), DAMAGED),
    (lambda _: load_changed(b"{}"), DAMAGED),
    (
        load_other_bits,
        "flight-delay-model 7: 1 of 100 golden flights get another probability here, such as 2013-03-01-UA-7-GUM-0700; "
        f"install xgboost {xgboost.__version__}, with which it was trained",
    ),
    (lambda _: choose_from(lambda rows: rows.slice(1)), NOT_PREDICTED),
    (lambda _: choose_from(at_five), NOT_PREDICTED),
    (
        lambda _: require_same_airports({"files": {}}, VERSION),
        "data/raw/tables/airports.parquet: not that of version 7; check out its commit, and run `dvc checkout`",
    ),
    (
        lambda _: find_version([], "flight-delay", "4"),
        "flight-delay: no version is `4`; `flight-delay registry` lists versions and aliases",
    ),
    (
        build_without_hatchling,
        'hatchling is not installed; `make setup` installs it, as does `pip install "flight-delay[team]"`',
    ),
]


@pytest.mark.parametrize(("work", "message"), REFUSED)
def test_errors_of_packages(
    package: Path, monkeypatch: pytest.MonkeyPatch, work: Callable[[pytest.MonkeyPatch], None], message: str
) -> None:
    with pytest.raises(UserError) as refused:
        work(monkeypatch)
    assert str(refused.value) == message
