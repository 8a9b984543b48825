"""Which column of a table holds what, and how a corpus name says so."""

from collections.abc import Collection
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field

from signatures.errors import SetupError

OPTIONAL = ("prompt", "domain", "split", "id")


class ColumnMap(BaseModel):
    """The columns that a corpus is read from; `author` and `text` must exist, the others may."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    author: str = Field(default="author", min_length=1)
    text: str = Field(default="text", min_length=1)
    prompt: str = Field(default="prompt", min_length=1)
    domain: str = Field(default="domain", min_length=1)
    split: str = Field(default="split", min_length=1)
    """Holds the corpus's own part of a text, such as train or test."""
    id: str = Field(default="id", min_length=1)
    attributes: tuple[str, ...] = ()
    """Columns that say something of the person; the author's first non-empty values count."""

    def present(self, found: Collection[str], source: str) -> dict[str, str]:
        """The fields that the table has, each with its column.

        Raises: SetupError if a required column, or one that was named on purpose, is not among those found.
        """
        named = self.model_fields_set | {"author", "text"}
        wanted = {field: getattr(self, field) for field in ("author", "text", *OPTIONAL)}
        missing = [column for field, column in wanted.items() if field in named and column not in found]
        missing += [column for column in self.attributes if column not in found]
        if missing:
            raise SetupError(
                f"{source} has no column {missing[0]!r}; found: {', '.join(map(repr, found)) or 'none'}; "
                "rename a column, or name the right ones, as in '?author=Sender&text=body'"
            )
        return {field: column for field, column in wanted.items() if column in found}


def parse_location(rest: str, extra: Collection[str] = ()) -> tuple[str, ColumnMap, dict[str, str]]:
    """Splits 'LOCATION?author=Sender&text=body' into the location, its columns, and the values of the extra keys.

    The key of the column with the corpus's own parts is `part`; `attributes` takes names with commas between.

    Raises: SetupError on an unknown or empty key.
    """
    location, _, query = rest.partition("?")
    keys = {"author": "author", "text": "text", "prompt": "prompt", "domain": "domain", "part": "split", "id": "id"}
    fields: dict[str, str] = {}
    others: dict[str, str] = {}
    attributes: tuple[str, ...] = ()
    for key, value in parse_qsl(query, keep_blank_values=True):
        if not value:
            raise SetupError(f"{key!r} in {rest!r} has no value; write {key}=NAME or leave it out")
        if key in keys:
            fields[keys[key]] = value
        elif key == "attributes":
            attributes = tuple(name for name in value.split(",") if name)
        elif key in extra:
            others[key] = value
        else:
            known = ", ".join([*keys, "attributes", *extra])
            raise SetupError(f"unknown key {key!r} in {rest!r}; choose among: {known}")
    return location, ColumnMap(**fields, attributes=attributes), others
