"""Packages of the small pipeline: built, uploaded to an index, and installed where there is no repository."""

from __future__ import annotations

import json
import os
import tarfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import mlflow
import numpy as np
import pandas as pd
import pytest
from checkouts import Project
from mlflow import MlflowClient
from package_index import Index, Installation, running_index
from prediction_service import served
from registered import MODEL, log_other, published

from flight_delay.tracking.registry.aliases import promote

YEAR = 365 * 24 * 3600
AS_OF, NEXT_DAY = "2013-05-09", "2013-05-10"
MONTHS = ("2013-04", "2013-05")
# Commands that need a repository or a registry, with arguments.
NEED_MORE = (
    ["verify"], ["provenance", "a"], ["compare", "HEAD"], ["explain", "--flight", "a"], ["review", "request"], ["tune"],
    ["publish"], ["retrain", "2014-01"], ["promote", "HEAD"], ["rollback", "--reason", "a"], ["registry"], ["package"],
    ["deploy"], ["download", "--from", "2013-01", "--through", "2013-01"], ["ui"],
    ["simulate", "--from", "2013-05-01", "--through", "2013-05-02"],
)  # fmt: skip
EACH = """
import json, sys
from flight_delay import cli
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["flight-delay", *arguments]
    try:
        cli.main()
    except SystemExit as ended:
        print(json.dumps([arguments[0], ended.code]), flush=True)
"""


