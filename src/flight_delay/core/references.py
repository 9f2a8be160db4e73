"""Read files of `references/`, which people write, into strict classes."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from flight_delay.core.errors import UserError
from flight_delay.core.params import P, read_params


def read_reference(path: Path, kind: type[P]) -> P:
    """Read a YAML file of the checkout or the package into a class.

    Raises:
        UserError: the file is missing or is not YAML, or an entry is missing, unknown, repeated or invalid; the message
            names it.
    """
    try:
        return kind.model_validate(read_params(path))
    except ValidationError as error:
        details = [(".".join(map(str, detail["loc"])), detail["msg"]) for detail in error.errors()]
        problems = "; ".join(f"{entry}: {reason}" if entry else reason for entry, reason in details)
        raise UserError(f"{path}: {problems.replace('Value error, ', '')}; correct the entry") from None
