"""core.params: an invalid parameter is an error that names its key, in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field, ValidationError

from flight_delay.core.errors import UserError
from flight_delay.core.params import Parameters, load_params, read_params


class Inner(Parameters):
    first: str


class Training(Parameters):
    rounds: Annotated[int, Field(ge=1)]
    rate: float
    inner: Inner


GOOD = "training:\n  rounds: 3\n  rate: 0.5\n  inner: {first: 2013-01}\n"


def test_a_valid_section_is_loaded_and_frozen(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(GOOD.replace("0.5", "1") + "other: {unknown: 1}\n")  # an integer is a valid float
    parameters = load_params("training", Training, path)
    assert parameters == Training(rounds=3, rate=1.0, inner=Inner(first="2013-01"))
    with pytest.raises(ValidationError, match="frozen"):
        parameters.rounds = 4
    with pytest.raises(ValidationError, match="frozen"):
        parameters.inner.first = "2013-02"


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        ("rounds", "ronds", {"training.ronds", "training.rounds"}),
        ("  rate: 0.5\n", "", {"training.rate"}),
        ("  rate", "  patience: 5\n  rate", {"training.patience"}),
        ("2013-01}", "2013}", {"training.inner.first"}),
        *(
            ("rounds: 3", f"rounds: {value}", {"training.rounds"})
            for value in ("'3'", "3.0", "true", "null", "[3]", "0")
        ),
        *(("rate: 0.5", f"rate: {value}", {"training.rate"}) for value in ("'0.5'", "true", "null", ".inf", ".nan")),
        (GOOD, "testing: {}\n", {"training"}),
        (GOOD, "training:\n", {"training"}),
        *(
            (GOOD, text, {"YAML"})
            for text in ("training: {rounds: 3\nrate: 1", "training:\n\t- 3\n", "a: b: c\n", "caf\xe9: 1")
        ),
        *((GOOD, text, {"git checkout"}) for text in ("", "- training\n", "training\n")),
    ],
)  # fmt: skip
def test_an_invalid_file_is_an_error_that_names_the_key(tmp_path: Path, old: str, new: str, keys: set[str]) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(GOOD.replace(old, new).encode("latin-1"))
    with pytest.raises(UserError) as refused:
        load_params("training", Training, path)
    message = str(refused.value)
    assert message.startswith(f"{path}: ")
    assert len(message.splitlines()) == 1
    assert all(key in message for key in keys)
    valid = {"training.rounds", "training.rate", "training.inner"} - keys
    assert not any(f"'{key}'" in message for key in valid) or "training.inner.first" in keys


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"/params\.yaml: "):
        read_params(tmp_path / "params.yaml")
