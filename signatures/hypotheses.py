"""What is claimed about an author, and the step that claims it."""

from typing import Annotated, Literal

import dspy
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Dimension = Literal["communication strategy", "personality", "writing style"]
Aspect = Literal[
    "audience",
    "structure",
    "persuasion",
    "directness",
    "openness",
    "conscientiousness",
    "extraversion",
    "agreeableness",
    "emotional stability",
    "rhythm",
    "punctuation",
    "vocabulary",
    "formality",
    "openings and closings",
    "perspective",
]

ASPECTS: dict[Dimension, tuple[Aspect, ...]] = {
    "communication strategy": ("audience", "structure", "persuasion", "directness"),
    "personality": ("openness", "conscientiousness", "extraversion", "agreeableness", "emotional stability"),
    "writing style": ("rhythm", "punctuation", "vocabulary", "formality", "openings and closings", "perspective"),
}
"""The finer aspects of each dimension. Personality follows the Big Five; the paper (sec. 3.1) names only the dimensions."""

Span = Annotated[str, StringConstraints(min_length=2, max_length=80)]


class Hypothesis(BaseModel):
    """One claim about how an author writes, testable on text not seen yet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dimension: Dimension
    aspect: Aspect
    statement: Annotated[str, StringConstraints(min_length=1, max_length=160)]
    """One sentence about the author, never about the topic."""
    evidence: Annotated[tuple[Span, ...], Field(max_length=3)] = ()
    """Verbatim spans of the author's samples; checked to occur there."""
    confidence: float = Field(default=0.5, ge=0.0, le=1.0)
    """The model's own estimate, a fraction; not calibrated."""
