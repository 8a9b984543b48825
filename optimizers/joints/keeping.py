"""Keeps scores while a block is under way, so that a kill costs what the last second earned."""

import threading
import time
from typing import Any

from optimizers.joints.kept import Row
from optimizers.joints.study import Study

_FLUSH_SECONDS = 1.0
"""Between two writes; every write waits for the disk."""


class Keeper:
    """Collects the rows of one block, from any thread."""

    def __init__(self, study: Study, trial_id: int, block: int, known: list[Row]):
        """Starts with the rows that are kept already."""
        self._study, self._trial_id, self._block = study, trial_id, block
        self._rows = known
        self._n_kept = len(known)
        self._kept_at = time.monotonic()
        self._lock = threading.Lock()
        self._open = True

    def add(self, row: Row) -> None:
        """Takes a row; ignored once the block is closed: threads may outlive an evaluation that was broken off."""
        with self._lock:
            if self._open:
                self._rows.append(row)
                if time.monotonic() - self._kept_at >= _FLUSH_SECONDS:
                    self._keep()

    def __enter__(self) -> "Keeper":
        """Itself."""
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        """Keeps what came, if the block was broken off; a whole one is kept by who asked for it."""
        with self._lock:
            self._open = False
            if kind is not None and len(self._rows) > self._n_kept:
                self._keep()

    def _keep(self) -> None:
        self._study.keep(self._trial_id, self._block, self._rows, done=False)
        self._n_kept, self._kept_at = len(self._rows), time.monotonic()
