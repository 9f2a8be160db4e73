"""How two trees of XGBoost differ, node by node, and what trees tell of the parameters that they were grown with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from flight_delay.review.difference.wording import plain

LEAF = 1e-6  # log-odds: leaves that differ by no more change no probability by more than a millionth

Tree = Mapping[
    str, Any
]  # a tree in XGBoost's JSON: lists by node; https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html


class TreesDiffer(NamedTuple):
    """The first node that differs, in words, how many trees do, and whether it is more than leaves within LEAF."""

    words: str
    trees: int
    matters: bool


def compare_trees(then: Sequence[Tree], now: Sequence[Tree], names: Sequence[str]) -> TreesDiffer | None:
    """Compare trees one by one; None where those that both have split and predict the same.

    What XGBoost keeps besides, such as gains, is not looked at.
    """
    found = {at: said for at, pair in enumerate(zip(then, now, strict=False)) if (said := _differs(*pair, names))}
    if not found:
        return None
    at, (words, matters) = next(((at, said) for at, said in found.items() if said[1]), next(iter(found.items())))
    return TreesDiffer(f"tree {at}, {words}", len(found), matters)


def grown_with(trees: Sequence[Tree]) -> dict[str, float | None]:
    """What can be read off trees: parameters are not stored in a model. None where it cannot.

    'lambda' and 'learning rate' solve, node by node, for what XGBoost's paper (https://arxiv.org/abs/1603.02754) says of
    weights w, sums of hessians H and gains of a node and its children: w (H + lambda) is the sum of the same of the
    children; the gain is the sum of w² (H + lambda) of the children, less that of the node. Weights of leaves have been
    multiplied by the learning rate. The median is taken where it holds for half of the nodes; constraints bend the others.
    """
    gain, per_lambda, scaled = [], [], []
    for tree in trees:
        left, right = (np.array(tree[name]) for name in ("left_children", "right_children"))
        weight, hessian = (np.array(tree[name], np.float64) for name in ("base_weights", "sum_hessian"))
        inner = left >= 0
        above_splits, above_leaves = (np.flatnonzero(inner)[_both(of, left, right)[inner]] for of in (inner, ~inner))
        a, b, of = left[above_splits], right[above_splits], above_splits
        held = weight**2 * hessian
        gain.append(np.array(tree["loss_changes"], np.float64)[of] - (held[a] + held[b] - held[of]))
        per_lambda.append(weight[a] ** 2 + weight[b] ** 2 - weight[of] ** 2)
        a, b, of = left[above_leaves], right[above_leaves], above_leaves
        scaled.append(np.array([weight[a], hessian[a], weight[b], hessian[b], weight[of], hessian[of]]))
    regularization, rate = _agreed(gain, per_lambda), None
    if regularization is not None:
        w_a, h_a, w_b, h_b, w, h = np.concatenate(scaled, axis=1) if scaled else np.empty((6, 0))
        children = w_a * (h_a + regularization) + w_b * (h_b + regularization)
        rate = _agreed([children], [w * (h + regularization)])
    leaves = [np.array(tree["sum_hessian"])[np.array(tree["left_children"]) < 0].min() for tree in trees]
    return {
        "depth of the deepest tree": float(max(map(depth, trees), default=0)),
        "lambda": regularization,
        "learning rate": rate,
        "hessian of the lightest leaf": float(f"{min(leaves):.3g}") if leaves else None,
    }


def depth(tree: Tree) -> int:
    """Number of splits on the longest way from the root to a leaf."""
    level, nodes = -1, [0]
    while nodes:
        level += 1
        nodes = [tree[side][node] for node in nodes for side in ("left_children", "right_children")]
        nodes = [node for node in nodes if node >= 0]
    return level


def _both(mask: Any, left: Any, right: Any) -> Any:
    return mask[left] & mask[right]  # of a leaf, -1 asks the last node: the answer is not used


def _agreed(above: list[Any], below: list[Any]) -> float | None:
    if not above:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.concatenate(above) / np.concatenate(below)
    values = values[np.isfinite(values)]
    if len(values) < 3:
        return None
    median = float(np.median(values))
    agrees = np.abs(values - median) <= 0.01 * abs(median) + 1e-4
    return float(f"{round(median, 4):.3g}") + 0.0 if agrees.mean() >= 0.5 else None


def _differs(then: Tree, now: Tree, names: Sequence[str]) -> tuple[str, bool] | None:
    if all(then[key] == now[key] for key in then.keys() & now.keys()):
        return None
    sizes = [len(tree["left_children"]) for tree in (then, now)]
    small = None
    for node in range(min(sizes)):
        leaf = then["left_children"][node] < 0
        by = abs(then["split_conditions"][node] - now["split_conditions"][node])
        if _structure(then, node) != _structure(now, node) or (by > 0 and not leaf) or not by <= LEAF:
            return f"node {node}: {' -> '.join(_node(tree, node, names) for tree in (then, now))}", True
        if by > 0 and small is None:
            small = f"node {node}: {' -> '.join(_node(tree, node, names) for tree in (then, now))}"
    if sizes[0] != sizes[1]:
        return f"{sizes[0]} -> {sizes[1]} nodes", True
    return (small, False) if small else None


def _structure(tree: Tree, node: int) -> tuple[Any, ...]:
    if tree["left_children"][node] < 0:
        return ()
    fields = ("left_children", "right_children", "split_indices", "split_type", "default_left")
    return (*(tree[field][node] for field in fields), _categories(tree, node))


def _categories(tree: Tree, node: int) -> list[int]:
    if node not in tree["categories_nodes"]:
        return []
    at = tree["categories_nodes"].index(node)
    start = tree["categories_segments"][at]
    return list(tree["categories"][start : start + tree["categories_sizes"][at]])


def _node(tree: Tree, node: int, names: Sequence[str]) -> str:
    condition = tree["split_conditions"][node]
    if tree["left_children"][node] < 0:
        return f"leaf {condition:.9g}"
    index = tree["split_indices"][node]
    name = plain(names[index]) if index < len(names) else f"feature {index}"
    test = f"in {_categories(tree, node)}" if tree["split_type"][node] else f"< {condition:.9g}"
    return f"split {name} {test}, missing {'left' if tree['default_left'][node] else 'right'}"
