"""Tables in local files: JSON Lines, CSV, TSV and Parquet, plain or gzipped; every fault is named with its row."""

import csv
import gzip
import json
import zlib
from collections.abc import Iterator
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.columns import OPTIONAL, ColumnMap
from data.rows import Table, first_line, root_cause, table_work, to_rows
from signatures.errors import SetupError
from signatures.paths import typed_path

if TYPE_CHECKING:
    from datasets import Dataset

_KINDS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".csv": "csv", ".tsv": "tsv", ".parquet": "parquet"}
_READ = ("author", "text", *OPTIONAL)


def read_jsonl(path: str, columns: ColumnMap) -> Table:
    """Reads `jsonl:PATH`, one JSON object a line."""
    return _read(path, "jsonl", columns)


def read_csv(path: str, columns: ColumnMap) -> Table:
    """Reads `csv:PATH`, with a header line; every value is text."""
    return _read(path, "csv", columns)


def read_any(path: str) -> "Dataset":
    """Reads a file whose ending says what it is.

    Raises: SetupError if the file is of no known kind, or cannot be read.
    """
    suffixes = [suffix.lower() for suffix in Path(path).suffixes if suffix.lower() != ".gz"]
    kind = _KINDS.get(suffixes[-1] if suffixes else "")
    if kind is None:
        raise SetupError(f"cannot tell what {path!r} is from its ending; use one of: {', '.join(_KINDS)} (or with .gz)")
    return load_table(path, kind)


def load_table(path: str, kind: str) -> "Dataset":
    """Checks a file of a given kind (jsonl, csv, tsv, parquet) and loads it as it stands.

    Raises: SetupError if it is missing, empty, damaged, not UTF-8 or not of that kind, with the row that is to blame.
    """
    file = typed_path(path)
    header = _check(file, kind)
    from datasets import Features, Value, load_dataset
    from datasets.exceptions import DatasetGenerationError

    options: dict[str, Any] = {}
    if kind in ("csv", "tsv"):
        text_only = Features({name: Value("string") for name in header})
        options = {"keep_default_na": False, "features": text_only, "sep": "\t" if kind == "tsv" else ","}
    builder = {"jsonl": "json", "tsv": "csv"}.get(kind, kind)
    with table_work():
        try:
            table = load_dataset(builder, data_files=escape(str(file.resolve())), split="train", **options)
        except (DatasetGenerationError, ValueError) as error:
            cause = root_cause(error)
            if isinstance(cause, OSError):
                raise cause from None
            raise SetupError(f"cannot read {path!r} as {kind}: {first_line(cause)}; mend the file") from error
    if not len(table):
        raise SetupError(f"{path!r} has no rows; give a file with at least one text")
    return table


def _read(path: str, kind: str, columns: ColumnMap) -> Table:
    table = load_table(path, kind)
    fields = columns.present(table.column_names, repr(path))
    with table_work():
        return Table(to_rows(table, fields, attributes=columns.attributes))


def _check(file: Path, kind: str) -> list[str]:
    """Reads a file through once, and returns the header of a CSV file."""
    if not file.exists():
        raise SetupError(f"no file {str(file)!r}; check the path")
    if file.is_dir():
        raise SetupError(f"{str(file)!r} is a folder; name one file")
    if kind == "parquet":
        return []
    lines = _lines(file)
    header: list[str] = []
    kinds: dict[str, str] = {}
    n = 0
    for n, line in enumerate(lines, start=1):
        if kind == "jsonl":
            _check_object(file, n, line, kinds)
        elif n == 1:
            header = next(csv.reader([line], delimiter="\t" if kind == "tsv" else ","), [])
    if not n:
        raise SetupError(f"{str(file)!r} is empty; give a file with at least one text")
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise SetupError(f"{str(file)!r} has the column {repeated[0]!r} twice; rename one")
    return header


def _lines(file: Path) -> Iterator[str]:
    opener = gzip.open if file.suffix.lower() == ".gz" else open
    n = 0
    try:
        with opener(file, "rb") as stream:
            for n, raw in enumerate(stream, start=1):
                if b"\0" in raw:
                    raise SetupError(f"{str(file)!r} looks binary (a NUL byte in row {n}); give a text file in UTF-8")
                yield raw.decode("utf-8-sig" if n == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise SetupError(f"row {n} of {str(file)!r} is not UTF-8 ({error.reason}); save the file as UTF-8") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise SetupError(f"{str(file)!r} is not a whole gzip file ({error}); fetch or pack it again") from error
    except OSError as error:
        raise SetupError(
            f"cannot read {str(file)!r}: {error.strerror or error}; check the path and its rights"
        ) from error


def _check_object(file: Path, n: int, line: str, kinds: dict[str, str]) -> None:
    """Checks one line; `kinds` carries the type that each read column had in the rows above."""
    where = f"row {n} of {str(file)!r}"
    if not line.strip():
        return
    try:
        value = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise SetupError(f"{where} is not JSON ({error}); write one JSON object a line") from error
    if not isinstance(value, dict):
        raise SetupError(f'{where} is not a JSON object; write one a line, such as {{"author": "a", "text": "..."}}')
    for name, held in value.items():
        if isinstance(held, str) and not _encodable(held):
            raise SetupError(f"{where} has half a character (a lone surrogate) in {name!r}; remove it")
        if name not in _READ or held is None:
            continue
        kind = type(held).__name__
        if kind not in ("str", "int") or kinds.setdefault(name, kind) != kind:
            raise SetupError(f"{where} holds {_shown(held)} in {name!r}; write text, the same in every row")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
