"""Requests in a file of the user's own: a column of prompts, and whatever else is known of them."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from data.request_sources.rows import Location, RequestRow, RequestTable, as_decision, as_label
from data.sources.local_files import load_table
from signatures.errors import SetupError, unknown
from signatures.requests import Asker

if TYPE_CHECKING:
    from datasets import Dataset

FIELDS = ("prompt", "id", "type", "label", "pair", "expected", "policy", "contains", "avoids", "earlier")
"""Columns that are read under these names, or under another as in `?prompt=question`; only prompts must be there."""
OPTIONS = (*FIELDS, "attributes")


def read_own(location: Location, kind: str) -> RequestTable:
    """Reads `jsonl:PATH` or `csv:PATH`.

    A column `attributes` that holds objects, and those that `?attributes=role,age` names, say who asks; a value that is
    no text is kept as JSON. Points and earlier messages are lists, or one text.

    Raises: SetupError if the file cannot be read, has no column of that name, or holds what cannot be.
    """
    for option, value in location.options.items():
        if option not in OPTIONS:
            raise unknown(f"key in {location.path!r}", option, OPTIONS)
        if not value:
            raise SetupError(f"{option!r} of {location.path!r} has no value; write {option}=NAME or leave it out")
    table = load_table(location.path, kind)
    fields, attributes = _columns(table, location)
    rows = [_row(row, fields, attributes, location.path) for row in _each(table)]
    return RequestTable(tuple(rows))


def _each(table: "Dataset") -> "list[dict[str, Any]]":
    return table.to_list()


def _columns(table: "Dataset", location: Location) -> tuple[dict[str, str], list[str]]:
    """Columns by field, and those of attributes, all of which the table has."""
    found = table.column_names
    named = {field: location.options[field] for field in FIELDS if field in location.options}
    attributes = [name for name in location.options.get("attributes", "").split(",") if name]
    missing = [column for column in (*named.values(), *attributes) if column not in found]
    missing += ["prompt"] if "prompt" not in named and "prompt" not in found else []
    if missing:
        raise SetupError(
            f"{location.path!r} has no column {missing[0]!r}; found: {', '.join(map(repr, found))}; "
            "rename a column, or name the right ones, as in '?prompt=question&label=verdict'"
        )
    return {field: field for field in FIELDS if field in found} | named, attributes


def _row(row: Mapping[str, Any], fields: Mapping[str, str], attributes: list[str], path: str) -> RequestRow:
    held = {field: row[column] for field, column in fields.items()}
    said = {field: _as_text(held.get(field)) for field in FIELDS}
    own = row.get("attributes")
    known = {**(own if isinstance(own, dict) else {}), **{name: row[name] for name in attributes}}
    return RequestRow(
        prompt=said["prompt"],
        id=said["id"],
        type=said["type"],
        label=as_label(said["label"], repr(path)),
        pair=said["pair"],
        expected=as_decision(said["expected"], repr(path)),
        policy=said["policy"],
        asker=Asker(
            attributes={str(name): text for name, value in known.items() if (text := _as_text(value))},
            earlier=_as_texts(held.get("earlier")),
        ),
        contains=_as_texts(held.get("contains")),
        avoids=_as_texts(held.get("avoids")),
    )


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _as_texts(value: object) -> tuple[str, ...]:
    many = value if isinstance(value, list | tuple) else (value,)
    return tuple(text for one in many if (text := _as_text(one).strip()))
