"""What optimizers that reflect are told of a run, and how DSPy's own scoring loops are made to use the book."""

import contextlib
import random
from typing import Any

import dspy
from dspy.utils.exceptions import DSPyError

from optimizers.contract import Material, Metric, best_of
from optimizers.scoring import Book, NoScoreError
from signatures.errors import SetupError

WITHOUT_PROPOSER = ("labeled", "bootstrap", "random-search", "knn", "miprov2")
"""Optimizers that need neither a proposer nor hand-written instructions."""

PROPOSER_FAULTS = (DSPyError, ValueError, TypeError, AttributeError, LookupError)
"""What DSPy's proposers raise when a model answers nothing, refuses, or leaves a field out: some of it is theirs."""

WHOLE = dspy.Example().with_inputs()
"""Stands for the whole valset in a scoring loop of DSPy's; see `Scored`."""


def feedback(metric: Metric, example: dspy.Example, prediction: Any) -> str:
    """What the metric says of a prediction: its own words where it has any, else its score in words."""
    words = getattr(metric, "feedback", None)
    if callable(words):
        return str(words(example, prediction))
    score = float(metric(example, prediction))
    return f"This scored {score:.2f}, where 0 is worst, 0.5 is as good as what it is compared with, and 1 is best."


def needs_instructions(name: str, material: Material) -> None:
    """Raises SetupError if there is nobody to propose instructions, and none were written by hand."""
    if material.proposer is None and not any(material.variants.values()):
        raise SetupError(
            f"optimizer {name!r} has nothing to try: the model is too small to propose instructions, and the task has "
            f"none written by hand; choose one of: {', '.join(WITHOUT_PROPOSER)}, or a larger model"
        )


def needs_trainset(name: str, material: Material) -> None:
    """Raises SetupError if there is no example to learn from."""
    if not material.trainset:
        raise SetupError(f"optimizer {name!r} learns from runs on the trainset, which is empty; give more authors")


def with_instruction(program: dspy.Module, name: str, instruction: str) -> dspy.Module:
    """A copy of a program in which the predictor `name` has another instruction."""
    changed = program.deepcopy()
    predictor: Any = dict(changed.named_predictors())[name]
    predictor.signature = predictor.signature.with_instructions(instruction)
    return changed


def try_variants(book: Book, material: Material, rng: random.Random) -> None:
    """Scores hand-written instructions, predictor by predictor, each on the best program so far.

    Raises: EnoughTrialsError, OutOfBudgetError.
    """
    pairs = [(name, text) for name, texts in sorted(material.variants.items()) for text in texts]
    rng.shuffle(pairs)
    for name, text in pairs:
        program = best_of(book.trials).program
        if name in dict(program.named_predictors()):
            with contextlib.suppress(NoScoreError):
                book.once(with_instruction(program, name, text))


class Scored(dspy.Module):
    """A program that scores itself by the book when a scoring loop of DSPy's runs it on `WHOLE`.

    So that an optimizer whose scoring cannot be exchanged sees one example with one score, while the book leaves
    failures out of the mean, keeps to the budget, and enters the trial. On any other example it runs the program.
    """

    def __init__(self, program: dspy.Module, book: Book):
        """Wraps a program; the book is shared by all copies."""
        super().__init__()
        self.program = program
        self._book = book

    def forward(self, **inputs: Any) -> dspy.Prediction:
        """The program's prediction, or one with a `score`."""
        if inputs:
            return self.program(**inputs)
        return dspy.Prediction(score=self._book.once(self.finished()))

    def finished(self) -> dspy.Module:
        """The candidate that is scored."""
        return self.program


def own_score(example: dspy.Example, prediction: Any, trace: Any = None) -> float:
    """The metric for `Scored` on `WHOLE`."""
    return float(prediction.score)
