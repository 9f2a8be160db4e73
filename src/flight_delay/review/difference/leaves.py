"""How two JSON documents differ, value by value. Which of the numbers are important is not known here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Context, Decimal
from typing import Any

from flight_delay.review.difference.wording import Said, changed, counted, listed, plain, quoted, together

Keys = tuple[str | int, ...]
Leaves = dict[Keys, Any]
Follows = Mapping[tuple[str, str], str]

_CHECKSUM = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")
_ARITHMETIC = Context(prec=50, traps=[])  # whatever is subtracted, the answer is a number, infinite or NaN


def read_leaves(content: bytes) -> Leaves:
    """Every value of a JSON document that holds no others, by its path. Numbers are exact, as they are written.

    Raises:
        ValueError, ArithmeticError, RecursionError: it is not JSON, or holds what no reader can take.
    """
    document = json.loads(content, parse_float=Decimal, parse_int=Decimal, parse_constant=Decimal)
    return dict(_leaves(document, ()))


def compare_leaves(then: Leaves, now: Leaves, within: float, follows: Follows) -> Said:
    """Say what changed: the number with the largest difference, other values, keys that are gone or new.

    Differences of numbers up to one are absolute, of larger ones a share of the larger: one call of 50,000 that falls
    otherwise changes a count by one and a profit per flight by a hundredth, and says as little as the same change of a rate.

    Args:
        then: of `read_leaves`.
        now: of `read_leaves`.
        within: a number that differs by so much, or less, does not matter. Everything else does, except a checksum
            that follows.
        follows: by the checksum of a file then and that of now, the path of the file. A checksum that changed from the
            one to the other says no more than that file does, which is judged in its own line.
    """
    both = [path for path in then if path in now and not _same(then[path], now[path])]
    numbers = [path for path in both if isinstance(then[path], Decimal) and isinstance(now[path], Decimal)]
    checksums = {path: file for path in both if (file := _follows(then[path], now[path], follows))}
    others = [path for path in both if path not in {*numbers, *checksums}]
    parts = []
    if numbers:
        distance = {path: _distance(then[path], now[path]) for path in numbers}
        largest = max(numbers, key=distance.__getitem__)
        small = distance[largest] <= Decimal(str(within))
        how_many = "1 changed number" if len(numbers) == 1 else f"largest of {len(numbers):,} changed numbers"
        words = f"{_words(largest, then, now)}; {how_many}, {'within' if small else 'beyond'} {within:g}"
        parts.append(Said(words, matters=not small))
    if others:
        more = f"; first of {len(others):,} changed values" if len(others) > 1 else ""
        parts.append(Said(_words(others[0], then, now) + more, matters=True))
    for name, paths in (("gone", [*then.keys() - now.keys()]), ("new", [*now.keys() - then.keys()])):
        if paths:
            parts.append(Said(f"{name}: {listed(sorted(map(_dotted, paths)))}", matters=True))
    if checksums:
        path, file = next(iter(checksums.items()))
        verb = "follows" if len(checksums) == 1 else "follow"
        parts.append(
            Said(
                f"{counted(len(checksums), 'checksum')} {verb} from other files, {_dotted(path)} from {plain(file)}",
                False,
            )
        )
    return together(parts, otherwise="the same values, written differently")


def _leaves(value: Any, path: Keys) -> Iterator[tuple[Keys, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for position, inner in enumerate(value):
            yield from _leaves(inner, (*path, position))
    else:
        yield path, value


def _same(then: Any, now: Any) -> bool:
    if isinstance(then, Decimal) and isinstance(now, Decimal):
        return then == now or (then.is_nan() and now.is_nan())
    return type(then) is type(now) and then == now  # true is not 1


def _distance(then: Decimal, now: Decimal) -> Decimal:
    distance = _ARITHMETIC.abs(_ARITHMETIC.subtract(then, now))
    largest = _ARITHMETIC.max(_ARITHMETIC.abs(then), _ARITHMETIC.abs(now))
    scaled = _ARITHMETIC.divide(distance, _ARITHMETIC.max(largest, Decimal(1)))
    return Decimal("Infinity") if scaled.is_nan() else scaled


def _follows(then: Any, now: Any, follows: Follows) -> str | None:
    if all(isinstance(value, str) and _CHECKSUM.fullmatch(value) for value in (then, now)):
        return follows.get((then, now))
    return None


def _dotted(path: Keys) -> str:
    return ".".join(map(str, path)) or "the document"


def _words(path: Keys, then: Leaves, now: Leaves) -> str:
    if all(isinstance(leaves[path], str) for leaves in (then, now)):
        said = changed(then[path], now[path])
    else:
        said = " -> ".join(_value(leaves[path]) for leaves in (then, now))
    return f"{plain(_dotted(path))} {said}"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    return plain(str(value) if isinstance(value, Decimal) else json.dumps(value))
