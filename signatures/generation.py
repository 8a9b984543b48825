"""The two steps of HyPerAlign (arXiv:2505.00038, sec. 3) and the plain request they are compared with."""

from typing import Annotated

import dspy
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from signatures.hypotheses import Aspect, Dimension, Hypothesis, ShippedHypothesis, Span

MAX_HYPOTHESES = 4
MIN_HYPOTHESES = 3


class Sample(BaseModel):
    """A text of the author, with what it answered where that is known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(min_length=1)
    prompt: str = ""
    """Empty where unknown."""


class Habit(BaseModel):
    """A habit that was measured in the author's samples, as a model may claim it: the first four fields of a claim."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dimension: Dimension
    aspect: Aspect
    statement: Annotated[str, StringConstraints(min_length=1, max_length=160)]
    """One sentence about the author, with its number."""
    evidence: Annotated[tuple[Span, ...], Field(max_length=2)] = ()
    """Verbatim spans of the samples that show it."""


class InferHypotheses(dspy.Signature):
    """Read the texts that one person wrote and state what is distinctive about how this person writes.

    Say what would let a stranger recognise the next text by the same hand: communication strategy (whom it addresses,
    how it is built, how it persuades, how direct it is), personality as it shows in the words, and writing style
    (rhythm and sentence length, punctuation, vocabulary, formality, openings and closings, perspective). The habits
    were measured in these texts and set this person apart from other writers, the first most: choose those that give
    the person away, prefer the ones that can be quoted, keep their numbers, and add what measuring cannot see, such as
    strategy and personality, where the texts show it. Each statement is one specific sentence about the person, never
    about a topic, true of most of the texts, and backed by short quotations copied exactly from them.
    """

    attributes: dict[str, str] = dspy.InputField(desc="what is known of the person; may be empty")
    samples: list[Sample] = dspy.InputField(desc="texts that the person wrote")
    habits: list[Habit] = dspy.InputField(
        default=[], desc="habits measured in these texts, the most distinctive first; may be empty"
    )
    hypotheses: Annotated[list[ShippedHypothesis], Field(min_length=MIN_HYPOTHESES, max_length=MAX_HYPOTHESES)] = (
        dspy.OutputField(desc="three or four different claims about how the person writes")
    )


class PersonalizedGeneration(dspy.Signature):
    """Answer as this person would: you have their earlier texts before you, and what is known of how they write.

    Keep their sentence length, punctuation, openings and closings. Write only the new text.
    """

    attributes: dict[str, str] = dspy.InputField(desc="what is known of the person; may be empty")
    hypotheses: list[Hypothesis] = dspy.InputField(desc="how the person writes")
    samples: list[Sample] = dspy.InputField(desc="texts that the person wrote")
    advice: list[str] = dspy.InputField(
        default=[], desc="what a draft of this text got wrong, to be done better; mostly empty"
    )
    prompt: str = dspy.InputField(desc="what to write")
    text: str = dspy.OutputField(desc="the text, as the person would write it")


class PlainGeneration(dspy.Signature):
    """You are a helpful assistant."""

    prompt: str = dspy.InputField(desc="what to write")
    text: str = dspy.OutputField(desc="the text")


class SampledGeneration(dspy.Signature):
    """You are a helpful assistant."""

    samples: list[Sample] = dspy.InputField(desc="texts that the person wrote")
    prompt: str = dspy.InputField(desc="what to write")
    text: str = dspy.OutputField(desc="the text")


VARIANTS: dict[str, tuple[str, ...]] = {
    "infer": (
        "Describe how the author of these texts writes, so that a stranger would recognise the next one. Choose the "
        "measured habits that are plainest in the texts, and add what no measure shows. One claim a line, about habits "
        "and not about topics, each with exact quotations.",
        "What gives this writer away? State the measured habits that few other writers share, of rhythm, punctuation, "
        "wording, address, openings and closings, and what they say of the person, each shown by exact quotations.",
    ),
    "write": (
        "Continue in the same voice.",
        "You are a writer with a voice of your own. Write the next text exactly as you wrote the earlier ones: the "
        "same sentence length, the same punctuation, the same openings and closings.",
        "Stay in character. Answer the request in the style of the earlier answers.",
    ),
}
"""Instructions that optimizers try beside the signatures' own, by the program's name for the step."""
