"""The gate that a model passes before it is promoted: its bounds, and a check for each condition. It judges values, which stand
in evidence.py; how checks are printed stands in words.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from pydantic import Field

from flight_delay.core.params import Parameters
from flight_delay.evaluation.metrics import METRICS
from flight_delay.promotion.evidence import Committed, Evidence, Loaded, Outcome, Quality, Rival, Speed, Unknown
from flight_delay.promotion.measures import Size
from flight_delay.review.comparison.flights import Judged

MOST_NAMED = 3  # slices, files or findings that a line names
NO_CHAMPION = "there is no champion yet to compare with"


class Promote(Parameters):
    """The section `promote` of params.yaml: name of the registered model, and the bounds of the gate.

    It is that of the checkout in which `promote` runs, not of the commit that is judged, which could loosen it.
    """

    model: Annotated[str, Field(pattern=r"^[^/:@]+$")]
    min_slice_flights: Annotated[int, Field(ge=1)]
    max_slice_worsening: Annotated[float, Field(ge=0)]
    calibration_bins: Annotated[int, Field(ge=2)]
    max_calibration_error: Annotated[float, Field(gt=0, le=1)]
    max_one_flight_milliseconds: Annotated[float, Field(gt=0)]
    min_flights_per_second: Annotated[float, Field(gt=0)]


class Check(NamedTuple):
    """A condition of the gate, whether it is met, and what was found beside what is asked for."""

    name: str
    passed: bool
    says: str


def judge(evidence: Evidence, bounds: Promote) -> list[Check]:
    """All checks of the gate; a candidate may be promoted where every one has passed."""
    return [
        _committed(evidence.committed),
        _verified(evidence.verified),
        _data(evidence.quality),
        _backtest(evidence.rival),
        _test(evidence.rival),
        _slices(evidence.rival, bounds),
        _calibration(evidence.calibration_error, bounds),
        _loaded(evidence.loaded),
        _speed(evidence.speed, bounds),
    ]


def _committed(found: Committed | Unknown) -> Check:
    if isinstance(found, Unknown):
        return Check("committed", False, found.because)
    if found.experiment:
        says = f"only in the DVC experiment {found.experiment}; `dvc exp branch` makes a branch of it"
        return Check("committed", False, says)
    return Check("committed", True, f"commit {found.commit[:10]}")


def _verified(found: Outcome | Unknown) -> Check:
    if isinstance(found, Unknown):
        return Check("verified", False, found.because)
    return Check("verified", found.same, found.says)


def _data(found: Quality | Unknown) -> Check:
    if isinstance(found, Unknown):
        return Check("data", False, found.because)
    set_aside = f"{found.quarantined_share:.2%} of flights set aside (at most {found.max_quarantined_share:.2%})"
    errors = f"{len(found.errors)} error{'s' if len(found.errors) != 1 else ''}" + (
        f" ({_first(found.errors)})" if found.errors else ""
    )
    passed = not found.errors and found.quarantined_share <= found.max_quarantined_share
    return Check("data", passed, f"{errors}, {set_aside}")


def _backtest(rival: Rival | Unknown | None) -> Check:
    if not isinstance(rival, Rival):
        return _without_rival("backtest", rival)
    verdict, says = rival.backtest.verdict, _compared(rival.backtest, rival.called)
    if verdict not in {"same", "undecided"}:
        return Check("backtest", verdict == "better", says)
    simpler = rival.size.simpler_than(rival.size_of_champion)
    sizes = f"{_size(rival.size)} against {_size(rival.size_of_champion)}"
    return Check("backtest", simpler, f"{says}; {'and simpler' if simpler else 'not simpler'} ({sizes})")


def _test(rival: Rival | Unknown | None) -> Check:
    if not isinstance(rival, Rival):
        return _without_rival("test", rival)
    passed = rival.test.verdict in {"better", "undecided", "same"}
    return Check("test", passed, _compared(rival.test, rival.called))


def _slices(rival: Rival | Unknown | None, bounds: Promote) -> Check:
    if not isinstance(rival, Rival):
        return _without_rival("slices", rival)
    if not rival.slices:
        return Check("slices", False, f"no part has {bounds.min_slice_flights} common flights")
    worse = [of for of in rival.slices if of.worse > bounds.max_slice_worsening]
    named = _first([f"{of.by} {of.label} {of.worse:+.4f}" for of in worse or rival.slices[:1]])
    said = f"{len(worse)} of {len(rival.slices)} worse in log loss by more than {bounds.max_slice_worsening:g}"
    return Check("slices", not worse, f"{said} ({'' if worse else 'at most '}{named})")


def _calibration(error: float | Unknown, bounds: Promote) -> Check:
    if isinstance(error, Unknown):
        return Check("calibration", False, error.because)
    says = f"expected calibration error {error:.4f} on test (at most {bounds.max_calibration_error:g})"
    return Check("calibration", error <= bounds.max_calibration_error, says)


def _loaded(found: Loaded | Unknown) -> Check:
    if isinstance(found, Unknown):
        return Check("loaded model", False, found.because)
    says = f"{found.different:,} of {found.flights:,} recorded predictions are others"
    if found.other_files:
        says += f"; not the commit's: {_first(found.other_files)}"
    return Check("loaded model", bool(found.flights) and not found.different and not found.other_files, says)


def _speed(found: Speed | Unknown, bounds: Promote) -> Check:
    if isinstance(found, Unknown):
        return Check("speed", False, found.because)
    passed = (
        found.one_flight_milliseconds <= bounds.max_one_flight_milliseconds
        and found.flights_per_second >= bounds.min_flights_per_second
    )
    one = f"one flight {found.one_flight_milliseconds:.1f} ms (at most {bounds.max_one_flight_milliseconds:g})"
    batch = f"{found.flights_per_second:,.0f} flights a second (at least {bounds.min_flights_per_second:,.0f})"
    return Check("speed", passed, f"{one}, {batch}")


def _without_rival(name: str, rival: Unknown | None) -> Check:
    return Check(name, rival is None, NO_CHAMPION if rival is None else rival.because)


def _compared(judged: Judged, called: str) -> str:
    """The verdict, and by how much each metric is above the champion's, with its interval."""
    if judged.because:
        return f"not comparable with {called}: {judged.because}"
    if judged.verdict == "same":
        return f"the same probability for every flight as {called}"
    above = [(METRICS[of.name].label, of.b_over_a) for of in judged.measures if of.name in METRICS]
    said = ", ".join(f"{name} {by.difference:+.4f} ({by.low:+.4f} to {by.high:+.4f})" for name, by in above)
    return f"{judged.verdict} against {called}: {said}"


def _size(of: Size) -> str:
    return f"{of.features} features, {of.nodes:,} nodes"


def _first(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
