"""Explanations as text: for a terminal, and in a sentence or two for those who do not see a picture."""

from __future__ import annotations

import datetime

from flight_delay.explain.local.reasons import Reasons
from flight_delay.explain.local.waterfall import SMALLEST_STEP, waterfall_of
from flight_delay.explain.local.what_if import MIN_FLIGHTS, Departure, WhatIf
from flight_delay.explain.reference import Reference
from flight_delay.explain.words import clock, points

BAR_CHARACTERS = 32
_OUTCOMES = {True: "it arrived late", False: "it was not late", None: "it did not arrive (cancelled or diverted)"}


def flight_name(flight_id: str, destination: str) -> str:
    """A flight in words, such as 'US 1895 from EWR to CLT, Friday 1 November 2013, 05:00'."""
    date = datetime.date.fromisoformat(flight_id[:10])
    carrier, number, origin, hhmm = flight_id[11:].split("-")
    return (
        f"{carrier} {number} from {origin} to {destination}, {date:%A} {date.day} {date:%B %Y}, {hhmm[:2]}:{hhmm[2:]}"
    )


def explained(reasons: Reasons, *, destination: str, late: bool | None, threshold: float, smallest: float) -> str:
    """A flight's probability, its waterfall and its reasons, some twenty lines.

    Args:
        reasons: of the flight.
        destination: where it goes.
        late: what became of it, None where it did not arrive.
        threshold: probability from which on a flight is called late.
        smallest: contributions below this are put together.
    """
    call = "called late" if reasons.called_late else "not called late"
    lines = [
        flight_name(reasons.flight_id, destination),
        reasons.flight_id,
        f"{_tenth(reasons.probability)} likely to arrive late: {call} (from {_tenth(threshold)} on); {_OUTCOMES[late]}",
        "",
        *_bars(reasons, smallest),
        "",
    ]
    if reasons.reasons:
        lines.append(f"Why {'more' if reasons.probability > reasons.base else 'less'} likely than usual:")
        lines += [f"  {points(of.probability):>5}  {of.sentence}" for of in reasons.reasons]
    else:
        lines.append("No topic by itself moves it noticeably away from what is usual.")
    return "\n".join(lines) + "\n"


def footnotes(reference: Reference, late_minutes: int) -> str:
    """What the words and numbers of explanations mean.

    Args:
        reference: of the training flights.
        late_minutes: from how many minutes on a flight is late.
    """
    return (
        f"A flight is late when it arrives {late_minutes} minutes after schedule, or more.\n"
        "Contributions are percentage points, rounded. They add up from what is usual, the probability at the model's mean\n"
        f"log-odds over the flights it has learnt from (base rate, the late share of these: {_tenth(reference.late)}), to that of the\n"
        "flight: the model adds effects in log-odds, and each gets its share of the difference in probability. They say what\n"
        "the model goes by, not what causes delays.\n"
        f'"Usually" is said of the flights of {reference.months[0]} … {reference.months[-1]}, "of all flights" of the same days as the rate before\n'
        "it. Rates of few flights are pulled towards that of all.\n"
    )


def what_if_text(what_if: WhatIf) -> str:
    """What the model says of a flight at other times of departure, a line for each."""
    lines = [
        f"{flight_name(what_if.flight_id, what_if.destination)}: what the model says at other times of departure",
        "",
    ]
    for point in what_if.points:
        marks = [
            "its own time" if point == what_if.own else "",
            "called late" if point.called_late else "",
            _doubt(point, what_if),
        ]
        bar = "█" * round(point.probability * BAR_CHARACTERS)
        told = ", ".join(mark for mark in marks if mark)
        lines.append(
            f"  {clock(point.minutes)}  {_tenth(point.probability):>6}  {bar:<{BAR_CHARACTERS}}  {told}".rstrip()
        )
    lines += [
        "",
        what_if_words(what_if),
        f"? marks times with fewer than {MIN_FLIGHTS} training flights from {what_if.origin} in the half hour: the model guesses there.",
        "It is what the model says, not what would happen: all other flights stay where they are, and a flight that is moved",
        "would meet other aircraft, crews and passengers.",
    ]
    return "\n".join(lines) + "\n"


def waterfall_words(reasons: Reasons, smallest: float = SMALLEST_STEP) -> str:
    """What a waterfall shows, in a sentence."""
    steps = waterfall_of(reasons, smallest).steps
    told = ", ".join(f"{step.label} {points(step.change / 1000)}" for step in steps)
    return (
        f"From {_tenth(reasons.base)}, which is usual, to {_tenth(reasons.probability)} for {reasons.flight_id}, "
        f"in percentage points: {told or 'no step'}."
    )


def what_if_words(what_if: WhatIf) -> str:
    """What a curve over times of departure shows, in a sentence or two."""
    own = what_if.own
    known = [point for point in what_if.points if point.supported]
    said = f"At its own time, {clock(own.minutes)}, it is {_tenth(own.probability)}."
    if not known:
        return f"{said} No time of departure from {what_if.origin} has enough training flights to go by."
    low, high = (pick(known, key=lambda point: point.probability) for pick in (min, max))
    return (
        f"{said} Where there are enough training flights, it is lowest at {clock(low.minutes)} ({_tenth(low.probability)}) "
        f"and highest at {clock(high.minutes)} ({_tenth(high.probability)})."
    )


def _doubt(point: Departure, what_if: WhatIf) -> str:
    if not point.supported:
        return f"? {point.flights_from_origin} flights from {what_if.origin}"
    return "" if point.flights_on_route else f"none to {what_if.destination}"


def _bars(reasons: Reasons, smallest: float) -> list[str]:
    """The waterfall in characters: a name, a change, the probability after it, and a bar."""
    fall = waterfall_of(reasons, smallest)
    ends = [fall.base, fall.probability, *(step.start + step.change for step in fall.steps)]
    low, high = min(ends), max(ends)
    wide = max(len(label) for label in ("usual", "this flight", *(step.label for step in fall.steps)))

    def place(tenths: int) -> int:
        return round((tenths - low) / max(high - low, 1) * BAR_CHARACTERS)

    def line(label: str, change: str, tenths: int, bar: str) -> str:
        return f"  {label:<{wide}}  {change:>5}  {_tenth(tenths / 1000):>6}  {bar}".rstrip()

    lines = [f"  {'':<{wide}}  {'adds':>5}  {'makes':>7}", line("usual", "", fall.base, " " * place(fall.base) + "│")]
    for step in fall.steps:
        end = step.start + step.change
        left, right = sorted((place(step.start), place(end)))
        bar = " " * left + ("█" if step.change > 0 else "░") * (right - left)
        lines.append(line(step.label, points(step.change / 1000), end, bar))
    return [*lines, line("this flight", "", fall.probability, " " * place(fall.probability) + "│")]


def _tenth(share: float) -> str:
    return f"{100 * share:.1f} %"
