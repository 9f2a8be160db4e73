"""drift: bins have places of their own for zero, missing, rare and unknown values; the index is a divergence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.drift.psi import RARE_ROWS, Bins, count_bins, fit_bins, population_stability_index

NUMBERS = Bins(kind="quantitative", edges=(1.0, 2.0))
LABELS = Bins(kind="categorical", frequent=("a", "b"), rare=("c", "d"))

counts = st.lists(st.integers(0, 10_000), min_size=4, max_size=4).map(np.array)


def text(*values: str | None) -> np.ndarray:
    return np.array(values, object)


@pytest.mark.parametrize(
    ("value", "place"), [(-5, 0), (1, 0), (1.5, 1), (2, 1), (2.5, 2), (np.inf, 2), (0, 3), (-0.0, 3), (np.nan, 4)]
)
def test_a_number_is_in_one_bin(value: float, place: int) -> None:
    assert NUMBERS.count(np.array([value], np.float32)).tolist() == np.eye(5, dtype=int)[place].tolist()


@pytest.mark.parametrize(("value", "place"), [("a", 0), ("b", 1), ("c", 2), ("d", 2), ("x", 3), ("", 3), (None, 4)])
def test_a_category_is_in_one_bin(value: str | None, place: int) -> None:
    assert LABELS.count(text(value)).tolist() == np.eye(5, dtype=int)[place].tolist()


@pytest.mark.parametrize("bins", [NUMBERS, LABELS, Bins(kind="quantitative"), Bins(kind="categorical")])
def test_no_rows_are_counts_of_zero(bins: Bins) -> None:
    values = np.array([], np.float32 if bins.kind == "quantitative" else object)
    assert bins.count(values).tolist() == [0] * bins.size


def test_deciles_are_those_of_numbers_besides_zero_and_missing() -> None:
    values = np.concatenate([np.arange(1, 101), np.zeros(500), np.full(500, np.nan)])
    assert fit_bins("quantitative", values).edges == tuple(range(10, 100, 10))


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [np.nan]])
def test_a_column_without_other_numbers_has_no_edges(values: list[float]) -> None:
    assert fit_bins("quantitative", np.array(values, np.float32)).edges == ()


def test_frequent_and_rare_categories_are_those_that_the_model_knows() -> None:
    values = text(*["a"] * RARE_ROWS, *["b"] * (RARE_ROWS - 1), *["x"] * RARE_ROWS, None)
    bins = fit_bins("categorical", values, ("a", "b", "c"))
    assert (bins.frequent, bins.rare) == (("a",), ("b", "c"))
    assert bins.count(values).tolist() == [RARE_ROWS, RARE_ROWS - 1, RARE_ROWS, 1]


def test_other_columns_are_not_counted() -> None:
    assert list(count_bins({"x": text("a"), "y": text("b")}, {"y": LABELS})) == ["y"]


@given(st.lists(st.one_of(st.none(), st.floats(width=32, allow_nan=False))), st.randoms())
def test_every_row_is_counted_once_in_any_order(values: list[float | None], random: object) -> None:
    column = np.array([np.nan if value is None else value for value in values], np.float32)
    bins = fit_bins("quantitative", column)
    shuffled = column.tolist()
    random.shuffle(shuffled)
    assert bins.count(column).sum() == len(values)
    assert bins.count(np.array(shuffled, np.float32)).tolist() == bins.count(column).tolist()
    assert fit_bins("quantitative", np.array(shuffled, np.float32)) == bins


@given(counts, counts)
def test_the_index_is_symmetric_not_negative_and_zero_of_equal_distributions(
    one: np.ndarray, other: np.ndarray
) -> None:
    index = population_stability_index(one, other)
    assert index >= 0
    assert index == pytest.approx(population_stability_index(other, one))
    assert population_stability_index(one, one) == 0


@given(counts, st.integers(2, 9))
def test_the_index_hardly_depends_on_the_number_of_rows(one: np.ndarray, factor: int) -> None:
    many = one + 1_000
    assert population_stability_index(many, factor * many) < 1e-5


def test_the_index_of_two_distributions() -> None:
    # (0.8 - 0.5) ln(0.8 / 0.5) + (0.2 - 0.5) ln(0.2 / 0.5), for so many rows that the half rows do not matter.
    index = population_stability_index(np.array([5_000_000, 5_000_000]), np.array([8_000_000, 2_000_000]))
    assert index == pytest.approx(0.415888, abs=1e-5)
