"""DSPy's BootstrapFewShotWithRandomSearch, scored by the book."""

import random
from collections.abc import Callable
from typing import Any

import dspy
from dspy.teleprompt import BootstrapFewShotWithRandomSearch

from optimizers.contract import Budget, Compiled, Material, Metric, Trial
from optimizers.demos import fitting, one_an_author
from optimizers.reflecting import WHOLE, Scored, needs_trainset, own_score
from optimizers.scoring import Book, quiet

_MAX_DEMOS = 3
_SHOWN = "shown_only"
_ERRORS = 10**6
"""Of runs; a failed one makes no demo, and ends nothing."""


class RandomSearch:
    """Bootstraps a set of demos anew for every candidate, fills it up with labelled examples, and keeps the best.

    What differs from DSPy's class: the program as it was handed in is among the candidates; the order of examples
    depends on the seed; labelled examples are shown to predictors whose outputs they have, one an author, and are not
    run; at most two runs are made for each demo; predictors keep their own model; failures are not losses;
    a program is scored once; nothing is printed.
    """

    name = "random-search"

    def settings(self, n_trials: int) -> dict[str, Any]:
        """What the card says of it."""
        return {"n_trials": n_trials, "max_bootstrapped_demos": _MAX_DEMOS, "max_labeled_demos": _MAX_DEMOS}

    def n_bootstraps(self, n_trials: int, n_train: int) -> int:
        """At most two runs for each demo, anew for each candidate."""
        return n_trials * min(2 * _MAX_DEMOS, n_train)

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
        """Scores the student, then at most `n_trials` programs that differ from it in their demos.

        Raises: SetupError if the trainset is empty.
        """
        needs_trainset(self.name, material)
        book = Book(metric, material.valset, n_threads, on_trial, budget)

        def steps() -> None:
            with quiet():
                search = BootstrapFewShotWithRandomSearch(
                    metric=_either(metric),
                    max_bootstrapped_demos=_MAX_DEMOS,
                    max_labeled_demos=_MAX_DEMOS,
                    # The three that DSPy numbers from -3 come on top; the first has no demos at all.
                    num_candidate_programs=n_trials - 2,
                    num_threads=1,
                    max_errors=_ERRORS,
                )
                search.compile(
                    _Shown(student, book),
                    trainset=_examples(material, random.Random(seed)),
                    valset=[WHOLE],
                    restrict=range(-2, n_trials - 2),
                )

        return book.search(student, n_trials, steps)


class _Shown(Scored):
    """Is not run on examples that are only to be shown, and shows each predictor those that have its outputs."""

    def __init__(self, program: dspy.Module, book: Book):
        super().__init__(program, book)
        self._models = Models({name: predictor.lm for name, predictor in program.named_predictors()})

    def forward(self, **inputs: Any) -> dspy.Prediction:
        if inputs.pop(_SHOWN, False):
            raise RuntimeError("this example is labelled: it is shown, not run")
        for name, predictor in self.program.named_predictors():
            # DSPy resets a program before it gives it demos, and its models with them.
            predictor.lm = self._models[name]
            predictor.demos = [demo for demo in predictor.demos if demo.get("augmented") or _fits(predictor, demo)]
        return super().forward(**inputs)

    def finished(self) -> dspy.Module:
        candidate = self.program.deepcopy()
        for _, predictor in candidate.named_predictors():
            made = [demo for demo in predictor.demos if demo.get("augmented")]
            shown = [demo for demo in predictor.demos if not demo.get("augmented")]
            predictor.demos = [*made, *one_an_author(fitting(predictor, shown), _MAX_DEMOS - len(made))]
        return candidate


class Models(dict[str, Any]):
    """Predictor name to the model it was given, if any; shared by all copies of a program."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "Models":
        """Itself."""
        return self


def _fits(predictor: Any, demo: Any) -> bool:
    return bool(demo.get(_SHOWN)) and bool(fitting(predictor, [demo]))


def _examples(material: Material, rng: random.Random) -> list[dspy.Example]:
    """Some to run and, marked, all that are to be shown, in one order that the seed decides."""
    run = rng.sample(list(material.trainset), min(2 * _MAX_DEMOS, len(material.trainset)))
    shown = [
        example.copy(**{_SHOWN: True}).with_inputs(*example.inputs().keys(), _SHOWN) for example in material.labelled
    ]
    mixed = [*run, *shown]
    rng.shuffle(mixed)
    return mixed


def _either(metric: Metric) -> Metric:
    """The metric for bootstrapping, and for the whole valset the score that a program has by the book."""

    def judged(example: dspy.Example, prediction: Any, trace: Any = None) -> float | bool:
        return own_score(example, prediction) if example is WHOLE else metric(example, prediction, trace)

    return judged
