"""What a judge that reads is asked."""

from typing import Annotated, Literal

import dspy
from pydantic import Field

Choice = Literal["first", "second", "tie"]

MAX_REASON = 200
"""Characters of a reason."""


class CompareTexts(dspy.Signature):
    """One person wrote the references. Say which of two other texts reads more as if the same person had written it.

    Go by how it is written, not by what it is about: rhythm and sentence length, punctuation, vocabulary, formality,
    how it opens, closes and addresses the reader. The longer text, the better one and the one that stands first are no
    likelier for it. First name the habit that decides, then the text that has it; "tie" only if nothing decides.
    """

    references: list[str] = dspy.InputField(desc="texts that the person wrote")
    first_text: str = dspy.InputField()
    second_text: str = dspy.InputField()
    reason: Annotated[str, Field(max_length=MAX_REASON)] = dspy.OutputField(
        desc=f"one sentence on the habit that decides, at most {MAX_REASON} characters"
    )
    verdict: Choice = dspy.OutputField(desc="the text that the person more likely wrote")
