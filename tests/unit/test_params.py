"""core.params: an invalid parameter is an error that names its key, in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from dvc.utils.hydra import apply_overrides
from dvc.utils.serialize import YAMLFileCorruptedError
from dvc.utils.serialize import parse_yaml as parse_yaml_of_dvc
from pydantic import Field, ValidationError

from flight_delay.core.errors import UserError
from flight_delay.core.params import Parameters, load_params, parse_yaml


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
            for text in (
                "training: {rounds: 3\nrate: 1", "training:\n\t- 3\n", "a: b: c\n", "caf\xe9: 1",
                "training: {rate: 1, rate: 2}", "a: 2013-02-30", "a: @b", "a: !b 1", "a: \0",
            )
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


NOTATIONS = (
    "1e-05", "1e5", "1E+2", "1.e3", ".5", "12e03", "1.0e-05", "-0", "+5", "1_000", "017", "0o17", "0x1F", "0b11",
    "yes", "No", "on", "OFF", "y", "true", "TRUE", "~", "null", ".inf", "1:30", "2013-01", "2013-01-01", "0.0.3",
    "'1e5'",
)  # fmt: skip
DOCUMENTS = (
    "\ufeffa: 1\n",
    "a: 1\r\nb: 2\r\n",
    "a:\t1\n",
    "x: &x {b: 1}\na: {<<: *x, b: 2}\n",
    "%YAML 1.1\n---\na: yes\n",
)
BROKEN = ("a: 1\na: 2\n", "a:\n\tb: 1\n", "a: 1\n---\nb: 2\n", "a: =\n", "a: !!python/name:os.x\n", "a: @b\n")


@pytest.mark.parametrize("text", [*(f"a: {value}\n" for value in NOTATIONS), *DOCUMENTS])
def test_yaml_is_read_as_dvc_reads_it(text: str) -> None:
    assert repr(parse_yaml(text)) == repr(parse_yaml_of_dvc(text, "params.yaml"))


@pytest.mark.parametrize("text", BROKEN)
def test_yaml_that_dvc_refuses_is_an_error_of_one_line(text: str) -> None:
    with pytest.raises(YAMLFileCorruptedError):
        parse_yaml_of_dvc(text, "params.yaml")
    with pytest.raises(ValueError) as refused:  # noqa: PT011 (the wording is tested elsewhere)
        parse_yaml(text)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(("given", "value"), [("0.00001", 1e-05), ("1e-9", 1e-09), ("1e22", 1e22), ("7", 7.0)])
def test_a_number_that_dvc_sets_is_a_number(tmp_path: Path, given: str, value: float) -> None:
    """`dvc exp run -S training.rate=0.00001` writes 1e-05."""
    path = tmp_path / "params.yaml"
    path.write_text(GOOD)
    apply_overrides(path, [f"training.rate={given}"])
    assert load_params("training", Training, path).rate == value
