"""What the public corpora of prompts have in common: a place on the hub or a local copy, and columns to be found."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.request_sources.rows import Location, RequestRow, RequestTable
from data.sources.hub import fetch
from data.sources.local_files import read_any
from signatures.errors import SetupError, unknown

if TYPE_CHECKING:
    from datasets import Dataset

OPTIONS = ("config", "split")
_TABLE = re.compile(r"\.(?:jsonl|ndjson|json|csv|tsv|parquet)(?:\.gz)?$", re.IGNORECASE)
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")

Values = Mapping[str, str]
"""A row's value by field, empty where the corpus has no such column."""


@dataclass(frozen=True)
class PublicRequests:
    """A public corpus of prompts: where it is and how its columns read."""

    name: str
    hub_id: str
    licence: str
    columns: Mapping[str, tuple[str, ...]]
    """For each field the names its column goes by, best first, in lower case; the prompt's must be found."""
    to_row: Callable[[Values, str, int], RequestRow]
    """Makes a row of its values, the part it stands in, and its place there, from 1."""
    configs: tuple[str, ...] = ()
    """Configurations of the dataset to read where the caller names none."""
    files: str = ""
    """A pattern that the names of its files match, in a folder with other tables beside."""

    def read(self, location: Location) -> RequestTable:
        """Reads the corpus from the hub, or from a local copy if a path is given.

        Raises: SetupError if it cannot be had or read, has no column for prompts, or an option is unknown.
        """
        for option in location.options:
            if option not in OPTIONS:
                raise unknown(f"option of corpus {self.name!r}", option, OPTIONS)
        parts = self._local(location) if location.path else self._fetched(location)
        return RequestTable(tuple(row for part, table in parts for row in self._rows(part, table)), self.licence)

    def _fetched(self, location: Location) -> "Iterator[tuple[str, Dataset]]":
        asked = location.options.get("config")
        for config in (asked,) if asked else self.configs or (None,):
            try:
                loaded = fetch(self.hub_id, config=config, split=location.options.get("split"))
            except SetupError as error:
                raise SetupError(f"{error}; a local copy of this corpus is read with {self.name}:PATH") from error
            for split, table in loaded.items():
                yield "/".join(name for name in (config, str(split)) if name), table

    def _local(self, location: Location) -> "Iterator[tuple[str, Dataset]]":
        folder = Path(location.path).expanduser()
        files = [folder]
        if folder.is_dir():
            tables = [file for place in (folder, folder / "data") for file in sorted(place.glob("*"))]
            files = [file for file in tables if _TABLE.search(file.name) and re.search(self.files, file.name)]
            if not files:
                raise SetupError(f"no table of corpus {self.name!r} in {str(folder)!r}; name one file")
        for file in files:
            part = location.options.get("config") or _SHARD.sub("", _TABLE.sub("", file.name))
            yield part, read_any(str(file))

    def _rows(self, part: str, table: "Dataset") -> Iterator[RequestRow]:
        fields = self.fields(table.column_names)
        row: Any
        for n, row in enumerate(table.select_columns(sorted(set(fields.values()))), start=1):
            values = {field: _as_text(row[fields[field]]) if field in fields else "" for field in self.columns}
            yield self.to_row(values, part, n)

    def fields(self, found: list[str]) -> dict[str, str]:
        """The column of each field that the table has.

        Raises: SetupError if there is none for prompts, listing what was found.
        """
        known = {column.casefold(): column for column in reversed(found)}
        fields = {}
        for field, names in self.columns.items():
            column = next((known[name] for name in names if name in known), None)
            if column is not None:
                fields[field] = column
        if "prompt" not in fields:
            raise SetupError(
                f"corpus {self.name!r} has no column for its prompts: looked for {', '.join(self.columns['prompt'])}; "
                f"found {', '.join(found) or 'none'}; rename one, or name it as csv:PATH?prompt=COLUMN"
            )
        return fields


def _as_text(value: object) -> str:
    return "" if value is None else str(value)
