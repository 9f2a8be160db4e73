"""Worker process of the server.

XGBoost imports scikit-learn, if it can, for estimators that the service does not use: a second at the start and 60 MiB.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI


def create_app() -> FastAPI:
    """Create the application of this process; see `Settings.load`."""
    # The import of what is None here fails: https://docs.python.org/3/reference/import.html#the-module-cache
    sys.modules["sklearn"] = None  # type: ignore[assignment]
    from flight_delay.serving.api.app import build_app
    from flight_delay.serving.api.settings import Settings

    return build_app(Settings.load())
