"""The steps that make inferred hypotheses worth trusting: contrast with other people, test on texts, merge."""

from typing import Annotated, Literal

import dspy
from pydantic import BaseModel, ConfigDict, Field

from signatures.generation import Habit, Sample
from signatures.hypotheses import Hypothesis

MOST_CONTRASTS = 3
MAX_FIT_REASON = 120
"""Characters of a reason."""
MOST_PAIRS = 8

Fit = Literal["fits", "does not fit", "cannot tell"]


class ContrastHypotheses(dspy.Signature):
    """Say what one person does in writing that other writers, whose texts you see too, do not.

    The others write much like the person, or on the same content, so that what differs is the person's own hand: how
    they address the reader, how the text is built, rhythm, punctuation, wording, formality, openings and closings.
    The habits were measured, and are commoner in the person's texts than in the others'; choose among them first. Do
    not repeat what is known already. Each statement is one specific sentence about the person, never about a topic and
    never about the others, and backed by short quotations copied exactly from the person's texts.
    """

    attributes: dict[str, str] = dspy.InputField(desc="what is known of the person; may be empty")
    others: list[Sample] = dspy.InputField(desc="texts that other people or a plain model wrote")
    samples: list[Sample] = dspy.InputField(desc="texts that the person wrote")
    habits: list[Habit] = dspy.InputField(
        default=[], desc="habits measured in the person's texts and rarer in the others', the most distinctive first"
    )
    known: list[Hypothesis] = dspy.InputField(default=[], desc="what is known of how the person writes")
    hypotheses: Annotated[list[Hypothesis], Field(min_length=1, max_length=MOST_CONTRASTS)] = dspy.OutputField(
        desc="one to three different claims about what the person does and the others do not"
    )


class TestHypothesis(dspy.Signature):
    """Say whether one text fits a claim about how somebody writes.

    Go by what can be seen in this text alone, by how it is written and not by what it is about. First name what you
    see, then decide: "fits" if the text does what the claim says, "does not fit" if it could have and does not, and
    "cannot tell" if a text like this would not show it.
    """

    __test__ = False
    """Not a test, whatever test runners make of the name."""

    # The text stands first: the claims asked about it share it as a prefix, which is then read once.
    text: str = dspy.InputField(desc="the text")
    statement: str = dspy.InputField(desc="the claim about how somebody writes")
    reason: Annotated[str, Field(max_length=MAX_FIT_REASON)] = dspy.OutputField(
        desc=f"what in the text decides, at most {MAX_FIT_REASON} characters"
    )
    fits: Fit = dspy.OutputField(desc="whether the text fits the claim")


class SamePair(BaseModel):
    """Two statements that say the same, by their numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: int
    """From 1."""
    second: int


class MergeHypotheses(dspy.Signature):
    """Find the statements about one person's writing that say the same thing in other words.

    Two say the same if every text that fits one of them fits the other. Statements about different habits, and
    statements of which one says much and the other little of a habit, do not. Most lists hold no such pair: then the
    answer is empty.
    """

    statements: list[str] = dspy.InputField(desc="numbered statements about how one person writes")
    same: Annotated[list[SamePair], Field(max_length=MOST_PAIRS)] = dspy.OutputField(
        desc="pairs of numbers of statements that say the same; empty if there are none"
    )
