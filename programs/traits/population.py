"""What is usual among writers: the background that a person's traits are read against.

The population that ships is fitted on the bundled corpus: 24 invented authors, 15 texts each of about 140 words, news,
blog posts and e-mails. It can say that a habit is plain to see and not shared by most of these voices. It cannot say
how rare a habit is among people: its voices were designed to differ, more strongly and steadily than real ones do, and
what a genre that they do not cover asks of everybody looks like a habit of the person (no reporter of a news agency
says "I"). Where texts of other people in the genre are at hand, `population` of those is what to measure against; 20
authors will do.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from programs.traits.registry import TRAITS
from signatures.errors import SetupError

SHIPPED = Path(__file__).parent / "population.json"


class Threshold(BaseModel):
    """How many texts reach one value."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    share: float = Field(ge=0.0, le=1.0)
    """Of texts whose value is at least this, authors weighing the same."""
    steadiness: float = Field(ge=0.0, le=1.0)
    """Of its variance, the part that lies between authors: 1 if authors always or never reach it."""


class Background(BaseModel):
    """One trait among the texts of many authors; its unit is the trait's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: float
    between: float = Field(ge=0.0)
    """Variance of authors' true means: that of their means less what few texts add."""
    within: float = Field(ge=0.0)
    """Variance of an author's texts."""
    noise: float = Field(ge=0.0, le=1.0)
    """Part of `within` that comes of the texts' length and shrinks as they grow; from the halves of texts."""
    text_quantiles: tuple[float, ...] = Field(min_length=21, max_length=21)
    """Of single texts, from 0 to 1 by 0.05."""
    author_quantiles: dict[int, tuple[float, ...]]
    """Of authors' means over so many texts, from 0 to 1 by 0.05."""
    thresholds: tuple[Threshold, ...]
    """Values that a check can ask for, ascending."""


class Population(BaseModel):
    """Backgrounds of all traits among the texts of many authors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Whose texts."""
    n_authors: int = Field(ge=2)
    n_texts: int = Field(ge=4)
    mean_words: float = Field(gt=0.0)
    """Of a text."""
    traits: dict[str, Background]
    """By the trait's name; every trait has one."""
    alike: tuple[tuple[str, str], ...] = ()
    """Pairs of traits that rise and fall together from text to text."""

    @model_validator(mode="after")
    def _holds_every_trait(self) -> Self:
        if set(self.traits) != set(TRAITS):
            differing = sorted(set(self.traits) ^ set(TRAITS))
            raise ValueError(f"its traits are not those of this version (such as {differing[0]!r})")
        return self

    def related(self, one: str, other: str) -> bool:
        """Whether two traits measure much the same thing here."""
        same = TRAITS[one].family == TRAITS[other].family
        return same or (one, other) in self.alike or (other, one) in self.alike


@lru_cache(maxsize=1)
def default_population() -> Population:
    """The population that ships."""
    return read_population(SHIPPED)


def read_population(file: Path) -> Population:
    """Reads a population from a JSON file.

    Raises: SetupError if there is none, or it was made for other traits.
    """
    try:
        return Population.model_validate_json(file.read_text("utf-8"))
    except OSError as error:
        raise SetupError(f"cannot read a population of traits from {str(file)!r} ({error}); name another") from error
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise SetupError(f"{str(file)!r} holds no population of traits ({reason}); fit it again") from error


def write_population(found: Population, file: Path) -> None:
    """Writes a population as JSON, one trait a line."""
    head = found.model_dump(mode="json", exclude={"traits"})
    lines = [f"{json.dumps(name)}: {each.model_dump_json()}" for name, each in found.traits.items()]
    body = ",\n".join(lines)
    file.write_text(f'{json.dumps(head)[:-1]}, "traits": {{\n{body}\n}}}}\n', "utf-8")


def weight(n_words: int, background: Background, mean_words: float) -> float:
    """How much a text says of its author, in texts of the population's mean length, at most 1.

    The reciprocal of its variance: a part of it is inversely proportional to length, the rest stays.
    """
    if not n_words:
        return 0.0
    return min(1.0, 1 / (1 - background.noise + background.noise * mean_words / n_words))
