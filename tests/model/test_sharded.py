"""model.sharded: the model does not depend on the number of shards, and a lost worker is an error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shard_processes import SAMPLE_ROWS, RunTogether, fit_until_killed, processes, train_late

from flight_delay.core.errors import UserError
from flight_delay.model import sharded
from flight_delay.model.booster import BoosterParameters, Trained, train_booster
from flight_delay.model.encode import Encoding
from flight_delay.model.examples import Examples
from flight_delay.model.sharded import Shard, Workers, train_shard, train_sharded
from flight_delay.model.training_data import TrainingData, load_training_data

Months = dict[str, Examples]

HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def sharded_parameters(parameters: BoosterParameters) -> BoosterParameters:
    return parameters.model_copy(update={"sharded": True, "subsample": 1.0, "early_stopping_rounds": 2})


@pytest.fixture(scope="module")
def data(months: Months, encoding: Encoding, parameters: BoosterParameters) -> TrainingData:
    names = list(months)
    return load_training_data(encoding, months.__getitem__, names[:3], names[3:], parameters.max_bin)


@pytest.fixture(autouse=True)
def small_sample(monkeypatch) -> None:
    monkeypatch.setattr(sharded, "MAX_BIN_SAMPLE_ROWS", SAMPLE_ROWS)


@pytest.fixture(scope="module")
def four_processes() -> Iterator[RunTogether]:
    with processes(4) as run_together:
        yield run_together


def raw(trained: Trained) -> bytes:
    return bytes(trained.booster.save_raw(raw_format="ubj"))


# With three months for training and one for early stopping, some of four shards have no rows of one or both.
@pytest.mark.parametrize(
    ("delays", "n_jobs"), [([0.3, 0.2, 0.1, 0], 1), ([0.1, 0.2, 0], 2), ([0.2, 0], 1), ([0, 0], 3)]
)
def test_model_and_curve_do_not_depend_on_shards_order_and_threads(
    data: TrainingData,
    sharded_parameters: BoosterParameters,
    month_files: dict[str, Path],
    four_processes: RunTogether,
    delays: list[float],
    n_jobs: int,
) -> None:
    def run_together(function: Callable[..., Any], shards: Sequence[Sequence[Any]]) -> list[Any]:
        return four_processes(partial(train_late, function, delays), shards)

    alone = train_booster(sharded_parameters, data, record_train=True)
    workers = Workers(len(delays), run_together, HOST, n_jobs, month_files)
    together = train_booster(sharded_parameters, data, record_train=True, workers=workers)
    assert raw(together) == raw(alone)
    assert together.log_loss == alone.log_loss
    assert alone.rounds < len(alone.log_loss["validation"]) < sharded_parameters.num_boost_round


def sampled(months: Months, data: TrainingData) -> list[np.ndarray]:
    """Return the encoded training months, and the sample that bins are computed on."""
    names = list(data.train_months)
    encoded = sharded.EncodedMonths(names, months.__getitem__, data.encoding)
    rows = [len(months[name]) for name in names]
    return [*map(encoded.matrix, range(len(names))), sharded._sample(encoded, Shard(0, 1), rows)]


def test_the_sample_is_evenly_spaced_over_all_months(months: Months, data: TrainingData) -> None:
    *matrices, sample = sampled(months, data)
    rows = np.concatenate(matrices)
    np.testing.assert_array_equal(sample, rows[::15])
    assert len(sample) <= SAMPLE_ROWS < len(rows[::14])


def test_categories_that_are_not_in_the_sample_have_bins(data: TrainingData) -> None:
    sample = np.full((1, len(data.encoding)), np.nan, np.float32)
    starts, _ = sharded._bin_sample(sample, data).get_quantile_cut()
    categories = [len(feature.categories) for feature in data.encoding if feature.kind == "categorical"]
    assert np.diff(starts)[: len(categories)].tolist() == categories == [5, 5, 5]


def test_a_killed_worker_is_an_error(data: TrainingData) -> None:
    with processes(2) as run_together, pytest.raises(UserError, match="sharded"):
        train_sharded(data, fit_until_killed, Workers(2, run_together, HOST, 1))


def test_what_a_worker_raises_is_raised_though_the_others_never_joined(data: TrainingData) -> None:
    def run_together(function: Callable[..., Any], shards: Sequence[Sequence[Any]]) -> list[Any]:
        raise UserError("2013-02.parquet")

    with pytest.raises(UserError, match="2013-02"):
        train_sharded(data, fit_until_killed, Workers(2, run_together, HOST, 1))


def test_without_months_for_early_stopping_all_rounds_are_trained(
    months: Months, data: TrainingData, sharded_parameters: BoosterParameters
) -> None:
    all_months = load_training_data(data.encoding, months.__getitem__, list(months), [], data.max_bin)
    few = sharded_parameters.model_copy(update={"num_boost_round": 8})
    assert train_booster(few, all_months).rounds == 8


def test_the_base_score_is_the_share_of_positive_rows(months: Months, data: TrainingData) -> None:
    target = np.concatenate([months[name].target for name in data.train_months])
    score = train_shard(data, lambda _, base_score: base_score, Shard(0, 1))
    assert score == target.sum() / len(target)


def test_xgboost_derives_neither_base_score_nor_seed_from_a_shard(
    data: TrainingData, sharded_parameters: BoosterParameters
) -> None:
    configuration = json.loads(train_booster(sharded_parameters, data).booster.save_config())["learner"]
    assert configuration["learner_model_param"]["boost_from_average"] == "0"
    assert configuration["generic_param"]["seed_per_iteration"] == "1"


@pytest.mark.parametrize("changes", [{"subsample": 0.9}, {"external_memory": True}])
def test_parameters_that_depend_on_shards_are_refused(
    sharded_parameters: BoosterParameters, changes: dict[str, Any]
) -> None:
    values = sharded_parameters.model_dump()
    assert BoosterParameters.model_validate(values) == sharded_parameters
    with pytest.raises(ValueError, match="sharded"):
        BoosterParameters.model_validate({**values, **changes})
