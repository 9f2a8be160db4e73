"""Writing values into params.yaml: only these, with every comment and the layout kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from flight_delay.core.errors import UserError
from flight_delay.core.files import write_text
from flight_delay.core.params import PARAMS_FILE
from flight_delay.tuning.space import Value


def write_values(section: str, values: Mapping[str, Value], path: Path = PARAMS_FILE) -> list[str]:
    """Put values into a section of a parameter file, in one step.

    Args:
        section: top-level key.
        values: by key; keys are there, and their values stand on one line.
        path: the file.

    Returns:
        Keys whose value has changed.

    Raises:
        UserError: the file is laid out so that values cannot be replaced one by one; it stays as it is.
    """
    text = path.read_text(encoding="utf-8")
    before: dict[str, Any] = yaml.safe_load(text)
    changed = [key for key, value in values.items() if before[section][key] != value]
    wanted = {**before, section: {**before[section], **{key: values[key] for key in changed}}}
    try:
        for key in changed:
            text = _replaced(text, section, key, _as_yaml(values[key]))
        fits = yaml.safe_load(text) == wanted
    except (yaml.YAMLError, StopIteration):
        fits = False
    if not fits:
        raise UserError(f"{path}: the values of {section} do not stand one by one; write {dict(values)} there by hand")
    if changed:
        write_text(path, text)
    return changed


def _replaced(text: str, section: str, key: str, value: str) -> str:
    """The text with another value; a comment behind it stays in its column where there is room."""
    node = _child(_child(yaml.compose(text), section), key)
    start, end = node.start_mark.index, node.end_mark.index
    rest = text[end:]
    if gap := re.match(r"( +)(?=#)", rest):
        width = max(end - start + len(gap[1]) - len(value), 1)
        rest = " " * width + rest[len(gap[1]) :]
    return text[:start] + value + rest


def _child(node: Any, key: str) -> Any:
    return next(value for name, value in node.value if name.value == key)


def _as_yaml(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    # Of '1e-05' YAML makes text.
    return text.replace("e", ".0e") if "e" in text and "." not in text else text
