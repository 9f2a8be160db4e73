"""Read params.yaml and JSON files of stages into strict, frozen classes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_json
from flight_delay.core.paths import resource

PARAMS_FILE = Path("params.yaml")


class Parameters(BaseModel):
    """Base of parameter classes: no coercion, unknown keys, changes, or NaN."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


P = TypeVar("P", bound=Parameters)


def load_params(section: str, kind: type[P], path: Path = PARAMS_FILE) -> P:
    """Read one section of the parameter file.

    Args:
        section: top-level key of the file.
        kind: class of the parameters.
        path: the parameter file.

    Raises:
        UserError: the file or the section is missing, or a key is missing, unknown or invalid; the message names it.
    """
    sections = read_params(path)
    if section not in sections:
        raise UserError(f"{path}: section '{section}' is missing; `git show HEAD:{path}` shows the committed one")
    try:
        return kind.model_validate(sections[section])
    except ValidationError as error:
        problems = (_problem(section, detail["loc"], detail["type"], detail["msg"]) for detail in error.errors())
        raise UserError(f"{path}: {'; '.join(problems)}") from None


def read_validated_json(path: Path, kind: type[P], description: str) -> P:
    """Read a JSON file of a stage into a class.

    `description` names such a file in an error, such as 'a manifest'.

    Raises:
        UserError: the file is missing, or does not fit the class.
    """
    try:
        return kind.model_validate_json(json.dumps(read_json(path)))
    except ValidationError as error:
        raise UserError(
            f"{path}: not {description} ({error.errors()[0]['msg']}); `dvc repro --force` makes it"
        ) from None


def read_params(path: Path = PARAMS_FILE) -> dict[str, object]:
    """Read the parameter file, or another YAML file of the checkout or package.

    Raises:
        UserError: the file is missing or is not a mapping in YAML.
    """
    try:
        sections = parse_yaml(resource(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run from the top of the repository") from None
    except ValueError as error:
        raise UserError(f"{path}: not valid YAML ({error}); correct the line") from None
    if not isinstance(sections, dict):
        raise UserError(f"{path}: not a mapping of sections; `git checkout HEAD {path}` restores it")
    return sections


def parse_yaml(text: str | bytes) -> Any:
    """Parse YAML 1.2 as DVC does.

    1e-05 is a number, `yes` is text, and a repeated key is an error.

    Raises:
        ValueError: it is not valid YAML; the message is one line.
    """
    try:
        return YAML(typ="safe").load(text)
    except YAMLError as error:
        reason: object = error
        if isinstance(error, MarkedYAMLError) and error.problem_mark:
            problem = str(error.problem).partition(" with value ")[0]  # which a repeated mapping does not have yet
            reason = f"line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1}: {problem}"
        raise ValueError(" ".join(str(reason).split())) from None


def flatten(nested: Mapping[str, Any], separator: str = ".") -> dict[str, Any]:
    """Flatten a nested mapping: {'a': {'b': 1}} becomes {'a.b': 1}."""
    flat: dict[str, Any] = {}
    for name, value in nested.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}{separator}{key}": leaf for key, leaf in flatten(value, separator).items()}
        else:
            flat[name] = value
    return flat


def _problem(section: str, location: tuple[int | str, ...], kind: str, message: str) -> str:
    key = ".".join([section, *map(str, location)])
    if kind == "extra_forbidden":
        return f"unknown key '{key}'; remove it or correct its spelling"
    if kind == "missing":
        return f"key '{key}' is missing; add it"
    return f"'{key}': {message.removeprefix('Value error, ')}"
