"""Format values of features, shares, clock times and durations."""

from __future__ import annotations

from typing import Literal

ShownAs = Literal[
    "category", "weekday", "clock", "duration", "miles", "count", "share", "fahrenheit", "miles_per_hour", "millibars"
]

_WEEKDAYS = {
    "Mon": "Monday", "Tue": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday", "Fri": "Friday", "Sat": "Saturday",
    "Sun": "Sunday",
}  # fmt: skip
_UNITS = {"miles": "miles", "fahrenheit": "°F", "miles_per_hour": "mph", "millibars": "millibars"}


def format_value(value: float | str, shown_as: ShownAs) -> str:
    """Format a value of a feature with its unit."""
    if isinstance(value, str):
        return _WEEKDAYS.get(value, value) if shown_as == "weekday" else value
    if shown_as in _UNITS:
        return f"{value:,.0f} {_UNITS[shown_as]}"
    formatter = {"clock": format_clock, "duration": format_duration, "share": format_percent}.get(shown_as)
    return formatter(value) if formatter else f"{value:,.0f}"


def format_percent(share: float) -> str:
    """Format a share, such as '38 %'; with one decimal below ten percent."""
    digits = 1 if 0 < abs(share) < 0.0995 else 0
    return f"{100 * share:.{digits}f} %"


def format_points(difference: float) -> str:
    """Format a difference of shares in percentage points: '+4.2' or '0.0'."""
    return f"{100 * difference:+z.1f}".replace("+0.0", "0.0")


def format_clock(minutes: float) -> str:
    """Format minutes after midnight as '17:05'; a day ends at '24:00'."""
    return "{:02d}:{:02d}".format(*divmod(round(minutes), 60))


def format_duration(minutes: float) -> str:
    """Format minutes, such as '2 h 05' or '45 min'."""
    hours, rest = divmod(round(minutes), 60)
    return f"{hours} h {rest:02d}" if hours else f"{rest} min"
