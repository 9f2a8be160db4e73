"""The command `flight-delay`: help, and errors in one line."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest


def one_line_of_error(done) -> str:
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_help_names_the_commands_and_what_they_do(made) -> None:
    printed = made.command("--help").stdout
    names = (
        "download",
        "verify",
        "provenance",
        "compare",
        "review",
        "publish",
        "tune",
        "promote",
        "rollback",
        "registry",
        "ui",
        "server",
    )
    for name in (*names, "dictionary"):
        assert f"\n    {name}" in printed
    assert "exit codes: 0 " in made.command("verify", "--help").stdout


def test_help_answers_without_loading_what_it_does_not_need(made) -> None:
    done = made.run("python", "-X", "importtime", "-m", "flight_delay.cli", "--help", PYTHONPATH="src")
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert loaded & {"mlflow", "pandas", "xgboost", "matplotlib", "sklearn", "shap"} == set()


@pytest.mark.parametrize(
    "wrong",
    [
        ["frobnicate"],
        ["verify", "--no-such-option"],
        ["verify", "--tolerance", "-1"],
        ["verify", "--tolerance", "nan"],
        ["compare"],
        ["review"],
        ["review", "run"],
        [],
    ],
)
def test_a_wrong_command_line_gives_usage_and_code_2(made, wrong: list[str]) -> None:
    assert "usage: flight-delay" in made.command(*wrong, code=2).stderr


@pytest.mark.parametrize(
    "command", [["verify"], ["verify", "--quick"], ["provenance"], ["compare", "HEAD"], ["review", "request"]]
)
def test_outside_of_a_checkout_it_is_said_where_to_run_it(made, tmp_path, command: list[str]) -> None:
    done = replace(made, root=tmp_path).command(*command, code=2)
    assert "git repository" in one_line_of_error(done)


def test_the_ui_needs_runs(copy_of_made) -> None:
    error = one_line_of_error(copy_of_made.command("ui", code=2))
    assert "no experiment 'flight-delay'" in error
    assert "`flight-delay publish`" in error


def test_the_ui_of_a_server_that_is_down_is_an_error(made) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = one_line_of_error(made.command("ui", code=2, MLFLOW_TRACKING_URI=f"http://127.0.0.1:{port}"))
    assert f"http://127.0.0.1:{port}" in error
