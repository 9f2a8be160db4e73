"""Read files of `references/`, which people write, into strict classes."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from flight_delay.core.errors import UserError
from flight_delay.core.params import P, parse_yaml
from flight_delay.core.paths import resource


def read_reference(path: Path, kind: type[P]) -> P:
    """Read a YAML file of the checkout or the package into a class.

    Raises:
        UserError: the file is missing or is not YAML, or an entry is missing, unknown, repeated or invalid; the message
            names it.
    """
    try:
        content = parse_yaml(resource(path).read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            *names, last = kind.model_fields
            raise UserError(
                f"{path}: not a mapping of {', '.join(names)} and {last}; `git checkout HEAD {path}` restores it"
            )
        return kind.model_validate(content)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run from the top of the repository") from None
    except ValidationError as error:
        details = [(".".join(map(str, detail["loc"])), detail["msg"]) for detail in error.errors()]
        problems = "; ".join(f"{entry}: {reason}" if entry else reason for entry, reason in details)
        raise UserError(f"{path}: {problems.replace('Value error, ', '')}; correct the entry") from None
    except ValueError as error:
        raise UserError(f"{path}: not valid YAML ({error}); correct the line") from None
