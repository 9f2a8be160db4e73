"""pyproject.toml admits the locked packages, and its extras bring what commands import."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import grimp
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from flight_delay.cli import EXTRAS as BY_COMMAND

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = "flight_delay"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
# Imported only where FLIGHT_DELAY_SCHEDULER names a cluster.
CLUSTER = {"dask", "distributed"}


def pins(*names: str) -> dict[str, str]:
    """Versions by package, as in files of requirements."""
    lines = [line for name in names for line in (REPOSITORY / name).read_text().splitlines()]
    matches = [re.match(r"([\w.-]+)(?:\[\w+\])?==(\S+?)[;\s\\]*(\s|$)", line) for line in lines]
    return {canonicalize_name(pin[1]): pin[2] for pin in matches if pin}


def declared() -> dict[str, Requirement]:
    """Requirements of the package and of all extras, by name."""
    texts = [*PROJECT["dependencies"], *(text for extra in EXTRAS.values() for text in extra)]
    requirements = [Requirement(text) for text in texts]
    return {canonicalize_name(entry.name): entry for entry in requirements if entry.name != PROJECT["name"]}


def test_every_pin_lies_within_its_range() -> None:
    requirements = declared()
    for name, version in pins("requirements.in", "requirements-team.in").items():
        assert version in requirements[name].specifier, name


def test_every_range_admits_the_locked_version() -> None:
    locked = pins("requirements-build.txt", "requirements.txt", "requirements-team.txt")
    assert {name: locked[name] in entry.specifier for name, entry in declared().items()} == dict.fromkeys(
        declared(), True
    )


def test_the_package_is_built_with_what_is_locked() -> None:
    (builder,) = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["build-system"]["requires"]
    assert builder in (REPOSITORY / "requirements-build.in").read_text().splitlines()


def installed_with(texts: Iterable[str]) -> set[str]:
    """Names of packages that some requirements bring, with what those require."""
    names: set[str] = set()
    waiting = [(Requirement(text), "") for text in texts]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        if name == PROJECT["name"]:
            waiting += [(Requirement(text), "") for own in requirement.extras for text in EXTRAS[own]]
        elif name not in names or requirement.extras:
            names.add(name)
            parts = [Requirement(text) for text in requires(name) or []]
            waiting += [(part, own) for part in parts for own in ("", *requirement.extras)]
    return names


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(PACKAGE, include_external_packages=True)


def missing(graph: grimp.ImportGraph, modules: Iterable[str], extra: str | None) -> set[str]:
    """What modules import, perhaps only when they need it, and the package with an extra does not bring."""
    names = set().union(*(graph.find_upstream_modules(module) for module in modules)) - sys.stdlib_module_names
    brought = installed_with([*PROJECT["dependencies"], *([f"flight-delay[{extra}]"] if extra else [])])
    distributions = packages_distributions()
    return {
        name
        for name in names - CLUSTER
        if not name.startswith(PACKAGE) and not {canonicalize_name(part) for part in distributions[name]} & brought
    }


@pytest.mark.parametrize("command", BY_COMMAND)
def test_the_extra_of_a_command_brings_what_it_imports(graph: grimp.ImportGraph, command: str) -> None:
    assert missing(graph, [f"{PACKAGE}.commands.{command}"], BY_COMMAND[command]) == set()


def test_the_pipeline_runs_with_the_extra_team(graph: grimp.ImportGraph) -> None:
    assert missing(graph, graph.find_children(f"{PACKAGE}.stages"), "team") == set()


def test_a_missing_package_is_named(graph: grimp.ImportGraph) -> None:
    assert missing(graph, [f"{PACKAGE}.tracking.client"], None) == {"dotenv", "mlflow", "requests", "sqlalchemy"}


def test_the_extra_scale_brings_dask() -> None:
    assert installed_with(["flight-delay[scale]"]) >= CLUSTER
