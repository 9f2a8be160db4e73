"""tracking.run_names: a few words on what is different about a pipeline."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flight_delay.tracking.run_names import other_changes, parameter_changes

NAMES = st.sampled_from(["train_model.max_depth", "train_model.seed", "decide.calibration", "windows.test.first", "x"])
PARAMS = st.dictionaries(NAMES, st.sampled_from(["1", "2", "none"]))
PATHS = st.sampled_from(["src/flight_delay/core", "src/flight_delay/stages/report.py", "requirements.txt", "data/raw"])
GIVEN = st.dictionaries(PATHS, st.sampled_from(["a", "b"]))


def test_parameters_of_the_model_go_without_their_section() -> None:
    before = {"train_model.max_depth": "6", "decide.calibration": "none", "windows.test.first": "2013-11"}
    after = {"train_model.max_depth": "4", "decide.calibration": "sigmoid", "windows.test.first": "2013-11"}
    assert parameter_changes(before, after) == "max_depth 6→4, decide.calibration none→sigmoid"


def test_what_came_and_what_went_is_named() -> None:
    assert parameter_changes({"train_model.gamma": "1"}, {"train_model.eta": "2"}) == "eta none→2, gamma 1→none"


def test_of_many_changes_three_are_named_and_the_others_counted() -> None:
    after = {f"train_model.p{number}": "1" for number in range(5)}
    assert parameter_changes(dict.fromkeys(after, "0"), after).startswith("p0 0→1, p1 0→1, p2 0→1 ")


def test_code_is_named_by_folder_and_data_by_path() -> None:
    before = {"src/flight_delay/model": "a", "src/flight_delay/core": "a", "requirements.txt": "a", "data/raw": "a"}
    after = {**before, "src/flight_delay/model": "b", "src/flight_delay/core": "b"}
    assert other_changes(before, after) == "code of core, model"
    every = other_changes(before, {**after, "requirements.txt": "b", "data/raw": "b"})
    assert every.split(", ") == ["code of core", "model", "data/raw", "requirements"]


def test_a_stage_is_named_only_where_no_library_has_changed() -> None:
    stage = {"src/flight_delay/stages/report.py": "a"}
    assert other_changes({}, stage) == "code of stages/report"
    assert other_changes({}, {**stage, "src/flight_delay/core": "a"}) == "code of core"


@given(PARAMS, PARAMS)
def test_only_the_same_parameters_have_no_name(before: dict[str, str], after: dict[str, str]) -> None:
    assert (parameter_changes(before, after) == "") == (before == after)
    # As many are named as differ, three at most.
    differ = sum(before.get(name) != after.get(name) for name in {*before, *after})
    assert parameter_changes(before, after).count("→") == min(differ, 3)


@given(GIVEN, GIVEN)
def test_only_the_same_inputs_have_no_name(before: dict[str, str], after: dict[str, str]) -> None:
    assert (other_changes(before, after) == "") == (before == after)
