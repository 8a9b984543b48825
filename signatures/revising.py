"""What a person's edit of a text says of how they write (after CIPHER, arXiv:2404.15269, sec. 4)."""

from typing import Annotated

import dspy
from pydantic import Field

from signatures.generation import Habit
from signatures.hypotheses import Hypothesis

MAX_EXPLANATIONS = 3


class ExplainEdit(dspy.Signature):
    """A text was drafted for a person, and the person edited it. State what the edit says of how this person writes.

    Look at what the person took out, put in and put differently, and at how it reads now: tone, directness, rhythm,
    punctuation, wording, openings and closings, never at facts that were corrected. The habits were measured to have
    moved: choose those that the person was after, keep their numbers, and add what measuring cannot see. Each statement
    is one specific sentence about the person, never about a topic, and backed by short quotations copied exactly from
    the edited passages.
    """

    draft: str = dspy.InputField(desc="the passages of the draft that the person changed; empty if they only added")
    edited: str = dspy.InputField(desc="the same passages as the person left them; empty if they only took out")
    habits: list[Habit] = dspy.InputField(
        default=[], desc="what the edit moved, by measure, as it is in the edited text; may be empty"
    )
    hypotheses: Annotated[list[Hypothesis], Field(min_length=1, max_length=MAX_EXPLANATIONS)] = dspy.OutputField(
        desc="one to three different claims about how the person writes"
    )
