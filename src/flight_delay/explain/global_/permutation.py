"""Permutation importance of features and topics.

It is the drop of average precision by permutation. Sources: Breiman 2001 (https://doi.org/10.1023/A:1010933404324);
Fisher, Rudin & Dominici 2019 (https://jmlr.org/papers/v20/18-760.html)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from flight_delay.evaluation.bootstrap import SEED, bootstrap, point_estimates
from flight_delay.explain.explanation import Explanation
from flight_delay.explain.global_.importance import DIGITS, LEVELS, EffectKey, Level
from flight_delay.model.booster import predict
from flight_delay.model.bundle import Bundle
from flight_delay.model.calibration import calibrate
from flight_delay.model.encode import Matrix, encode
from flight_delay.model.examples import require_both_classes

METRIC = "average_precision"
REPEATS = 3
# Enough for a standard error (Efron & Tibshirani 1993, section 6.4), though not for a percentile.
DAY_DRAWS = 100


class Drop(NamedTuple):
    """Drop of average precision by permutation, to six decimals.

    It is below 0 where permutation improves the ranking. The interval is over days: the mean over repeats ± 1.96
    bootstrap standard errors.
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
    *,
    repeats: int = REPEATS,
    draws: int = DAY_DRAWS,
    seed: int = SEED,
) -> list[Drop]:
    """Measure the drop of average precision by permuting features and topics.

    Rows of a sample are permuted. The features of a topic are permuted together, because permuting one of two
    correlated features understates both. An indicator of missing values is permuted with its feature, and has its drop.
    The drop of unused features is 0.

    Args:
        bundle: the model.
        sample: features, outcomes and days; its effects are not used.
        topic_of: the topic of each feature.
        repeats: permutations of each feature and topic.
        draws: number of bootstrap draws of days.
        seed: of permutations and draws; the permutations of a feature or topic do not depend on the others.

    Returns:
        Features, then topics; the largest drop of each first, ties by name.

    Raises:
        UserError: the sample has fewer than two days, or one class.
    """
    require_both_classes((sample.late,), "the sample of interpret")
    matrix = encode(sample.features, bundle.manifest.features)
    whole, drawn = _bootstrap_metric(bundle, matrix, sample, draws, seed)
    measured: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, 0.0)}
    rows = []
    for key, columns in _columns_by_key(bundle, topic_of).items():
        if columns not in measured:
            permuted = [
                _bootstrap_metric(bundle, _permute(matrix, columns, random), sample, draws, seed)
                for random in _generators(key, repeats, seed)
            ]
            drop = whole - float(np.mean([value for value, _ in permuted]))
            error = np.nanstd(drawn - np.mean([values for _, values in permuted], axis=0), ddof=1)
            measured[columns] = drop, NormalDist().inv_cdf(0.975) * float(error)
        drop, margin = measured[columns]
        rows.append(Drop(*key, *(round(value, DIGITS) for value in (drop, drop - margin, drop + margin))))
    return sorted(rows, key=lambda row: (LEVELS.index(row.level), -row.drop, row.name))


def _columns_by_key(bundle: Bundle, topic_of: Mapping[str, str]) -> dict[EffectKey, tuple[int, ...]]:
    """Find the columns that a tree uses and that are permuted together."""
    features, used = bundle.manifest.features, set(bundle.booster.get_score(importance_type="weight"))
    columns_of: dict[str, list[int]] = {feature.name: [] for feature in features if not feature.source_feature}
    for position, feature in enumerate(features):
        if feature.name in used:
            columns_of[feature.source_feature or feature.name].append(position)
    by_key: dict[EffectKey, list[int]] = {}
    for feature in features:
        unused = feature.source_feature and feature.name not in used
        by_key[EffectKey("feature", feature.name)] = (
            [] if unused else columns_of[feature.source_feature or feature.name]
        )
    for name, columns in columns_of.items():
        by_key.setdefault(EffectKey("topic", topic_of[name]), []).extend(columns)
    return {key: tuple(columns) for key, columns in by_key.items()}


def _generators(key: EffectKey, repeats: int, seed: int) -> list[np.random.Generator]:
    """Create generators that depend only on the seed and on the permuted key."""
    seeds = np.random.SeedSequence([seed, *"/".join(key).encode()])
    return [np.random.default_rng(child) for child in seeds.spawn(repeats)]


def _permute(matrix: Matrix, columns: Sequence[int], random: np.random.Generator) -> Matrix:
    permuted = matrix.copy()
    permuted[:, columns] = matrix[random.permutation(len(matrix))][:, columns]
    return permuted


def _bootstrap_metric(bundle: Bundle, matrix: Matrix, sample: Explanation, draws: int, seed: int) -> tuple[float, Any]:
    """Compute average precision on all rows, and on drawn days: shape (draws,)."""
    probability = {METRIC: calibrate(bundle.decision.calibration, predict(bundle.booster, matrix))}
    drawn = bootstrap(sample.late, probability, sample.flight_date, draws=draws, seed=seed, metrics=[METRIC])
    return point_estimates(sample.late, probability, [METRIC])[METRIC][METRIC], drawn[METRIC][METRIC]
