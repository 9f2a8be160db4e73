"""Exact wording of what commands and the files of commits say, as far as it needs a pipeline that has run."""

from __future__ import annotations

import shutil

import pyarrow.parquet as pq
import pytest

from flight_delay.core.errors import UserError
from flight_delay.vcs.commit_files import CommitFiles


@pytest.fixture(scope="module")
def keys(made) -> list[str]:
    """Two flights of the test month."""
    flights = pq.read_table(made.root / "data/processed/2013-05.parquet", columns=["flight_id"])
    return flights["flight_id"].to_pylist()[:2]


def test_help_says_the_exit_codes(made) -> None:
    printed = " ".join(made.command("verify", "--help").stdout.split())
    assert printed.endswith("exit codes: 0 all the same, 1 something differs, 2 not checked")


@pytest.mark.parametrize("option", [("--what-if", "departure"), ("--plot", "why.png")])
def test_what_is_for_one_flight_is_not_for_two(checkout, keys, option) -> None:
    done = checkout.command("explain", "--flight", keys[0], "--flight", keys[1], *option, code=2)
    assert done.stderr == f"flight-delay explain: error: {option[0]}: 2 flights; give one flight\n"


def test_a_plot_has_one_of_two_formats(checkout, keys) -> None:
    done = checkout.command("explain", "--flight", keys[0], "--plot", "why.gif", code=2)
    assert done.stderr == "flight-delay explain: error: --plot why.gif: unknown format; use .png or .svg\n"


def test_predictions_at_other_times_describe_the_model(checkout, keys) -> None:
    printed = checkout.command("explain", "--flight", keys[0], "--what-if", "departure").stdout
    assert printed.endswith(
        "These are predictions of the model, not effects of a new time: "
        "all other flights stay where they are, and the\n"
        "flight would have another aircraft, crew and passengers.\n"
    )


def test_a_run_has_a_commit_of_its_own(made) -> None:
    done = made.command("provenance", "--at", "HEAD", "models:/late/1", code=2)
    assert done.stderr == (
        "flight-delay provenance: error: --at HEAD: "
        "not for runs and models, which have a commit of their own; leave it out\n"
    )


def test_without_an_experiment_there_is_no_page_of_runs(made, tmp_path) -> None:
    done = made.command("ui", code=2, MLFLOW_TRACKING_URI=f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert done.stderr == (
        f"flight-delay ui: error: MLflow at sqlite:///{tmp_path / 'mlflow.db'} has no experiment 'flight-delay' yet; "
        "`flight-delay publish` adds it\n"
    )


def refused_read(small) -> str:
    """The error of reading an output that is not in the cache, after the commit."""
    shutil.rmtree(small.root / ".dvc/cache")
    artefacts = CommitFiles.at()
    with pytest.raises(UserError) as refused:
        artefacts.read_bytes("model.txt")
    return str(refused.value).removeprefix(f"model.txt of commit {artefacts.commit[:10]}: ")


def test_a_file_that_is_nowhere(small) -> None:
    assert refused_read(small) == (
        "neither in git nor in the DVC cache or remote; "
        "`dvc push` where it exists sends it to the remote, and `dvc repro` in that commit makes outputs again"
    )


def test_a_remote_that_dvc_cannot_read(small) -> None:
    small.dvc("remote", "add", "--local", "--default", "storage", "ssh://127.0.0.1:9/storage")
    assert refused_read(small) == (
        "DVC cannot read it (ssh is supported, but requires 'dvc-ssh' to be installed); see `dvc remote list`"
    )
