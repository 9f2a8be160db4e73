"""Files of `references/`: text that people write, read into strict classes, with errors that name the entry."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from flight_delay.core.errors import UserError
from flight_delay.core.params import P


def read_reference(path: Path, kind: type[P]) -> P:
    """Read a YAML file.

    Args:
        path: the file.
        kind: the class that it must fit.

    Raises:
        UserError: it is missing, is not YAML, or an entry is missing, unknown, twice there or does not fit; the message
            names it.
    """
    try:
        content: Any = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 (it is a safe one)
        if not isinstance(content, dict):
            *names, last = kind.model_fields
            raise UserError(
                f"{path}: not a mapping of {', '.join(names)} and {last}; `git checkout {path}` restores it"
            )
        return kind.model_validate(content)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run from the top of the repository") from None
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, of['loc']))}: {of['msg']}".removeprefix(": ") for of in error.errors())
        raise UserError(f"{path}: {'; '.join(problems).replace('Value error, ', '')}; mend the entry") from None
    except (yaml.YAMLError, ValueError) as error:  # of dates that do not exist and bytes that are not text, the latter
        raise UserError(f"{path}: not valid YAML ({' '.join(str(error).split())}); mend the line") from None


class _Loader(yaml.CSafeLoader):
    """Refuses a key that stands twice in a mapping, such as an entry copied under its old name: PyYAML keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        names = [key.value for key, _ in node.value]
        for place, (key, _) in enumerate(node.value):
            if key.value in names[:place]:
                raise yaml.constructor.ConstructorError(None, None, f"'{key.value}' stands there twice", key.start_mark)
        return super().construct_mapping(node, deep)
