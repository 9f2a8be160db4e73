"""features: the exact wording of its messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from feature_parameters import FEATURE_PARAMETERS

from flight_delay.core.errors import UserError
from flight_delay.data.dictionary import Dictionary
from flight_delay.data.dictionary_entries import FeatureEntry
from flight_delay.features.builder import FeatureBuilder
from flight_delay.features.feature import Feature
from flight_delay.features.parameters import FeatureParameters
from flight_delay.features.registry import list_features

WHERE = "references/data_dictionary.yaml: features"
SEATS = FeatureEntry(description="x", group="schedule", kind="quantitative", unit="seats")


def entries(dictionary: Dictionary) -> None:
    """Reads entries of which one has no function, one is missing, and one is in another group."""
    others: dict[str, Any] = {name: entry for name, entry in dictionary.features.items() if name != "carrier"}
    list_features({**others, "seats": SEATS, "observed_humidity": SEATS}, (7,), with_weather=True)


def values(_: Dictionary) -> None:
    feature = Feature(name="carrier", kind="quantitative", group="schedule")
    FeatureBuilder(FEATURE_PARAMETERS, (feature,)).build({"carrier": np.array(["UA"], object)}, pa.table({}), {})


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (
            entries,
            f"{WHERE}: 'seats' has an entry, but no function in src/flight_delay/features; "
            "'carrier' has a function, but no entry; 'observed_humidity' has the group weather, not schedule; "
            "add or correct the entry or the function",
        ),
        (values, f"{WHERE}.carrier: the values are categorical, not quantitative; correct the kind"),
    ],
)
def test_what_contradicts_the_dictionary(
    dictionary: Dictionary, work: Callable[[Dictionary], None], expected: str
) -> None:
    with pytest.raises(UserError) as refused:
        work(dictionary)
    assert str(refused.value) == expected


def test_a_number_of_days_given_twice() -> None:
    with pytest.raises(ValueError, match=r"\n  Value error, history_days must differ from each other \["):
        FeatureParameters(
            late_threshold_minutes=15, horizon_hours=24, history_days=[3, 3], smoothing_flights=20.0, weather="none"
        )
