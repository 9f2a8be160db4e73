"""Write values into params.yaml, keeping comments."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from flight_delay.core.errors import UserError
from flight_delay.core.files import write_text
from flight_delay.core.params import PARAMS_FILE, parse_yaml, read_params
from flight_delay.tuning.space import Value


def write_values(section: str, values: Mapping[str, Value], path: Path = PARAMS_FILE) -> list[str]:
    """Change values of a section of a parameter file atomically.

    Args:
        section: top-level key.
        values: by key of the section.
        path: the file.

    Returns:
        Keys whose values changed.

    Raises:
        UserError: other values share them by YAML anchors; the file is not changed.
    """
    sections: dict[str, Any] = read_params(path)
    editor = YAML()
    editor.preserve_quotes, editor.width = True, 10_000
    document = editor.load(path.read_text(encoding="utf-8"))
    changed = [key for key, value in values.items() if document[section][key] != value]
    for key in changed:
        document[section][key] = values[key]
    text = io.StringIO()
    editor.dump(document, text)
    if parse_yaml(text.getvalue()) != {**sections, section: {**sections[section], **values}}:
        raise UserError(f"{path}: other sections share values of {section}; write {dict(values)} there by hand")
    if changed:
        write_text(path, text.getvalue())
    return changed
