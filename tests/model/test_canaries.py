"""Faults that are planted on purpose, which explanations have to bring to light: a leak, noise, a mirrored effect,
effects under another feature's name, a sum that does not add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from feature_parameters import FEATURE_PARAMETERS

from flight_delay.core.errors import UserError
from flight_delay.core.files import write_json
from flight_delay.core.months import MonthRange
from flight_delay.explain.explanation import ADDS_UP_WITHIN, Explanation, explain
from flight_delay.explain.global_.dependence import rank_correlation
from flight_delay.explain.global_.importance import Importance, compute_importance, daily_sums
from flight_delay.explain.global_.permutation import permutation_importance
from flight_delay.features.columns import Columns
from flight_delay.features.feature import Feature
from flight_delay.model.booster import BoosterParameters, train_booster
from flight_delay.model.bundle import Bundle, ExplainedPredictions, load_bundle, save_bundle
from flight_delay.model.calibration import Calibration, to_probability
from flight_delay.model.decision_rule import save_decision
from flight_delay.model.encode import fit_encoding
from flight_delay.model.examples import Examples
from flight_delay.model.training_data import load_training_data

ROWS, DAYS = 6_000, 30
PARAMETERS = BoosterParameters(
    num_boost_round=40, early_stopping_rounds=10, learning_rate=0.2, max_depth=3, min_child_weight=20.0, subsample=1.0,
    colsample_bytree=1.0, reg_lambda=1.0, max_bin=64, monotone_constraints=False, seed=7,
    external_memory=False, sharded=False,
)  # fmt: skip
WEIGHTS = {"minutes": 1.2, "distance": -0.8, "rate": 0.6, "weekend": 0.5}


def flights(seed: int) -> tuple[Columns, Columns]:
    """Columns that all matter, each the less the later it stands here, and log-odds of being late."""
    random = np.random.default_rng(seed)
    columns = {name: random.normal(size=ROWS).astype(np.float32) for name in ("minutes", "distance", "rate")}
    columns["weekend"] = np.array(["no", "yes"], object)[random.integers(0, 2, ROWS)]
    numbers = {**columns, "weekend": (columns["weekend"] == "yes") - 0.5}
    log_odds = -1 + sum(weight * numbers[name] for name, weight in WEIGHTS.items())
    return columns, {"late": random.random(ROWS) < to_probability(log_odds)}


def examples(columns: Columns, late: Columns) -> Examples:
    ids = np.array([f"{row:05d}" for row in range(ROWS)], object)
    return Examples(ids, np.datetime64("2013-01-01") + np.arange(ROWS) % DAYS, columns, late["late"])


def trained(folder: Path, learnt: Examples, **changed: object) -> Bundle:
    features = tuple(
        Feature(name=name, kind="categorical" if column.dtype == object else "quantitative", group="schedule")
        for name, column in learnt.features.items()
    )
    encoding = fit_encoding(features, [learnt])
    data = load_training_data(encoding, lambda _: learnt, ["2013-01"], [], PARAMETERS.max_bin)
    model = train_booster(PARAMETERS.model_copy(update=changed), data)
    split = MonthRange(first="2013-01", last="2013-01")
    save_bundle(
        folder, model.booster, features=encoding, feature_parameters=FEATURE_PARAMETERS, train_split=split,
        trained_rows=ROWS, trained_base_rate=0.3, validation_split=split,
    )  # fmt: skip
    save_decision(folder, Calibration(method="none"), 0.3)
    return load_bundle(folder)


def ranked(explanation: Explanation) -> list[Importance]:
    alone = dict.fromkeys(explanation.shap, "all")
    rows = compute_importance([daily_sums(explanation, alone, alone)], draws=50)
    return [row for row in rows if row.level == "feature"]


def swapped(explanation: Explanation, one: str, other: str) -> Explanation:
    """The fault of a column that is shifted: effects of two features under each other's name."""
    shap = dict(explanation.shap)
    shap[one], shap[other] = shap[other], shap[one]
    return replace(explanation, shap=shap)


def test_a_leak_comes_first(tmp_path: Path) -> None:
    columns, late = flights(1)
    blurred = late["late"] + np.random.default_rng(2).normal(0, 0.5, ROWS)
    learnt = examples({**columns, "leak": blurred.astype(np.float32)}, late)
    bundle = trained(tmp_path, learnt)
    explanation = explain(bundle, learnt)
    assert ranked(explanation)[0].name == "leak"
    alone = dict.fromkeys(explanation.shap, "all")
    assert permutation_importance(bundle, explanation, alone, draws=20)[0].name == "leak"


