"""Command: search for better parameters on the backtest."""

from __future__ import annotations

import argparse
import logging
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flight_delay.tuning.outcome import Outcome

DATABASE = "tuning.db"


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "tune",
        help="search for better parameters of the model, on the backtest",
        description="Try values of the parameters in `tune.space` of params.yaml, beginning with the current ones, and judge "
        "each by the backtest, which ends before the test months. Trials are kept in tuning.db: after Ctrl-C or a kill the "
        "same command goes on where it was. They are logged in MLflow, in an experiment of their own. params.yaml changes "
        "only with --write.",
        epilog="examples: `flight-delay tune --trials 20`, later `flight-delay tune --trials 40` (20 more), then "
        "`flight-delay tune --trials 40 --write` and `dvc repro`; exit codes: 0 done, 2 it could not be done, 130 interrupted",
    )
    parser.add_argument(
        "--trials",
        type=_at_least_one,
        default=20,
        metavar="N",
        help="trials that there are in the end (default: %(default)s)",
    )
    parser.add_argument("--minutes", type=_positive, metavar="M", help="after so many minutes no trial is begun")
    parser.add_argument("--write", action="store_true", help="write the best parameters into params.yaml")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Search, log, and print what was found."""
    # Beside other work on the same cores training takes a third of the time; libraries read it when they are loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from flight_delay.core.runner import log
    from flight_delay.tracking.settings import apply_settings, main_checkout
    from flight_delay.tuning.objective import Backtester
    from flight_delay.tuning.outcome import outcome
    from flight_delay.tuning.question import read_question, require_unchanged, require_up_to_date
    from flight_delay.tuning.search import best_of, go_on, opened, require_optuna, trials_of
    from flight_delay.tuning.words import page

    require_optuna()
    apply_settings()
    # Of trials, one line each is enough.
    if not log.isEnabledFor(logging.DEBUG):
        for room in ("model", "evaluation"):
            logging.getLogger(f"flight_delay.{room}").setLevel(logging.WARNING)
    question = read_question()
    tune = question.tune
    require_up_to_date()
    with opened(main_checkout() / DATABASE, question.name, tune.metric) as study:
        there = len(trials_of(study))
        log.info("study %s: %d of %d trials are there", question.name, there, arguments.trials)
        backtester, mlflow = Backtester(question), _Mlflow(question.name, arguments.trials, tune.seed)

        def told() -> None:
            trials = trials_of(study)
            backtester.keep(trials[0].values, best_of(trials, tune.metric).values)
            mlflow.show(outcome(study, tune), done=False)

        if 0 < there < arguments.trials:
            mlflow.show(outcome(study, tune), done=False)
        go_on(
            study, tune, question.current, backtester.judge, trials=arguments.trials, minutes=arguments.minutes, told=told
        )  # fmt: skip
        found = outcome(study, tune, backtester.predictions)
        mlflow.show(found, done=True)
    print(page(found))
    if arguments.write:
        require_unchanged(question)
        print(f"\n{_written(found)}")
    elif found.best.number:
        print("\nparams.yaml is as it was; the same command with --write puts the best parameters there.")
    return 0


class _Mlflow:
    """Keeps MLflow up to date as far as it is there: a search goes on without it, and the end tries again."""

    def __init__(self, study: str, budget: int, seed: int) -> None:
        from flight_delay.core.params import load, read_sections
        from flight_delay.repository.git import author
        from flight_delay.repository.lock import outputs, read_lock
        from flight_delay.tracking.content import RAW
        from flight_delay.tracking.settings import Publish

        self._study, self._budget, self._sections = study, budget, read_sections()
        self._experiment = load("publish", Publish).experiment
        self._tags = {"author": author(), "data_md5": outputs(read_lock())[RAW], "tuning_seed": str(seed)}
        self._down = False

    def show(self, outcome: Outcome, *, done: bool) -> None:
        """Log what is missing."""
        from flight_delay.core.errors import UserError
        from flight_delay.core.runner import log
        from flight_delay.tracking.trials import log_search
        from flight_delay.tuning.picture import importances
        from flight_delay.tuning.shown import SUFFIX, shown

        if self._down and not done:
            return
        shares = outcome.importances if done else None
        picture = importances(shares, outcome.metric, len(outcome.trials)) if shares else None
        search = shown(
            self._study, outcome, self._sections, budget=self._budget, done=done, tags=self._tags, picture=picture
        )  # fmt: skip
        try:
            run_id = log_search(search, f"{self._experiment}{SUFFIX}")
        except UserError as error:
            self._down = True
            log.warning("not in MLflow: %s", error)
        else:
            if done:
                log.info("run %s in the MLflow experiment %s%s", run_id, self._experiment, SUFFIX)


def _written(found: Outcome) -> str:
    from flight_delay.tuning.write import write_values

    changed = write_values("train_model", found.best.values)
    if not changed:
        return "params.yaml has the best parameters already."
    said = f"Written to params.yaml: {', '.join(changed)}."
    if (found.over_current or {})[found.metric].verdict != "better":
        said += " They are not shown to be better than the former ones; `git restore params.yaml` takes them back."
    return f"{said} Next: `dvc repro`."


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of trials")
    return number


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of minutes")
    return number
