"""How features, their values and effects are written in pictures and in the sentences beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Units of the data dictionary that are written in their own way.
CLOCK, SHARE = "minutes after midnight", "share"


@dataclass(frozen=True)
class Naming:
    """Words for features or topics, and units of features, by name; a name without words is written as it is, without underscores."""

    labels: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str | None] = field(default_factory=dict)

    def label(self, name: str) -> str:
        """What it is called."""
        return self.labels.get(name, name.replace("_", " "))

    def axis(self, name: str) -> str:
        """What stands at an axis of its values."""
        unit = {CLOCK: "hour:minute", SHARE: "%"}.get(self.units.get(name) or "", self.units.get(name))
        return f"{self.label(name)} ({unit})" if unit else self.label(name)

    def number(self, name: str, value: float) -> str:
        """A value without its unit, such as a tick of an axis."""
        if self.units.get(name) == CLOCK:
            return f"{int(value) // 60:02d}:{int(value) % 60:02d}"
        return minus(f"{100 * value:.4g}" if self.units.get(name) == SHARE else f"{value:,.4g}")

    def value(self, name: str, value: float | str) -> str:
        """A value as a sentence has it, such as '07:30', '12 %', '84 flights' or 'UA'."""
        if isinstance(value, str):
            return value
        unit = {CLOCK: None, SHARE: "%"}.get(self.units.get(name) or "", self.units.get(name))
        return f"{self.number(name, value)} {unit}" if unit else self.number(name, value)


def signed(effect: float) -> str:
    """An effect with its sign and three decimals; zero has none."""
    text = f"{effect:+.3f}"
    return "0.000" if float(text) == 0 else minus(text)


def minus(text: str) -> str:
    """With a minus sign instead of the hyphen that stands for one."""
    return text.replace("-", "−")
