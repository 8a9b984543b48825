"""Random search over demos, labelled and bootstrapped, with DSPy's BootstrapFewShot making the latter."""

import random
from collections.abc import Callable
from typing import Any

import dspy

from optimizers.contract import Budget, Compiled, Material, Metric, Trial
from optimizers.demos import bootstrapped_sets, labelled_sets
from optimizers.scoring import Book

_MAX_DEMOS = 3


class Bootstrap:
    """Tries sets of demos under the program's own instructions and keeps the best.

    DSPy's `BootstrapFewShotWithRandomSearch` (here `random-search`) gives every predictor as many demos as every
    other and bootstraps one example at a time for every candidate; here each predictor draws its own number, and
    bootstrapping runs once.
    """

    name = "bootstrap"

    def settings(self, n_trials: int) -> dict[str, Any]:
        """What the card says of it."""
        return {"n_trials": n_trials, "max_demos": _MAX_DEMOS}

    def n_bootstraps(self, n_trials: int, n_train: int) -> int:
        """At most two runs for each demo."""
        return min(2 * _MAX_DEMOS, n_train)

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
        """Scores the student, then `n_trials` programs that differ from it in their demos."""
        rng = random.Random(seed)
        book = Book(metric, material.valset, n_threads, on_trial, budget)

        def steps() -> None:
            made = bootstrapped_sets(student, material, metric, _MAX_DEMOS, n_threads, rng)
            book.draw(lambda: self._candidate(student, material, made, rng))

        return book.search(student, n_trials, steps)

    @staticmethod
    def _candidate(
        student: dspy.Module, material: Material, made: dict[str, list[Any]], rng: random.Random
    ) -> dspy.Module:
        candidate = student.deepcopy()
        for name, predictor in candidate.named_predictors():
            choices: list[list[Any]] = [
                [],
                *labelled_sets(predictor, material.labelled, [rng.randint(1, _MAX_DEMOS)], rng),
            ]
            if made.get(name):
                choices.append(rng.sample(made[name], rng.randint(1, len(made[name]))))
            predictor.demos = rng.choice(choices)
        return candidate
