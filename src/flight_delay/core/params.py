"""Sections of params.yaml, and what stages hand to each other, as strict, frozen objects: a misspelt, missing or superfluous key is an error that names it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_json

PARAMS_FILE = Path("params.yaml")


class Parameters(BaseModel):
    """Base of every parameter class: no coercion, no unknown keys, no changes after loading, no infinities."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


P = TypeVar("P", bound=Parameters)


def load_params(section: str, kind: type[P], path: Path = PARAMS_FILE) -> P:
    """Read one section of the parameter file.

    Args:
        section: top-level key of the file.
        kind: the parameter class that the section must fit.
        path: the parameter file.

    Raises:
        UserError: the file or the section is missing, or a key is missing, unknown or has a value that does not fit;
            the message names the key.
    """
    sections = read_params(path)
    if section not in sections:
        raise UserError(
            f"{path}: section '{section}' is missing; add it (git show HEAD:{path} shows the committed one)"
        )
    try:
        return kind.model_validate(sections[section])
    except ValidationError as error:
        problems = "; ".join(
            _problem(section, detail["loc"], detail["type"], detail["msg"]) for detail in error.errors()
        )
        raise UserError(f"{path}: {problems}") from None


def read_validated_json(path: Path, kind: type[P], called: str) -> P:
    """Read a JSON file that a stage wrote.

    Args:
        path: the file.
        kind: the class that it must fit.
        called: what such a file is called, such as 'a manifest'.

    Raises:
        UserError: it is missing, or is none.
    """
    try:
        return kind.model_validate_json(json.dumps(read_json(path)))
    except ValidationError as error:
        raise UserError(f"{path}: not {called} ({error.errors()[0]['msg']}); `dvc repro` makes it") from None


def read_params(path: Path = PARAMS_FILE) -> dict[str, object]:
    """Read the whole parameter file as a mapping of sections.

    Raises:
        UserError: the file is missing or is not a YAML mapping.
    """
    try:
        sections = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run from the top of the repository") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not valid YAML ({' '.join(str(error).split())}); mend the line") from None
    if not isinstance(sections, dict):
        raise UserError(f"{path}: not a mapping of sections; `git checkout {path}` restores it")
    return sections


def flatten(nested: Mapping[str, Any], separator: str = ".") -> dict[str, Any]:
    """Values of a nested mapping by their names, joined: {'train_model': {'seed': 1}} becomes {'train_model.seed': 1}."""
    flat: dict[str, Any] = {}
    for name, value in nested.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}{separator}{inner}": of for inner, of in flatten(value, separator).items()}
        else:
            flat[name] = value
    return flat


def _problem(section: str, location: tuple[int | str, ...], kind: str, message: str) -> str:
    key = ".".join([section, *map(str, location)])
    if kind == "extra_forbidden":
        return f"unknown key '{key}'; remove it or mend its spelling"
    if kind == "missing":
        return f"key '{key}' is missing; add it"
    return f"'{key}': {message.removeprefix('Value error, ')}"
