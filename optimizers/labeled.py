"""DSPy's LabeledFewShot, predictor by predictor, and as often as there are trials."""

import random
from collections.abc import Callable
from typing import Any

import dspy
from dspy.teleprompt import LabeledFewShot

from optimizers.contract import Budget, Compiled, Material, Metric, Trial
from optimizers.demos import fitting, one_an_author
from optimizers.scoring import Book
from signatures.errors import SetupError

_MAX_DEMOS = 3


class Labeled:
    """Shows labelled examples, as many as there are, and keeps the set that does best.

    DSPy's class draws one set, by the same seed always, gives it to every predictor whether the examples have its
    outputs or not, and does not ask whether it helps.
    """

    name = "labeled"

    def settings(self, n_trials: int) -> dict[str, Any]:
        """What the card says of it."""
        return {"n_trials": n_trials, "max_demos": _MAX_DEMOS}

    def n_bootstraps(self, n_trials: int, n_train: int) -> int:
        """None: the examples are labelled."""
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
        """Scores the student, then `n_trials` programs that differ from it in their demos.

        Raises: SetupError if no labelled example has the outputs of any predictor.
        """
        rng = random.Random(seed)
        pools = {name: fitting(predictor, material.labelled) for name, predictor in student.named_predictors()}
        if not any(pools.values()):
            raise SetupError(
                f"optimizer 'labeled' needs examples with the outputs of a step ({', '.join(pools)}), and none of "
                f"{len(material.labelled)} has them; choose bootstrap, which makes its own"
            )
        book = Book(metric, material.valset, n_threads, on_trial, budget)

        def candidate() -> dspy.Module:
            drawn = student.deepcopy()
            for name, predictor in drawn.named_predictors():
                if not pools[name]:
                    continue
                pool = one_an_author(rng.sample(pools[name], len(pools[name])), rng.randint(1, _MAX_DEMOS))
                teleprompter = LabeledFewShot(k=_MAX_DEMOS)
                predictor.demos = teleprompter.compile(predictor, trainset=pool, sample=False).demos
            return drawn

        return book.search(student, n_trials, lambda: book.draw(candidate))
