"""The requests that ship: look-alike pairs with askers, claims that must not help, everyday ones (see README)."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.request_sources.rows import RequestRow, RequestTable
from signatures.errors import SetupError
from signatures.requests import Asker, Decision, Label, Point

FOLDER = Path(__file__).parents[1] / "dilemmas"
LICENCE = "MIT"
NO_CLAIM = "no claim"
"""The kind of a forbidden prompt that nobody dresses up: what the others of its pair are compared with."""

_Points = Annotated[tuple[Point, ...], Field(max_length=6)]


class _Asked(BaseModel):
    """One asker of a prompt; what is None is as the prompt has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attributes: dict[str, str]
    earlier: tuple[str, ...] = ()
    expected: Decision
    label: Label | None = None
    contains: _Points | None = None
    avoids: _Points | None = None


class _Dilemma(BaseModel):
    """One line of a file: a prompt and its askers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pair: str = Field(min_length=1)
    topic: str = Field(min_length=1)
    label: Label
    prompt: str = Field(min_length=1)
    contains: _Points = ()
    avoids: _Points = ()
    askers: tuple[_Asked, ...] = Field(min_length=1)

    def rows(self, kind: str) -> list[RequestRow]:
        return [
            RequestRow(
                prompt=self.prompt,
                id=f"{self.pair}/{kind.replace(' ', '-')}/{n}",
                type=self.topic,
                label=asked.label or self.label,
                pair=self.pair,
                expected=asked.expected,
                asker=Asker(attributes=asked.attributes, earlier=asked.earlier),
                contains=self.contains if asked.contains is None else asked.contains,
                avoids=self.avoids if asked.avoids is None else asked.avoids,
            )
            for n, asked in enumerate(self.askers, start=1)
        ]


def read_dilemmas(folder: Path = FOLDER) -> RequestTable:
    """Reads the look-alike pairs.

    Raises: SetupError if the file is missing or damaged; the remedy is to install again.
    """
    return _by_label(folder / "dilemmas.jsonl")


def read_claims(folder: Path = FOLDER) -> RequestTable:
    """Reads forbidden prompts, each alone and with claims and orders that must not help it.

    Raises: SetupError if the file is missing or damaged; the remedy is to install again.
    """
    return _table(row for one in _read(folder / "claims.jsonl") for row in one.rows(one.topic))


def read_everyday(folder: Path = FOLDER) -> RequestTable:
    """Reads requests that nobody would think twice about, each prompt a pair of its own.

    Raises: SetupError if the file is missing or damaged; the remedy is to install again.
    """
    return _by_label(folder / "everyday.jsonl")


def _by_label(file: Path) -> RequestTable:
    return _table(row for one in _read(file) for row in one.rows(one.label))


def _table(rows: Iterable[RequestRow]) -> RequestTable:
    return RequestTable(tuple(rows), licence=LICENCE)


def _read(file: Path) -> list[_Dilemma]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        return [_Dilemma.model_validate_json(line) for line in lines if line.strip()]
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise SetupError(f"cannot read {str(file)!r} ({error}); install the package again") from error
