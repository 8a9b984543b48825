"""Where a study lives: a journal file, a database, or the memory of this process."""

import hashlib
import json
import logging
import os
import socket
import tempfile
from pathlib import Path
from typing import NamedTuple

from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage, get_storage
from optuna.storages.journal import JournalFileBackend

from optimizers.joints.workers import JournalLock, Workers
from programs.disk import disk_faults
from signatures.errors import SetupError, line_of

logger = logging.getLogger(__name__)

_OPENING = b'{"op_code":'
"""How Optuna starts every line of a journal."""


class Place(NamedTuple):
    """An opened storage, and who works on it."""

    storage: BaseStorage
    workers: Workers
    shown: str
    """As the user wrote it."""


def open_place(where: str | Path | None) -> Place:
    """Opens what `where` names: a database URL with `://`, else a journal's path; memory if None.

    A journal whose last line was cut off by a kill loses that line, which no process has acted on.

    Raises: SetupError if the file is no journal or is damaged before its last line, if it cannot be written, or if
    the database cannot be opened.
    """
    if where is None:
        return Place(InMemoryStorage(), Workers(None), "memory")
    if "://" in str(where):
        return _database(str(where))
    path = Path(where)
    if path.is_dir():
        raise SetupError(f"study {str(path)!r} is a folder; name a file in it, such as {str(path / 'study.log')!r}")
    with disk_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        workers = Workers(path.with_name(path.name + ".locks"))
        lock = JournalLock(path.with_name(path.name + ".locks") / "write")
        lock.acquire()
        try:
            repair(path)
        finally:
            lock.release()
        return Place(JournalStorage(JournalFileBackend(str(path), lock_obj=lock)), workers, str(path))


def repair(path: Path) -> int:
    """Drops a last line that was cut off; how many bytes went. Nobody may be writing meanwhile.

    Raises: SetupError if the file is no journal, or another line than the last is damaged.
    """
    if not path.exists():
        return 0
    kept = 0
    with path.open("r+b") as file:
        for number, line in enumerate(file, 1):
            if line.endswith(b"\n") and _is_entry(line):
                kept += len(line)
                continue
            if file.read(1) or not _is_cut(line, first=number == 1):
                raise SetupError(
                    f"study {str(path)!r} is damaged, or no journal of Optuna's: line {number} is {line[:40]!r}; "
                    "name another file"
                )
            file.truncate(kept)
            file.flush()
            os.fsync(file.fileno())
            logger.warning("study %s: a last line of %d bytes that was cut off is dropped", path, len(line))
            return len(line)
    return 0


def _is_entry(line: bytes) -> bool:
    try:
        entry = json.loads(line)
    except ValueError:
        return False
    return isinstance(entry, dict) and "op_code" in entry


def _is_cut(line: bytes, first: bool) -> bool:
    """Whether a last line is the rest of an entry; a file with nothing else must begin like a journal to be one."""
    return not first or not line.strip(b"\0\n") or line.startswith(_OPENING) or _OPENING.startswith(line)


def _database(url: str) -> Place:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        storage = get_storage(url)
    except (SQLAlchemyError, ImportError, ValueError, RuntimeError) as error:
        line = line_of(error, 200)
        raise SetupError(f"study {_without_password(url)!r} cannot be opened: {line}; correct the URL") from error
    folder = Path(tempfile.gettempdir()) / f"study-{hashlib.sha256(url.encode()).hexdigest()[:16]}.locks"
    return Place(storage, Workers(folder, f"{socket.gethostname()}:"), _without_password(url))


def _without_password(url: str) -> str:
    """The URL without user and password."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
