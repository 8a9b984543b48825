"""Datasets of the Hugging Face hub: fetched once, then read from the cache of `datasets`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from data.columns import ColumnMap
from data.rows import Table, first_line, parts_to_rows, root_cause, table_work
from signatures.errors import SetupError

if TYPE_CHECKING:
    from datasets import DatasetDict

PROBE_SECONDS = 5.0
"""How long the hub may take to answer before it counts as out of reach."""


def read_hub(repository: str, columns: ColumnMap, config: str | None, split: str | None) -> Table:
    """Reads `hub:ID`; a text's part is the dataset's own split unless a column says otherwise."""
    parts = fetch(repository, config=config, split=split)
    found = next(iter(parts.values())).column_names
    fields = columns.present(found, f"dataset {repository!r}")
    with table_work():
        return Table(parts_to_rows(parts, fields, attributes=columns.attributes), licence="see the dataset's card")


def fetch(repository: str, *, config: str | None = None, split: str | None = None) -> "DatasetDict":
    """Loads a dataset from the hub or, where that is out of reach, from the cache.

    Raises: SetupError if the id is malformed, the dataset does not exist or is not open to this user, the configuration
        or split does not exist, or neither the hub nor a cached copy can be had.
    """
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", repository):
        raise SetupError(f"{repository!r} is not a dataset id; write it as owner/name")
    from datasets import DatasetDict, load_dataset
    from datasets.exceptions import DatasetGenerationError, DatasetNotFoundError

    if not _cached(repository):
        _probe(repository)
    asked = f"dataset {repository!r} (config {config!r}, split {split!r})"
    with table_work():
        try:
            loaded = load_dataset(repository, config, split=split)
        except DatasetNotFoundError as error:
            raise SetupError(
                f"no dataset {repository!r} on the hub, or it is gated ({first_line(root_cause(error))}); "
                "check the id, or ask for access on its page and log in with 'hf auth login'"
            ) from error
        except (ConnectionError, TimeoutError) as error:
            raise _unreachable(repository, first_line(root_cause(error))) from error
        except (DatasetGenerationError, ValueError, RuntimeError, FileNotFoundError) as error:
            why = first_line(root_cause(error))
            raise SetupError(f"cannot load {asked}: {why}; name others with '?config=...&split=...'") from error
    return loaded if isinstance(loaded, DatasetDict) else DatasetDict({str(loaded.split or "all"): loaded})


def _cached(repository: str) -> bool:
    from datasets import config
    from datasets.naming import camelcase_to_snakecase

    *owner, name = repository.split("/")
    folder = Path(config.HF_DATASETS_CACHE).expanduser() / "___".join([*owner, camelcase_to_snakecase(name)])
    return any(entry.is_dir() for entry in folder.glob("*/*/*"))


def _probe(repository: str) -> None:
    """Asks the hub for a sign of life, since the loader itself goes on trying for half a minute."""
    import httpx
    from huggingface_hub import constants, get_session

    try:
        get_session().head(constants.ENDPOINT, timeout=PROBE_SECONDS)
    except (httpx.HTTPError, OSError) as error:
        raise _unreachable(repository, first_line(root_cause(error))) from error


def _unreachable(repository: str, why: str) -> SetupError:
    return SetupError(
        f"cannot reach the Hugging Face hub for dataset {repository!r} ({why}); download its files on a machine with "
        "network and pass their path: jsonl:PATH or csv:PATH, or c50:PATH, blogs:PATH, enron:PATH"
    )
