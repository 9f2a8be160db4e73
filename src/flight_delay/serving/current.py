"""The current state of a server, replaced while it answers."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from flight_delay.core.errors import UserError
from flight_delay.serving.state import load_state
from flight_delay.serving.states import read_pointer, require_not_older
from flight_delay.serving.table import AnswerTable

POLL_SECONDS = 0.05  # the pointer is a small file

log = logging.getLogger(__name__)


class CurrentState:
    """Answers of the current state; `rejected` is why a newer one was not taken.

    A request reads `table` once and answers from it, so that a replacement never mixes two states in an answer.
    """

    def __init__(self, states: Path) -> None:
        self._states = states
        self._seen: tuple[str, int] | None = None
        self.table: AnswerTable | None = None
        self.rejected: str | None = None
        self.rejections = 0

    def refresh(self) -> None:
        """Load the state that the pointer names, if it changed.

        A state that is damaged, older, or built by different code is rejected, and the present one stays. It is tried
        again when the pointer is written again, as after building the same state again.
        """
        pointer = read_pointer(self._states)
        if pointer is None or pointer == self._seen:
            return
        try:
            state = load_state(self._states, pointer[0])
            if self.table:
                require_not_older(state, self.table.state.manifest)
            table = AnswerTable.compute(state)
        except (UserError, OSError) as error:
            self.rejected, self.rejections = str(error), self.rejections + 1
            log.warning("state rejected: %s", error)
        else:
            self.table, self.rejected = table, None
            log.info("state %s: as of %s, model %s", state.id, state.manifest.as_of, state.model.version)
        self._seen = pointer

    async def watch(self) -> None:
        """Refresh for ever, in another thread."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                await asyncio.to_thread(self.refresh)
            except Exception:  # the server must go on with its state
                log.exception("the state could not be read")
