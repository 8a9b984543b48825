"""Who works on a study: each process holds a lock that the operating system takes back when the process ends.

A lock file that must be removed, as Optuna's own locks are, stays behind when its process is killed, and the next one
waits half a minute before it dares to take it; a lock of the kernel never outlives its holder.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from optuna.storages.journal import JournalFileOpenLock

from programs.disk import disk_faults

if sys.platform == "win32":
    import msvcrt

    def _take(handle: int, wait: bool) -> None:
        msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(handle: int, wait: bool) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


class Lock:
    """One holder at a time, over threads and processes; falls free when its process ends."""

    def __init__(self, path: Path):
        """Takes nothing yet."""
        self._path = path
        self._handle: int | None = None

    def take(self, wait: bool = True) -> bool:
        """Whether it was taken; with `wait`, as soon as it is free. Raises: OSError where files cannot be locked."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _take(handle, wait)
        except BlockingIOError:
            os.close(handle)
            return False
        except BaseException:
            os.close(handle)
            raise
        self._handle = handle
        return True

    def give(self) -> None:
        """Lets others have it; does nothing if it is not held."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class JournalLock(JournalFileOpenLock):
    """What Optuna's journal takes around each write."""

    def __init__(self, path: Path):
        """Takes nothing yet."""
        self._lock = Lock(path)

    def acquire(self) -> bool:
        """Waits until it is free."""
        return self._lock.take()

    def release(self) -> None:
        """Lets others write."""
        self._lock.give()


class Workers:
    """The processes that work on one study; without a folder there is one, and nothing is locked."""

    def __init__(self, folder: Path | None, host: str = ""):
        """Joins nobody yet.

        Args:
            folder: Where the locks are; for a study on disk beside it.
            host: Sets workers of this machine apart where a study is shared by machines that do not share the folder.

        Raises: SetupError if the folder cannot be made.
        """
        self._folder = folder
        self._host = host
        self._mine: Lock | None = None
        self.number = 0
        """Among those of this machine."""
        if folder is not None:
            with disk_faults(folder):
                folder.mkdir(parents=True, exist_ok=True)

    @property
    def name(self) -> str:
        """What this process is called in the study."""
        return f"{self._host}{self.number}"

    @contextlib.contextmanager
    def joined(self) -> Iterator[str]:
        """Takes the first name that no living process has; alone, always the same."""
        number = 0
        if self._folder is not None:
            while not (lock := Lock(self._folder / f"worker-{number}")).take(wait=False):
                number += 1
            self._mine = lock
        self.number = number
        try:
            yield self.name
        finally:
            if self._mine is not None:
                self._mine.give()
                self._mine = None

    def alive(self, name: str) -> bool:
        """Whether another worker of this name is at work; those of other machines are taken to be."""
        if name == self.name or self._folder is None:
            return False
        if not self.here(name):
            return True
        lock = Lock(self._folder / f"worker-{name[len(self._host) :]}")
        if lock.take(wait=False):
            lock.give()
            return False
        return True

    def here(self, name: str) -> bool:
        """Whether a worker of this name is one of this machine."""
        return name[: len(self._host)] == self._host and name[len(self._host) :].isdecimal()

    @contextlib.contextmanager
    def alone(self, doing: str) -> Iterator[None]:
        """Lets one worker at a time into the block."""
        if self._folder is None:
            yield
            return
        lock = Lock(self._folder / doing)
        lock.take()
        try:
            yield
        finally:
            lock.give()
