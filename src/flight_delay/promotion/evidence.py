"""What the gate judges: values. What they are read from stands in gather.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flight_delay.promotion.measures import Size, SliceLoss
from flight_delay.review.comparison.flights import Judged


class Unknown(NamedTuple):
    """What could not be found out, and why not: a check without its ground fails."""

    because: str


class Committed(NamedTuple):
    """The commit, 40 hexadecimal digits, that holds a pipeline; `experiment` is the DVC experiment that it is, if it is on no
    branch and no tag."""

    commit: str
    experiment: str | None


class Outcome(NamedTuple):
    """What came of verifying, in a sentence."""

    same: bool
    says: str


class Quality(NamedTuple):
    """What the gate of the data found: errors in words, and shares of flights."""

    errors: Sequence[str]
    quarantined_share: float
    max_quarantined_share: float


class Rival(NamedTuple):
    """The candidate against the champion: on the backtest and the test flights that both predict, by size, and by slice of the
    test flights. `called` is the champion's version."""

    called: str
    backtest: Judged
    test: Judged
    size: Size
    size_of_champion: Size
    slices: Sequence[SliceLoss]


class Loaded(NamedTuple):
    """The model that MLflow keeps: files of its bundle that are not the commit's, recorded predictions, and how many of them it
    does not repeat bit for bit."""

    other_files: Sequence[str]
    flights: int
    different: int


class Speed(NamedTuple):
    """How fast the loaded model is: the median of single flights, and a month of flights at once."""

    one_flight_milliseconds: float
    flights_per_second: float


@dataclass(frozen=True)
class Evidence:
    """Everything that is judged. `rival` is None where there is no champion."""

    committed: Committed | Unknown
    verified: Outcome | Unknown
    quality: Quality | Unknown
    rival: Rival | Unknown | None
    calibration_error: float | Unknown
    loaded: Loaded | Unknown
    speed: Speed | Unknown
