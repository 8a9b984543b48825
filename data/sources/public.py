"""What the corpora with a ready name have in common: a place on the hub, or a local copy, and columns to be found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from data.cleaning import Limits
from data.rows import Table, parts_to_rows, table_work
from data.sources.hub import fetch
from data.sources.local_files import read_any
from signatures.errors import SetupError
from signatures.paths import typed_path

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict


@dataclass(frozen=True)
class PublicCorpus:
    """A public corpus: where it is and how its columns read."""

    name: str
    hub_id: str
    licence: str
    domain: str
    columns: Mapping[str, tuple[str, ...]]
    """For each field (author, text, split, id) the names its column goes by, best first, in lower case."""
    attributes: tuple[str, ...] = ()
    """Columns that say something of the author, in lower case."""
    tidy: Callable[[str, str], str] | None = None
    """Given author and text, the text without what the author did not write."""
    limits: Limits = field(default_factory=Limits)
    """What is kept where the caller does not say."""
    read_folder: "Callable[[Path], DatasetDict] | None" = None
    """Reads the corpus as its publisher packs it, where that is a folder."""

    def read(self, path: str) -> Table:
        """Reads the corpus from the hub, or from a local copy if a path is given."""
        parts = self._local(path) if path else fetch(self.hub_id)
        with table_work():
            return Table(self.rows(parts), licence=self.licence)

    def rows(self, parts: "DatasetDict") -> "Dataset":
        """Brings the corpus, however its columns are spelled, to the columns of `data.rows.Row`."""
        found = {name.lower(): name for name in next(iter(parts.values())).column_names}
        fields: dict[str, str] = {}
        for wanted, names in self.columns.items():
            match = next((found[name] for name in names if name in found), None)
            if match is not None:
                fields[wanted] = match
        for wanted in ("author", "text"):
            if wanted not in fields:
                names, columns = ", ".join(self.columns[wanted]), ", ".join(found.values())
                raise SetupError(
                    f"corpus {self.name!r} has no column for its {wanted}: looked for {names}; found {columns}; "
                    f"name it as hub:{self.hub_id}?author=COLUMN&text=COLUMN, or csv:PATH?author=COLUMN&text=COLUMN"
                )
        attributes = tuple(found[name] for name in self.attributes if name in found)
        return parts_to_rows(parts, fields, attributes=attributes, domain=self.domain)

    def _local(self, path: str) -> "DatasetDict":
        from datasets import DatasetDict

        folder = typed_path(path)
        if self.read_folder is not None and folder.is_dir():
            return self.read_folder(folder)
        return DatasetDict({"all": read_any(path)})
