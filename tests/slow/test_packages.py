"""Packages: the same bytes again, with code and references alone."""

from __future__ import annotations

import os
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
from checkouts import Project

YEAR = 365 * 24 * 3600


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
