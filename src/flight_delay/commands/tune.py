"""Command: tune parameters of the model on the backtest."""

from __future__ import annotations

import argparse
import logging
import os
from typing import Any

DATABASE = "tuning.db"


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "tune",
        help="tune parameters of the model on the backtest",
        description="Search the space `tune.space` of params.yaml with Optuna. The first trial has the current "
        "parameters; each trial is a backtest, which ends before the test months. Trials are stored in tuning.db: "
        "after Ctrl-C or a kill the same command resumes the search. They are logged in MLflow, in an experiment of "
        "their own. params.yaml changes only with --write.",
        epilog="examples: `flight-delay tune --trials 20`, later `flight-delay tune --trials 40` (20 more), then "
        "`flight-delay tune --trials 40 --write` and `dvc repro`; exit codes: 0 done, 2 not possible, 130 "
        "interrupted",
    )
    parser.add_argument(
        "--trials",
        type=int,
        default=20,
        metavar="N",
        help="complete trials at the end, earlier ones included (default: %(default)s)",
    )
    parser.add_argument("--minutes", type=float, metavar="M", help="start no trial after M minutes")
    parser.add_argument("--write", action="store_true", help="write the best parameters into params.yaml")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Search, log to MLflow, and print the result."""
    # Before libraries are loaded: idle threads that spin make training three times slower when cores are shared.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from flight_delay.core.errors import UserError
    from flight_delay.core.runner import log
    from flight_delay.tracking.settings import apply_settings, main_checkout
    from flight_delay.tuning.runs import log_to_mlflow
    from flight_delay.tuning.search import backtest_evaluation, read_current_predictions, run_trials
    from flight_delay.tuning.study import best_trial, complete_trials, open_study, read_study_spec, require_unchanged
    from flight_delay.tuning.summary import search_report

    apply_settings()
    if not log.isEnabledFor(logging.DEBUG):
        for package in ("model", "evaluation"):  # one line per trial is enough
            logging.getLogger(f"flight_delay.{package}").setLevel(logging.WARNING)
    spec = read_study_spec()
    with open_study(main_checkout() / DATABASE, spec) as study:
        log.info("study %s: %d of %d trials are complete", spec.name, len(complete_trials(study)), arguments.trials)

        def log_runs() -> None:
            try:
                log_to_mlflow(study, spec)
            except UserError as error:  # trials are in the database; the next call logs them
                log.warning("not logged to MLflow: %s", error)

        log_runs()
        run_trials(
            study,
            spec.tune,
            backtest_evaluation(spec.parameters),
            read_current_predictions(),
            n_trials=arguments.trials,
            minutes=arguments.minutes,
            after_trial=log_runs,
        )
        print(search_report(study, spec.tune))
        best = best_trial(complete_trials(study), spec.tune.metric)
    if arguments.write:
        require_unchanged(spec)
        print(f"\n{_write(best, spec.tune.metric)}")
    elif best.number:
        print("\nparams.yaml is unchanged; the same command with --write writes the best parameters.")
    return 0


def _write(best: Any, metric: str) -> str:
    from flight_delay.tuning.summary import improvement
    from flight_delay.tuning.write import write_values

    changed = write_values("train_model", best.user_attrs["values"])
    if not changed:
        return "params.yaml already has the best parameters."
    note = (
        ""
        if improvement(best)[metric].verdict == "better"
        else " The improvement is not significant; `git diff params.yaml` shows what to undo."
    )
    return f"Wrote to params.yaml: {', '.join(changed)}.{note} Next: `dvc repro`."
