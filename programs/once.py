"""Work done once and shared by the threads that ask for it."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any


class Once:
    """Remembers results by key; threads that ask while the first is at work wait for it.

    A failure is not remembered: those who waited get it, and the next caller tries again. A copy starts empty, since
    a copied program may be given other instructions.
    """

    def __init__(self) -> None:
        """Starts empty."""
        self._results: dict[Hashable, Future[Any]] = {}
        self._lock = threading.Lock()

    def __call__(self, key: Hashable, work: Callable[[], Any]) -> Any:
        """The result of `work` for this key, running it only if nobody has."""
        with self._lock:
            future = self._results.get(key)
            mine = future is None
            if future is None:
                future = self._results[key] = Future()
        if not mine:
            return future.result()
        try:
            future.set_result(work())
        except BaseException as error:
            with self._lock:
                del self._results[key]
            future.set_exception(error)
            raise
        return future.result()

    def __deepcopy__(self, memo: dict[int, Any]) -> "Once":
        """An empty one."""
        return Once()
