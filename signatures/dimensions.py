"""Which dimensions and aspects hypotheses may be about: those that ship, or those of a file.

A file names all of them, in TOML or in JSON of the same shape:

    [dimensions]
    "writing style" = ["rhythm", "punctuation", "vocabulary"]
    "humour" = ["irony", "puns"]
"""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import dspy
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from signatures.errors import SetupError
from signatures.generation import InferHypotheses
from signatures.hypotheses import ASPECTS, Hypothesis, Name, hypothesis_type

_TABLE = "dimensions"
_OUTPUT = "hypotheses"
_LONGEST_VALUE = 60


class Dimensions(BaseModel):
    """What hypotheses may be about; the shipped dimensions unless others are given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dimensions: dict[Name, tuple[Name, ...]] = Field(default_factory=lambda: {**ASPECTS}, min_length=1)
    """Aspects by dimension, in the order in which a model is shown them."""

    @field_validator("dimensions")
    @classmethod
    def _each_once(cls, dimensions: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        places: dict[str, str] = {}
        if len({name.casefold() for name in dimensions}) < len(dimensions):
            raise ValueError("two dimensions have the same name")
        for dimension, aspects in dimensions.items():
            if not aspects:
                raise ValueError(f"the dimension {dimension!r} has no aspect")
            for aspect in aspects:
                if aspect.casefold() in places:
                    raise ValueError(f"the aspect {aspect!r} stands in {places[aspect.casefold()]!r} and {dimension!r}")
                places[aspect.casefold()] = dimension
        return dimensions

    @property
    def shipped(self) -> bool:
        """Whether they are those that ship, in the same order."""
        return list(self.dimensions.items()) == list(ASPECTS.items())

    def names(self, dimension: str, aspect: str) -> bool:
        """Whether the aspect is one of the dimension."""
        return aspect in self.dimensions.get(dimension, ())

    def admits(self, hypothesis: Hypothesis) -> bool:
        """Whether a hypothesis is about one of them; a measured habit may be about a shipped one that is left out."""
        return self.names(hypothesis.dimension, hypothesis.aspect)

    def extended(self, more: Mapping[str, tuple[str, ...]]) -> Self:
        """These and further ones; aspects of a dimension that is there already are added to it.

        Raises: pydantic.ValidationError as when they are made.
        """
        merged = {**self.dimensions}
        for dimension, aspects in more.items():
            merged[dimension] = (*merged.get(dimension, ()), *aspects)
        return type(self)(dimensions=merged)


def read_dimensions(path: str | Path) -> Dimensions:
    """Reads dimensions from a TOML or JSON file, by its suffix.

    Raises: SetupError if there is no such file, it is neither, or something in it makes no sense; the message names
        the place, such as `dimensions.humour[1]`.
    """
    file = Path(path)
    content = _content(file)
    if not isinstance(content, dict) or _TABLE not in content:
        raise SetupError(f"{str(file)!r} has no table {_TABLE!r}; put the dimensions under [{_TABLE}]")
    try:
        return Dimensions.model_validate(content)
    except ValidationError as fault:
        raise SetupError(f"{str(file)!r}: {_first(fault)}") from fault


def inferring_signature(
    dimensions: Dimensions, signature: type[dspy.Signature] = InferHypotheses
) -> type[dspy.Signature]:
    """The inferring step for these dimensions: its output enumerates exactly them, its instruction names what differs.

    Measured habits are about shipped dimensions: offer only those that `dimensions` admits.

    Args:
        dimensions: What hypotheses may be about.
        signature: The step to change, such as that of a compiled program, whose instructions are kept and added to.

    Returns: `signature` itself where the dimensions are those that ship.
    """
    if dimensions.shipped:
        return signature
    record = hypothesis_type(dimensions.dimensions)
    changed = signature.with_updated_fields(_OUTPUT, type_=list[record])
    differences = _differences(dimensions)
    # A program compiled for these dimensions says so already.
    if differences in signature.instructions:
        return changed
    return changed.with_instructions(f"{signature.instructions}\n\n{differences}")


def _differences(dimensions: Dimensions) -> str:
    """What to tell a model that knows the shipped dimensions, in two sentences; nothing of another order."""
    named = dimensions.dimensions
    added = {
        dimension: [aspect for aspect in aspects if aspect not in ASPECTS.get(dimension, ())]  # pyright: ignore
        for dimension, aspects in named.items()
    }
    parts = [f"{dimension} ({', '.join(aspects)})" for dimension, aspects in added.items() if aspects]
    gone = [name for name in ASPECTS if name not in named]
    gone += [one for name, each in ASPECTS.items() if name in named for one in each if one not in named[name]]
    look = [f"Look also at {'; '.join(parts)}."] if parts else []
    leave = [f"Claim nothing about {', '.join(gone)}."] if gone else []
    return " ".join([*look, *leave])


def _content(file: Path) -> Any:
    """What a file holds. Raises: SetupError."""
    if file.suffix.lower() not in (".toml", ".json"):
        raise SetupError(f"cannot tell what {str(file)!r} is written in; name it .toml or .json")
    try:
        written = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise SetupError(f"cannot read dimensions from {str(file)!r} ({fault}); name another file") from fault
    try:
        if file.suffix.lower() == ".toml":
            return tomllib.loads(written)
        return json.loads(written, object_pairs_hook=_once)
    except (ValueError, RecursionError) as fault:
        kind = file.suffix.removeprefix(".").upper()
        raise SetupError(f"{str(file)!r} is no {kind} ({fault}); mend it there") from fault


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A table in which no name stands twice. Raises: ValueError."""
    table = dict(pairs)
    if len(table) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} stands twice in one place")
    return table


def _first(fault: ValidationError) -> str:
    """The first thing wrong and where it stands."""
    first = fault.errors(include_url=False)[0]
    parts = [part for part in first["loc"] if part != "[key]"]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".")
    if first["type"] == "extra_forbidden":
        return f"{place} is not known; put dimensions under [{_TABLE}] and nothing else in the file"
    value = repr(first["input"])
    shown = value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}…"
    return f"{place} is {shown}: {first['msg'].removeprefix('Value error, ')}; correct it"
