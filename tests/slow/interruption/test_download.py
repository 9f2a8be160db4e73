"""Kill `flight-delay download` at every step of a month: the next run ends as an undisturbed one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from bts_server import MonthlyFiles, file_name, month_zip, serve_months

REPOSITORY = Path(__file__).resolve().parents[3]
NAME = file_name("2024-01")
JANUARY = month_zip("2024-01")
MOMENTS = {
    "before the download": rf"1 open \S+\.download\.partial/{NAME}",
    "before it is recorded": rf"1 open \S+/{NAME}\.dvc",
    "before it is in its place": rf"1 os\.rename \S+\.download\.partial/{NAME}",
    "before its checksum": rf"2 open \S+/{NAME}\.dvc",
    "before it is in the cache": rf"1 shutil\.copyfile \S+/{NAME}",
    "before the record is complete": rf"3 open \S+/{NAME}\.dvc",
}


@pytest.fixture
def server() -> Iterator[MonthlyFiles]:
    with serve_months(_2024_01=JANUARY) as serving:
        yield serving


@pytest.fixture
def project(project_at, tmp_path, server) -> Any:
    """A repository with what the command reads."""
    project = project_at(tmp_path / "project")
    (project.root / "references").mkdir(parents=True)
    for name in ("params.yaml", "references/data_dictionary.yaml", ".gitignore", ".dvcignore"):
        shutil.copy(REPOSITORY / name, project.root / name)
    project.params({"download": {"url": server.url}})
    project.run("git", "init", "--quiet", "--initial-branch", "main")
    project.dvc("init", "--quiet", "--force")
    project.commit("read files of the BTS")
    return project


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_the_next_run_ends_as_an_undisturbed_one(project, server, begin, moment: str) -> None:
    command = ("python", "-m", "flight_delay.cli", "download", "--from", "2024-01", "--through", "2024-01")
    killed = begin(project, *command, hold=f"flight_delay.cli {moment}", PYTHONPATH=str(REPOSITORY / "src"))
    killed.wait_until_held()
    killed.kill()

    project.command("download", "--from", "2024-01", "--through", "2024-01")
    folder = project.root / "data/external"
    assert {path.name for path in folder.iterdir()} == {NAME, f"{NAME}.dvc"}
    assert (folder / NAME).read_bytes() == JANUARY
    ((dep,), (out,)) = (yaml.safe_load((folder / f"{NAME}.dvc").read_text())[key] for key in ("deps", "outs"))
    assert dep["size"] == out["size"] == len(JANUARY)
    assert "up to date" in project.dvc("status").stdout
    assert project.run("git", "status", "--porcelain", "--untracked-files=all").stdout.split() == [
        "??", f"data/external/{NAME}.dvc",
    ]  # fmt: skip
