"""`flight-delay download` with real commands, git and DVC, as docs/bts.md says, from a server on this machine."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from bts_server import MonthlyFiles, file_name, month_zip, serve_months
from checkouts import forked_clones
from waiting import PATIENCE, wait_until

DOCUMENTED = [
    "flight-delay download --from 2024-01 --through 2024-12",
    "git add data/external",
    "dvc update data/external/On_Time_*.dvc",
]
DOWNLOAD, ADD, UPDATE = DOCUMENTED
MONTHS = [f"2024-{month:02d}" for month in range(1, 13)]
STAGES = ("fetch_raw", "make_dataset")  # the only ones that depend on the source


@pytest.fixture
def server() -> Iterator[MonthlyFiles]:
    with serve_months(**{f"_{month.replace('-', '_')}": month_zip(month) for month in MONTHS}) as serving:
        yield serving


@pytest.fixture
def project(made, tmp_path, server) -> Any:
    """A committed pipeline of two stages that has not run, whose BTS is the server."""
    project = made.bare_copy(tmp_path / "project")
    shutil.copytree(made.root / ".dvc", project.root / ".dvc", ignore=shutil.ignore_patterns("cache", "tmp"))
    (project.root / "dvc.lock").unlink()
    pipeline = yaml.safe_load((project.root / "dvc.yaml").read_text())
    (project.root / "dvc.yaml").write_text(
        yaml.safe_dump({"stages": {name: pipeline["stages"][name] for name in STAGES}})
    )
    impatient = {"url": server.url, "pause_seconds": 0, "timeout_seconds": 5, "attempts": 2, "wait_seconds": 0.01}
    project.params({"download": impatient})
    project.params({"fetch_raw": {"source": "bts", "last_month": "2024-12"}})
    project.run("git", "init", "--quiet", "--initial-branch", "main")
    project.commit("read files of the BTS")
    return replace(project, environment={**project.environment, "PYTHONPATH": "src"})


def shell(project: Any, command: str, code: int = 0) -> Any:
    return project.run("bash", "-ec", command, code=code)


def external(project: Any) -> set[str]:
    return {path.name for path in (project.root / "data/external").iterdir()}


def changed(project: Any) -> list[str]:
    return [line[3:] for line in project.run("git", "status", "--porcelain").stdout.splitlines()]


def manifest(project: Any) -> dict[str, Any]:
    return dict(json.loads((project.root / "data/raw/manifest.json").read_text()))


def test_a_year_is_downloaded_run_and_corrected_as_documented(project, server, stages_run) -> None:
    records = {f"data/external/{file_name(month)}.dvc" for month in MONTHS}
    server.faults = ["", "cut", "", "503", "", "stall"]
    assert f"`{ADD}`" in shell(project, DOWNLOAD).stdout
    assert external(project) == {"README.md", *map(file_name, MONTHS), *(Path(name).name for name in records)}
    shell(project, ADD)
    assert set(changed(project)) == records
    project.commit("add flights of 2024")

    server.requests.clear()
    shell(project, DOWNLOAD)
    assert server.requests == []
    assert changed(project) == []

    assert stages_run(project.dvc("repro").stdout) == list(STAGES)
    assert [name for name in manifest(project)["files"] if name.startswith("flights/")] == [
        f"flights/{month}.parquet" for month in MONTHS
    ]
    assert manifest(project)["files"]["flights/2024-02.parquet"]["rows"] == 29
    assert json.loads((project.root / "reports/quality.json").read_text())["quarantined"] == {}
    project.commit("run the pipeline")
    with forked_clones():
        project.command("verify")
    assert "not confirmed" not in project.command("provenance", "data/raw/manifest.json").stdout

    shell(project, UPDATE)
    assert changed(project) == []
    server.files[file_name("2024-03")] = month_zip("2024-03", ArrDelay="15.00")
    shell(project, UPDATE)
    (record,) = changed(project)
    assert record == f"data/external/{file_name('2024-03')}.dvc"
    diff = project.run("git", "diff", "--unified=0", record).stdout
    for key in ("checksum: '\"", "md5: "):
        assert [line[0] for line in diff.splitlines() if key in line and line[:3] not in ("---", "+++")][:2] == [
            "-",
            "+",
        ]
    assert stages_run(project.dvc("repro").stdout) == list(STAGES)


def test_it_goes_on_after_a_kill_and_an_interruption(project, server) -> None:
    project.params({"download": {"timeout_seconds": PATIENCE}})
    partial = project.root / "data/external/.download.partial" / file_name("2024-02")
    for number, (how, code) in enumerate(((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)), start=1):
        server.faults = ["stall"] if number == 2 else ["", "stall"]
        process = project.start(*shlex.split(DOWNLOAD))
        wait_until(lambda number=number: len(server.requests) > number and partial.exists())
        assert changed(project) == ["params.yaml", f"data/external/{file_name('2024-01')}.dvc"]
        os.kill(process.pid, how)
        assert process.wait(PATIENCE) == code
        assert partial.parent.exists() == (how == signal.SIGKILL)
    shell(project, DOWNLOAD)
    assert {name for name in external(project) if name.endswith(".zip")} == set(map(file_name, MONTHS))
    assert [name for name in external(project) if name.startswith(".")] == []
    assert [name for name, _ in server.requests].count(file_name("2024-01")) == 1


def test_months_that_are_not_there_give_code_1_and_others_errors_code_2(project, server) -> None:
    for month in MONTHS[2:]:
        del server.files[file_name(month)]
    done = project.command(*shlex.split(DOWNLOAD)[1:], code=1)
    assert ", ".join(MONTHS[2:]) in done.stdout
    server.files[file_name("2024-03")] = b"<html>"
    wrong = [("2024-1", "2024-03"), ("2024-03", "2024-01"), ("1987-09", "2024-01"), ("2024-01", "9999-01")]
    for first, last in [*wrong, ("2024-01", "2024-03")]:
        done = project.command("download", "--from", first, "--through", last, code=2)
        (line,) = done.stderr.splitlines()
        assert line.startswith("flight-delay download: error: ")
    assert file_name("2024-03") not in external(project)


def test_dvc_stages_the_records_if_it_is_told_to(project) -> None:
    project.dvc("config", "core.autostage", "true")
    project.commit("stage automatically")
    assert ADD not in shell(project, "flight-delay download --from 2024-01 --through 2024-01").stdout
    record = f"data/external/{file_name('2024-01')}.dvc"
    assert project.run("git", "status", "--porcelain").stdout == f"A  {record}\n"
