"""Random search over demos, labelled and bootstrapped, with DSPy's BootstrapFewShot making the latter."""

import contextlib
import random
from collections.abc import Callable
from typing import Any

import dspy

from optimizers.contract import Compiled, Material, Metric, Trial
from optimizers.demos import bootstrapped_sets, labelled_sets
from optimizers.scoring import Book, NoScoreError

_MAX_DEMOS = 3
_REDRAWS = 20


class Bootstrap:
    """Tries sets of demos under the program's own instructions and keeps the best.

    DSPy's `BootstrapFewShotWithRandomSearch` gives every predictor as many demos as every other, bootstraps one example
    at a time for every candidate, and prints; here each predictor draws its own number, and bootstrapping runs once.
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
    ) -> Compiled:
        """Scores the student, then `n_trials` programs that differ from it in their demos."""
        rng = random.Random(seed)
        book = Book(metric, material.valset, n_threads, on_trial)
        try:
            book(student)
            made = bootstrapped_sets(student, material, metric, _MAX_DEMOS, n_threads, rng) if n_trials else {}
            tried = {_demos(student)}
            for _ in range(n_trials):
                candidate = self._candidate(student, material, made, rng)
                # A set that was scored is drawn again a few times at most: there may be no other.
                for _ in range(_REDRAWS):
                    if _demos(candidate) not in tried:
                        break
                    candidate = self._candidate(student, material, made, rng)
                tried.add(_demos(candidate))
                # A server that hiccups through one trial does not end a search; the book counts it.
                with contextlib.suppress(NoScoreError):
                    book(candidate)
        except KeyboardInterrupt:
            return book.best(student, interrupted=True)
        return book.best(student)

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


def _demos(program: dspy.Module) -> str:
    """What tells two sets of demos apart."""
    return repr([(name, predictor.demos) for name, predictor in program.named_predictors()])
