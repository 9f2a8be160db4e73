"""The wording of messages is tested in test_wording_*.py only: elsewhere no assertion holds a sentence."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
SENTENCE = 5  # words, from which on a text is the wording of a message; names, paths and commands are shorter


def words(text: str) -> int:
    return sum(any(letter.isalpha() for letter in word) for word in text.split())


def texts(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of every string in a piece of code; of an f-string, of all that stands between its values."""
    if isinstance(node, ast.JoinedStr):
        yield node.lineno, "".join(part.value for part in node.values if isinstance(part, ast.Constant))
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                yield from texts(value.value)
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.lineno, node.value
    else:
        for child in ast.iter_child_nodes(node):
            yield from texts(child)


def asserted(tree: ast.AST) -> Iterator[ast.AST]:
    """What assertions compare with: what follows `assert`, a `match`, and what a refusal must say."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            yield node.test
        elif isinstance(node, ast.Call):
            yield from (keyword.value for keyword in node.keywords if keyword.arg == "match")
            if getattr(node.func, "attr", getattr(node.func, "id", None)) == "refuses":
                yield from (*node.args, *(keyword.value for keyword in node.keywords))


def sentences(code: str) -> list[tuple[int, str]]:
    strings = {string for node in asserted(ast.parse(code)) for string in texts(node) if words(string[1]) >= SENTENCE}
    return sorted(strings)


def test_assertions_hold_names_and_values_instead_of_sentences() -> None:
    files = [path for path in sorted(TESTS.rglob("*.py")) if not path.name.startswith("test_wording_")]
    assert len(files) > 100
    findings = [
        f"{path.relative_to(TESTS.parent)}:{line}: {text!r}"
        for path in files
        for line, text in sentences(path.read_text())
    ]
    assert not findings, "assert on names and values, and test the wording in test_wording_<package>.py:\n" + "\n".join(
        findings
    )


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("def test():\n    assert said == 'one two three four five'", [2]),
        ("assert f'one two {a} three' f' four five {b}' in said", [1]),
        ("with raises(UserError, match=r'one two three four five'):\n    pass", [1]),
        ("project.refuses('evaluate', 'one', 'one two three four five')", [1]),
        ("assert said == [\n    'short',\n    'one two three four five',\n]", [3]),
        ("assert said == 'one two three four 5 6'", []),
        ("assert passed, 'one two three four five'", []),
        ("'one two three four five'\nsaid = 'one two three four five'", []),
    ],
)
def test_sentences_are_found_in_assertions_only(code: str, lines: list[int]) -> None:
    assert [line for line, _ in sentences(code)] == lines


def test_the_first_line_of_a_docstring_has_at_most_75_characters() -> None:
    sources = [path for folder in ("src", "tools") for path in sorted((TESTS.parent / folder).rglob("*.py"))]
    assert len(sources) > 200
    lines = {
        f"{path.relative_to(TESTS.parent)}:{getattr(node, 'lineno', 1)}": (ast.get_docstring(node) or "").partition(
            "\n"
        )[0]
        for path in sources
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
    }
    assert {place: line for place, line in lines.items() if len(line) > 75} == {}


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of every variable, argument, function, class and attribute that is defined."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.lineno, node.name


def test_names_are_no_fill_words() -> None:
    folders = ("src", "tests", "tools", "benchmarks")
    sources = [path for folder in folders for path in sorted((TESTS.parent / folder).rglob("*.py"))]
    assert len(sources) > 400
    places = [
        f"{path.relative_to(TESTS.parent)}:{line}: {name}"
        for path in sources
        for line, name in names(ast.parse(path.read_text()))
        if name in {"of", "said", "found", "asked", "seen"}
    ]
    assert places == []