def build(project: Project, folder: Path) -> dict[str, bytes]:
    """Build the package of a checkout; return the files by name."""
    project.run("python", "-m", "build", "--no-isolation", "--outdir", str(folder), ".")
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def built(made, tmp_path_factory) -> Path:
    """Folder of the wheel and the source distribution of the small pipeline."""
    folder = tmp_path_factory.mktemp("dist")
    build(made, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    (path,) = built.glob("*.whl")
    return zipfile.ZipFile(path)


def test_a_package_has_the_same_bytes_in_another_folder_and_later(built, clone_of_made, tmp_path) -> None:
    clone = clone_of_made("elsewhere")
    for path in clone.root.rglob("*"):
        os.utime(path, (time.time() + YEAR, time.time() + YEAR))
    assert build(clone, tmp_path / "dist") == {path.name: path.read_bytes() for path in sorted(built.iterdir())}


def test_a_package_has_code_and_references_alone(built, wheel, made) -> None:
    files = [path for path in wheel.namelist() if not path.endswith((".py", ".j2"))]
    references = {path.name for path in Path(made.root / "references").iterdir()}
    names = {Path(path).name for path in files if path.startswith("flight_delay/")}
    assert names == {"params.yaml", "requirements.txt", "gitconfig", *references}
    assert [path for path in wheel.namelist() if not path.startswith("flight_delay")] == []
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as source:
        top = {name.split("/")[1] for name in source.getnames()}
    assert top == {
        ".gitignore", "LICENSE", "PKG-INFO", "README.md", "params.yaml", "pyproject.toml", "references",
        "requirements.txt", "src",
    }  # fmt: skip
    assert [name for name in wheel.namelist() if str(made.root).encode() in wheel.read(name)] == []


def test_an_index_takes_the_package(built, made) -> None:
    made.run("twine", "check", "--strict", *map(str, built.iterdir()))


class Models(NamedTuple):
    """A registry of two versions, of which the second has another decision and is champion, and their packages."""

    project: Project
    uri: str
    dist: Path

    def package(self, *arguments: str, folder: Path | None = None, code: int = 0) -> list[Path]:
        """Build a package; return its files."""
        options = ["--to", str(folder or self.dist), *arguments]
        done = self.project.command("package", *options, code=code, MLFLOW_TRACKING_URI=self.uri)
        return [Path(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def models(made, tmp_path_factory) -> Models:
    root = tmp_path_factory.mktemp("registry")
    (root / "mlflow.db").write_bytes((made.root / "mlflow.db").read_bytes())
    uri = f"sqlite:///{root / 'mlflow.db'}"
    mlflow.set_tracking_uri(uri)
    client = MlflowClient()
    promote(client, MODEL, published(client), "champion", None, "Ada", "tried")
    promote(client, MODEL, log_other(client, made, root), "champion", 1, "Ada", "tried")
    mlflow.set_tracking_uri(None)
    models = Models(made, uri, root / "dist")
    models.package("1")
    models.package()
    return models


def test_a_model_package_has_the_same_bytes_again_and_an_index_takes_it(models, tmp_path) -> None:
    files = sorted(models.dist.iterdir())
    assert [path.name.split("-")[1][:1] for path in files] == ["1", "1", "2", "2"]
    for path in models.package("2", folder=tmp_path):
        assert path.read_bytes() == (models.dist / path.name).read_bytes()
    models.project.run("twine", "check", "--strict", *map(str, files))
    models.package("3", folder=tmp_path / "none", code=2)
    assert not (tmp_path / "none").exists()


@pytest.fixture(scope="module")
def index(tmp_path_factory, built, models) -> Iterator[Index]:
    """An index with this package and both versions of the model's."""
    with running_index(tmp_path_factory.mktemp("index")) as index:
        index.upload(*built.iterdir(), *models.dist.iterdir())
        yield index


@pytest.fixture(scope="module")
def installation(tmp_path_factory, index, clean_environment) -> Installation:
    """The first version of the model, installed."""
    installation = Installation(tmp_path_factory.mktemp("installation"), index, clean_environment)
    installation.pip("install", "flight-delay[monitor]==0.1.0", f"{MODEL}-model==1")
    return installation


@pytest.fixture(scope="module")
def feed(made, tmp_path_factory) -> str:
    """Flights of two months, as an airline would give them."""
    path = tmp_path_factory.mktemp("feed") / "flights.parquet"
    pd.concat(pd.read_parquet(made.root / f"data/raw/flights/{month}.parquet") for month in MONTHS).to_parquet(path)
    return str(path)


def recorded(made: Project) -> pd.Series:
    """Probability by flight of the next day, as the pipeline recorded it."""
    frame = pd.read_parquet(made.root / "reports/evaluate/predictions/2013-05.parquet").set_index("flight_id")
    return frame["probability"][frame["flight_date"].astype(str) == NEXT_DAY]


def predict(installation: Installation, feed: str) -> pd.DataFrame:
    """Predict the next day in the empty folder."""
    options = ["--date", NEXT_DAY, "--timetable", feed, "--outcomes", feed, "--output", "predictions.parquet"]
    installation.project.run("flight-delay", "predict", *options)
    return pd.read_parquet(installation.project.root / "predictions.parquet").set_index("flight_id")


def assert_same_bits(probability: Any, expected: pd.Series) -> None:
    values = pd.Series(probability).loc[expected.index].to_numpy(np.float32)
    assert len(values) > 100
    assert values.tobytes() == expected.to_numpy(np.float32).tobytes()


def test_an_installed_model_predicts_as_the_pipeline_recorded(installation, feed, made, tmp_path) -> None:
    installation.pip("check")
    predictions = predict(installation, feed)
    assert set(predictions["model_version"]) == {"1"}
    expected = recorded(made)
    assert_same_bits(predictions["probability"], expected)
    options = ["--as-of", AS_OF, "--timetable", feed, "--outcomes", feed, "--service", str(tmp_path)]
    installation.project.run("flight-delay", "state", *options)
    with served(installation.project, tmp_path) as service:
        scheduled = service.scheduled(NEXT_DAY)
        final = {row["flight_id"]: row["probability"] for row in scheduled if row["status"] == "final"}
        assert_same_bits(final, expected[expected.index.isin(final)])
        request = service.predict(scheduled[0]["flight_id"]).json()["request_id"]
    installation.project.run("flight-delay", "replay", request, "--service", str(tmp_path))
    # The checkout that the package was built from has the same code.
    made.command("replay", request, "--service", str(tmp_path))
    day_after = ["--date", NEXT_DAY, "--timetable", feed, "--outcomes", feed, "--service", str(tmp_path)]
    done = installation.project.run("flight-delay", "monitor", "--no-mlflow", *day_after, code=None)
    assert done.returncode in {0, 1}, done.stderr
    assert (tmp_path / "monitoring" / NEXT_DAY / "index.html").exists()


def test_a_model_is_upgraded_and_downgraded(installation, feed) -> None:
    first = predict(installation, feed)
    installation.pip("install", "--upgrade", f"{MODEL}-model")
    second = predict(installation, feed)
    assert set(second["model_version"]) == {"2"}
    assert (second["probability"] != first["probability"]).mean() > 0.9
    installation.pip("install", f"{MODEL}-model==1")
    installation.pip("check")
    assert predict(installation, feed).equals(first)


def test_an_index_refuses_an_existing_version(index, built, models) -> None:
    for path in (*built.glob("*.whl"), *models.dist.glob("*-1-*.whl")):
        assert "already exists" in index.upload(path, code=1)


def test_a_command_that_needs_more_says_so_in_a_line(installation) -> None:
    done = installation.project.run("python", "-c", EACH, json.dumps(NEED_MORE))
    assert [json.loads(line) for line in done.stdout.splitlines()] == [[command[0], 2] for command in NEED_MORE]
    errors = [line for line in done.stderr.splitlines() if ": error: " in line]
    assert len(errors) == len(NEED_MORE), done.stderr
