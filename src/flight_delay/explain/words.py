"""Numbers as people read them: shares, clock times, durations, counts. No sentence stands here."""

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


def shown(value: float | str, as_: ShownAs) -> str:
    """A value of a feature, with its unit."""
    if isinstance(value, str):
        return _WEEKDAYS.get(value, value) if as_ == "weekday" else value
    if as_ in _UNITS:
        return f"{value:,.0f} {_UNITS[as_]}"
    written = {"clock": clock, "duration": duration, "share": percent}.get(as_)
    return written(value) if written else f"{value:,.0f}"


def percent(share: float) -> str:
    """A share, such as '38 %'; below ten percent with a digit more."""
    digits = 1 if 0 < abs(share) < 0.0995 else 0
    return f"{100 * share:.{digits}f} %"


def points(difference: float) -> str:
    """A difference of shares in percentage points with its sign, such as '+4.2'; '0.0' has none."""
    written = f"{100 * difference:+.1f}"
    return "0.0" if written in {"+0.0", "-0.0"} else written


def clock(minutes: float) -> str:
    """Minutes after midnight, such as '17:05'; '24:00' is the midnight that ends a day."""
    return "{:02d}:{:02d}".format(*divmod(round(minutes), 60))


def duration(minutes: float) -> str:
    """Minutes, such as '2 h 05' or '45 min'."""
    hours, rest = divmod(round(minutes), 60)
    return f"{hours} h {rest:02d}" if hours else f"{rest} min"
