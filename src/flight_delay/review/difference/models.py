"""How two models of XGBoost differ: in what is stored of their settings, features and trees. They are not asked to predict."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from flight_delay.review.difference.trees import LEAF, Tree, compare_trees, grown_with
from flight_delay.review.difference.wording import NAMED, Said, changed, counted, plain, together

# Of the machine, or said of the model in other words.
_LEFT_OUT = {"device", "fail_on_invalid_gpu_id", "n_jobs", "nthread", "num_trees"}
_SECONDS = 120  # a damaged model may keep XGBoost busy for ever

# The end of a model in UBJSON: XGBoost names the version that wrote it, and forgets it when it loads.
_WRITER = re.compile(rb"version\[#L\x00{7}\x03i(.)i(.)i(.)\}\Z", re.DOTALL)


class Model(NamedTuple):
    """What is compared of a model: settings as dotted path and text, names and types of features, trees."""

    writer: str
    settings: dict[str, str]
    features: list[str]
    names: list[str]
    trees: list[Tree]


def read_model(content: bytes) -> Model:
    """Have a model read in another process.

    Of what a model was trained with, XGBoost 3.2 stores base score, objective with its parameters, and numbers of features,
    targets, classes and parallel trees. All other settings come back as they are by default.

    Raises:
        ValueError, KeyError, TypeError, subprocess.SubprocessError: it is damaged, or not of trees with one output.
    """
    command = [sys.executable, "-m", "flight_delay.review.difference.read_model"]
    done = subprocess.run(command, input=content, capture_output=True, timeout=_SECONDS, check=True)
    return model_of(content, json.loads(done.stdout))


def model_of(content: bytes, held: dict[str, Any]) -> Model:
    """Put together a model in UBJSON and what `read_model.py` says that it holds.

    Raises:
        ValueError, KeyError: it is not of trees with one output.
    """
    learner = held["model"]["learner"]
    stored = learner["gradient_booster"]["model"]
    if any(int(tree["tree_param"]["size_leaf_vector"]) > 1 for tree in stored["trees"]):
        raise ValueError("trees with several outputs")
    names = learner["feature_names"]
    writer = _WRITER.search(content)
    settings = dict(_leaves(held["settings"]["learner"], ""))
    for key in ("cats", "iteration_indptr", "tree_info"):
        settings[key] = json.dumps(stored.get(key))
    settings |= {f"attributes.{name}": text for name, text in held["attributes"].items()}
    return Model(
        writer=".".join(str(number[0]) for number in writer.groups()) if writer else "unknown",
        settings=settings,
        features=[f"{name} ({kind})" for name, kind in zip(names, learner["feature_types"], strict=True)],
        names=names,
        trees=stored["trees"],
    )


def compare_models(then: Model, now: Model) -> Said:
    """Say which settings, features and trees differ, and which parameters of training the trees tell of.

    Leaves and base scores within LEAF of each other do not matter, nor does the version of XGBoost. Every other setting,
    feature, split or number of trees does.
    """
    parts = []
    if then.writer != now.writer:
        parts.append(Said(f"written by XGBoost {then.writer} -> {now.writer}", matters=False))
    count, count_now = len(then.trees), len(now.trees)
    if count != count_now:
        parts.append(Said(f"{count} -> {counted(count_now, 'tree')}", matters=True))
    parts += _compare_settings(then, now)
    if then.features != now.features:
        parts.append(Said(_compare_features(then.features, now.features), matters=True))
    trees = compare_trees(then.trees, now.trees, then.names)
    if trees:
        small = "" if trees.matters else f", all leaves within {LEAF:g}"
        how_many = "1 different tree" if trees.trees == 1 else f"one of {trees.trees:,} different trees"
        words = f"{trees.words}; {how_many}{small}"
        parts.append(Said(words, trees.matters))
    if parts and (trees or count != count_now):
        before, after = grown_with(then.trees), grown_with(now.trees)
        told = [
            f"{name} {_number(before[name])} -> {_number(after[name])}"
            for name in before
            if before[name] != after[name]
        ]
        if told:
            parts.append(Said(f"read off the trees: {', '.join(told)}", matters=any(said.matters for said in parts)))
    return together(parts, otherwise="the same settings, features and trees, written differently")


def _compare_settings(then: Model, now: Model) -> list[Said]:
    grouped = {"iteration_indptr", "tree_info"} if len(then.trees) != len(now.trees) else set()
    paths = sorted((then.settings.keys() | now.settings.keys()) - grouped)
    parts = []
    for path in paths:
        before, after = (model.settings.get(path, "not there") for model in (then, now))
        if before != after:
            close = path.endswith("base_score") and _close(before, after)
            parts.append(Said(f"{plain(path)} {changed(before, after)}", matters=not close))
    parts.sort(key=lambda said: not said.matters)
    more = [Said(f"{len(parts) - NAMED:,} more settings", parts[NAMED].matters)] if len(parts) > NAMED else []
    return parts[:NAMED] + more


def _compare_features(then: list[str], now: list[str]) -> str:
    at, pair = next((at, pair) for at, pair in enumerate(_padded(then, now)) if pair[0] != pair[1])
    count = f"{len(then)} -> {len(now)} features, " if len(then) != len(now) else ""
    return f"{count}feature {at} {changed(*pair)}"


def _padded(then: list[str], now: list[str]) -> Iterator[tuple[str, str]]:
    for at in range(max(len(then), len(now))):
        yield then[at] if at < len(then) else "none", now[at] if at < len(now) else "none"


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key in value.keys() - _LEFT_OUT:
            yield from _leaves(value[key], f"{path}.{key}" if path else key)
    else:
        yield path, value if isinstance(value, str) else json.dumps(value)


def _close(then: str, now: str) -> bool:
    scores = [json.loads(text) for text in (then, now)]
    first, second = (score if isinstance(score, list) else [score] for score in scores)
    return len(first) == len(second) and all(abs(a - b) <= LEAF for a, b in zip(first, second, strict=True))


def _number(number: float | None) -> str:
    return "unknown" if number is None else f"{number:g}"
