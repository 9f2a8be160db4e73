"""Files of the BTS that come month by month, with real DVC: `dvc repro` writes only what is new, and loses nothing."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import re
import shutil
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
READ = (
    ".dvc",
    ".dvcignore",
    ".gitignore",
    "dvc.yaml",
    "params.yaml",
    "requirements.txt",
    "references",
    "src",
    "data/external",
)
MONTHS = [f"1988-{month:02d}" for month in range(1, 6)]


def add_month(project, month: str, rows: int = 50) -> None:
    """Give a month to the project, as a download of the BTS: a file with a month."""
    with gzip.open(REPOSITORY / "tests/data/allyears2k.csv.gz", "rt", encoding="latin-1") as file:
        header, *lines = [next(file) for _ in range(rows + 1)]
    dates = [f"{month[:4]},{int(month[5:])},{line.split(',', 2)[2]}" for line in lines]
    path = f"data/external/{month}.csv"
    (project.root / path).unlink(missing_ok=True)  # which may be a link into the cache
    (project.root / path).write_text(header + "".join(dates))
    project.dvc("add", path)


def state(project) -> dict[str, tuple[int, int]]:
    files = (project.root / "data/raw/flights").glob("*.parquet")
    return {path.stem: (path.lstat().st_ino, path.lstat().st_mtime_ns) for path in files}


def repro(project, last_month: str) -> list[str]:
    """Months that `dvc repro` has written."""
    before = state(project)
    project.params({"fetch_raw": {"last_month": last_month}})
    project.dvc("repro")
    after = state(project)
    return sorted(month for month in after if after[month] != before.get(month))


def manifest_diff(project) -> set[str]:
    """Keys of data/raw/manifest.json on lines that `git diff` shows as new."""
    diff = project.run("git", "diff", "--unified=0", "data/raw/manifest.json").stdout
    return set(re.findall(r'^\+ +"([^"]+)":', diff, re.MULTILINE))


def damaged(project) -> list[str]:
    """Files in DVC's cache whose content is not that of their name."""
    files = (path for path in (project.root / ".dvc/cache/files/md5").rglob("*") if path.is_file())
    content = {f"{path.parent.name}{path.name.removesuffix('.dir')}": path.read_bytes() for path in files}
    return [name for name, data in content.items() if hashlib.md5(data, usedforsecurity=False).hexdigest() != name]


@pytest.fixture(scope="module")
def with_two_months(project_at, tmp_path_factory):
    """The first stage on files of two months, run and committed. Not to be changed."""
    project = project_at(tmp_path_factory.mktemp("incremental"))
    listed = ("git", "ls-files", "--cached", "--others", "--exclude-standard", *READ)
    for name in project_at(REPOSITORY).run(*listed).stdout.splitlines():
        (project.root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, project.root / name)
    fetch_raw = yaml.safe_load((project.root / "dvc.yaml").read_text())["stages"]["fetch_raw"]
    (project.root / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"fetch_raw": fetch_raw}}))
    project.params({"fetch_raw": {"source": "bts"}})
    project.run("git", "init", "--quiet", "--initial-branch", "main")
    for month in MONTHS[:2]:
        add_month(project, month)
    repro(project, MONTHS[1])
    project.commit("two months")
    return project


@pytest.fixture
def project(with_two_months, tmp_path):
    """A copy of it, to be changed."""
    shutil.copytree(with_two_months.root, tmp_path / "project", symlinks=True)
    return dataclasses.replace(with_two_months, root=tmp_path / "project")


def test_a_new_and_a_corrected_month_are_the_only_ones_written(project):
    add_month(project, MONTHS[2])
    assert repro(project, MONTHS[2]) == [MONTHS[2]]
    assert manifest_diff(project) == {"1988-03.csv", "1988-02.csv", "flights/1988-03.parquet", "rows", "sha256"}
    project.commit("a month")
    add_month(project, MONTHS[0], rows=40)
    assert repro(project, MONTHS[2]) == [MONTHS[0]]
    assert manifest_diff(project) == {"1988-01.csv", "rows", "sha256"}
    project.commit("a correction")
    assert project.run("git", "status", "--porcelain").stdout == ""

    # The former commit has another January; afterwards, and after an experiment elsewhere, only what is new is written.
    project.run("git", "checkout", "--quiet", "HEAD~1")
    before = state(project)
    project.dvc("checkout")
    assert [month for month, was in state(project).items() if was != before[month]] == [MONTHS[0]]
    assert repro(project, MONTHS[2]) == []
    add_month(project, MONTHS[3])
    project.run("git", "add", "data/external")  # an experiment elsewhere lacks files that git does not know
    before = state(project)
    project.dvc("exp", "run", "--temp", "--name", "april", "-S", f"fetch_raw.last_month={MONTHS[3]}")
    assert state(project) == before
    assert repro(project, MONTHS[3]) == [MONTHS[3]]
    (april,) = project.run("git", "for-each-ref", "--format=%(refname)", "refs/exps/**/april").stdout.split()
    assert project.run("git", "diff", april, "--", "data/raw/manifest.json").stdout == ""
    assert damaged(project) == []


@pytest.mark.parametrize("kind", ["symlink", "hardlink"])
def test_files_that_are_links_into_the_cache_do_not_damage_it(project, kind):
    project.dvc("config", "cache.type", kind)
    project.dvc("checkout", "--relink")
    add_month(project, MONTHS[0], rows=40)
    add_month(project, MONTHS[2])
    repro(project, MONTHS[2])
    project.stage("fetch_raw")
    assert damaged(project) == []
    manifest = (project.root / "data/raw/manifest.json").read_text()
    shutil.rmtree(project.root / "data/raw")
    project.stage("fetch_raw")
    assert (project.root / "data/raw/manifest.json").read_text() == manifest
    assert damaged(project) == []
