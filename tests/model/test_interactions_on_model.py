"""explain.global_.interactions on trained models: values add up, stumps have none, and a planted product is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from explanations import bundle_of

from flight_delay.core.workers import single_worker
from flight_delay.explain.global_.interactions import interaction_values, measure_interactions
from flight_delay.explain.global_.stability import mean_effects_by_seed, train_other_seeds, train_seeds
from flight_delay.model.booster import BoosterParameters, Trained, shap_contributions, shap_interactions
from flight_delay.model.encode import Encoding, encode
from flight_delay.model.examples import Examples

Months = dict[str, Examples]


def some(examples: Examples, rows: int) -> dict[str, np.ndarray]:
    return {name: values[:rows] for name, values in examples.features.items()}


def test_chunks_are_the_whole_without_the_expected_value(months: Months, encoding: Encoding, trained: Trained) -> None:
    columns = some(months["2013-04"], 55)
    chunks = list(interaction_values(bundle_of(trained.booster, encoding), columns, chunk_rows=20))
    assert [len(chunk) for chunk in chunks] == [20, 20, 15]
    whole = shap_interactions(trained.booster, encode(columns, encoding), encoding)
    np.testing.assert_array_equal(np.concatenate(chunks), whole[:, :-1, :-1])


def test_a_model_of_stumps_has_no_interactions(
    months: Months, month_files: dict[str, Path], encoding: Encoding, parameters: BoosterParameters
) -> None:
    stumps = parameters.model_copy(update={"max_depth": 1, "num_boost_round": 40})
    names = list(months)
    (model,) = train_seeds(single_worker(), stumps, encoding, month_files, names[:3], names[3:], [1]).values()
    names = [feature.name for feature in encoding]
    chunks = interaction_values(bundle_of(model.booster, encoding), some(months["2013-04"], 200))
    interactions = measure_interactions(chunks, names, dict(zip(names, names, strict=True)))
    # A difference of float32 sums may leave a last bit, which six decimals do not show.
    assert interactions.pairs == ()
    assert interactions.share["feature"] < 1e-5


def test_a_planted_product_is_found_first(
    encoding: Encoding, parameters: BoosterParameters, invent, write_months, tmp_path
) -> None:
    def planted(month: str) -> Examples:
        examples = invent(4_000, seed=int(month[-2:]) + 50)
        x, y = (np.nan_to_num(examples.features[name], nan=500) > 500 for name in ("block_minutes", "distance_miles"))
        late = np.random.default_rng(int(month[-2:])).random(len(examples)) < np.where(x == y, 0.7, 0.2)
        return replace(examples, target=late)

    train = ["2013-01", "2013-02", "2013-03"]
    files = write_months(tmp_path, {month: planted(month) for month in [*train, "2013-04"]})
    (model,) = train_seeds(single_worker(), parameters, encoding, files, train, ["2013-04"], [1]).values()
    names = [feature.name for feature in encoding]
    chunks = interaction_values(bundle_of(model.booster, encoding), some(planted("2013-04"), 200))
    interactions = measure_interactions(chunks, names, dict(zip(names, names, strict=True)))
    first, second = interactions.of_level("feature")[:2]
    assert (first.first, first.second) == ("block_minutes", "distance_miles")
    assert first.low > 3 * second.high
    assert interactions.partners()["distance_miles"] == "block_minutes"


def test_models_of_other_seeds_differ_in_their_seed_only(
    months: Months, month_files: dict[str, Path], encoding: Encoding, parameters: BoosterParameters, trained: Trained
) -> None:
    names, seed = list(months), parameters.seed
    before = parameters.model_copy(update={"seed": seed - 1})
    models = train_other_seeds(before, encoding, month_files, names[:3], names[3:], 2, single_worker())
    assert list(models) == [seed, seed + 1]
    raw = {seed: bytes(model.booster.save_raw()) for seed, model in models.items()}
    assert raw[seed] == bytes(trained.booster.save_raw())
    assert raw[seed + 1] != raw[seed]


def test_mean_effects_of_a_model_are_mean_absolute_contributions(
    months: Months, encoding: Encoding, trained: Trained
) -> None:
    columns = some(months["2013-04"], 500)
    topic_of = {feature.name: feature.group for feature in encoding}
    mean_effects = mean_effects_by_seed({7: trained}, encoding, columns, topic_of)["7"]
    values = shap_contributions(trained.booster, encode(columns, encoding), encoding).astype(np.float64)
    names = [feature.name for feature in encoding]
    assert mean_effects["feature"] == pytest.approx(dict(zip(names, np.abs(values[:, :-1]).mean(axis=0), strict=True)))
    schedule = [place for place, feature in enumerate(encoding) if feature.group == "schedule"]
    assert mean_effects["topic"]["schedule"] == pytest.approx(np.abs(values[:, schedule].sum(axis=1)).mean(), rel=1e-5)


def test_the_effect_of_a_constrained_feature_only_rises_with_its_value_on_a_flight(
    months: Months, encoding: Encoding, trained: Trained
) -> None:
    columns = some(months["2013-04"], 100)
    place = [feature.name for feature in encoding].index("late_rate_route_7d")
    effects = [
        shap_contributions(trained.booster, encode(
            {**columns, "late_rate_route_7d": np.full(100, value, np.float32)}, encoding), encoding)[:, place]
        for value in np.linspace(0, 1000, 30)
    ]  # fmt: skip
    assert (np.diff(effects, axis=0) >= -1e-6).all()
    assert (effects[-1] > effects[0]).any()
