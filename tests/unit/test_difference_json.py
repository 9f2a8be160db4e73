"""review.difference.leaves: which values of a document changed, and by how much."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.review.difference.leaves import compare_leaves, read_leaves
from flight_delay.review.difference.wording import Said

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def compared(then: Any, now: Any, within: float = 0.001, follows: dict[tuple[str, str], str] | None = None) -> Said:
    leaves = (read_leaves(of.encode() if isinstance(of, str) else json.dumps(of).encode()) for of in (then, now))
    return compare_leaves(*leaves, within, follows or {})


def test_the_largest_difference_is_said_and_the_others_are_counted() -> None:
    then = '{"a": 0.1, "b": {"c": [1, 0.654330]}, "d": 5}'
    now = '{"a": 0.1001, "b": {"c": [1, 0.653330]}, "d": 5}'
    for within, matters in ((0.001, False), (0.0009, True)):
        said = compared(then, now, within)
        assert said.matters == matters
        assert "b.c.1 0.654330 -> 0.653330; " in said.words
        assert " 2 " in said.words
        assert said.words.endswith(f" {within}")


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ("[1, 2.5]", "[1.0,25e-1]"),
        ('{"a": 1, "b": {}}', '{"b": {}, "a": 1}'),
        ("[NaN, Infinity, 0.0]", " [NaN, Infinity, -0.0]"),
    ],
)
def test_the_same_values_written_differently_do_not_matter(then: str, now: str) -> None:
    said = compared(then, now)
    assert not said.matters
    assert "->" not in said.words


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        ({"a": "none"}, {"a": "sigmoid"}, "a 'none' -> 'sigmoid'"),
        ({"a": True}, {"a": 1}, "a true -> 1"),
        ({"a": True}, {"a": False}, "a true -> false"),
        ({"a": 1}, {"a": None}, "a 1 -> null"),
        ({"a": "1"}, {"a": 1}, "a '1' -> 1"),
        ({"a": []}, {"a": {}}, "a [] -> {}"),
        ({"a": [1]}, {"a": [1, 2]}, ": a.1"),
        ({"a": 1, "b": 2}, {"a": 1}, ": b"),
        ({"a": {"b": 1}}, {"a": 1}, ": a.b; "),
        ({"a": "x", "b": "y"}, {"a": "y", "b": "z"}, "a 'x' -> 'y'; "),
        (1, "\n", r" 1 -> '\n'"),
        ({"a": "1" * 200}, {"a": "1" * 100 + "2" + "1" * 99}, f"a …'{'1' * 60}'… -> …'{'1' * 30}2{'1' * 29}'…"),
        ({"a": 1}, {"a": float("nan")}, "a 1 -> NaN; "),
        ({"a": 1}, {"a": float("inf")}, "a 1 -> Infinity; "),
        ({"a": 1000}, {"a": 1002}, "a 1000 -> 1002; "),
    ],
)  # fmt: skip
def test_what_matters_is_shown_with_its_place(then: Any, now: Any, words: str) -> None:
    said = compared(json.dumps(then), json.dumps(now))
    assert said.matters
    assert words in said.words


def test_what_matters_is_said_before_what_does_not() -> None:
    said = compared({"a": 0.1, "b": "x"}, {"a": 0.1001, "b": "y"})
    assert said.matters
    assert said.words.startswith("b 'x' -> 'y'; a 0.1 -> 0.1001; ")
    said = compared({"a": 0.1, "b": "x"}, {"a": 0.2, "b": "y"})
    assert said.matters
    assert said.words.startswith("a 0.1 -> 0.2; ")
    assert said.words.endswith("; b 'x' -> 'y'")


def test_of_many_new_keys_the_first_are_named() -> None:
    words = compared({"z": 1}, dict.fromkeys("zgfedcba", 1)).words
    assert " c, d, e " in words
    assert " 2 " in words


def test_only_what_looks_like_a_checksum_follows() -> None:
    one, other, short = "0" * 64, "f" * 64, "0" * 63
    follows = {(one, other): "model.ubj", (short, other): "model.ubj"}
    for count, then, now, place in ((1, {"a": one}, {"a": other}, "a"), (2, [one, one], [other, other], "0")):
        said = compared(then, now, follows=follows)
        assert not said.matters
        assert said.words.startswith(f"{count} ")
        assert {place, "model.ubj"} <= {*said.words.split()}
    assert compared({"a": other}, {"a": one}, follows=follows).matters
    assert compared({"a": short}, {"a": other}, follows=follows).matters


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        ({"late": 13946}, {"late": 13947}, "late 13946 -> 13947; "),
        ({"profit": -19.78}, {"profit": -19.77}, "profit -19.78 -> -19.77; "),
        ({"a": 2**60}, {"a": 2**60 + 1}, f"a {2**60} -> {2**60 + 1}; "),
        ({"rows": 9956, "auc": 0.65}, {"rows": 9957, "auc": 0.6505}, "auc 0.65 -> 0.6505; "),
    ],
)  # fmt: skip
def test_of_numbers_above_one_it_is_the_share_that_counts(then: Any, now: Any, words: str) -> None:
    said = compared(json.dumps(then), json.dumps(now))
    assert not said.matters
    assert said.words.startswith(words)


@pytest.mark.parametrize("number", ["1e9999999", "1" * 4000, "-1e-999999"])
def test_numbers_of_any_size_are_compared(number: str) -> None:
    assert compared("[0.5]", f"[{number}]").matters


@given(JSON, JSON)
def test_two_documents_are_the_same_exactly_where_a_reader_of_json_says_so(then: Any, now: Any) -> None:
    said = compared(json.dumps(then), json.dumps(now), within=0)
    assert said.matters == (json.dumps(_plain(then), sort_keys=True) != json.dumps(_plain(now), sort_keys=True))
    assert said.words.isprintable()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
