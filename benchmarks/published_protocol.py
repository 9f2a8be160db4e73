"""How the model does by the protocol of a published course, and what that protocol hides.

    OMP_WAIT_POLICY=passive python benchmarks/published_protocol.py allyears2k.csv.gz

The course predicts `IsDepDelayed` in the sample of 43,978 flights that H2O.ai publishes (docs/bts.md), for a random
third of them. The same models are judged on later years, too. LightGBM is a development requirement: `make test`
installs it."""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import GroupKFold, StratifiedKFold, train_test_split
from xgboost import Booster, XGBClassifier

from flight_delay.core.errors import UserError
from flight_delay.features.feature import Feature
from flight_delay.model.booster import BoosterParameters, predict, train_booster
from flight_delay.model.encode import encode, fit_encoding
from flight_delay.model.examples import Examples
from flight_delay.model.training_data import load_training_data

COURSE = {"roc_auc": 0.7157, "accuracy": 0.642}
# What is known before departure. The tail number is not: it is the aircraft that finally flew.
CATEGORICAL = ("UniqueCarrier", "Origin", "Dest")
CLOCKS = {"CRSDepTime": "departure_minutes", "CRSArrTime": "arrival_minutes"}
OTHERS = ("Year", "Month", "DayofMonth", "DayOfWeek", "FlightNum", "CRSElapsedTime", "Distance", *CATEGORICAL)
COLUMN_SETS = {"filed": (*OTHERS, *CLOCKS), "derived": (*OTHERS, *CLOCKS.values(), "day")}

TEST_SHARE = 0.33
SEEDS = (1, 2, 3)
FOLDS = 5
THRESHOLD = 0.5
# The search: how deep trees are and how much weight a leaf needs. The rest is given; there are more days than 256 bins.
CANDIDATES = ((3, 5.0), (6, 5.0), (10, 5.0), (12, 10.0))
GIVEN: dict[str, Any] = {
    "num_boost_round": 3000, "early_stopping_rounds": 25, "learning_rate": 0.1, "subsample": 0.9,
    "colsample_bytree": 0.4, "reg_lambda": 5.0, "max_bin": 1024, "monotone_constraints": False,
    "external_memory": False, "sharded": False,
}  # fmt: skip
MODELS = (
    "always the more common answer", "XGBoost as it comes", "LightGBM as it comes", "scikit-learn as it comes", "ours",
)  # fmt: skip
SCORES = ("roc_auc", "accuracy", "roc_auc_by_year")
SPREAD = (("random", "roc_auc"), ("random", "accuracy"), ("later", "roc_auc"), ("later", "roc_auc_by_year"))
NOTES = """\
- A random third: a stratified 67/33 split. All flights are kept, as in the course: {cancelled:,} cancelled ones \
count as
  delayed departures.
- Everything is the median of {seeds} seeds. Ours goes from {spread[0]} in ROC AUC and {spread[1]} in accuracy for
  a random third, from {spread[2]} and by year {spread[3]} for later years.
- Filed: the 12 columns of the schedule. Derived: minutes instead of clock times, and the day as a number.
- Ours: encoding and booster of flight_delay.model, the mean of {folds} models, each stopped on a fold of the \
training rows
  (of whole years, where later ones follow). The depth and leaf weight with the least log loss on those folds, by seed:
  {chosen[0]}; for later years {chosen[1]}. No test row has a say.
- Every model calls a flight delayed from a probability of {threshold} on.
- With random rows the flights of one day, and of one year, stand on both sides: whoever reads the date is told \
which days
  and years were bad. Nobody is told that before departure. What a model knows of flights to come stands on the right:
  {rows:,} flights from {first} on, learnt from the years before.
- ROC AUC over several years also rewards guessing which year is bad: the delayed share goes from {shares[0]:.0%} to
  {shares[1]:.0%}, and most years of the sample are one carrier's. By year is the mean of each year's own ROC AUC."""

Array = np.ndarray[Any, np.dtype[Any]]
Candidate = tuple[int, float]


class Split(NamedTuple):
    """Flights to learn from, flights to be judged on, and folds (rows to fit, rows to stop on) of the former."""

    train: Examples
    test: Examples
    folds: list[tuple[Array, Array]]


