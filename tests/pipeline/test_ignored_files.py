"""Files of editors and operating systems: DVC and git ignore them, so that no stage is stale; sources they do not."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from dvc.repo import Repo

REPOSITORY = Path(__file__).resolve().parents[2]
LEFT_BEHIND = (
    ".a.py.swp", ".a.py.swo", "a.py.swp", "a.py~", "#a.py#", ".#lock", "a.py.bak", "a.py.orig", "a.py.rej", "a.pyc",
    ".DS_Store", "._a.py", "Thumbs.db", "desktop.ini", ".nfs0000000000a1", ".a.py.partial", "__pycache__/a.pyc",
    ".idea/workspace.xml", ".vscode/settings.json", ".ipynb_checkpoints/a.ipynb", ".mypy_cache/3.11/a.json",
    ".pytest_cache/README.md", ".ruff_cache/a", ".hypothesis/a", ".download.partial/a.zip",
)  # fmt: skip


@pytest.fixture
def ignoring(small):
    """A pipeline that reads `src`, and reads and writes `data`, with this repository's lists of ignored files."""
    for name in (".dvcignore", ".gitignore"):
        shutil.copy(REPOSITORY / name, small.root / name)
    with (small.root / ".gitignore").open("a") as file:
        file.write("/data\n/model.txt\n")
    (small.root / "src/inner").mkdir(parents=True)
    (small.root / "src/inner/a.py").write_text("")
    path = small.root / "dvc.yaml"
    path.write_text(path.read_text().replace("deps: [make.py", "deps: [make.py, src"))
    small.dvc("repro")
    small.commit("read src")
    return small


@pytest.mark.parametrize("folder", ["src", "src/inner", "data", "data/inner"])
def test_what_is_left_behind_changes_nothing(ignoring, folder: str) -> None:
    for name in LEFT_BEHIND:
        path = ignoring.root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("left behind")
    (ignoring.root / folder / ".#a.py").symlink_to("ada@example.org.1234")  # as Emacs locks a file: a broken link
    assert "up to date" in ignoring.dvc("status").stdout
    assert ignoring.run("git", "status", "--porcelain").stdout == ""


def test_other_files_change_stages(ignoring) -> None:
    (ignoring.root / "src/inner/b.py").write_text("")
    assert "src" in ignoring.dvc("status").stdout
    assert ignoring.run("git", "status", "--porcelain").stdout == "?? src/inner/b.py\n"


def test_no_file_of_the_repository_is_ignored() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    dvcignore = Repo(str(REPOSITORY)).dvcignore
    names = [name for name in tracked.splitlines() if not name.startswith(".dvc/")]  # which DVC always ignores
    assert [name for name in names if dvcignore.is_ignored_file(str(REPOSITORY / name))] == []
    ignored = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    assert subprocess.run(ignored, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout == ""
