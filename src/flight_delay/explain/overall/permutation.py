"""How much worse flights are ranked when a feature, topic or group is shuffled: permutation importance (Breiman 2001,
https://doi.org/10.1023/A:1010933404324; Fisher, Rudin & Dominici 2019, https://jmlr.org/papers/v20/18-760.html). What
moves predictions need not make them better: this asks for the latter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from flight_delay.evaluation.intervals import SEED, bootstrap, on_all_flights
from flight_delay.explain.explanation import Explanation
from flight_delay.explain.overall.importance import DIGITS, LEVELS, Key, Level
from flight_delay.model.booster import predict
from flight_delay.model.bundle import Bundle
from flight_delay.model.calibration import calibrate
from flight_delay.model.encode import Matrix, encode
from flight_delay.model.examples import require_both_classes

MEASURE = "average_precision"
REPEATS = 3
# Enough for a standard error (Efron & Tibshirani 1993, section 6.4), though not for a percentile.
DAY_DRAWS = 100


class Drop(NamedTuple):
    """By how much average precision falls when something is shuffled, to six digits. Below 0: flights were ranked better.

    The interval is over days: the mean over repeats, plus and minus 1.96 bootstrap standard errors. What chance does in
    shuffling is in it, since every day has its own part of a shuffle.
    """

    level: Level
    name: str
    drop: float
    low: float
    high: float


def permutation_importance(
    bundle: Bundle,
    sample: Explanation,
    topic_of: Mapping[str, str],
    group_of: Mapping[str, str],
    *,
    repeats: int = REPEATS,
    draws: int = DAY_DRAWS,
    seed: int = SEED,
) -> list[Drop]:
    """Shuffle every feature, topic and group over the flights of a sample, and measure average precision without it.

    The features of a topic or group are shuffled together, so that twins do not stand in for one another; an indicator
    is shuffled with the feature that it is of, and has its numbers. What no tree uses is not shuffled: its drop is
    exactly 0. A topic or group with one used feature has the numbers of that feature.

    Args:
        bundle: the model.
        sample: flights; their features, outcomes and days are read, their effects are not.
        topic_of: the topic of each feature.
        group_of: the group of each feature.
        repeats: how often each is shuffled.
        draws: how often days are drawn.
        seed: of shuffles and draws; what is shuffled has its own random numbers, whatever else is.

    Returns:
        Features, then topics, then groups; the largest drop of each first, by name where they are equal.

    Raises:
        UserError: the flights are of fewer than two days, or all late, or all on time.
    """
    require_both_classes((sample.late,), "the sample that is explained")
    matrix = encode(sample.features, bundle.manifest.features)
    whole, drawn = _measured(bundle, matrix, sample, draws, seed)
    measured: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, 0.0)}
    rows = []
    for key, columns in _shuffled_together(bundle, topic_of, group_of).items():
        if columns not in measured:
            without = [
                _measured(bundle, _shuffled(matrix, columns, of), sample, draws, seed)
                for of in _generators(key, repeats, seed)
            ]
            drop = whole - float(np.mean([of for of, _ in without]))
            measured[columns] = drop, float(np.nanstd(drawn - np.mean([of for _, of in without], axis=0), ddof=1))
        drop, error = measured[columns]
        margin = NormalDist().inv_cdf(0.975) * error
        rows.append(Drop(*key, *(round(value, DIGITS) for value in (drop, drop - margin, drop + margin))))
    return sorted(rows, key=lambda row: (LEVELS.index(row.level), -row.drop, row.name))


def _shuffled_together(
    bundle: Bundle, topic_of: Mapping[str, str], group_of: Mapping[str, str]
) -> dict[Key, tuple[int, ...]]:
    """The columns of the matrix that are shuffled with one permutation, of those that a tree uses."""
    features, used = bundle.manifest.features, set(bundle.booster.get_score(importance_type="weight"))
    made_of: dict[str, list[int]] = {feature.name: [] for feature in features if not feature.of}
    for position, feature in enumerate(features):
        if feature.name in used:
            made_of[feature.of or feature.name].append(position)
    found: dict[Key, list[int]] = {}
    for feature in features:
        unused = feature.of and feature.name not in used
        found[Key("feature", feature.name)] = [] if unused else made_of[feature.of or feature.name]
    for name, columns in made_of.items():
        for key in (Key("topic", topic_of[name]), Key("group", group_of[name])):
            found.setdefault(key, []).extend(columns)
    return {key: tuple(columns) for key, columns in found.items()}


def _generators(key: Key, repeats: int, seed: int) -> list[np.random.Generator]:
    """Random numbers that depend on what is shuffled and on nothing else."""
    seeds = np.random.SeedSequence([seed, *"/".join(key).encode()])
    return [np.random.default_rng(of) for of in seeds.spawn(repeats)]


def _shuffled(matrix: Matrix, columns: Sequence[int], random: np.random.Generator) -> Matrix:
    shuffled = matrix.copy()
    shuffled[:, columns] = matrix[random.permutation(len(matrix))][:, columns]
    return shuffled


def _measured(bundle: Bundle, matrix: Matrix, sample: Explanation, draws: int, seed: int) -> tuple[float, Any]:
    """Average precision on all flights, and on drawn days: shape (draws,)."""
    probability = calibrate(bundle.decision.calibration, predict(bundle.booster, matrix))
    drawn = bootstrap(sample.late, {MEASURE: probability}, sample.flight_date, draws=draws, seed=seed)
    return on_all_flights(sample.late, {MEASURE: probability})[MEASURE][MEASURE], drawn[MEASURE][MEASURE]
