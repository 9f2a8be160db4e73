"""explain.reference and explain.local.reasons on a model: rates are counted by hand and belong to one model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from explanations import bundle_of

from flight_delay.core.errors import UserError
from flight_delay.core.files import write_json
from flight_delay.explain.explainer import Explainer
from flight_delay.explain.explanation import explain
from flight_delay.explain.feature_groups import load_topics
from flight_delay.explain.local.reasons import select_reasons
from flight_delay.explain.reference import Reference, fit_reference, half_hour_of, load_reference
from flight_delay.features.columns import Columns
from flight_delay.model.booster import Trained
from flight_delay.model.bundle import Bundle
from flight_delay.model.encode import Encoding
from flight_delay.model.examples import Examples

TRAINING = ("2013-01", "2013-02", "2013-03")


@pytest.fixture(scope="module")
def bundle(trained: Trained, encoding: Encoding) -> Bundle:
    return bundle_of(trained.booster, encoding, threshold=0.3)


@pytest.fixture(scope="module")
def reference(bundle: Bundle, months: dict[str, Examples]) -> Reference:
    return fit_reference(bundle, months.__getitem__, TRAINING)


@pytest.fixture(scope="module")
def frame(months: dict[str, Examples]) -> pd.DataFrame:
    """The training flights in one table."""
    return pd.concat([pd.DataFrame({**months[name].features, "late": months[name].target}) for name in TRAINING])


def test_reference_values_are_those_of_all_training_flights(reference: Reference, frame: pd.DataFrame) -> None:
    assert (reference.rows, reference.months) == (10_000, TRAINING)
    assert reference.late == pytest.approx(frame["late"].mean(), rel=1e-5)
    for name, mean in reference.means.items():
        assert mean == pytest.approx(frame[name].astype(float).mean(), rel=2e-6)
    assert set(reference.means) | set(reference.categories) == set(frame) - {"late"}
    b6 = frame[frame["carrier"] == "B6"]
    assert reference.categories["carrier"]["B6"].flights == len(b6)
    assert reference.categories["carrier"]["B6"].late == pytest.approx(b6["late"].mean(), rel=1e-5)
    hour = frame[(frame["departure_minutes"] >= 600) & (frame["departure_minutes"] < 660)]
    assert reference.hours["10"].flights == len(hour)
    assert reference.hours["10"].late == pytest.approx(hour["late"].mean(), rel=1e-5)


def test_departures_are_counted_by_origin_route_and_half_hour(reference: Reference, frame: pd.DataFrame) -> None:
    there = frame[(frame["departure_minutes"] >= 630) & (frame["departure_minutes"] < 660) & (frame["origin"] == "DL")]
    assert reference.count_training_flights("DL", None, "10:30") == len(there) > 0
    assert reference.count_training_flights("DL", "UA", "10:30") == (there["destination"] == "UA").sum() > 0
    assert (
        reference.count_training_flights("DL", None, "23:00")
        == reference.count_training_flights("XX", None, "10:30")
        == 0
    )
    known = frame.dropna(subset=["origin", "departure_minutes"])
    assert sum(sum(counts.values()) for counts in reference.departures.values()) == len(known)
    assert sum(sum(counts.values()) for counts in reference.routes.values()) == known["destination"].notna().sum()


def test_half_hours_begin_with_the_hour() -> None:
    starts = [half_hour_of(minutes) for minutes in (0, 29, 30, 659, 660, 1440)]
    assert starts == ["00:00", "00:00", "00:30", "10:30", "11:00", "24:00"]


def test_a_reference_is_read_for_its_own_model_only(reference: Reference, bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "reference.json"
    write_json(path, reference.model_dump(mode="json"))
    assert load_reference(path, bundle) == reference
    other = replace(bundle, decision=bundle.decision.model_copy(update={"threshold": 0.31}))
    with pytest.raises(UserError, match=r"reference\.json: .*`dvc repro --force`"):
        load_reference(path, other)
    with pytest.raises(UserError, match=r"nothing\.json: "):
        load_reference(tmp_path / "nothing.json", bundle)


def test_months_may_come_in_any_number_and_without_values(bundle: Bundle, months: dict[str, Examples]) -> None:
    whole = fit_reference(bundle, months.__getitem__, ["2013-02"])
    without = replace(
        months["2013-02"], features=months["2013-02"].features | {"distance_miles": np.full(3_000, np.nan, np.float32)}
    )
    alike = fit_reference(bundle, {"2013-02": without}.__getitem__, ["2013-02"])
    assert alike.means["distance_miles"] is None
    assert alike.model_copy(update={"means": whole.means}) == whole


def test_features_that_the_model_does_not_use_are_quoted(
    bundle: Bundle, reference: Reference, months: dict[str, Examples]
) -> None:
    explanation = explain(bundle, months["2013-04"]).take(np.arange(200))
    quotable: Columns = {"late_rate_all_7d": np.full(200, 0.2, np.float32)}
    rates = explanation.features["late_rate_route_7d"] / 10_000
    explanation = replace(explanation, features=explanation.features | {"late_rate_route_7d": rates})
    for columns, ending in (({}, load_topics().topics["late_route"].otherwise), (quotable, " 20 %")):
        explained = replace(explanation, features=explanation.features | columns)
        every = select_reasons(explained, Explainer(bundle, load_topics(), reference))
        sentences = [reason.sentence for flight in every for reason in flight.reasons if reason.topic == "late_route"]
        assert sentences
        assert any(sentence.endswith(ending) for sentence in sentences)
