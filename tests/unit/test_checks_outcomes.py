"""checks.outcomes: a feature that is an outcome is named, however little it knows about the target."""

from __future__ import annotations

import numpy as np
import pytest

from flight_delay.checks.findings import Finding
from flight_delay.checks.outcomes import of_outcomes
from flight_delay.checks.table import Inspected
from flight_delay.data.dictionary import Dictionary

ROWS = 500
RANDOM = np.random.default_rng(5)
TAXI_OUT = RANDOM.integers(5, 60, ROWS).astype(float)
TAXI_OUT[:50] = np.nan


def inspected(**columns: np.ndarray) -> Inspected:
    late = (RANDOM.random(ROWS) < 0.3).astype(float)
    month, window = np.full(ROWS, "2013-01", object), np.full(ROWS, "train", object)
    return Inspected(columns, dict.fromkeys(columns, "quantitative"), late, month, window)


def found(feature: np.ndarray, reads: list[str]) -> list[Finding]:
    others = inspected(taxi_out_minutes=TAXI_OUT, distance_miles=RANDOM.random(ROWS))
    return list(of_outcomes(inspected(feature=feature), others, {"taxi_out_minutes"}, {"feature": reads}))


def test_a_feature_that_reads_an_outcome_is_a_leak_whatever_its_values() -> None:
    (finding,) = found(RANDOM.random(ROWS), ["origin", "taxi_out_minutes"])
    assert (finding.check, finding.severity, finding.columns) == ("leakage_suspect", "error", ("feature",))
    assert [name in finding.says for name in ("feature", "taxi_out_minutes", "origin")] == [True, True, False]


@pytest.mark.parametrize("copy", [TAXI_OUT, TAXI_OUT * 60, -TAXI_OUT, np.sqrt(TAXI_OUT)])
def test_a_feature_with_the_values_of_an_outcome_is_a_leak_in_whatever_unit(copy: np.ndarray) -> None:
    (finding,) = found(copy, ["origin"])
    assert finding.severity == "error"
    assert [name in finding.says for name in ("feature", "taxi_out_minutes")] == [True, True]


def test_a_feature_that_only_goes_along_with_an_outcome_is_none() -> None:
    assert found(TAXI_OUT + RANDOM.normal(0, 5, ROWS), ["origin"]) == []
    assert found(RANDOM.random(ROWS), ["origin"]) == []


def test_a_copy_of_what_is_no_outcome_is_none() -> None:
    others = inspected(distance_miles=TAXI_OUT)
    assert list(of_outcomes(inspected(feature=TAXI_OUT), others, {"taxi_out_minutes"}, {"feature": ["origin"]})) == []


def test_every_outcome_of_the_dictionary_is_one(dictionary: Dictionary) -> None:
    assert {
        "arrival_delay_minutes",
        "taxi_out_minutes",
        "tail_number",
        "departure_delayed_label",
    } <= dictionary.outcome_columns
    assert not {"carrier", "distance_miles", "scheduled_departure_utc"} & dictionary.outcome_columns
