"""The wording of review.difference: each kind of sentence once. What differs and what matters is tested in test_difference*.py."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from flight_delay.review.difference import models as difference_of_models
from flight_delay.review.difference.files import Tolerance, differences
from flight_delay.review.difference.leaves import compare_leaves, read_leaves
from flight_delay.review.difference.models import Model, compare_models
from flight_delay.review.difference.pictures import compare_pixels, read_pixels
from flight_delay.review.difference.tables import compare_tables
from flight_delay.review.difference.texts import compare_text, read_text
from flight_delay.review.difference.trees import grown_with

GREY = np.full((10, 20, 4), 100, np.uint8)
ONE, OTHER = "0" * 64, "f" * 64
FOLLOWS = {(ONE, OTHER): "model.ubj"}
DIGITS = "1" * 99
SETTINGS = {"lambda": "2", "base_score": "[0.4]"}


def png(pixels: Any, **options: Any) -> bytes:
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, "PNG", **options)
    return sink.getvalue()


def with_changes(pixels: int, by: int) -> Any:
    changed = GREY.copy()
    changed.reshape(-1, 4)[:pixels, 1] += np.uint8(by)
    return changed


def page(*pictures: bytes, words: str = "") -> str:
    return "\n".join(
        [words, *(f'<img src="data:image/png;base64,{base64.b64encode(of).decode()}">' for of in pictures)]
    )


def tree(leaf: float, threshold: float = 0.5, categories: tuple[int, ...] = (), missing: int = 1) -> dict[str, Any]:
    """A tree of one split, on the second feature where it has categories, with its two leaves."""
    return {
        "left_children": [1, -1, -1], "right_children": [2, -1, -1], "split_conditions": [threshold, leaf, 0.25],
        "split_indices": [int(bool(categories)), 0, 0], "split_type": [int(bool(categories)), 0, 0],
        "default_left": [missing, 0, 0], "categories": list(categories), "categories_nodes": [0] if categories else [],
        "categories_segments": [0], "categories_sizes": [len(categories)], "base_weights": [0.0, leaf, 0.25],
        "sum_hessian": [9.0, 5.0, 4.0], "loss_changes": [1.0, 0.0, 0.0],
    }  # fmt: skip


def model(*trees: dict[str, Any], writer: str = "3.2.0", features: str = "ab", **settings: str) -> Model:
    stored = [f"{name} (q)" for name in features]
    return Model(writer, {**SETTINGS, **settings}, stored, list(features), list(trees))


def of_files(file: str) -> Callable[[bytes | None, bytes | None], str]:
    def compare(then: bytes | None, now: bytes | None) -> str:
        sides = [{} if content is None else {file: content} for content in (then, now)]
        (difference,) = differences(sides[0], sides[1], Tolerance())
        return difference.says

    return compare


def leaves(then: Any, now: Any) -> str:
    return compare_leaves(*(read_leaves(json.dumps(of).encode()) for of in (then, now)), 0.001, FOLLOWS).words


def tables(then: Any, now: Any) -> str:
    return compare_tables(*(of if isinstance(of, pa.Table) else pa.table(of) for of in (then, now)), 0.001).words


def pixels(then: Any, now: Any) -> str:
    return compare_pixels(read_pixels(png(then)), read_pixels(png(now))).words


def texts(then: str, now: str) -> str:
    return compare_text(read_text(then.encode()), read_text(now.encode())).words


def models(then: Model, now: Model) -> str:
    return compare_models(then, now).words


def flights(ids: str, probability: list[float | None], **others: Any) -> dict[str, Any]:
    return {"flight_id": list(ids), "probability": pa.array(probability, pa.float64()), **others}


def one_field(*, nullable: bool) -> pa.Table:
    return pa.table({"a": [1]}, schema=pa.schema([pa.field("a", pa.int64(), nullable)]))


def attributes(count: int) -> dict[str, str]:
    return {f"attributes.{at}": "x" for at in range(count)}


LEAFLESS = {**tree(0.5), "left_children": [-1], "right_children": [-1], "split_conditions": [0.5], "sum_hessian": [9.0]}


@pytest.mark.parametrize(
    ("compare", "then", "now", "words"),
    [
        (of_files("a"), b"x", None, "was not made again"),
        (of_files("a"), None, b"x", "is new: the commit does not have it"),
        (of_files("a.json"), b"[1]", b"[2", "not readable as JSON now; 3 -> 2 bytes, the first that differs at 1 (from 0)"),
        (of_files("a.json"), b"[" * 9999, b"[2]", "not readable as JSON then; 9,999 -> 3 bytes, the first that differs at 1 (from 0)"),
        (of_files("a.csv"), b"a,b\n1\n", b"a,b\n", "not readable as CSV then; 6 -> 4 bytes, the first that differs at 4 (from 0)"),
        (of_files("a.parquet"), b"PAR1", b"PAR2", "not readable as Parquet then and now; 4 -> 4 bytes, the first that differs at 3 (from 0)"),
        (of_files("a.png"), b"", b"\x89PNG", "not readable as PNG then and now; 0 -> 4 bytes, the first that differs at 0 (from 0)"),
        (of_files("a.bin"), b"\0a", b"\0ab", "not readable as text then and now; 2 -> 3 bytes, the first that differs at 2 (from 0)"),
        (of_files("a.ubj"), b"{", b"{}", "not readable as a model of XGBoost then and now; 1 -> 2 bytes, the first that differs at 1 (from 0)"),
        (leaves, [1.5], [1.50], "the same values, written differently"),
        (leaves, {"a": "x"}, {"a": "y"}, "a 'x' -> 'y'"),
        (leaves, {"a": True}, {"a": None}, "a true -> null"),
        (leaves, {"a": "x", "b": "y"}, {"a": "y", "b": "z"}, "a 'x' -> 'y'; first of 2 changed values"),
        (leaves, {"a": 1}, {"a": float("inf")}, "a 1 -> Infinity; 1 changed number, beyond 0.001"),
        (leaves, {"a": 0.1}, {"a": 0.1001}, "a 0.1 -> 0.1001; 1 changed number, within 0.001"),
        (leaves, {"a": 0.1, "b": 5}, {"a": 0.2, "b": 5.1}, "a 0.1 -> 0.2; largest of 2 changed numbers, beyond 0.001"),
        (leaves, {"a": {"b": 1}}, {"a": 1}, "gone: a.b; new: a"),
        (leaves, {"z": 1}, dict.fromkeys("zgfedcba", 1), "new: a, b, c, d, e and 2 more"),
        (leaves, 1, "\n", r"the document 1 -> '\n'"),
        (leaves, {"a": ONE}, {"a": OTHER}, "1 checksum follows from other files, a from model.ubj"),
        (leaves, [ONE, ONE], [OTHER, OTHER], "2 checksums follow from other files, 0 from model.ubj"),
        (tables, {"a": [1]}, one_field(nullable=True), "the same rows, written differently"),
        (tables, flights("a", [0.5]), flights("a", [0.25]), "probability 0.5 -> 0.25 for flight 'a', row 1; 1 changed probability of 1, beyond 0.001"),
        (tables, flights("ab", [0.5, 0.1]), flights("ab", [0.5001, 0.1002]), "probability 0.1 -> 0.1002 for flight 'b', row 2; largest of 2 changed probabilities of 2, within 0.001"),
        (tables, flights("abc", [0.1] * 3), flights("acd", [0.1] * 3), "3 -> 3 rows; 1 gone, first row 2, flight 'b'; 1 new, first row 3, flight 'd'"),
        (tables, {"a": [1]}, {"a": [1, 2]}, "1 -> 2 rows; 1 new, first row 2"),
        (tables, flights("ab", [0.1] * 2), flights("ba", [0.1] * 2), "rows stand in another order"),
        (tables, flights("ab", [0.1] * 2, late=[True, False]), flights("ab", [0.1] * 2, late=[True, True]), "row 2, flight 'b': late False -> True; 1 row of 2 with other values, in late"),
        (tables, {"a": [2.0, 3.0], "c": [3, 3]}, {"a": [2.5, 3.0], "c": [3, 7]}, "row 1: a 2.0 -> 2.5; 2 rows of 2 with other values, in a, c; largest difference 4: c 3 -> 7 in row 2"),
        (tables, {"a": [2.0]}, {"a": [2.000002]}, "row 1: a 2.0 -> 2.000002; 1 row of 1 with other values, in a; largest difference 2e-06; all within the tolerance"),
        (tables, {"a": ["x"]}, {"a": pa.array([None], pa.string())}, "row 1: a 'x' -> nothing; 1 row of 1 with other values, in a"),
        (tables, {"a": [1], "b": [1]}, {"a": [1, 1], "c": [1, 2]}, "columns gone: b; columns new: c; 1 -> 2 rows"),
        (tables, {"a": [1], "b": [1]}, {"b": [1], "a": [1]}, "columns stand in another order"),
        (tables, {"a": [1]}, {"a": ["1"]}, "columns of another type: a int64 -> string"),
        (tables, one_field(nullable=True), one_field(nullable=False), "columns of another type: a int64 -> int64 not null"),
        (tables, pa.Table.from_arrays([pa.array([1])] * 2, names=["a", "a"]), {"a": [1]}, "columns of another type: 2 -> 1 column"),
        (pixels, GREY, GREY[:5], "20 x 10 -> 20 x 5 pixels"),
        (pixels, np.full((1, 1, 3), 7, np.uint8), np.full((1, 1), 7, np.uint8), "the same pixels, written differently"),
        (pixels, GREY, with_changes(3, 9), "1.50% of 20 x 10 pixels differ, by up to 9 of 255; 1.50% by more than 8"),
        (texts, "a\nb\nc", "a\nx\nc", "line 2: 'b' -> 'x'; 1 line gone, 1 new"),
        (texts, "a", "a\nb", "line 2 is new: 'b'; 0 lines gone, 1 new"),
        (texts, "a\n", "a", "line 2 is gone: ''; 1 line gone, 0 new"),
        (texts, "é", "\x1b[31m", r"line 1: 'é' -> '\x1b[31m'; 1 line gone, 1 new"),
        (texts, DIGITS, DIGITS + "2", f"line 1: …'{'1' * 60}' -> …'{'1' * 59}2'; 1 line gone, 1 new"),
        (texts, page(png(GREY)), page(png(GREY, compress_level=0)), "1 of 1 picture differs, one in line 2: the same pixels, written differently"),
        (texts, page(png(GREY), png(GREY)), page(png(GREY), b"PNG"), "1 of 2 pictures differs, one in line 3: not readable as a picture"),
        (texts, page(png(GREY), png(GREY)), page(*[png(with_changes(1, 9))] * 2), "2 of 2 pictures differ, one in line 2: 0.50% of 20 x 10 pixels differ, by up to 9 of 255; 0.50% by more than 8"),
        (texts, page(png(GREY), words="a"), page(png(GREY), png(GREY), words="b"), "line 1: 'a' -> 'b'; 1 line gone, 2 new; 1 -> 2 pictures"),
        (texts, page(png(GREY)), page(png(GREY)) + "x", "line 2: '<img src=\"(a picture)\">' -> '<img src=\"(a picture)\">x'; 1 line gone, 1 new"),
        (models, model(), model(), "the same settings, features and trees, written differently"),
        (models, model(), model(writer="3.1.0"), "written by XGBoost 3.2.0 -> 3.1.0"),
        (models, model(), model(base_score="[0.5]"), "base_score '[0.4]' -> '[0.5]'"),
        (models, model(), model(**attributes(7)), "; ".join(f"attributes.{at} 'not there' -> 'x'" for at in range(5)) + "; 2 more settings"),
        (models, model(), model(features="ad"), "feature 1 'b (q)' -> 'd (q)'"),
        (models, model(), model(features="a"), "2 -> 1 features, feature 1 'b (q)' -> 'none'"),
        (models, model(tree(0.5)), model(tree(0.5), tree(0.5)), "1 -> 2 trees"),
        (models, model(tree(0.5)), model(tree(0.75)), "tree 0, node 1: leaf 0.5 -> leaf 0.75; 1 different tree"),
        (models, model(tree(0.5)), model(tree(0.5000005)), "tree 0, node 1: leaf 0.5 -> leaf 0.5000005; 1 different tree, all leaves within 1e-06"),
        (models, model(*[tree(0.5)] * 2), model(*[tree(0.5, 0.75, missing=0)] * 2), "tree 0, node 0: split a < 0.5, missing left -> split a < 0.75, missing right; one of 2 different trees"),
        (models, model(tree(0.5, categories=(1, 3))), model(tree(0.5, categories=(2,))), "tree 0, node 0: split b in [1, 3], missing left -> split b in [2], missing left; 1 different tree"),
        (models, model(tree(0.5)), model(LEAFLESS), "tree 0, node 0: split a < 0.5, missing left -> leaf 0.5; 1 different tree; read off the trees: depth of the deepest tree 1 -> 0, hessian of the lightest leaf 4 -> 9"),
    ],
)  # fmt: skip
def test_a_difference_is_said_in_one_line(compare: Callable[[Any, Any], str], then: Any, now: Any, words: str) -> None:
    assert compare(then, now) == words


def test_what_is_read_off_trees_is_said_as_far_as_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(difference_of_models, "grown_with", lambda of: {"lambda": 2.0 if len(of) == 1 else None})
    words = "1 -> 2 trees; read off the trees: lambda 2 -> unknown"
    assert models(model(tree(0.5)), model(tree(0.5), tree(0.5))) == words
    assert list(grown_with([])) == [
        "depth of the deepest tree", "lambda", "learning rate", "hessian of the lightest leaf",
    ]  # fmt: skip
