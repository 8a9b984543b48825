"""Cutting samples while they do not fit the model's context."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from dspy.utils.exceptions import ContextWindowExceededError

from data.sentences import sentences
from signatures.errors import counted

Result = TypeVar("Result")

CUTS = (4000, 2000, 1000, 500, 250)
"""Characters that samples are cut to, one after the other, while they do not fit the model's context. Programs cut by
words, which leaves a text without spaces as long as it is."""


def fitting(samples: Sequence[str], work: Callable[[Sequence[str]], Result]) -> tuple[Result, tuple[str, ...]]:
    """What `work` makes of the samples, and a note if it had to be given shorter ones to fit the model's context.

    Raises: ContextWindowExceededError if even the shortest cut does not fit.
    """
    try:
        return work(samples), ()
    except ContextWindowExceededError as fault:
        excess = fault
    for limit in CUTS:
        shorter = [cut(sample, limit) for sample in samples]
        if shorter == list(samples):
            continue
        try:
            out = work(shorter)
        except ContextWindowExceededError as fault:
            excess = fault
        else:
            n_cut = sum(short != sample for short, sample in zip(shorter, samples, strict=True))
            of_all = f"{n_cut} of {counted(len(samples), 'sample')}"
            return out, (f"cut {of_all} to {limit} characters, which is what the model reads",)
    raise excess


def cut(text: str, n_characters: int) -> str:
    """The text up to the last sentence end within so many characters, or exactly as many if there is none."""
    if len(text) <= n_characters:
        return text
    end = 0
    for sentence in sentences(text[:n_characters])[:-1]:
        end = text.index(sentence, end) + len(sentence)
    return text[: end or n_characters]
