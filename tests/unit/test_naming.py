"""tracking.run_names: the changes since the baseline in a few words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flight_delay.tracking.run_names import other_changes, parameter_changes

NAMES = st.sampled_from(
    ["train_model.max_depth", "train_model.seed", "choose_threshold.calibration", "splits.test.first", "x"]
)
PARAMS = st.dictionaries(NAMES, st.sampled_from(["1", "2", "none"]))
PATHS = st.sampled_from(["src/flight_delay/core", "src/flight_delay/stages/report.py", "requirements.txt", "data/raw"])
INPUTS = st.dictionaries(PATHS, st.sampled_from(["a", "b"]))


@given(PARAMS, PARAMS, INPUTS, INPUTS)
def test_only_identical_parameters_and_inputs_have_no_name(before, after, inputs_before, inputs_after) -> None:
    assert (parameter_changes(before, after) == "") == (before == after)
    different = sum(before.get(name) != after.get(name) for name in {*before, *after})
    assert parameter_changes(before, after).count("→") == min(different, 3)
    assert (other_changes(inputs_before, inputs_after) == "") == (inputs_before == inputs_after)
