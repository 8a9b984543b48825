"""The two steps of HyPerAlign (arXiv:2505.00038, sec. 3) and the plain request they are compared with."""

from typing import Annotated

import dspy
from pydantic import BaseModel, ConfigDict, Field

from signatures.hypotheses import Hypothesis

MAX_HYPOTHESES = 4


class Sample(BaseModel):
    """A text of the author, with what it answered where that is known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(min_length=1)
    prompt: str = ""
    """Empty where unknown."""


class InferHypotheses(dspy.Signature):
    """Read the texts that one person wrote and state what is distinctive about how this person writes.

    Say what would let a stranger recognise the next text by the same hand: communication strategy (whom it addresses,
    how it is built, how it persuades, how direct it is), personality as it shows in the words, and writing style
    (rhythm and sentence length, punctuation, vocabulary, formality, openings and closings, perspective). Each
    statement is one specific sentence about the person, never about a topic, true of most of the texts, and backed by
    short quotations copied exactly from them. Prefer habits that most writers do not have.
    """

    attributes: dict[str, str] = dspy.InputField(desc="what is known of the person; may be empty")
    samples: list[Sample] = dspy.InputField(desc="texts that the person wrote")
    hypotheses: Annotated[list[Hypothesis], Field(min_length=3, max_length=MAX_HYPOTHESES)] = dspy.OutputField(
        desc="three or four different claims about how the person writes"
    )


class PersonalizedGeneration(dspy.Signature):
    """Answer as this person would: you have their earlier texts before you, and what is known of how they write.

    Keep their sentence length, punctuation, openings and closings. Write only the new text.
    """

    attributes: dict[str, str] = dspy.InputField(desc="what is known of the person; may be empty")
    hypotheses: list[Hypothesis] = dspy.InputField(desc="how the person writes")
    samples: list[Sample] = dspy.InputField(desc="texts that the person wrote")
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
        "Describe how the author of these texts writes, so that a stranger would recognise the next one. One claim a "
        "line, about habits and not about topics, each with exact quotations.",
        "What gives this writer away? State habits of rhythm, punctuation, wording, address, openings and closings, "
        "and what they say of the person, each shown by exact quotations.",
    ),
    "write": (
        "Continue in the same voice.",
        "You are a writer with a voice of your own. Write the next text exactly as you wrote the earlier ones: the "
        "same sentence length, the same punctuation, the same openings and closings.",
        "Stay in character. Answer the request in the style of the earlier answers.",
    ),
}
"""Instructions that optimizers try beside the signatures' own, by the program's name for the step."""
