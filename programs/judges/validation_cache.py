"""Validations that are kept: the same judge on the same pairs is not asked twice."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from programs.disk import disk_faults, replace_file
from programs.judges.validation import KnownPair, Validation

_METHOD = 1
"""Raised when the same pairs are counted in another way."""

_Share = Annotated[float, Field(ge=0.0, le=1.0)]


class _Entry(BaseModel):
    """A kept result as it stands in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    accuracy: _Share
    low: _Share
    high: _Share
    n_pairs: int = Field(ge=1)
    n_authors: int = Field(ge=1)
    n_failures: int = Field(ge=0)
    consistency: _Share | None


class ValidationCache:
    """A folder of results, a JSON file each, found again by judge, references, pairs and seed."""

    def __init__(self, folder: Path, references: Mapping[str, Sequence[str]]) -> None:
        """Looks in `folder`, which is made when the first result is kept.

        Args:
            folder: Whose files nobody else writes.
            references: Author to texts, those that the judges were fitted on.
        """
        self._folder = folder
        self._references = _digest({author: list(texts) for author, texts in references.items()})

    def find(self, judge_version: str, pairs: Sequence[KnownPair], seed: int) -> Validation | None:
        """The kept result; None where there is none, or its file is damaged."""
        key = self._key(judge_version, pairs, seed)
        try:
            entry = _Entry.model_validate_json(self._path(key).read_bytes())
        except (OSError, ValidationError):
            return None
        return Validation(**entry.model_dump(exclude={"key"})) if entry.key == key else None

    def keep(self, judge_version: str, pairs: Sequence[KnownPair], seed: int, found: Validation) -> None:
        """Keeps a result in one step, unless pairs failed: those may not fail again.

        Raises:
            SetupError: The folder cannot be written.
        """
        if found.n_failures:
            return
        key = self._key(judge_version, pairs, seed)
        content = _Entry(key=key, **asdict(found)).model_dump_json(indent=2).encode()
        with disk_faults(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            replace_file(self._path(key), content)

    def _key(self, judge_version: str, pairs: Sequence[KnownPair], seed: int) -> str:
        return _digest([_METHOD, judge_version, self._references, [list(pair) for pair in pairs], seed])

    def _path(self, key: str) -> Path:
        return self._folder / f"{key[:32]}.json"


def _digest(content: object) -> str:
    # Escaped to ASCII, so that half a surrogate pair in a text is no fault.
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()
