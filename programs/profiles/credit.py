"""What a person's hypotheses earned in the texts that were written with them."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Scored(BaseModel):
    """What a hypothesis earned."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_scored: Annotated[int, Field(ge=0)] = 0
    """Targets whose text was written with it."""
    total: Annotated[float, Field(ge=0.0)] = 0.0
    """Their rewards, in [0, 1] each, added up."""

    @model_validator(mode="after")
    def _at_most_one_each(self) -> Self:
        if not self.total <= self.n_scored + 1e-9:
            raise ValueError(f"total {self.total} exceeds the {self.n_scored} targets scored, of at most 1 each")
        return self


class Credit(BaseModel):
    """What hypotheses earned so far. Plain JSON, of keys (`programs.hypothesising.sameness.key_of`) only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scored: dict[str, Scored] = {}
    n_targets: Annotated[int, Field(ge=0)] = 0
    """Targets scored in all."""
    n_failed: Annotated[int, Field(ge=0)] = 0
    """Targets that got no score, and credited nothing."""

    def of(self, key: str) -> Scored:
        """What the hypothesis of a key earned; nothing if it was never tried."""
        return self.scored.get(key, Scored())
