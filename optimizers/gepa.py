"""DSPy's GEPA: instructions rewritten after reading what went wrong (arXiv:2507.19457), with its traps closed."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dspy
from dspy.teleprompt import GEPA

from optimizers.contract import Budget, Compiled, Material, Metric, Trial
from optimizers.reflecting import feedback, needs_instructions, needs_trainset
from optimizers.scoring import Book, NoScoreError, quiet

_MINIBATCH = 3


class Gepa:
    """Evolves instructions: a candidate that beats its parent on a few examples is scored on the valset.

    What differs from DSPy's class: the metric needs no five arguments, and may bring its own words; a failed example
    has no score, and where one is needed counts what the student scores on average; a trial is one proposal; without a
    proposer the hand-written instructions are the proposals; programs are not merged; no folder is written, so that
    no earlier run's state is taken for this one's; nothing is printed.
    """

    name = "gepa"

    def settings(self, n_trials: int) -> dict[str, Any]:
        """What the card says of it."""
        return {"n_trials": n_trials, "minibatch": _MINIBATCH}

    def n_bootstraps(self, n_trials: int, n_train: int) -> int:
        """Parent and child of each proposal run on a minibatch."""
        return n_trials * 2 * min(_MINIBATCH, n_train)

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

        The student is scored a second time by GEPA, from DSPy's cache.

        Raises: SetupError if the trainset is empty, or there is neither a proposer nor an instruction written by hand.
        """
        needs_trainset(self.name, material)
        needs_instructions(self.name, material)
        book = Book(metric, material.valset, n_threads, on_trial, budget)

        def steps() -> None:
            watch = _Watch(student, book, metric, n_trials)
            evolution = _evolution(material, watch, n_trials, seed, n_threads)
            with quiet():
                evolution.compile(student.deepcopy(), trainset=list(material.trainset), valset=[*watch.valset.values()])

        return book.search(student, n_trials, steps)


def _evolution(material: Material, watch: "_Watch", n_trials: int, seed: int, n_threads: int) -> Any:
    n_minibatch = min(_MINIBATCH, len(material.trainset))
    return GEPA(
        metric=watch.metric,
        # What ends it is the number of proposals; DSPy wants a number of runs too.
        max_metric_calls=(n_trials + 1) * (2 * n_minibatch + len(watch.valset)),
        reflection_minibatch_size=n_minibatch,
        reflection_lm=material.proposer,
        instruction_proposer=_ByHand(material.variants, seed) if material.proposer is None else None,
        use_merge=False,
        num_threads=n_threads,
        failure_score=watch.neutral,
        warn_on_score_mismatch=False,
        seed=seed,
        gepa_kwargs={"stop_callbacks": [watch.enough]},
    )


class _Watch:
    """Sees each program that GEPA scores on the valset, and which examples failed."""

    def __init__(self, student: dspy.Module, book: Book, metric: Metric, n_trials: int):
        # Copies, so that an example that is in the trainset too is told apart.
        copies = [example.copy() for example in book.devset]
        self.valset = {id(copy): copy for copy in copies}
        self.neutral = book.trials[0].score
        """What a failed run counts where GEPA needs a number: what the student scores on average."""
        self._student = student
        self._book = book
        self._metric = metric
        self._n_trials = n_trials
        self._n_entered = 1
        self._scores: dict[int, float] = {}

    def metric(
        self, gold: dspy.Example, pred: Any, trace: Any = None, pred_name: str | None = None, pred_trace: Any = None
    ) -> Any:
        """The five-argument form: a fraction, or for one predictor the words.

        The trace is not handed on: a metric of ours would say whether a run is good enough to be shown, not how good.
        """
        if pred_name is not None:
            # GEPA has the score, and puts it in.
            return dspy.Prediction(score=0.0, feedback=feedback(self._metric, gold, pred))
        score = float(self._metric(gold, pred))
        if id(gold) in self.valset:
            self._scores[id(gold)] = score
        return score

    def enough(self, state: Any) -> bool:
        """Enters what was scored since the last proposal; whether there have been enough of them.

        Raises: OutOfBudgetError.
        """
        for candidate in state.program_candidates[self._n_entered :]:
            self._enter(candidate)
        self._n_entered = len(state.program_candidates)
        self._scores.clear()
        self._book.check()
        return int(state.i) + 1 >= self._n_trials

    def _enter(self, candidate: Mapping[str, str]) -> None:
        program = self._student.deepcopy()
        predictors: list[tuple[str, Any]] = list(program.named_predictors())
        for name, predictor in predictors:
            predictor.signature = predictor.signature.with_instructions(candidate[name])
        scores = [self._scores[key] for key in self.valset if key in self._scores]
        try:
            self._book.enter(program, scores, len(self.valset) - len(scores))
        except NoScoreError:
            return


class _ByHand:
    """Proposes the hand-written instructions, each as often as any other."""

    def __init__(self, variants: Mapping[str, Sequence[str]], seed: int):
        rng = random.Random(seed)
        self._left = {name: rng.sample(list(texts), len(texts)) for name, texts in sorted(variants.items())}

    def __call__(
        self, candidate: dict[str, str], reflective_dataset: Mapping[str, Any], components_to_update: list[str]
    ) -> dict[str, str]:
        proposed = {}
        for name in components_to_update:
            texts = self._left.get(name)
            if texts:
                texts.append(texts.pop(0))
                proposed[name] = texts[-1]
        return proposed
