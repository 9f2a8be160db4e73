"""A comparison as Markdown that fits into a pull request: the verdict in words first, then what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from jinja2 import Environment, StrictUndefined

from flight_delay.evaluation.bootstrap import Comparison
from flight_delay.evaluation.metrics import METRICS
from flight_delay.review.comparison.comparison import Compared
from flight_delay.review.comparison.flights import PROFIT, PeriodComparison

NO_DIFFERENCE = "no difference that these data can show"
MOST_NAMES = 12  # of files, paths or features in one line


def render(compared: Compared) -> str:
    """The page, which ends in a newline; the same comparison gives the same bytes."""
    environment = Environment(  # noqa: S701 (Markdown is not escaped as HTML; what users name stands in code spans)
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {
        "code": _code,
        "codes": _codes,
        "number": _number,
        "signed": _signed,
        "percent": _percent,
        "interval": _interval,
    }
    template = resources.files(__package__).joinpath("page.md.j2").read_text("utf-8")
    return environment.from_string(template).render(
        of=compared,
        headline=headline(compared),
        periods=[("Backtest", compared.backtest), ("Test", compared.test)],
        said={"Backtest": said(compared.backtest), "Test": said(compared.test)},
        names={
            name: metric.label if metric.higher_is_better else f"{metric.label} (lower is better)"
            for name, metric in METRICS.items()
        }
        | {PROFIT: "profit per flight"},
        profit=PROFIT,
    )


def headline(compared: Compared) -> str:
    """The verdict on both periods together, in one line without Markdown."""
    if compared.verdict == "outcomes_differ":
        return "A and B answer different questions and cannot be compared"
    if compared.same_model:
        calls = "" if compared.a.threshold == compared.b.threshold else "; only its calls differ"
        return f"A and B are the same model, byte for byte{calls}"
    if compared.verdict == "mixed" and compared.backtest.verdict == "better":
        return "B is better than A on the backtest, but not on the test"
    return {
        "undecided": f"{NO_DIFFERENCE[0].upper()}{NO_DIFFERENCE[1:]}",
        "same": "A and B say the same of every flight",
        "none": "A and B cannot be compared on the backtest",
    }.get(compared.verdict) or _in_metrics(compared.backtest)


def said(judged: PeriodComparison) -> str:
    """The verdict on one period, as a sentence without its first capital and its full stop."""
    if judged.because:
        return f"not compared, for {judged.because}"
    words = {"same": "the same probability for every flight", "undecided": NO_DIFFERENCE}
    sentence = words.get(judged.verdict) or _in_metrics(judged)
    profit = {of.name: of.b_over_a.verdict for of in judged.measures}[PROFIT]
    return (
        sentence if profit == "undecided" else f"{sentence}; its calls earn {'more' if profit == 'better' else 'less'}"
    )


def _in_metrics(judged: PeriodComparison) -> str:
    """In which metrics B is better than A, and in which worse."""
    names = {
        verdict: [
            METRICS[of.name].label for of in judged.measures if of.b_over_a.verdict == verdict and of.name != PROFIT
        ]
        for verdict in ("better", "worse")
    }
    better_or_worse = ", ".join(f"{verdict} in {_listed(of)}" for verdict, of in names.items() if of)
    return f"B is {better_or_worse.replace(' in ', ' than A in ', 1)}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _code(text: str) -> str:
    """As code, also in a table: GitHub takes a bar for the end of a cell even there."""
    fence = "``" if "`" in text else "`"
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}".replace("|", "\\|")


def _codes(names: Sequence[str]) -> str:
    shown = ", ".join(map(_code, names[:MOST_NAMES]))
    return f"{shown} and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else shown


def _number(value: float, digits: int = 0) -> str:
    """A number with a true minus sign."""
    return f"{value:z,.{digits}f}".replace("-", "−")


def _signed(value: float, digits: int) -> str:
    return f"{value:+z,.{digits}f}".replace("-", "−")


def _percent(share: float) -> str:
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def _interval(of: Comparison, digits: int) -> str:
    return f"{_signed(of.low, digits)} to {_signed(of.high, digits)}"
