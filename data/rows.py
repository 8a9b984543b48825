"""The one table shape that every corpus is brought to before its texts are cleaned.

A table of rows is a `datasets.Dataset` with the string columns of `COLUMNS`; `attributes` holds a JSON object.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from signatures.errors import SetupError
from signatures.hypotheses import GoldHypothesis

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

COLUMNS = ("author", "text", "prompt", "domain", "part", "id", "attributes")


class Row(NamedTuple):
    """One row: a text with what is said about it, empty strings where nothing is."""

    author: str
    text: str
    prompt: str = ""
    domain: str = ""
    part: str = ""
    id: str = ""
    attributes: str = ""
    """A JSON object of strings, or empty."""


@dataclass(frozen=True)
class Table:
    """What a source hands over: rows that are not cleaned yet, and what goes with them."""

    rows: "Dataset"
    licence: str = "not stated"
    notes: tuple[str, ...] = ()
    gold: dict[str, tuple[GoldHypothesis, ...]] = field(default_factory=dict)
    """By author id."""


def to_rows(
    dataset: "Dataset", fields: dict[str, str], *, attributes: tuple[str, ...] = (), domain: str = "", part: str = ""
) -> "Dataset":
    """Brings a dataset to the columns of `Row`.

    Args:
        dataset: A table of any shape.
        fields: Column of the table by field (author, text, prompt, domain, split, id).
        attributes: Columns that say something of the author.
        domain: Domain of every text where no column gives it.
        part: Part of every text where no column gives it.
    """
    from datasets import ClassLabel, Features, Value

    labels = {name: feature.names for name, feature in dataset.features.items() if isinstance(feature, ClassLabel)}
    return dataset.map(
        _batch_to_rows,
        batched=True,
        remove_columns=dataset.column_names,
        features=Features({name: Value("string") for name in COLUMNS}),
        fn_kwargs={
            "fields": fields,
            "attributes": list(attributes),
            "labels": labels,
            "defaults": {"domain": domain, "part": part},
        },
    )


def parts_to_rows(
    parts: "DatasetDict",
    fields: dict[str, str],
    *,
    attributes: tuple[str, ...] = (),
    domain: str = "",
) -> "Dataset":
    """Joins the parts of a dataset into one table; each text's part is the name of the part it stands in."""
    from datasets import concatenate_datasets

    return concatenate_datasets(
        [to_rows(part, fields, attributes=attributes, domain=domain, part=str(name)) for name, part in parts.items()]
    )


def iterate(rows: "Dataset") -> Iterator[Row]:
    """Yields the rows of a table in order."""
    batch: Any
    for batch in rows.select_columns(list(COLUMNS)).iter(batch_size=1000):
        yield from (Row(*values) for values in zip(*(batch[name] for name in COLUMNS), strict=True))


@contextmanager
def table_work() -> Iterator[None]:
    """Around work with `datasets`: keeps its progress bars off the terminal, and says what to do if its cache fails.

    Raises: SetupError if a file of the cache cannot be written or read.
    """
    from datasets import are_progress_bars_disabled, config, disable_progress_bars, enable_progress_bars

    were_off = are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    except OSError as error:
        raise SetupError(
            f"cannot use the cache of datasets in {str(config.HF_DATASETS_CACHE)!r} ({error}); "
            "free space there, or set HF_HOME to a folder that can be written"
        ) from error
    finally:
        if not were_off:
            enable_progress_bars()


def root_cause(error: BaseException) -> BaseException:
    """The error at the bottom of a chain."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def first_line(error: BaseException) -> str:
    """What an error says in one line, or its type if it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _batch_to_rows(
    batch: dict[str, list[Any]],
    fields: dict[str, str],
    attributes: list[str],
    labels: dict[str, list[str]],
    defaults: dict[str, str],
) -> dict[str, list[str]]:
    size = len(next(iter(batch.values())))
    out: dict[str, list[str]] = {}
    for name in COLUMNS[:-1]:
        column = fields.get("split" if name == "part" else name)
        fallback = defaults.get(name, "")
        values = batch[column] if column else [None] * size
        out[name] = [_as_text(value, labels.get(column or "")) or fallback for value in values]
    known = [
        {name: value for name in attributes if (value := _as_text(batch[name][i], labels.get(name)))}
        for i in range(size)
    ]
    out["attributes"] = [json.dumps(one, ensure_ascii=False) if one else "" for one in known]
    return out


def _as_text(value: Any, names: list[str] | None = None) -> str:
    if value is None:
        return ""
    if names is not None and isinstance(value, int):
        return names[value] if value >= 0 else ""
    return str(value)
