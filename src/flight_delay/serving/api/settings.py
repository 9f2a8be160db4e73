"""Settings of a server, which the command passes to its workers."""

from __future__ import annotations

import os

from flight_delay.core.params import Parameters

VARIABLE = "FLIGHT_DELAY_SERVE_SETTINGS"


class Settings(Parameters):
    """Settings of a server.

    Attributes:
        service: folder of states and request logs.
        database: URL of the predictions database.
        git_commit: of the code.
        time_limit_ms: for computing flights outside the timetable.
        key_hashes: SHA-256 of the API keys; none if requests need no key.
    """

    service: str
    database: str
    git_commit: str
    time_limit_ms: float = 1000.0
    key_hashes: frozenset[str] = frozenset()

    def export(self) -> None:
        """Set the environment variable that `load` reads."""
        os.environ[VARIABLE] = self.model_dump_json()

    @classmethod
    def load(cls) -> Settings:
        """Read the settings of this process."""
        return cls.model_validate_json(os.environ[VARIABLE])
