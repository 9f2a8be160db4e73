"""model.encode: codes stand for the categories that training months had, and for nothing else."""

from __future__ import annotations

from operator import attrgetter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.features.columns import Column
from flight_delay.features.feature import Feature
from flight_delay.model.encode import encode, fit_encoding
from flight_delay.model.examples import Examples

CARRIER = Feature(name="carrier", kind="categorical", group="schedule")
DISTANCE = Feature(name="distance", kind="quantitative", group="schedule")
FEATURES = (CARRIER, DISTANCE)


def columns(carriers: list[str | None], distances: list[float] | None = None) -> dict[str, Column]:
    numbers = distances if distances is not None else [0.0] * len(carriers)
    return {"carrier": np.array(carriers, object), "distance": np.array(numbers, np.float32)}


def flights(columns: dict[str, Column]) -> Examples:
    """A month of flights with these features, every other one late."""
    rows = len(columns["carrier"])
    keys = np.array([f"flight {row}" for row in range(rows)], object)
    return Examples(keys, np.full(rows, "2013-01-01", "datetime64[D]"), columns, np.arange(rows) % 2 == 0)


def month(carriers: list[str | None], distances: list[float] | None = None) -> Examples:
    return flights(columns(carriers, distances))


def test_categories_are_learnt_from_every_training_month_in_alphabetical_order() -> None:
    rate = Feature(name="distance", kind="quantitative", group="history", effect="increasing")
    fitted = fit_encoding((CARRIER, rate), [month(["UA", None, "B6"]), month(["AA", "UA"])])
    fields = attrgetter("name", "kind", "categories", "xgboost_type", "group", "effect")
    assert [fields(feature) for feature in fitted] == [
        ("carrier", "categorical", ("AA", "B6", "UA"), "c", "schedule", None),
        ("distance", "quantitative", (), "q", "history", "increasing"),
    ]  # fmt: skip


def test_codes_and_numbers_stand_in_the_order_of_the_encoding() -> None:
    given_columns = columns(["UA", "AA"], [7.0, 8.0])
    for features in (FEATURES, FEATURES[::-1]):
        matrix = encode(given_columns, fit_encoding(features, [flights(given_columns)]))
        assert matrix.dtype == np.float32
        expected = [[1, 7], [0, 8]]
        assert matrix.tolist() == (expected if features == FEATURES else [row[::-1] for row in expected])


def test_the_order_of_columns_does_not_matter_and_others_are_ignored() -> None:
    in_order = columns(["UA", "AA"], [7.0, 8.0])
    learnt = fit_encoding(FEATURES, [flights(in_order)])
    backwards = {"other": np.array(["x", "y"]), **dict(reversed(in_order.items()))}
    assert list(backwards) == ["other", "distance", "carrier"]
    np.testing.assert_array_equal(encode(backwards, learnt), encode(in_order, learnt))


def test_a_missing_column_is_an_error() -> None:
    whole = columns(["UA"])
    with pytest.raises(KeyError, match="distance"):
        encode({"carrier": whole["carrier"]}, fit_encoding(FEATURES, [flights(whole)]))


CATEGORIES = st.one_of(st.none(), st.text(max_size=3))


@given(st.lists(CATEGORIES, min_size=1), st.lists(CATEGORIES, min_size=1))
def test_a_code_gives_back_its_category_and_an_unknown_category_has_none(
    known: list[str | None], later: list[str | None]
) -> None:
    learnt = fit_encoding((CARRIER,), [month(known)])
    categories = learnt[0].categories
    codes = encode(columns([*known, *later]), learnt)[:, 0]
    decoded = [None if np.isnan(code) else categories[int(code)] for code in codes]
    assert decoded == [*known, *(category if category in known else None for category in later)]


@given(st.lists(CATEGORIES, min_size=2), st.integers(1, 5))
def test_it_does_not_matter_how_training_rows_are_spread_over_months(carriers: list[str | None], parts: int) -> None:
    whole = month(carriers)
    together = fit_encoding(FEATURES, [whole])
    spread = fit_encoding(FEATURES, [whole.take(np.arange(part, len(whole), parts)) for part in reversed(range(parts))])
    assert spread == together


@given(st.lists(st.floats(allow_infinity=False, width=32)))
def test_numbers_come_through_as_they_are(numbers: list[float]) -> None:
    given_columns = columns(["UA"] * len(numbers), numbers)
    encoded = encode(given_columns, fit_encoding(FEATURES, [flights(given_columns)]))
    np.testing.assert_array_equal(encoded[:, 1], np.array(numbers, np.float32))
