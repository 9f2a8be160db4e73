"""checks.outcomes: a feature that is an outcome is found, however weakly it predicts the target."""

from __future__ import annotations

import numpy as np
import pytest
from encoded_tables import encoded_table

from flight_delay.checks.findings import Finding
from flight_delay.checks.outcomes import check_outcomes
from flight_delay.data.dictionary import Dictionary

ROWS = 500
RANDOM = np.random.default_rng(5)
TAXI_OUT = RANDOM.integers(5, 60, ROWS).astype(float)
TAXI_OUT[:50] = np.nan
DISTANCE = RANDOM.random(ROWS)


def findings_of(feature: np.ndarray, sources: list[str]) -> list[Finding]:
    others = encoded_table(taxi_out_minutes=TAXI_OUT, distance_miles=DISTANCE)
    return list(check_outcomes(encoded_table(feature=feature), others, {"taxi_out_minutes"}, {"feature": sources}))


@pytest.mark.parametrize(
    ("feature", "sources"),
    [
        (RANDOM.random(ROWS), ["origin", "taxi_out_minutes"]),
        (TAXI_OUT, ["origin"]),
        (TAXI_OUT * 60, ["origin"]),
        (-TAXI_OUT, ["origin"]),
        (np.sqrt(TAXI_OUT), ["origin"]),
    ],
)
def test_a_feature_that_reads_or_copies_an_outcome_in_any_unit_is_a_leak(
    feature: np.ndarray, sources: list[str]
) -> None:
    (finding,) = findings_of(feature, sources)
    assert (finding.check, finding.severity, finding.columns) == ("leakage_suspect", "error", ("feature",))
    assert [name in finding.message for name in ("feature", "taxi_out_minutes", "origin")] == [True, True, False]


@pytest.mark.parametrize("feature", [TAXI_OUT + RANDOM.normal(0, 5, ROWS), RANDOM.random(ROWS), DISTANCE])
def test_a_feature_that_correlates_with_an_outcome_or_copies_another_column_is_no_leak(feature: np.ndarray) -> None:
    assert findings_of(feature, ["origin"]) == []


def test_every_outcome_of_the_dictionary_is_one(dictionary: Dictionary) -> None:
    outcomes = {"arrival_delay_minutes", "taxi_out_minutes", "tail_number", "departure_delayed_label"}
    assert outcomes <= dictionary.outcome_columns
    assert not {"carrier", "distance_miles", "scheduled_departure_utc"} & dictionary.outcome_columns
