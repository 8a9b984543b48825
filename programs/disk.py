"""Writing files so that a reader finds the whole file or none, and the user a remedy when the disk refuses."""

import errno
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from signatures.errors import SetupError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
TEMPORARY = ".tmp-"
LEAST_FREE_BYTES = 20 * 2**20
"""A version takes well under this; less free space than this is treated as a full disk."""


@contextmanager
def disk_faults(path: Path) -> Iterator[None]:
    """Turns what the file system refuses while writing under `path` into one line with its remedy.

    Raises: SetupError in place of OSError.
    """
    try:
        yield
    except OSError as fault:
        remedy = "free some space or choose" if fault.errno in FULL else "choose"
        raise SetupError(
            f"cannot write {str(fault.filename or path)!r}: {fault.strerror or fault}; "
            f"{remedy} a folder you may write to with --out"
        ) from fault


def check_writable(root: Path) -> None:
    """Tries a file in `root`, or where it will be made, so that a long run does not end on a folder it may not write.

    Leaves nothing behind, not even the folder.

    Raises: SetupError if the folder cannot be made or written, or its disk is nearly full.
    """
    with disk_faults(root):
        place = nearest(root)
        with tempfile.TemporaryFile(dir=place) as probe:
            probe.write(b"probe")
            probe.flush()
        free = shutil.disk_usage(place).free
        if free < LEAST_FREE_BYTES:
            raise OSError(errno.ENOSPC, f"only {free // 2**20} MiB free", str(root))


def nearest(folder: Path) -> Path:
    """The folder itself, or the nearest above it that exists. Raises: NotADirectoryError if a file is in the way."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    if not place.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(place))
    return place


def temporary(folder: Path) -> Path:
    """Names a file or folder in `folder` that nobody uses yet and every reader ignores; makes nothing."""
    return folder / f"{TEMPORARY}{uuid.uuid4().hex}"


def write_file(path: Path, content: bytes) -> None:
    """Writes a new file and waits until the disk has it. Raises: OSError."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Replaces the file at `path` in one step; a reader sees the old content or the new. Raises: OSError."""
    draft = temporary(path.parent)
    try:
        write_file(draft, content)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Waits until the disk has the names in `folder`; does nothing where folders cannot be opened. Raises: OSError."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
