"""explain.global_.permutation: what is shuffled together, how, and what that costs, in tiny real models."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xgboost as xgb
from explanations import bundle_of, explanation_of
from sklearn.metrics import average_precision_score

from flight_delay.core.errors import UserError
from flight_delay.evaluation.bootstrap import bootstrap
from flight_delay.explain.explanation import Explanation
from flight_delay.explain.global_.importance import EffectKey
from flight_delay.explain.global_.permutation import Drop, _columns_by_key, _generators, permutation_importance
from flight_delay.model.bundle import Bundle
from flight_delay.model.calibration import Calibration
from flight_delay.model.encode import EncodedFeature, encode

ROWS, DAYS = 600, 20
RANDOM = np.random.default_rng(5)
FEATURES = (
    EncodedFeature(name="twin", kind="quantitative", group="schedule"),
    EncodedFeature(name="other_twin", kind="quantitative", group="schedule"),
    EncodedFeature(name="gaps", kind="quantitative", group="history"),
    EncodedFeature(name="unused", kind="quantitative", group="density"),
    EncodedFeature(name="gaps_is_missing", kind="indicator", group="history", source_feature="gaps"),
    EncodedFeature(name="twin_is_missing", kind="indicator", group="schedule", source_feature="twin"),
)
TOPIC = {"twin": "twins", "other_twin": "twins", "gaps": "gaps", "unused": "unused"}

TWIN = RANDOM.normal(size=ROWS).astype(np.float32)
GAPS = np.where(RANDOM.random(ROWS) < 0.4, np.nan, 0.5).astype(np.float32)
COLUMNS = {"twin": TWIN, "other_twin": TWIN + 1, "gaps": GAPS, "unused": RANDOM.normal(size=ROWS).astype(np.float32)}
LATE = TWIN + 1.5 * np.isnan(GAPS) + RANDOM.normal(size=ROWS) > 1.2


def sample_of(columns: dict[str, np.ndarray], late: np.ndarray, days: int = DAYS) -> Explanation:
    return explanation_of({}, columns, late=late, flight_date=np.datetime64("2013-11-01") + np.arange(len(late)) % days)


SAMPLE = sample_of(COLUMNS, LATE)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """Its trees use both twins and the indicator, and neither `gaps` itself nor `unused`."""
    matrix = encode(COLUMNS, FEATURES).copy()
    matrix[:, 2:4] = 0
    names = [feature.name for feature in FEATURES]
    booster = xgb.train(
        {"objective": "binary:logistic", "max_depth": 2, "eta": 0.3, "colsample_bynode": 0.5, "seed": 3, "nthread": 1},
        xgb.DMatrix(matrix, LATE, feature_names=names, feature_types=["q"] * 6),
        num_boost_round=20,
    )
    assert set(booster.get_score()) == {"twin", "other_twin", "gaps_is_missing"}
    return bundle_of(booster, FEATURES)


@pytest.fixture(scope="module")
def drops(bundle: Bundle) -> dict[tuple[str, str], Drop]:
    return {(row.level, row.name): row for row in permutation_importance(bundle, SAMPLE, TOPIC)}


def by_hand(bundle: Bundle, inputs: tuple[str, ...], key: EffectKey, repeats: int = 3) -> float:
    """The drop when input columns are shuffled before they are encoded, by scikit-learn."""
    scores = []
    for random in _generators(key, repeats, 2013):
        order = random.permutation(ROWS)
        shuffled = {**COLUMNS, **{name: COLUMNS[name][order] for name in inputs}}
        scores.append(average_precision_score(LATE, bundle.predict_probability(shuffled).astype(np.float64)))
    return float(
        average_precision_score(LATE, bundle.predict_probability(COLUMNS).astype(np.float64)) - np.mean(scores)
    )


def test_a_drop_is_that_of_permuted_input_columns(bundle: Bundle, drops: dict) -> None:
    for key, inputs in (
        (EffectKey("feature", "twin"), ("twin",)),
        (EffectKey("feature", "gaps"), ("gaps",)),
        (EffectKey("topic", "twins"), ("twin", "other_twin")),
    ):
        assert drops[key].drop == pytest.approx(by_hand(bundle, inputs, key), abs=1e-6)


def test_permuting_a_topic_costs_more_than_permuting_its_features_alone(drops: dict) -> None:
    alone = drops["feature", "twin"].drop + drops["feature", "other_twin"].drop
    assert drops["topic", "twins"].drop > 1.2 * alone > 0


def test_an_indicator_is_permuted_with_its_feature(drops: dict) -> None:
    assert drops["feature", "gaps"].low > 0
    for key in (("feature", "gaps_is_missing"), ("topic", "gaps")):
        assert drops[key][2:] == drops["feature", "gaps"][2:]


def test_a_feature_and_its_indicator_have_one_permutation_at_every_level(bundle: Bundle) -> None:
    class Using:
        def get_score(self, **_: str) -> dict[str, float]:
            return {"twin": 1.0, "twin_is_missing": 1.0, "other_twin": 1.0, "gaps": 1.0}

    columns = _columns_by_key(replace(bundle, booster=Using()), TOPIC)
    assert columns[EffectKey("feature", "twin")] == columns[EffectKey("feature", "twin_is_missing")] == (0, 5)
    assert columns[EffectKey("topic", "twins")] == (0, 5, 1)
    assert columns[EffectKey("feature", "gaps")] == columns[EffectKey("topic", "gaps")] == (2,)
    assert columns[EffectKey("feature", "gaps_is_missing")] == columns[EffectKey("feature", "unused")] == ()


def test_unused_features_have_a_drop_of_zero(drops: dict) -> None:
    for key in (("feature", "unused"), ("feature", "twin_is_missing"), ("topic", "unused")):
        assert drops[key] == (*key, 0, 0, 0)


def test_rows_are_all_features_and_topics_the_largest_drop_first(bundle: Bundle, drops: dict) -> None:
    rows = permutation_importance(bundle, SAMPLE, TOPIC)
    assert [row.level for row in rows] == ["feature"] * 6 + ["topic"] * 3
    assert {row.name for row in rows if row.level == "feature"} == {feature.name for feature in FEATURES}
    assert rows == sorted(rows, key=lambda row: (("feature", "topic").index(row.level), -row.drop, row.name))
    assert rows == list(drops.values())


def test_the_interval_is_from_a_paired_bootstrap_over_days(bundle: Bundle) -> None:
    row = next(
        drop for drop in permutation_importance(bundle, SAMPLE, TOPIC, repeats=1, draws=40) if drop.name == "twins"
    )
    (random,) = _generators(EffectKey("topic", "twins"), 1, 2013)
    order = random.permutation(ROWS)
    shuffled = {**COLUMNS, "twin": TWIN[order], "other_twin": TWIN[order] + 1}
    drawn = bootstrap(
        LATE, {"as_is": bundle.predict_probability(COLUMNS), "shuffled": bundle.predict_probability(shuffled)},
        SAMPLE.flight_date, draws=40, seed=2013,
    )  # fmt: skip
    error = np.std(drawn["as_is"]["average_precision"] - drawn["shuffled"]["average_precision"], ddof=1)
    assert row.high - row.drop == pytest.approx(1.959964 * error, abs=2e-6)
    assert row.drop - row.low == pytest.approx(1.959964 * error, abs=2e-6)


def test_a_drop_depends_on_the_seed_and_not_on_other_permutations(bundle: Bundle, drops: dict) -> None:
    renamed = {**TOPIC, "gaps": "renamed", "unused": "twins"}  # what no tree uses adds nothing to a topic
    again = {row[:2]: row for row in permutation_importance(bundle, SAMPLE, renamed)}
    assert again["topic", "twins"] == drops["topic", "twins"]
    assert {key: row for key, row in again.items() if key[0] != "topic"} == {
        key: row for key, row in drops.items() if key[0] != "topic"
    }
    other = {row[:2]: row for row in permutation_importance(bundle, SAMPLE, TOPIC, seed=1)}
    assert other["feature", "twin"].drop != drops["feature", "twin"].drop


def test_the_model_is_measured_with_its_calibration(bundle: Bundle, drops: dict) -> None:
    level = Calibration(method="isotonic", probability=(0.0, 1.0), calibrated=(0.3, 0.3))
    flat = replace(bundle, decision=bundle.decision.model_copy(update={"calibration": level}))
    assert {row.drop for row in permutation_importance(flat, SAMPLE, TOPIC)} == {0}


def test_one_class_or_one_day_is_refused(bundle: Bundle) -> None:
    with pytest.raises(UserError, match="0 of"):
        permutation_importance(bundle, sample_of(COLUMNS, np.zeros(ROWS, bool)), TOPIC)
    with pytest.raises(UserError, match=r" 2 days, there are 1;"):
        permutation_importance(bundle, sample_of(COLUMNS, LATE, days=1), TOPIC)
