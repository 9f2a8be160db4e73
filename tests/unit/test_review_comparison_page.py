"""review.comparison.page: valid Markdown tables. The wording is tested in test_wording_review_comparison.py."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from snapshots import DEEPER, MANY_TARGETS, POOR, better, skilled

from flight_delay.review.comparison.comparison import ValueChange, compare_pipelines
from flight_delay.review.comparison.page import headline, render_comparison


def tables(page: str) -> list[list[list[str]]]:
    """Cells of the tables as GitHub parses them: a bar ends a cell unless it follows a backslash."""
    blocks = [block.splitlines() for block in page.split("\n\n")]
    return [
        [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in block]
        for block in blocks
        if any(row.startswith("|") for row in block)
    ]


def test_a_change_of_one_parameter_fits_on_a_page_that_begins_with_the_verdict() -> None:
    page = render_comparison(better())
    assert page.splitlines()[0] == f"## {headline(better())}"
    assert better().verdict == "better"
    assert len(page.splitlines()) <= 70
    assert page.endswith(".\n")
    assert "\n\n\n" not in page
    parameters, backtest, test, rows = tables(page)
    assert parameters[2:] == [["`train_model.max_depth`", "`4`", "`6`"]]
    assert (len(backtest), len(test), len(rows)) == (6, 6, 12)
    assert {len(row) for row in rows} == {4}


def test_the_same_model_has_no_tables_unless_its_threshold_differs() -> None:
    page = render_comparison(compare_pipelines(POOR, POOR))
    assert (tables(page), page.count("\n### ")) == ([], 3)
    other = render_comparison(compare_pipelines(POOR, replace(POOR, threshold=0.45)))
    assert [len(table) for table in tables(other)] == [6, 6]
    assert re.search(r" 0\.30 .* 0\.45", other.split("\n### ")[4])


def test_periods_that_are_not_comparable_have_no_table() -> None:
    other = skilled(0.02, ~MANY_TARGETS)
    comparison = compare_pipelines(POOR, replace(DEEPER, backtest=other, test=other))
    page = render_comparison(comparison)
    assert comparison.verdict == "outcomes_differ"
    assert page.count(" 1,500 of 1,500 ") == 2
    assert len(tables(page)) == 1


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]) | st.sampled_from("`\n"), min_size=1))
def test_no_value_breaks_its_table_or_its_code_span(value: str) -> None:
    page = render_comparison(replace(better(), parameters=(ValueChange("name", value, None),)))
    assert [len(row) for row in tables(page)[0]] == [3, 3, 3]
    cell = tables(page)[0][2][1]
    fence = re.match("`+", cell)[0]
    assert cell.endswith(fence)
    assert fence not in re.findall("`+", cell[len(fence) : -len(fence)])
