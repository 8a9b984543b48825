"""DSPy's COPRO: instructions proposed from those tried before and how they scored, scored by the book."""

import logging
import random
from collections.abc import Callable
from typing import Any

import dspy
from dspy.teleprompt import COPRO

from optimizers.contract import Budget, Compiled, Material, Metric, Trial
from optimizers.reflecting import PROPOSER_FAULTS, WHOLE, Scored, needs_instructions, own_score, try_variants
from optimizers.scoring import Book, quiet

logger = logging.getLogger(__name__)

_TEMPERATURE = 1.0
"""Of the proposer; DSPy's 1.4 is more than some providers take."""


class Copro:
    """Coordinate ascent over instructions: each predictor's proposals in turn, on the best of the others.

    What differs from DSPy's class: a failed example has no score instead of zero; a program is scored once, however
    often it comes up; what is left of the trials goes to instructions written by hand, which is all there is where
    the task model is too small to propose, or where a proposer gives nothing that can be read; nothing is printed.
    """

    name = "copro"

    def settings(self, n_trials: int) -> dict[str, Any]:
        """What the card says of it."""
        return {"n_trials": n_trials, "temperature": _TEMPERATURE}

    def n_bootstraps(self, n_trials: int, n_train: int) -> int:
        """None: it learns from scores alone."""
        return 0

    def compile(
        self,
        student: dspy.Module,
        material: Material,
        metric: Metric,
        *,
        n_trials: int,
        seed: int,
        n_threads: int,
        on_trial: Callable[[Trial], None],
        budget: Budget | None = None,
    ) -> Compiled:
        """Scores the student, then at most `n_trials` programs that differ from it in their instructions.

        Raises: SetupError if there is neither a proposer nor an instruction written by hand.
        """
        needs_instructions(self.name, material)
        book = Book(metric, material.valset, n_threads, on_trial, budget)

        def steps() -> None:
            if material.proposer is not None:
                self._ascend(student, material.proposer, book, n_trials, seed)
            try_variants(book, material, random.Random(seed))

        return book.search(student, n_trials, steps)

    def _ascend(self, student: dspy.Module, proposer: Any, book: Book, n_trials: int, seed: int) -> None:
        breadth, depth = _shape(n_trials, len(student.predictors()))
        # The same questions get other answers for another seed.
        proposer = proposer.copy(rollout_id=seed)
        ascent = COPRO(
            prompt_model=proposer, metric=own_score, breadth=breadth, depth=depth, init_temperature=_TEMPERATURE
        )
        try:
            # Its loop takes the limit on errors from the settings, and no other way.
            with quiet(), dspy.context(max_errors=10**6):
                ascent.compile(
                    Scored(student, book),
                    trainset=[WHOLE],
                    eval_kwargs={"num_threads": 1, "display_progress": False},
                )
        except PROPOSER_FAULTS as error:
            logger.warning("the proposer gave no instruction that can be read (%s); going on without", error)


def _shape(n_trials: int, n_predictors: int) -> tuple[int, int]:
    """Breadth and depth with which about `n_trials` new programs come up."""
    depth = 1 if n_trials < 4 * n_predictors else 2
    # One of the first breadth is the program's own instruction.
    return max(2, 1 + n_trials // (n_predictors * depth)), depth
