"""core.paths: files of a checkout, and the package's copies of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from flight_delay.core import paths


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a package, which has a copy of params.yaml; the working folder is another one."""
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "params.yaml").touch()
    monkeypatch.setattr(paths, "_COPIES", folder)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return folder


def test_outside_of_a_checkout_the_package_has_it(copies: Path) -> None:
    Path("params.yaml").touch()  # of another project
    assert paths.resource(Path("params.yaml")) == copies / "params.yaml"
    assert paths.resource(Path("other.yaml")) == Path("other.yaml")
    assert paths.resource(copies.parent / "own.yaml") == copies.parent / "own.yaml"


def test_a_checkout_has_its_own_even_if_it_is_missing(copies: Path) -> None:
    paths.DICTIONARY.parent.mkdir()
    paths.DICTIONARY.touch()
    assert paths.resource(Path("params.yaml")) == Path("params.yaml")
