"""Keeps scores while a block is under way, so that a kill costs what the last second earned."""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from optimizers.joints.kept import Row
from optimizers.joints.study import Study

_FLUSH_SECONDS = 1.0
"""Between two writes; every write waits for the disk."""


class Keeper:
    """Collects the rows of blocks, from any thread."""

    def __init__(self, study: Study, trial_id: int, blocks: Mapping[int, Sequence[int]], known: Sequence[Row]):
        """Starts with the rows that are kept already; `blocks` are numbers with the targets of each."""
        self._study, self._trial_id = study, trial_id
        self._block_of = {target: block for block, targets in blocks.items() for target in targets}
        self._rows: dict[int, list[Row]] = {block: [] for block in blocks}
        for row in known:
            self._rows[self._block_of[row.target]].append(row)
        self._unkept: set[int] = set()
        self._kept_at = time.monotonic()
        self._lock = threading.Lock()
        self._open = True

    def add(self, row: Row) -> None:
        """Takes a row; ignored once the blocks are closed: threads may outlive an evaluation that was broken off."""
        with self._lock:
            if self._open:
                block = self._block_of[row.target]
                self._rows[block].append(row)
                self._unkept.add(block)
                if time.monotonic() - self._kept_at >= _FLUSH_SECONDS:
                    self._keep()

    def __enter__(self) -> "Keeper":
        """Itself."""
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        """Keeps what came, if the blocks were broken off; whole ones are kept by who asked for them."""
        with self._lock:
            self._open = False
            if kind is not None:
                self._keep()

    def _keep(self) -> None:
        for block in sorted(self._unkept):
            self._study.keep(self._trial_id, block, self._rows[block], done=False)
        self._unkept.clear()
        self._kept_at = time.monotonic()
