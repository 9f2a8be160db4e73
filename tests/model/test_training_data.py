"""model.training_data: months are read once, and what is shared or kept in a file gives the same model."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import CancelledError

import pytest

from flight_delay.core.workers import Worker
from flight_delay.model import training_data
from flight_delay.model.booster import BoosterParameters, Trained, train_booster
from flight_delay.model.encode import Encoding
from flight_delay.model.examples import Examples
from flight_delay.model.training_data import TrainingData, load_training_data

Months = dict[str, Examples]


def load(read: Callable[[str], Examples], months: Months, encoding: Encoding, max_bin: int) -> TrainingData:
    names = list(months)
    return load_training_data(encoding, read, names[:-1], names[-1:], max_bin)


def raw(trained: Trained) -> bytes:
    return bytes(trained.booster.save_raw(raw_format="ubj"))


def test_every_month_is_read_once(months: Months, parameters: BoosterParameters, encoding: Encoding) -> None:
    reads = Counter[str]()

    def read(month: str) -> Examples:
        reads[month] += 1
        return months[month]

    load(read, months, encoding, parameters.max_bin)
    assert reads == dict.fromkeys(months, 1)


def test_months_that_do_not_fit_into_memory_give_the_same_model(
    months: Months, parameters: BoosterParameters, encoding: Encoding, trained: Trained, monkeypatch
) -> None:
    monkeypatch.setattr(training_data, "MAX_BYTES_IN_MEMORY", 1)
    data = load(months.__getitem__, months, encoding, parameters.max_bin)
    assert raw(train_booster(parameters, data)) == raw(trained)


def test_a_model_does_not_depend_on_others_that_share_its_data(
    months: Months, parameters: BoosterParameters, encoding: Encoding, trained: Trained
) -> None:
    data = load(months.__getitem__, months, encoding, parameters.max_bin)
    other = train_booster(parameters.model_copy(update={"max_depth": 2, "seed": 7}), data)
    assert raw(other) != raw(trained)
    assert raw(train_booster(parameters, data)) == raw(trained)


def test_recording_the_training_rows_does_not_change_the_model(
    months: Months, parameters: BoosterParameters, encoding: Encoding, trained: Trained
) -> None:
    assert set(trained.log_loss) == {"train", "validation"}
    data = load(months.__getitem__, months, encoding, parameters.max_bin)
    again = train_booster(parameters, data)
    assert again.log_loss == {"validation": trained.log_loss["validation"]}
    assert raw(again) == raw(trained)


def test_training_ends_early_when_its_result_is_no_longer_wanted(
    months: Months, parameters: BoosterParameters, encoding: Encoding
) -> None:
    stop = threading.Event()
    stop.set()
    data = load(months.__getitem__, months, encoding, parameters.max_bin)
    with pytest.raises(CancelledError):
        train_booster(parameters, data, worker=Worker(1, stop))