def read_sample(path: Path) -> pd.DataFrame:
    """The flights, with the columns that are used and what is derived from the schedule."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; name the sample allyears2k.csv.gz (it is in tests/data)")
    wanted = [*COLUMN_SETS["filed"], "Cancelled", "IsDepDelayed"]
    try:
        flights = pd.read_csv(path, usecols=wanted, dtype=dict.fromkeys(CATEGORICAL, object), encoding="latin-1")
        dates = pd.to_datetime(flights[["Year", "Month"]].assign(Day=flights["DayofMonth"]))
    except (OSError, EOFError, ValueError) as error:
        raise UserError(f"{path}: not the sample allyears2k: {str(error).splitlines()[0]}") from error
    for clock, minutes in CLOCKS.items():
        flights[minutes] = flights[clock] // 100 * 60 + flights[clock] % 100
    flights["day"] = (dates - dates.min()).dt.days
    return flights


def examples(flights: pd.DataFrame) -> Examples:
    columns = {name: flights[name].to_numpy() for names in COLUMN_SETS.values() for name in names}
    late = (flights["IsDepDelayed"] == "YES").to_numpy()
    return Examples(row_id=flights.index.to_numpy(), date=columns["day"], features=columns, target=late)


def random_split(flights: pd.DataFrame, seed: int) -> Split:
    """The course's: any flights on either side."""
    late = (flights["IsDepDelayed"] == "YES").to_numpy()
    train, test = train_test_split(np.arange(len(flights)), test_size=TEST_SHARE, stratify=late, random_state=seed)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(train, late[train])
    return Split(examples(flights.iloc[train]), examples(flights.iloc[test]), list(folds))


def split_in_time(flights: pd.DataFrame) -> Split:
    """Whole years: about the last third to be judged on, and others in every fold."""
    years = np.sort(flights["Year"].unique())
    later = flights["Year"] >= years[round(len(years) * (1 - TEST_SHARE))]
    train = flights[~later]
    return Split(examples(train), examples(flights[later]), list(GroupKFold(FOLDS).split(train, groups=train["Year"])))


def part(whole: Examples, rows: Array) -> Examples:
    columns = {name: values[rows] for name, values in whole.features.items()}
    return Examples(row_id=whole.row_id[rows], date=whole.date[rows], features=columns, target=whole.target[rows])


def features(columns: str) -> list[Feature]:
    return [
        Feature(name=name, kind="categorical" if name in CATEGORICAL else "quantitative", group="schedule")
        for name in COLUMN_SETS[columns]
    ]


def ours(split: Split, columns: list[Feature], seed: int) -> tuple[Array, Candidate]:
    """Probabilities for the test rows, and the candidate that they are of."""
    encoding = fit_encoding(columns, [split.train])
    tried: list[tuple[float, Candidate, list[Booster]]] = []
    for depth, weight in CANDIDATES:
        parameters = BoosterParameters(max_depth=depth, min_child_weight=weight, seed=seed, **GIVEN)
        boosters, left_out = [], np.empty(len(split.train))
        for fit, stop in split.folds:
            parts = {"fit": part(split.train, fit), "stop": part(split.train, stop)}
            data = load_training_data(encoding, parts.__getitem__, ["fit"], ["stop"], parameters.max_bin)
            boosters.append(train_booster(parameters, data).booster)
            left_out[stop] = predict(boosters[-1], encode(parts["stop"].features, encoding))
        tried.append((float(log_loss(split.train.target, left_out)), (depth, weight), boosters))
    _, chosen, boosters = min(tried, key=lambda candidate: candidate[0])
    matrix = encode(split.test.features, encoding)
    return np.mean([predict(booster, matrix) for booster in boosters], axis=0), chosen


def others(split: Split, columns: list[Feature], seed: int) -> Iterator[Array]:
    """Probabilities of well-known models with all defaults, told which columns are categories."""
    from lightgbm import LGBMClassifier

    encoding = fit_encoding(columns, [split.train])
    train, test = (encode(side.features, encoding) for side in (split.train, split.test))
    kinds = [feature.xgboost_type for feature in encoding]
    categories = [position for position, kind in enumerate(kinds) if kind == "c"]
    for model, told in (
        (XGBClassifier(enable_categorical=True, feature_types=kinds, random_state=seed), {}),
        (LGBMClassifier(verbose=-1, random_state=seed), {"categorical_feature": categories}),
        (HistGradientBoostingClassifier(categorical_features=categories, random_state=seed), {}),
    ):
        yield model.fit(train, split.train.target, **told).predict_proba(test)[:, 1]


