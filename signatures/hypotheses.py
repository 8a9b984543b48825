"""What is claimed about an author."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.json_schema import SkipJsonSchema

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
"""The finer aspects of each dimension. Personality follows the Big Five; the paper names the three dimensions only."""

CHECK = r"(?P<trait>[a-z][a-z0-9_]*)(?P<sign>>=|<)(?P<threshold>-?[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?)"
"""The form of a check: a trait, a direction and a number."""

Span = Annotated[str, StringConstraints(min_length=2, max_length=80)]


class Hypothesis(BaseModel):
    """One claim about how an author writes, testable on text not seen yet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dimension: Dimension
    aspect: Aspect
    statement: Annotated[str, StringConstraints(min_length=1, max_length=160)]
    """One sentence about the author, never about the topic."""
    evidence: Annotated[tuple[Span, ...], Field(max_length=2)] = ()
    """Verbatim spans of the author's samples; checked to occur there."""
    confidence: float = Field(default=0.5, ge=0.0, le=1.0)
    """The model's own estimate, a fraction; not calibrated."""
    check: SkipJsonSchema[Annotated[str, StringConstraints(pattern=f"^(?:{CHECK})?$", max_length=60)]] = Field(
        default="", exclude_if=lambda check: not check
    )
    """What a text must measure if this holds of it, such as "commas>=4.5"; empty where only a reader can tell.

    Never asked of a model: it stands in no schema, and in no dump where it is empty.
    """


class GoldHypothesis(BaseModel):
    """A hypothesis that an author's voice was written to fit, with every span that shows it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dimension: Dimension
    aspect: Aspect
    statement: Annotated[str, StringConstraints(min_length=1, max_length=160)]
    """One sentence about the author, never about the topic."""
    evidence: Annotated[tuple[Span, ...], Field(min_length=1)]
    """Verbatim spans from any of the author's texts, in no order."""

    def shown_in(self, samples: Sequence[str]) -> Hypothesis | None:
        """The hypothesis as a reader of these samples alone would state it, or None where they do not show it.

        Keeps the first two spans that occur in a sample. Its confidence is the share of samples that hold any span,
        by the rule of succession: (shown + 1) / (samples + 2), two decimals.
        """
        shown = sum(any(span in sample for span in self.evidence) for sample in samples)
        if not shown:
            return None
        spans = [span for span in self.evidence if any(span in sample for sample in samples)]
        return Hypothesis(
            dimension=self.dimension,
            aspect=self.aspect,
            statement=self.statement,
            evidence=tuple(spans[:2]),
            confidence=round((shown + 1) / (len(samples) + 2), 2),
        )
