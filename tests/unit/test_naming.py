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


def test_parameters_are_named_with_both_values_those_of_the_model_without_their_section() -> None:
    before = {"train_model.max_depth": "6", "choose_threshold.calibration": "none", "train_model.gamma": "1", "x": "1"}
    after = {"train_model.max_depth": "4", "choose_threshold.calibration": "sigmoid", "x": "1"}
    names = ["max_depth 6→4", "choose_threshold.calibration none→sigmoid", "gamma 1→none"]
    assert parameter_changes(before, after).split(", ") == names


def test_stages_are_named_only_if_no_package_has_changed() -> None:
    stage = {"src/flight_delay/stages/report.py": "a"}
    assert other_changes({}, stage) == "code of stages/report"
    assert other_changes({}, {**stage, "src/flight_delay/core": "a", "src/flight_delay/model": "a"}) == (
        "code of core, model"
    )


@given(PARAMS, PARAMS, INPUTS, INPUTS)
def test_only_identical_parameters_and_inputs_have_no_name(before, after, inputs_before, inputs_after) -> None:
    assert (parameter_changes(before, after) == "") == (before == after)
    different = sum(before.get(name) != after.get(name) for name in {*before, *after})
    assert parameter_changes(before, after).count("→") == min(different, 3)
    assert (other_changes(inputs_before, inputs_after) == "") == (inputs_before == inputs_after)
