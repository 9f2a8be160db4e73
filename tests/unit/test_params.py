"""core.params: what does not fit is an error that names the key, in one line."""

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


def refusal(folder: Path, text: str | bytes, section: str = "training") -> str:
    """The message with which a parameter file is refused; always one line."""
    path = folder / "params.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError) as refused:
        load_params(section, Training, path)
    message = str(refused.value)
    assert message.startswith(f"{path}: ")
    assert len(message.splitlines()) == 1
    return message


def test_a_section_that_fits_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(GOOD + "other: {unknown: 1}\n")
    assert load_params("training", Training, path) == Training(rounds=3, rate=0.5, inner=Inner(first="2013-01"))


def test_a_whole_number_will_do_for_a_float(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(GOOD.replace("0.5", "1"))
    assert load_params("training", Training, path).rate == 1.0


def test_a_misspelt_key_is_named_as_unknown_and_the_right_one_as_missing(tmp_path: Path) -> None:
    message = refusal(tmp_path, GOOD.replace("rounds", "ronds"))
    assert "'training.ronds'" in message
    assert "'training.rounds'" in message
    assert "'training.rate'" not in message


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    assert "'training.rate'" in refusal(tmp_path, GOOD.replace("  rate: 0.5\n", ""))


def test_a_superfluous_key_is_named(tmp_path: Path) -> None:
    message = refusal(tmp_path, GOOD + "  patience: 5\n")
    assert "'training.patience'" in message
    assert "'training.rounds'" not in message


def test_a_key_deep_inside_is_named_with_its_path(tmp_path: Path) -> None:
    assert "'training.inner.first'" in refusal(tmp_path, GOOD.replace("2013-01}", "2013}"))


@pytest.mark.parametrize("value", ["'3'", "3.0", "true", "null", "[3]", "0"])
def test_an_integer_is_neither_converted_nor_taken_from_beyond_its_bounds(tmp_path: Path, value: str) -> None:
    message = refusal(tmp_path, GOOD.replace("rounds: 3", f"rounds: {value}"))
    assert "'training.rounds'" in message
    assert "rate" not in message


@pytest.mark.parametrize("value", ["'0.5'", "true", "null", ".inf", ".nan"])
def test_a_float_is_a_finite_number(tmp_path: Path, value: str) -> None:
    assert "'training.rate'" in refusal(tmp_path, GOOD.replace("rate: 0.5", f"rate: {value}"))


def test_a_missing_section_is_named(tmp_path: Path) -> None:
    assert "'testing'" in refusal(tmp_path, GOOD, section="testing")


def test_a_section_without_keys_is_named(tmp_path: Path) -> None:
    assert "'training'" in refusal(tmp_path, "training:\n")


@pytest.mark.parametrize("text", ["training: {rounds: 3\nrate: 1", "training:\n\t- 3\n", "a: b: c\n", b"caf\xe9: 1\n"])
def test_broken_yaml_is_said_to_be_so(tmp_path: Path, text: str | bytes) -> None:
    assert "YAML" in refusal(tmp_path, text)


@pytest.mark.parametrize("text", ["", "- training\n", "training\n"])
def test_a_file_without_sections_is_refused(tmp_path: Path, text: str) -> None:
    assert "git checkout" in refusal(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"/params\.yaml: "):
        read_params(tmp_path / "params.yaml")


def test_loaded_parameters_do_not_change() -> None:
    parameters = Training(rounds=3, rate=0.5, inner=Inner(first="2013-01"))
    with pytest.raises(ValidationError, match="frozen"):
        parameters.rounds = 4
    with pytest.raises(ValidationError, match="frozen"):
        parameters.inner.first = "2013-02"
