"""What the quality gate did, added up over months: for the metric, for the report and for the log."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from flight_delay.core.errors import UserError
from flight_delay.data.contract import QualityResult
from flight_delay.data.dictionary import Dictionary
from flight_delay.data.dictionary_entries import Layout


class QualityReport:
    """Adds up, month by month, what the gate did."""

    def __init__(self) -> None:
        self.rows = self.aside = 0
        self._reasons: Counter[str] = Counter()
        self._warnings: Counter[str] = Counter()
        self._examples: dict[str, dict[str, Any]] = {}
        self._layouts: dict[Layout, list[str]] = {}
        self._missing: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()

    def add(self, month: str, layout: Layout, gated: QualityResult, set_aside: Sequence[Mapping[str, Any]]) -> None:
        """Add a month."""
        self.rows += gated.flights.num_rows + len(set_aside)
        self.aside += len(set_aside)
        self._warnings.update(gated.warnings)
        self._layouts.setdefault(layout, []).append(month)
        self._missing.update(gated.missing)
        nowhere = gated.flights.filter(gated.flights["scheduled_arrival_utc"].is_null())
        self._unknown.update(nowhere["destination"].to_pylist())
        for row in set_aside:
            self._reasons.update(row["reasons"])
            for reason in row["reasons"]:
                self._examples.setdefault(
                    reason, {"month": month, "row": row["row"], "source": json.loads(row["source"])}
                )

    def raise_if_share_exceeds(self, share: float) -> None:
        """Check that not too many rows were set aside.

        Raises:
            UserError: they are more than this share.
        """
        if self.rows and self.aside / self.rows > share:
            often = self._reasons.most_common(5)
            why = ", ".join(f"{reason} ({count:,})" for reason, count in often)
            first = self._examples[often[0][0]]
            raise UserError(
                f"{self.aside:,} of {self.rows:,} flights break the contract ({self.aside / self.rows:.2%}), more than "
                f"make_dataset.max_quarantined_share in params.yaml ({share:.2%}): {why}; first in row "
                f"{first['row']} of data/raw/flights/{first['month']}.parquet; mend the source, or raise the share and read "
                "data/interim/quarantine"
            )

    def metrics(self) -> dict[str, Any]:
        """Counts for `dvc metrics`: rows by reason, most frequent first."""
        return {
            "rows": self.rows,
            "quarantined_rows": self.aside,
            "quarantined_share": round(self.aside / max(self.rows, 1), 6),
            "quarantined": dict(self._reasons.most_common()),
            "warnings": {warning: count for warning, count in self._warnings.most_common() if count},
        }

    def details(self, dictionary: Dictionary) -> dict[str, Any]:
        """What people read beside the counts: months by layout, empty columns, unknown airports, an example of every reason."""
        return {
            "months": self._layouts,
            "empty_columns": [name for name in dictionary.columns if self._missing[name] == self.rows],
            "missing": {
                name: self._missing[name] for name in dictionary.columns if 0 < self._missing[name] < self.rows
            },
            "unknown_destinations": dict(self._unknown.most_common()),
            "examples": self._examples,
        }

    def remarks(self) -> list[str]:
        """A line for every reason and warning, for the log."""
        found = self.metrics()
        return [
            *(f"set aside: {reason}: {count:,} of {self.rows:,}" for reason, count in found["quarantined"].items()),
            *(f"warning: {warning}: {count:,} of {self.rows:,}" for warning, count in found["warnings"].items()),
        ]
