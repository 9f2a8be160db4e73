"""model.training_data: months are read once, and what is shared or kept on disk gives the same model."""

from __future__ import annotations

import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path
from types import SimpleNamespace

import pytest

from flight_delay.core.errors import UserError
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


@pytest.fixture
def data(months: Months, parameters: BoosterParameters, encoding: Encoding) -> TrainingData:
    return load(months.__getitem__, months, encoding, parameters.max_bin)


def raw(trained: Trained) -> bytes:
    return bytes(trained.booster.save_raw(raw_format="ubj"))


def test_every_month_is_read_once(months: Months, parameters: BoosterParameters, encoding: Encoding) -> None:
    reads = Counter[str]()

    def read(month: str) -> Examples:
        reads[month] += 1
        return months[month]

    data = load(read, months, encoding, parameters.max_bin)
    for depth in (1, 2):
        train_booster(parameters.model_copy(update={"max_depth": depth, "num_boost_round": 1}), data)
    assert reads == dict.fromkeys(months, 1)


def test_months_that_do_not_fit_into_memory_give_the_same_model(
    data: TrainingData, parameters: BoosterParameters, trained: Trained, monkeypatch
) -> None:
    monkeypatch.setattr(training_data, "MAX_BYTES_IN_MEMORY", 1)
    assert raw(train_booster(parameters, data)) == raw(trained)


def test_a_model_does_not_depend_on_others_that_share_its_data(
    data: TrainingData, parameters: BoosterParameters, trained: Trained
) -> None:
    other = train_booster(parameters.model_copy(update={"max_depth": 2, "seed": 7}), data)
    assert raw(other) != raw(trained)
    assert raw(train_booster(parameters, data)) == raw(trained)


def test_recording_the_training_rows_does_not_change_the_model(
    data: TrainingData, parameters: BoosterParameters, trained: Trained
) -> None:
    assert set(trained.log_loss) == {"train", "validation"}
    again = train_booster(parameters, data)
    assert again.log_loss == {"validation": trained.log_loss["validation"]}
    assert raw(again) == raw(trained)


def test_training_ends_early_when_its_result_is_no_longer_wanted(
    data: TrainingData, parameters: BoosterParameters
) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(CancelledError):
        train_booster(parameters, data, worker=Worker(1, stop))


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch) -> Path:
    """The folder of temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_training_rows_on_disk_give_the_same_model_and_are_removed(
    months: Months, parameters: BoosterParameters, encoding: Encoding, trained: Trained, temporary: Path
) -> None:
    on_disk = parameters.model_copy(update={"external_memory": True})
    data = load(months.__getitem__, months, encoding, parameters.max_bin)
    again = train_booster(on_disk, data, record_train=True)
    assert raw(again) == raw(trained)
    assert again.log_loss == trained.log_loss
    assert sum(path.stat().st_size for path in temporary.glob("*/*")) > 0
    del data
    assert list(temporary.iterdir()) == []


def test_training_rows_on_disk_are_removed_after_a_failure(
    months: Months, parameters: BoosterParameters, encoding: Encoding, temporary: Path
) -> None:
    before: list[Path] = []

    def read(month: str) -> Examples:
        if month == list(months)[-1]:  # for early stopping, after the matrix for training
            before.extend(temporary.glob("*/*"))
            raise OSError(month)
        return months[month]

    with pytest.raises(OSError, match="2013-04"):
        load(read, months, encoding, parameters.max_bin).matrices(external_memory=True)
    assert len(before) > 0
    assert list(temporary.iterdir()) == []


def test_a_disk_that_is_too_small_for_the_training_rows_is_an_error(
    data: TrainingData, months: Months, encoding: Encoding, temporary: Path, monkeypatch
) -> None:
    rows = sum(len(month.target) for month in list(months.values())[:-1])
    free = 2 * 4 * len(encoding) * rows
    monkeypatch.setattr(training_data, "disk_usage", lambda _: SimpleNamespace(free=free - 1))
    with pytest.raises(UserError, match="external_memory"):
        data.matrices(external_memory=True)
    assert list(temporary.iterdir()) == []
    monkeypatch.setattr(training_data, "disk_usage", lambda _: SimpleNamespace(free=free))
    assert data.matrices(external_memory=True).train.num_row() == rows
    used = sum(path.stat().st_size for path in temporary.glob("*/*"))
    assert 0 < used <= free
