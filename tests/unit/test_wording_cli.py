"""cli: the exact wording of what every command prints around its work."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

import pytest

from flight_delay import cli
from flight_delay.core.errors import UserError


def run_without(module: str, command: str) -> None:
    def work(_: Any) -> int:
        raise ModuleNotFoundError(name=module)

    cli._run_and_flush(Namespace(command=command, run=work))


@pytest.mark.parametrize(
    ("command", "module", "extra"),
    [("serve", "uvicorn", "serve"), ("monitor", "matplotlib", "monitor"), ("publish", "mlflow", "team")],
)
def test_a_missing_package_names_the_extra_that_brings_it(command: str, module: str, extra: str) -> None:
    with pytest.raises(UserError) as refused:
        run_without(module, command)
    assert str(refused.value) == f'{module} is not installed; `pip install "flight-delay[{extra}]"` installs it'


@pytest.mark.parametrize(("command", "module"), [("predict", "numpy"), ("serve", "flight_delay.nothing")])
def test_other_missing_modules_are_bugs(command: str, module: str) -> None:
    with pytest.raises(ModuleNotFoundError):
        run_without(module, command)


def test_the_service_without_its_extra_ends_in_a_line(tmp_path, project_at, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert project_at(tmp_path).command("serve", code=2).stderr == (
        'flight-delay serve: error: uvicorn is not installed; `pip install "flight-delay[serve]"` installs it\n'
    )
