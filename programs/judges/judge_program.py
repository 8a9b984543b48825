"""The program behind a judge that reads: it compiles like any other, against pairs with a known answer."""

from collections.abc import Mapping, Sequence
from typing import Any

import dspy
import numpy as np

from data.sentences import clip
from programs.judges.reference_texts import excerpt, told_apart
from signatures.judging import CompareTexts

REFERENCE_WORDS = 300
"""Words of an author's references that a model reads."""
LONGEST_WORDS = 600
"""Where a text is cut, at the end of a sentence, before a model reads it."""


class JudgeProgram(dspy.Module):
    """References and two texts to a reason and a verdict; each text is cut at `LONGEST_WORDS`."""

    def __init__(self) -> None:
        """Makes an uncompiled program."""
        super().__init__()
        self.compare = dspy.Predict(CompareTexts)

    def forward(
        self, references: Sequence[str], first_text: str, second_text: str, config: Mapping[str, Any] | None = None
    ) -> dspy.Prediction:
        """Compares two texts; `config` is passed on to the model call."""
        return self.compare(
            references=list(references),
            first_text=clip(first_text, LONGEST_WORDS),
            second_text=clip(second_text, LONGEST_WORDS),
            config=dict(config or {}),
        )


def agrees(example: dspy.Example, prediction: Any, trace: Any = None, *_: Any) -> bool:
    """Whether the verdict is the known one: a metric for DSPy's optimizers."""
    return prediction.verdict == example.verdict


def known_pairs(
    texts: Mapping[str, Sequence[str]], n: int, rng: np.random.Generator, n_words: int = REFERENCE_WORDS
) -> list[dspy.Example]:
    """Draws n comparisons whose answer is known, to compile a `JudgeProgram` on and to score it with `agrees`.

    In each, an author's text stands beside another author's, in a random slot; the references are the author's other
    texts.

    Args:
        texts: Author to texts; only authors with two distinct texts or more are asked about.
        n: Number of examples.
        rng: Draws authors, texts and slots.
        n_words: Bounds the references.

    Raises:
        SetupError: Fewer than two authors.
        ValueError: No author has two distinct texts.
    """
    whole = told_apart("llm", texts)
    askable = [author for author, own in whole.items() if len(own) > 1]
    if not askable:
        raise ValueError("no author has two distinct texts: one to judge and one to know the author by")
    examples = []
    for _ in range(n):
        author = askable[int(rng.integers(len(askable)))]
        rival = [name for name in whole if name != author][int(rng.integers(len(whole) - 1))]
        own = list(whole[author])
        mine = own.pop(int(rng.integers(len(own))))
        other = whole[rival][int(rng.integers(len(whole[rival])))]
        own_first = bool(rng.random() < 0.5)
        first, second = (mine, other) if own_first else (other, mine)
        examples.append(
            dspy.Example(
                references=excerpt(own, n_words),
                first_text=first,
                second_text=second,
                verdict="first" if own_first else "second",
            ).with_inputs("references", "first_text", "second_text")
        )
    return examples
