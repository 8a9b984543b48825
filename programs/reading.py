"""Reading the texts that a user names on the command line: one text a file, `-` for standard input."""

import glob
import os
import stat
import sys
from collections.abc import Sequence
from typing import BinaryIO

from signatures.errors import SetupError

STDIN = "-"
MOST_BYTES = 2**20
"""A file above this is no single text but an archive; programs read a few hundred words of each text."""

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_texts(names: Sequence[str]) -> list[str]:
    """The text of each file, in order; patterns that the shell left alone (`'mails/*.txt'`) are matched here.

    Raises: SetupError for a file that is missing, a folder, unreadable, too large, binary, not UTF-8 or empty, and for
    a pattern that matches nothing.
    """
    files = [file for name in names for file in _matches(name)]
    if files.count(STDIN) > 1:
        raise SetupError(
            f"{STDIN!r} is named {files.count(STDIN)} times, but standard input holds one text; name it once"
        )
    return [read_text(file) for file in files]


def read_text(name: str) -> str:
    """The text of one file, or of standard input for `-`, without a byte order mark.

    Raises: SetupError as `read_texts` does.
    """
    if name == STDIN:
        return _decode(_read_stdin(), "standard input")
    try:
        if stat.S_ISDIR(os.stat(name).st_mode):
            raise SetupError(f"{name!r} is a folder; name the files in it, as in {os.path.join(name, '*.txt')!r}")
        with open(name, "rb") as file:
            content = _read(file, repr(name))
    except FileNotFoundError as fault:
        raise SetupError(f"no file {name!r}; give the path of a text file, one text a file") from fault
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or fault
        raise SetupError(f"cannot read {name!r}: {reason}; give a text file that you may read") from fault
    return _decode(content, repr(name))


def _matches(name: str) -> list[str]:
    if name == STDIN or os.path.lexists(name) or not glob.has_magic(name):
        return [name]
    found = [path for path in sorted(glob.glob(name, recursive=True)) if not os.path.isdir(path)]
    if not found:
        raise SetupError(f"no file matches {name!r}; check the folder and the ending, or name the files one by one")
    return found


def _read_stdin() -> bytes:
    if sys.stdin is None or sys.stdin.closed:
        raise SetupError("standard input is closed; name a file instead of '-'")
    if sys.stdin.isatty():
        sys.stderr.write("type or paste the text, then press Ctrl-D\n")
    return _read(sys.stdin.buffer, "standard input")


def _read(file: BinaryIO, what: str) -> bytes:
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise SetupError(f"{what} holds more than {MOST_BYTES // 2**20} MiB; give one text a file, not an archive")
    return content


def _decode(content: bytes, what: str) -> str:
    if content.startswith(_UTF16):
        raise SetupError(f"{what} is UTF-16; save it as UTF-8, for instance with: iconv -f UTF-16 -t UTF-8")
    if b"\0" in content:
        raise SetupError(f"{what} is a binary file; give plain text in UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise SetupError(
            f"{what} is not UTF-8 (byte {fault.start}: {content[fault.start : fault.start + 1]!r}); "
            "save it as UTF-8, for instance with: iconv -f WINDOWS-1252 -t UTF-8"
        ) from fault
    if not text.strip():
        raise SetupError(f"{what} is empty; give a file that holds a text")
    return text
