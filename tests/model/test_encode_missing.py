"""model.encode: a missing value has an indicator where that it is missing says something, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.features.columns import Columns
from flight_delay.features.feature import Feature
from flight_delay.model.encode import MIN_MISSING_SHARE, EncodedFeature, Encoding, encode, fit_encoding, input_values
from flight_delay.model.examples import Examples

FEATURES = (
    Feature(name="airport", kind="categorical", group="schedule"),
    Feature(name="block", kind="quantitative", group="history", effect="increasing"),
)
Groups = list[tuple[str | None, float, int, float]]  # airport, block, how many flights, share of them that is late


def flights(groups: Groups) -> Examples:
    """Flights in groups, exactly as many of each late as its share says."""
    airports: list[str | None] = [airport for airport, _, count, _ in groups for _ in range(count)]
    blocks = [block for _, block, count, _ in groups for _ in range(count)]
    late = [row < round(share * count) for _, _, count, share in groups for row in range(count)]
    rows = len(late)
    columns: Columns = {"airport": np.array(airports, object), "block": np.array(blocks, np.float32)}
    return Examples(
        np.arange(rows).astype(str), np.full(rows, "2013-01-01", "datetime64[D]"), columns, np.array(late, bool)
    )


def learnt(*months: Groups) -> Encoding:
    return fit_encoding(FEATURES, map(flights, months))


def indicators(encoding: Encoding) -> list[str]:
    return [feature.name for feature in encoding if feature.kind == "indicator"]


@pytest.mark.parametrize(
    ("missing", "share", "appears"),
    [
        (500, 0.40, True),  # of 5,000, of which 20 % are late
        (500, 0.10, True),
        (500, 0.20, False),
        (500, 0.23, False),  # Cohen's h 0.07
        (500, 0.28, True),  # h 0.19
        (4_500, 0.40, True),
        (100, 0.30, False),  # h 0.23, but a standard error of 0.1
        (100, 0.50, True),
        (4, 1.00, False),  # too few
        (1, 1.00, False),
        (0, 0.00, False),
        (5_000, 1.00, False),  # all are missing: there is nothing to compare with
    ],
)
def test_an_indicator_appears_when_missing_values_go_with_other_outcomes(
    missing: int, share: float, appears: bool
) -> None:
    encoding = learnt([("LAX", np.nan, missing, share), ("LAX", 100.0, 5_000 - missing, 0.2)])
    assert indicators(encoding) == (["block_is_missing"] if appears else [])
    assert encoding[1].missing_share == missing / 5_000


def test_few_values_missing_of_many_have_no_indicator_however_much_they_say() -> None:
    rows = 100_000
    few = int(MIN_MISSING_SHARE * rows) - 1
    assert indicators(learnt([("LAX", np.nan, few, 1.0), ("LAX", 100.0, rows - few, 0.0)])) == []
    enough = few + 1
    assert indicators(learnt([("LAX", np.nan, enough, 1.0), ("LAX", 100.0, rows - enough, 0.0)])) == [
        "block_is_missing"
    ]


def test_values_that_are_missing_by_chance_hardly_ever_have_an_indicator() -> None:
    count = 0
    for seed in range(300):
        random = np.random.default_rng(seed)
        block = np.where(random.random(2_000) < 0.02, np.nan, 100).astype(np.float32)
        columns = {"airport": np.full(2_000, "LAX", object), "block": block}
        examples = Examples(np.arange(2_000), np.arange(2_000), columns, random.random(2_000) < 0.3)
        count += len(indicators(fit_encoding(FEATURES, [examples])))
    assert count <= 3  # three standard errors: once in 370 times


def test_categories_and_numbers_have_indicators_after_all_features_in_their_order() -> None:
    encoding = learnt([(None, 100.0, 500, 0.5), ("LAX", np.nan, 500, 0.6), ("LAX", 100.0, 4_000, 0.2)])
    assert [feature.name for feature in encoding] == ["airport", "block", "airport_is_missing", "block_is_missing"]
    assert encoding[2:] == (
        EncodedFeature(name="airport_is_missing", kind="indicator", group="schedule", source_feature="airport"),
        EncodedFeature(name="block_is_missing", kind="indicator", group="history", source_feature="block"),
    )
    assert [feature.xgboost_type for feature in encoding] == ["c", "q", "q", "q"]
    assert encoding[0].categories == ("LAX",)


def test_months_are_added_up_however_flights_are_spread_over_them() -> None:
    groups: Groups = [("LAX", np.nan, 500, 0.6), (None, 100.0, 500, 0.1), ("LAX", 100.0, 4_000, 0.2)]
    assert learnt(*([group] for group in groups)) == learnt(groups) == learnt(*([group] for group in reversed(groups)))


@pytest.fixture(scope="module")
def encoding() -> Encoding:
    return learnt([(None, 100.0, 500, 0.5), ("LAX", np.nan, 500, 0.6), ("LAX", 100.0, 4_000, 0.2)])


def test_an_indicator_is_one_where_the_value_is_missing(encoding: Encoding) -> None:
    columns = {"airport": np.array(["LAX", None, "LAX"], object), "block": np.array([1, 2, np.nan], np.float32)}
    matrix = encode(columns, encoding)
    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(matrix, [[0, 1, 0, 0], [np.nan, 2, 1, 0], [0, np.nan, 0, 1]])
    values = input_values(columns, encoding)
    assert list(values) == [feature.name for feature in encoding]
    assert values["airport"].tolist() == ["LAX", None, "LAX"]
    assert values["airport_is_missing"].tolist() == [0, 1, 0]
    assert values["block_is_missing"].tolist() == [0, 0, 1]


def test_a_category_that_training_did_not_have_is_missing_without_its_indicator(encoding: Encoding) -> None:
    columns = {"airport": np.array(["ZZZ", None], object), "block": np.array([1, 1], np.float32)}
    np.testing.assert_array_equal(encode(columns, encoding), [[np.nan, 1, 0, 0], [np.nan, 1, 1, 0]])


@given(st.lists(st.tuples(st.sampled_from(["LAX", "ZZZ", None]), st.none() | st.floats(0, 999, width=32)), min_size=1))
def test_a_flight_alone_is_encoded_as_among_many(
    encoding: Encoding, rows: list[tuple[str | None, float | None]]
) -> None:
    columns = {
        "airport": np.array([airport for airport, _ in rows], object),
        "block": np.array([block for _, block in rows], np.float32),
    }
    of_all = encode(columns, encoding)
    for row in range(len(rows)):
        alone = encode({name: column[row : row + 1] for name, column in columns.items()}, encoding)
        np.testing.assert_array_equal(alone, of_all[row : row + 1])
