"""Texts that another system made, from a file of JSON lines: whatever can write such a file can be compared."""

import gzip
import json
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from signatures.errors import SetupError, counted
from signatures.paths import typed_path

_EXAMPLE = '{"target_id": "...", "text": "..."}'
_GZIP = b"\x1f\x8b"


def read_texts(path: Path | str) -> dict[str, str]:
    """Target id to text, in the file's order, from lines such as `{"target_id": "...", "text": "..."}`.

    The id may also stand under `id`; further fields are not read. The file may be gzipped, whatever its name. An empty
    text is a text.

    Raises: SetupError, with the number of the line, for a missing or unreadable file, one that is binary, broken JSON,
    a field that is missing or no string, an id that stands twice, and a file without texts.
    """
    path = typed_path(path)
    texts: dict[str, str] = {}
    lines: dict[str, int] = {}
    with _reading_faults(path), _opened(path) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            where = f"line {number} of {str(path)!r}"
            name, text = _fields(_record(line, where), where)
            if name in texts:
                raise SetupError(
                    f"{where} repeats the target id {name!r} of line {lines[name]}; keep one text for each target"
                )
            texts[name], lines[name] = text, number
    if not texts:
        raise SetupError(f"{str(path)!r} holds no texts; write one line for each target, as in {_EXAMPLE}")
    return texts


def missing(texts: Mapping[str, str], target_ids: Iterable[str]) -> list[str]:
    """The targets that have no text, in their order; an empty text is none that is missing."""
    return [name for name in target_ids if name not in texts]


def surplus_note(texts: Mapping[str, str], target_ids: Collection[str]) -> str:
    """Says how many texts are of no target; empty if none are, since one file may serve several splits."""
    wanted = set(target_ids)
    others = [name for name in texts if name not in wanted]
    if not others:
        return ""
    verb = "is of no target" if len(others) == 1 else "are of no targets"
    return f"{counted(len(others), 'text')} {verb} here and not used (the first is of {others[0]!r})"


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as file:
        packed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        if not packed:
            yield file
            return
        with gzip.open(file, "rb") as unpacked:
            yield cast(BinaryIO, unpacked)


@contextmanager
def _reading_faults(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as fault:
        raise SetupError(f"no file {str(path)!r}; give a file of JSON lines, as in {_EXAMPLE}") from fault
    except IsADirectoryError as fault:
        raise SetupError(f"{str(path)!r} is a folder; name the file of JSON lines in it") from fault
    except (gzip.BadGzipFile, EOFError, zlib.error) as fault:
        raise SetupError(f"{str(path)!r} is not a whole gzip file ({fault}); fetch or pack it again") from fault
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or fault
        raise SetupError(f"cannot read {str(path)!r}: {reason}; give a file of JSON lines, as in {_EXAMPLE}") from fault


def _record(line: bytes, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as fault:
        raise SetupError(f"{where} is not UTF-8 text; save the file as UTF-8, one JSON object a line") from fault
    except (ValueError, RecursionError) as fault:
        raise SetupError(f"{where} is not JSON ({fault}); write one object a line, as in {_EXAMPLE}") from fault
    if not isinstance(record, dict):
        raise SetupError(f"{where} holds a {type(record).__name__}; write one object a line, as in {_EXAMPLE}")
    return record


def _fields(record: Mapping[str, Any], where: str) -> tuple[str, str]:
    given = {"target_id": record.get("target_id", record.get("id")), "text": record.get("text")}
    for field, value in given.items():
        if value is None:
            has = ", ".join(map(repr, record)) or "no fields"
            raise SetupError(f"{where} has no {field!r} (it has {has}); write {_EXAMPLE}")
        if not isinstance(value, str):
            raise SetupError(f"{where} gives {value!r} as {field!r}; give a string")
    if not given["target_id"]:
        raise SetupError(f"{where} gives an empty target id; give the id of the target that the text answers")
    return given["target_id"], given["text"]
