"""Read files of `references/`, which people write, into strict classes."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from flight_delay.core.errors import UserError
from flight_delay.core.params import P


def read_reference(path: Path, kind: type[P]) -> P:
    """Read a YAML file into a class.

    Raises:
        UserError: the file is missing or is not YAML, or an entry is missing, unknown, repeated or invalid; the message
            names it.
    """
    try:
        content: Any = yaml.load(path.read_text(encoding="utf-8"), _UniqueKeyLoader)  # noqa: S506 (it is a safe one)
        if not isinstance(content, dict):
            *names, last = kind.model_fields
            raise UserError(
                f"{path}: not a mapping of {', '.join(names)} and {last}; `git checkout {path}` restores it"
            )
        return kind.model_validate(content)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run from the top of the repository") from None
    except ValidationError as error:
        details = [(".".join(map(str, detail["loc"])), detail["msg"]) for detail in error.errors()]
        problems = "; ".join(f"{entry}: {reason}" if entry else reason for entry, reason in details)
        raise UserError(f"{path}: {problems.replace('Value error, ', '')}; correct the entry") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that does not exist, or bytes that are not UTF-8
        raise UserError(f"{path}: not valid YAML ({' '.join(str(error).split())}); correct the line") from None


class _UniqueKeyLoader(yaml.CSafeLoader):
    """Refuses a repeated key in a mapping, such as an entry copied under its old name; PyYAML keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        names = [key.value for key, _ in node.value]
        for position, (key, _) in enumerate(node.value):
            if key.value in names[:position]:
                raise yaml.constructor.ConstructorError(None, None, f"repeated key '{key.value}'", key.start_mark)
        return super().construct_mapping(node, deep)
