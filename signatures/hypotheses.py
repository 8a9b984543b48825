"""What is claimed about an author."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    create_model,
    model_validator,
)
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

MAX_NAME = 40
"""Characters of the name of a dimension or aspect."""


def _plain_name(name: str) -> str:
    if name != name.strip() or any(unicodedata.category(one) in _UNSEEN for one in name):
        raise ValueError("a name holds no control characters, no line breaks and no white space at its ends")
    return name


_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME), AfterValidator(_plain_name)]
"""What a dimension or an aspect is called."""

CHECK = r"(?P<trait>[a-z][a-z0-9_]*)(?P<sign>>=|<)(?P<threshold>-?[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?)"
"""The form of a check: a trait, a direction and a number."""

Span = Annotated[str, StringConstraints(min_length=2, max_length=80)]


class Hypothesis(BaseModel):
    """One claim about how an author writes, testable on text not seen yet."""

    # A comment, since models are shown the docstring: any dimension and aspect may be named, since which ones there
    # are is a matter of configuration (`signatures.dimensions`). The schema asks for those that ship.
    model_config = ConfigDict(frozen=True, extra="forbid")

    dimension: Annotated[Name, WithJsonSchema({"enum": list(get_args(Dimension)), "type": "string"})]
    aspect: Annotated[Name, WithJsonSchema({"enum": list(get_args(Aspect)), "type": "string"})]
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


def hypothesis_type(aspects: Mapping[str, Sequence[str]]) -> type[Hypothesis]:
    """The type of a hypothesis about these dimensions alone, for the output field of a signature.

    Its schema enumerates exactly these dimensions and aspects and keeps the name `Hypothesis`; it takes nothing else,
    and what it takes becomes a `Hypothesis`.

    Args:
        aspects: By dimension; at least one dimension with one aspect.
    """
    named = tuple(dict.fromkeys(aspect for each in aspects.values() for aspect in each))
    # Untyped, since which literals there are is known at run time only.
    fields: dict[str, Any] = {"dimension": (Literal[tuple(aspects)], ...), "aspect": (Literal[named], ...)}
    wrapped: dict[str, Any] = {"_plain": model_validator(mode="wrap")(_as_plain)}
    return create_model(
        Hypothesis.__name__,
        __base__=Hypothesis,
        __doc__=Hypothesis.__doc__,
        __module__=__name__,
        __validators__=wrapped,
        **fields,
    )


def _as_plain(cls: type[Hypothesis], value: Any, validate: Callable[[Any], Hypothesis]) -> Hypothesis:
    """A plain hypothesis, since one of another type would differ from the same hypothesis read from a file."""
    fields = set(Hypothesis.model_fields)
    given = value.model_dump(include=fields) if isinstance(value, Hypothesis) else value
    return Hypothesis.model_validate(validate(given).model_dump(include=fields))


if TYPE_CHECKING:
    ShippedHypothesis = Hypothesis
else:
    ShippedHypothesis = hypothesis_type(ASPECTS)
    """A hypothesis about the dimensions that ship."""
