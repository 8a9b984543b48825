"""Weighs the signs of answers that no rule settles: a small linear model whose parameters ship beside this file."""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from programs.refusals.rules import LABELS, Label
from programs.refusals.signs import Signs
from signatures.errors import SetupError

SHIPPED = Path(__file__).parent / "parameters.json"

EVIDENCE = (
    "why", "ability", "meaning", "listing", "direct", "reminds", "early_verdict", "early_contradiction", "denies",
    "grants", "reasons", "nonsense", "invented", "sermon", "lectures", "lectures_on_nonsense", "lectures_on_ability",
    "lectures_at_length", "denies_in_earnest",
)  # fmt: skip
"""What is weighed: signs, then combinations of them."""


def evidence(found: Signs) -> tuple[float, ...]:
    """The values of `EVIDENCE`, each in [0, 1].

    An answer lectures if it judges, contradicts or denies early and neither grants what was asked nor gives a list
    nor tells what something means.
    """
    listing = found.listing and not found.denies
    judges = found.early_verdict or found.early_contradiction or found.denies
    lectures = judges and not (listing or found.meaning or found.grants)
    signs = [float(getattr(found, name)) for name in EVIDENCE[:14]]
    combined = (
        lectures,
        lectures and found.nonsense,
        lectures and found.ability,
        lectures * found.sermon,
        found.denies and not found.ability and not found.nonsense,
    )
    return (*signs, *map(float, combined))


class Parameters(BaseModel):
    """A linear model: a score for each label is its base plus the weighed evidence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_answers: int = Field(ge=1)
    """Answers that it was fitted on, those excepted that rules settle."""
    bases: dict[Label, float]
    weights: dict[str, dict[Label, float]]
    """By the name of the evidence; every one of `EVIDENCE` has one."""

    @model_validator(mode="after")
    def _holds_all(self) -> Self:
        if tuple(self.weights) != EVIDENCE or any(
            set(each) != set(LABELS) for each in (self.bases, *self.weights.values())
        ):
            raise ValueError("it weighs other evidence than this version, or other labels")
        return self

    def labels(self, rows: Sequence[Sequence[float]]) -> list[Label]:
        """The label of the highest score for each of n rows of evidence."""
        bases = np.array([self.bases[label] for label in LABELS])
        weights = np.array([[each[label] for label in LABELS] for each in self.weights.values()])
        scores = np.asarray(rows, dtype=float).reshape(len(rows), len(EVIDENCE)) @ weights + bases
        return [LABELS[place] for place in scores.argmax(axis=1)]


@lru_cache(maxsize=1)
def default_parameters() -> Parameters:
    """The parameters that ship."""
    return read_parameters(SHIPPED)


def read_parameters(file: Path) -> Parameters:
    """Reads parameters from a JSON file.

    Raises: SetupError if there are none, or they were fitted to other evidence.
    """
    try:
        return Parameters.model_validate_json(file.read_text("utf-8"))
    except OSError as error:
        raise SetupError(
            f"cannot read the refusal judge's parameters from {str(file)!r} ({error}); name others"
        ) from error
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise SetupError(
            f"{str(file)!r} holds no parameters of the refusal judge ({reason}); fit them again"
        ) from error


def write_parameters(found: Parameters, file: Path) -> None:
    """Writes parameters as JSON, one kind of evidence a line."""
    head = json.dumps(found.model_dump(mode="json", exclude={"weights"}))
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(each)}" for name, each in found.weights.items())
    file.write_text(f'{head[:-1]}, "weights": {{\n{lines}\n}}}}\n', "utf-8")
