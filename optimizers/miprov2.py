"""DSPy's MIPROv2 over instructions and demos of all predictors at once (arXiv:2406.11695), with its traps closed."""

import logging
import random
from collections.abc import Callable
from typing import Any

import dspy
from dspy.evaluate.evaluate import EvaluationResult
from dspy.teleprompt import MIPROv2

from optimizers.contract import Budget, Compiled, Material, Metric, Trial
from optimizers.demos import bootstrapped_sets, labelled_sets
from optimizers.reflecting import PROPOSER_FAULTS, needs_trainset
from optimizers.scoring import Book, NoScoreError, quiet

logger = logging.getLogger(__name__)

_LABELLED_SIZES = (1, 3)
_N_BOOTSTRAPPED = 1
_N_PROPOSED = 4
_DRAWS_A_TRIAL = 3
"""The sampler comes back to programs that are scored already; these cost nothing, and are no trials."""


class Mipro:
    """Tree-structured Parzen search over which instruction and which demos each predictor gets.

    What differs from DSPy's class: a failed example has no score instead of zero; demos are chosen apart for each
    predictor, labelled ones of different authors among them; hand-written instructions compete with proposed ones, and
    stand alone where the task model is too small to propose; nothing is printed; Ctrl-C keeps the best so far.
    """

    name = "miprov2"

    def settings(self, n_trials: int) -> dict[str, Any]:
        """What the card says of it."""
        return {"n_trials": n_trials, "labelled_sizes": list(_LABELLED_SIZES), "n_bootstrapped": _N_BOOTSTRAPPED}

    def n_bootstraps(self, n_trials: int, n_train: int) -> int:
        """At most two runs for each demo."""
        return min(2 * _N_BOOTSTRAPPED, n_train)

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
        """Scores the student, then `n_trials` programs that differ from it in instructions and demos.

        Raises: SetupError if the trainset is empty.
        """
        needs_trainset(self.name, material)
        book = Book(metric, material.valset, n_threads, on_trial, budget)

        def steps() -> None:
            search = _Search(book, material, metric, seed, n_threads)
            with quiet():
                search.compile(
                    student,
                    trainset=list(material.trainset),
                    valset=list(material.valset),
                    num_trials=_DRAWS_A_TRIAL * n_trials,
                    minibatch=False,
                    max_bootstrapped_demos=_N_BOOTSTRAPPED,
                    seed=seed,
                )

        return book.search(student, n_trials, steps)


class _Search(MIPROv2):
    """MIPROv2 with our demos, our instructions and our scoring."""

    def __init__(self, book: Book, material: Material, metric: Metric, seed: int, n_threads: int):
        super().__init__(
            metric=metric,
            prompt_model=material.proposer or dspy.settings.lm,
            auto=None,
            num_candidates=_N_PROPOSED,
            num_threads=n_threads,
            seed=seed,
            track_stats=False,
        )
        self._book = book
        self._material = material
        self._n_threads = n_threads
        self._draw = random.Random(seed)

    def _bootstrap_fewshot_examples(self, program: Any, *_: Any, **__: Any) -> Any:
        made = bootstrapped_sets(program, self._material, self.metric, _N_BOOTSTRAPPED, self._n_threads, self._draw)
        return {
            index: [
                # DSPy takes the first choice for what the student has.
                list(predictor.demos),
                *([[]] if predictor.demos else []),
                *labelled_sets(predictor, self._material.labelled, _LABELLED_SIZES, self._draw),
                *([made[name]] if made.get(name) else []),
            ]
            for index, (name, predictor) in enumerate(program.named_predictors())
        }

    def _propose_instructions(self, program: Any, *arguments: Any, **options: Any) -> dict[int, list[str]]:
        predictors = list(program.named_predictors())
        proposed: dict[int, list[str]] = {index: [] for index in range(len(predictors))}
        if self._material.proposer is not None:
            try:
                proposed = super()._propose_instructions(program, *arguments, **options)
            except PROPOSER_FAULTS as error:
                logger.warning("the proposer gave no instruction that can be read (%s); going on without", error)
        return {
            index: list(
                dict.fromkeys(
                    [predictor.signature.instructions, *self._material.variants.get(name, ()), *proposed[index]]
                )
            )
            for index, (name, predictor) in enumerate(predictors)
        }

    def _optimize_prompt_parameters(
        self, program: Any, instruction_candidates: Any, demo_candidates: Any, evaluate: Any, *rest: Any, **options: Any
    ) -> Any:
        score: Any = self._score
        return super()._optimize_prompt_parameters(
            program, instruction_candidates, demo_candidates, score, *rest, **options
        )

    def _score(self, program: dspy.Module, **_: Any) -> EvaluationResult:
        """By the book; one that failed throughout tells the sampler nothing, and so stands where the student does."""
        try:
            score = self._book.once(program)
        except NoScoreError:
            score = self._book.trials[0].score
        return EvaluationResult(score=100 * score, results=[])
