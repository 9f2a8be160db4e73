"""Format explanations as text for a terminal, and describe plots of them."""

from __future__ import annotations

import datetime

from flight_delay.explain.format import format_clock, format_points
from flight_delay.explain.local.reasons import Reasons
from flight_delay.explain.local.waterfall import MIN_STEP, waterfall_of
from flight_delay.explain.local.what_if import MIN_FLIGHTS, Departure, WhatIf
from flight_delay.explain.reference import Reference

BAR_CHARACTERS = 32
_OUTCOMES = {True: "it arrived late", False: "it was not late", None: "it did not arrive (cancelled or diverted)"}


def flight_name(flight_id: str, destination: str) -> str:
    """Name a flight: 'US 1895 from EWR to CLT, Friday 1 November 2013, 05:00'."""
    date = datetime.date.fromisoformat(flight_id[:10])
    carrier, number, origin, hhmm = flight_id[11:].split("-")
    day = f"{date:%A} {date.day} {date:%B %Y}"
    return f"{carrier} {number} from {origin} to {destination}, {day}, {hhmm[:2]}:{hhmm[2:]}"


def format_flight(reasons: Reasons, *, destination: str, late: bool | None, threshold: float, smallest: float) -> str:
    """Format prediction, waterfall and reasons of a flight, some twenty lines.

    Args:
        reasons: of the flight.
        destination: of the flight.
        late: its outcome, None where it did not arrive.
        threshold: probability from which a flight is predicted late.
        smallest: contributions below this are one step of the waterfall.
    """
    prediction = "predicted late" if reasons.predicted_late else "predicted on time"
    lines = [
        flight_name(reasons.flight_id, destination),
        reasons.flight_id,
        f"{_percent(reasons.probability)} likely to arrive late: {prediction} (threshold {_percent(threshold)}); "
        f"{_OUTCOMES[late]}",
        "",
        *_waterfall_lines(reasons, smallest),
        "",
    ]
    if reasons.reasons:
        lines.append(f"Why {'more' if reasons.probability > reasons.base else 'less'} likely than usual:")
        lines += [f"  {format_points(reason.probability):>5}  {reason.sentence}" for reason in reasons.reasons]
    else:
        lines.append("No single topic has a large contribution.")
    return "\n".join(lines) + "\n"


def format_footnotes(reference: Reference, late_threshold_minutes: int) -> str:
    """Explain terms and numbers of explanations.

    Args:
        reference: of the training flights.
        late_threshold_minutes: delay in minutes from which a flight is late.
    """
    months = f"{reference.months[0]} … {reference.months[-1]}"
    return (
        f"A flight is late if it arrives {late_threshold_minutes} minutes or more after schedule.\n"
        "Contributions are rounded percentage points. They add up from the usual probability, that of the model's "
        "mean\n"
        f"log-odds over the training flights (late rate of these: {_percent(reference.late)}), to that of the flight.\n"
        "The model adds effects in log-odds; each gets its share of the difference in probability. Contributions\n"
        "explain the model, not the causes of delays.\n"
        f'"Usually" refers to the flights of {months}, "of all flights" to the same days as the rate before it.\n'
        "Rates of few flights are shrunk towards the overall rate.\n"
    )


def format_what_if(what_if: WhatIf) -> str:
    """Format the predictions for a flight at other times, a line for each."""
    lines = [f"{flight_name(what_if.flight_id, what_if.destination)}: predictions at other times of departure", ""]
    for point in what_if.points:
        marks = {
            "its own time": point == what_if.own,
            "predicted late": point.predicted_late,
            f"? {point.flights_from_origin} flights from {what_if.origin}": not point.is_supported,
            f"none to {what_if.destination}": point.is_supported and not point.flights_on_route,
        }
        bar = "█" * round(point.probability * BAR_CHARACTERS)
        text = ", ".join(mark for mark, is_set in marks.items() if is_set)
        probability = f"{_percent(point.probability):>6}"
        lines.append(f"  {format_clock(point.minutes)}  {probability}  {bar:<{BAR_CHARACTERS}}  {text}".rstrip())
    lines += [
        "",
        describe_what_if(what_if),
        f"? marks half hours with fewer than {MIN_FLIGHTS} training flights from {what_if.origin}: "
        "unreliable predictions.",
        "These are predictions of the model, not effects of a new time: all other flights stay where they are, and the",
        "flight would have another aircraft, crew and passengers.",
    ]
    return "\n".join(lines) + "\n"


def describe_waterfall(reasons: Reasons, smallest: float = MIN_STEP) -> str:
    """Describe a waterfall in a sentence, without the full stop."""
    steps = waterfall_of(reasons, smallest).steps
    changes = ", ".join(f"{step.label} {format_points(step.change / 1000)}" for step in steps)
    return (
        f"From the usual {_percent(reasons.base)} to {_percent(reasons.probability)} for {reasons.flight_id}, "
        f"in percentage points: {changes or 'no step'}"
    )


def describe_what_if(what_if: WhatIf) -> str:
    """Describe the predictions over times of departure in one or two sentences."""
    supported = [point for point in what_if.points if point.is_supported]
    text = f"The prediction is {_at(what_if.own)}, its own time."
    if not supported:
        return f"{text} No time of departure from {what_if.origin} has enough training flights."
    low, high = (end(supported, key=lambda point: point.probability) for end in (min, max))
    return f"{text} Where there are enough training flights, it is lowest with {_at(low)} and highest with {_at(high)}."


def _at(point: Departure) -> str:
    return f"{_percent(point.probability)} at {format_clock(point.minutes)}"


def _waterfall_lines(reasons: Reasons, smallest: float) -> list[str]:
    """Draw the waterfall in characters: label, change, probability and bar."""
    fall = waterfall_of(reasons, smallest)
    ends = [fall.base, fall.probability, *(step.start + step.change for step in fall.steps)]
    low, high = min(ends), max(ends)
    width = max(len(label) for label in ("usual", "this flight", *(step.label for step in fall.steps)))

    def place(tenths: int) -> int:
        return round((tenths - low) / max(high - low, 1) * BAR_CHARACTERS)

    def line(label: str, change: str, tenths: int, bar: str) -> str:
        return f"  {label:<{width}}  {change:>5}  {_percent(tenths / 1000):>6}  {bar}".rstrip()

    lines = [f"  {'':<{width}}  {'adds':>5}  {'total':>7}", line("usual", "", fall.base, " " * place(fall.base) + "│")]
    for step in fall.steps:
        end = step.start + step.change
        left, right = sorted((place(step.start), place(end)))
        bar = " " * left + ("█" if step.change > 0 else "░") * (right - left)
        lines.append(line(step.label, format_points(step.change / 1000), end, bar))
    return [*lines, line("this flight", "", fall.probability, " " * place(fall.probability) + "│")]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