def test_a_shuffled_column_comes_last(tmp_path: Path) -> None:
    columns, late = flights(3)
    shuffled = np.random.default_rng(4).permutation(columns["minutes"])
    learnt = examples({"shuffled": shuffled, **columns}, late)
    bundle = trained(tmp_path, learnt)
    columns, late = flights(5)
    later = examples({"shuffled": np.random.default_rng(6).permutation(columns["minutes"]), **columns}, late)
    explanation = explain(bundle, later)
    assert [row.name for row in ranked(explanation)] == [*WEIGHTS, "shuffled"]
    alone = dict.fromkeys(explanation.shap, "all")
    drops = [drop for drop in permutation_importance(bundle, explanation, alone, draws=50) if drop.level == "feature"]
    assert drops[-1].name == "shuffled"
    assert drops[-1].high < drops[-2].drop
    assert drops[-2].low > 0


def test_a_model_of_a_mirrored_feature_shows_the_mirrored_effect(tmp_path: Path) -> None:
    columns, late = flights(7)
    whole = {**columns, "minutes": (columns["minutes"] * 4).round()}  # few values: a bin for each
    plain, mirrored = (examples({**whole, "minutes": sign * whole["minutes"]}, late) for sign in (1, -1))
    both = {"plain": plain, "mirrored": mirrored}
    one, other = (explain(trained(tmp_path / name, learnt), learnt) for name, learnt in both.items())
    assert rank_correlation(plain.features["minutes"], one.shap["minutes"]) > 0.95
    assert rank_correlation(mirrored.features["minutes"], other.shap["minutes"]) < -0.95
    # The effect on a flight is the same: it is only the column that runs the other way.
    np.testing.assert_allclose(one.shap["minutes"], other.shap["minutes"], atol=1e-3)


def test_contributions_add_up_for_every_flight_or_there_is_no_explanation(tmp_path: Path, monkeypatch) -> None:
    learnt = examples(*flights(8))
    bundle = trained(tmp_path, learnt, num_boost_round=300, max_depth=6)
    learnt = learnt.take(np.arange(0, ROWS, 5))
    explanation = explain(bundle, learnt)
    added_up = to_probability(
        explanation.expected + sum(effects.astype(np.float64) for effects in explanation.shap.values())
    )
    assert np.abs(added_up - bundle.predict_probability(learnt.features)).max() <= ADDS_UP_WITHIN

    def forgetful(self: Bundle, columns: Columns) -> ExplainedPredictions:
        explained = whole(self, columns)
        explained.contributions[ROWS // 10, 0] += 0.01  # of one flight and one feature
        return explained

    whole = Bundle.predict_with_contributions
    monkeypatch.setattr(Bundle, "predict_with_contributions", forgetful)
    with pytest.raises(RuntimeError, match="add up"):
        explain(bundle, learnt)


def effects_are_of_their_features(explanation: Explanation) -> Mapping[str, bool]:
    """Of a model of stumps, in which every effect is a function of its own feature alone."""
    single_valued = {}
    for name, values in explanation.features.items():
        _, place = np.unique(values, return_inverse=True)
        lowest, highest = np.full(place.max() + 1, np.inf), np.full(place.max() + 1, -np.inf)
        np.minimum.at(lowest, place, explanation.shap[name])
        np.maximum.at(highest, place, explanation.shap[name])
        single_valued[name] = bool((highest - lowest).max() < 1e-5)
    return single_valued


def test_effects_under_another_name_are_found_out_for_every_pair_of_features(tmp_path: Path) -> None:
    columns, late = flights(9)
    learnt = examples(
        {name: column if column.dtype == object else column.round(1) for name, column in columns.items()}, late
    )
    explanation = explain(trained(tmp_path, learnt, max_depth=1), learnt)
    assert all(effects_are_of_their_features(explanation).values())
    names = list(WEIGHTS)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            right = effects_are_of_their_features(swapped(explanation, one, other))
            assert [name for name, matches in right.items() if not matches] == sorted((one, other), key=names.index)


def test_a_manifest_with_two_names_swapped_is_no_bundle(tmp_path: Path) -> None:
    learnt = examples(*flights(10))
    bundle = trained(tmp_path, learnt)
    first, second, *rest = bundle.manifest.features
    exchanged = (first.model_copy(update={"name": second.name}), second.model_copy(update={"name": first.name}), *rest)
    write_json(
        tmp_path / "manifest.json", bundle.manifest.model_copy(update={"features": exchanged}).model_dump(mode="json")
    )
    with pytest.raises(UserError, match=rf"^{tmp_path / 'manifest.json'}: .*\.ubj\b"):
        load_bundle(tmp_path)
