"""review.comparison.page: the verdict first, and tables that GitHub shows as tables. Its words are in test_wording_review_comparison.py."""

from __future__ import annotations

import re
from dataclasses import replace

from comparison_sides import CHANGED, DATES, GOOD, IDS, LATE, PAYOFFS, POOR, SIDE, better
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.evaluation.bootstrap import Comparison
from flight_delay.evaluation.costs import Payoffs
from flight_delay.model.predictions import Predictions
from flight_delay.review.comparison.comparison import Change, compared
from flight_delay.review.comparison.flights import Disagreement, Flight, Measure, PeriodComparison
from flight_delay.review.comparison.page import headline, render, said


def cells(row: str) -> list[str]:
    """Of a table as GitHub reads it: a bar ends a cell unless a backslash stands before it."""
    assert row.startswith("|")
    assert row.endswith("|")
    return re.split(r"(?<!\\)\|", row)[1:-1]


def tables(page: str) -> list[list[list[str]]]:
    blocks = [block.splitlines() for block in page.split("\n\n")]
    return [[cells(row) for row in block] for block in blocks if any(row.startswith("|") for row in block)]


def test_the_verdict_stands_in_the_first_lines() -> None:
    assert better().verdict == "better"
    lines = render(better()).splitlines()
    assert lines[0] == f"## {headline(better())}"
    assert re.findall(r"`\w+`|\(\w+\)", lines[2]) == ["`main`", "(cccccccccc)", "`deeper`"]
    periods = zip(lines[4:6], (better().backtest, better().test), strict=True)
    assert [line.endswith(f": {said(of)}.") for line, of in periods] == [True, True]


def test_a_change_of_one_parameter_fits_on_a_page() -> None:
    page = render(better())
    assert len(page.splitlines()) <= 70
    assert page.endswith(".\n")
    assert "\n\n\n" not in page
    assert page == render(better())
    parameters, backtest, test, flights = tables(page)
    assert parameters[2:] == [[" `train_model.max_depth` ", " `4` ", " `6` "]]
    assert len(backtest) == len(test) == 6
    assert len(flights) == 12
    assert {len(row) for row in flights} == {7}
    assert all(re.fullmatch(r" EWR(–IAH)? ", row[2]) for row in flights[2:])
    assert {row[3] for row in flights[2:]} == {" 05:15 "}


def test_numbers_have_true_minus_signs_and_the_same_digits() -> None:
    turned = compared(replace(CHANGED, backtest=GOOD, test=GOOD), SIDE)
    for page in (render(better()), render(turned)):
        of = tables(page)[1]
        for row in of[2:5]:
            assert all(re.fullmatch(r" \d\.\d{4} ", cell) for cell in row[1:3])
            assert re.fullmatch(r" [+−]\d\.\d{5} ", row[3])
            assert re.fullmatch(r" [+−]\d\.\d{5} to [+−]\d\.\d{5} ", row[4])
        assert all(re.fullmatch(r" −?\d+\.\d\d ", cell) for cell in of[5][1:3])
        assert re.fullmatch(r" [+−]\d+\.\d{3} to [+−]\d+\.\d{3} ", of[5][4])
    rows = tables(render(turned))[1]
    assert rows[2][3].startswith(" −")
    assert rows[2][5] == " worse "


def test_what_is_of_a_stands_before_what_is_of_b() -> None:
    auc = Measure("roc_auc", 0.61, 0.62, Comparison(0.01, -0.002, 0.03, "undecided"))
    profit = Measure("profit", -12.5, 1234.5, Comparison(1247, 1000.1, 1300.2, "better"))
    flight = Flight("2013-11-02", "UA", "7", "EWR", "MIA", "0515", 0.25, 0.75, True)
    apart = Disagreement(
        flights=2000, mean_difference=0.0123, calls_changed=1234, a_right=234, b_right=1000,
        most=(flight, flight._replace(a=0.5, late=False)),
    )  # fmt: skip
    of = PeriodComparison(2000, 20, 1001, 7, (auc, profit), "undecided")
    page = render(replace(better(), test=of, disagreement=apart))
    *_, test, flights = tables(page)
    assert [[cell.strip() for cell in row[1:5]] for row in test[2:]] == [
        ["0.6100", "0.6200", "+0.01000", "−0.00200 to +0.03000"],
        ["−12.50", "1,234.50", "+1,247.000", "+1,000.100 to +1,300.200"],
    ]
    assert [row[1:-1] for row in flights[2:]] == [
        [" UA 7 ", " EWR–MIA ", " 05:15 ", " 0.250 ", " 0.750 "],
        [" UA 7 ", " EWR–MIA ", " 05:15 ", " 0.500 ", " 0.750 "],
    ]
    assert [row[-1] for row in flights[2:]] == [" late ", " on time "]
    numbers = [re.findall(r"\d[\d,.]*\d|\d", line) for line in page.splitlines() if not line.startswith("|")]
    assert ["2,000", "20", "1,001", "7"] in numbers
    assert ["0.0123", "0.30", "0.30", "1,234", "2,000", "61.7", "234", "1,000"] in numbers


def test_what_was_given_is_listed_only_where_it_differs() -> None:
    def listed(page: str) -> list[str]:
        """The lines of the list under the first heading of the third level."""
        return [line for line in page.split("\n### ")[1].splitlines() if line.startswith("- ")]

    assert len(listed(render(better()))) == 2
    data = replace(
        better().data, raw_same=False, origin=(Change("version", None, "2"),), other_content=("flights/2013-11.parquet",),
        only_a=("weather",), only_b=tuple(f"f{number}" for number in range(14)),
    )  # fmt: skip
    kind = Payoffs(**{**dict(PAYOFFS), "late_called_late": 200})
    b = replace(better().b, stale=("train_model",), payoffs=kind)
    changed = render(replace(better(), data=data, b=b, inputs=("src/a|b", "src/`c"), parameters=()))
    assert [re.findall(r"`` .*? ``|`[^`]+`", line) for line in listed(changed)] == [
        [], ["`src/a\\|b`", "`` src/`c ``"], ["`data/processed`"], ["`2`"], ["`flights/2013-11.parquet`"], ["`weather`"],
        [f"`f{number}`" for number in range(12)], ["`train_model`", "`params.yaml`"], [],
    ]  # fmt: skip
    assert " 2 " in listed(changed)[6]
    assert " B " in listed(changed)[7]
    assert "\n\n\n" not in changed


def test_the_same_model_needs_no_tables_unless_its_calls_differ() -> None:
    page = render(compared(SIDE, SIDE))
    assert tables(page) == []
    assert page.count("\n### ") == 3
    calls = render(compared(SIDE, replace(SIDE, threshold=0.45)))
    assert [len(table) for table in tables(calls)] == [6, 6]
    assert calls.count("\n### ") == 4
    assert re.search(r" 0\.30 .* 0\.45", calls.split("\n### ")[4])


def test_what_cannot_be_compared_has_no_table() -> None:
    other = Predictions(IDS, DATES, ~LATE, POOR.probability)
    found = compared(SIDE, replace(CHANGED, backtest=other, test=other))
    page = render(found)
    assert found.verdict == "outcomes_differ"
    assert page.count(" 1,500 of 1,500 ") == 2
    assert len(tables(page)) == 1


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1))
def test_no_value_breaks_its_table(value: str) -> None:
    page = render(replace(better(), parameters=(Change("name", value, None),)))
    assert [len(row) for row in tables(page)[0]] == [3, 3, 3]
    assert tables(page)[0][2][2] == " not there "