def scores(test: Examples, probability: Array) -> dict[str, float]:
    year = test.features["Year"]
    by_year = [roc_auc_score(test.target[year == each], probability[year == each]) for each in np.unique(year)]
    return {
        "roc_auc": float(roc_auc_score(test.target, probability)),
        "accuracy": float(accuracy_score(test.target, probability >= THRESHOLD)),
        "roc_auc_by_year": float(np.mean(by_year)),
    }


def judged(split: Split, seed: int) -> tuple[dict[tuple[str, str], dict[str, float]], Candidate]:
    """Scores by model and columns, and what ours chose."""
    always, *known, own = MODELS
    results = {(always, "-"): scores(split.test, np.full(len(split.test), float(split.train.target.mean())))}
    for columns in COLUMN_SETS:
        for name, probability in zip(known, others(split, features(columns), seed), strict=True):
            results[name, columns] = scores(split.test, probability)
    probability, chosen = ours(split, features("derived"), seed)
    return {**results, (own, "derived"): scores(split.test, probability)}, chosen


def measured(flights: pd.DataFrame) -> dict[str, Any]:
    """All that is shown; of every score the median, the least and the most of the seeds."""
    try:
        importlib.import_module("lightgbm")
    except (ImportError, OSError) as error:
        raise UserError(
            f"LightGBM does not load ({error}); it is in requirements-dev.txt, which `make test` installs, "
            "and needs libgomp"
        ) from None
    in_time = split_in_time(flights)
    runs = {
        "random": [judged(random_split(flights, seed), seed) for seed in SEEDS],
        "later": [judged(in_time, seed) for seed in SEEDS],
    }
    table: list[dict[str, Any]] = []
    for model, columns in runs["later"][0][0]:
        table.append({"model": model, "columns": columns})
        for kind, of_seeds in runs.items():
            values = {name: [run[model, columns][name] for run, _ in of_seeds] for name in SCORES}
            table[-1][kind] = {
                name: [statistics.median(by_seed), min(by_seed), max(by_seed)] for name, by_seed in values.items()
            }
    delayed = flights["IsDepDelayed"] == "YES"
    shares = pd.Series(in_time.test.target).groupby(in_time.test.features["Year"]).mean()
    return {
        "rows": len(flights),
        "delayed": int(delayed.sum()),
        "cancelled": int((delayed & (flights["Cancelled"] == 1)).sum()),
        "later": {"first": int(shares.index[0]), "rows": len(in_time.test), "shares": [shares.min(), shares.max()]},
        "chosen": {kind: [chosen for _, chosen in of_seeds] for kind, of_seeds in runs.items()},
        "course": COURSE,
        "table": table,
    }


def shown(results: dict[str, Any]) -> str:
    """The table for people, and what to think of it."""
    row = "{:<30} {:<8} {:>9} {:>9}   {:>9} {:>9} {:>9}".format
    later, own = results["later"], results["table"][-1]
    lines = [
        f"{results['rows']:,} flights, {results['delayed'] / results['rows']:.1%} of them delayed departures",
        "",
        f"{'a random third':>59}   {later['first']:>19} and later",
        row("", "columns", "ROC AUC", "accuracy", "ROC AUC", "accuracy", "by year"),
        row("the course, as published", "-", COURSE["roc_auc"], COURSE["accuracy"], *"---"),
    ]
    for line in results["table"]:
        medians = [line["random"][name][0] for name in COURSE] + [line["later"][name][0] for name in SCORES]
        lines.append(row(line["model"], line["columns"], *(f"{median:.4f}" for median in medians)))
    spread = ["{1:.3f} to {2:.3f}".format(*own[kind][name]) for kind, name in SPREAD]
    chosen = [", ".join(f"{depth}/{weight:g}" for depth, weight in of_seeds) for of_seeds in results["chosen"].values()]
    notes = NOTES.format(
        seeds=len(SEEDS), folds=FOLDS, threshold=THRESHOLD, cancelled=results["cancelled"],
        spread=spread, chosen=chosen,
        **later,
    )  # fmt: skip
    return "\n".join([*lines, "", notes])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).resolve().parents[1] / "tests/data/allyears2k.csv.gz"
    parser.add_argument("sample", nargs="?", type=Path, default=default, help=f"the file (default {default})")
    parser.add_argument(
        "--json", action="store_true", help="print JSON, with the least and the most of the random splits"
    )
    arguments = parser.parse_args()
    try:
        results = measured(read_sample(arguments.sample))
    except UserError as error:
        print(f"published_protocol: error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(results, indent=2) if arguments.json else shown(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
