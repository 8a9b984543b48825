"""What methods share that learn something of an author once, before they write for any prompt."""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager

import dspy

from signatures.generation import Sample

UNKNOWN_PROMPT = "Write a text."
"""Asked where a sample does not say what it answered."""


def prompt_of(sample: Sample) -> str:
    """What to ask for to get a text like the sample."""
    return sample.prompt or UNKNOWN_PROMPT


def recall_key(samples: Sequence[Sample], *predictors: dspy.Predict) -> Hashable:
    """What decides all that these predictors make of the samples: instructions, demos, model and its settings too."""
    lm = dspy.settings.lm
    steps = tuple((repr(predictor.signature), repr(predictor.demos)) for predictor in predictors)
    return tuple(samples), steps, lm.model, repr(sorted(lm.kwargs.items(), key=str))


@contextmanager
def unrecorded() -> Iterator[None]:
    """Keeps calls out of DSPy's trace: a draft that misses the style must not be bootstrapped into a demo of it."""
    with dspy.context(trace=None):
        yield
