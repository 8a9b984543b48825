"""Scores candidate programs on the valset, and keeps the book of trials."""

import contextlib
import io
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import dspy
from dspy.evaluate.evaluate import EvaluationResult

from optimizers.contract import Compiled, Metric, Trial

logger = logging.getLogger(__name__)


class NoScoreError(RuntimeError):
    """Not one example of the valset could be scored."""


class Book(dspy.Evaluate):
    """Scores programs on the valset, enters each as a trial, and knows the best: what an interrupted search leaves.

    DSPy's `Evaluate` counts a crash as a loss, so that a flaky server would decide which prompt is best; here an
    example whose program or judge failed has no score.
    """

    def __init__(
        self, metric: Metric, valset: Sequence[dspy.Example], n_threads: int, on_trial: Callable[[Trial], None]
    ):
        """Starts without trials."""
        super().__init__(devset=list(valset), metric=metric, num_threads=n_threads, display_progress=False)
        self.trials: list[Trial] = []
        self.n_unscored = 0
        """Programs that failed on the whole valset."""
        self._on_trial = on_trial

    def __call__(self, program: Any, *positional: Any, **options: Any) -> EvaluationResult:
        """Scores a program and enters it; `score` is a percentage of the examples that have one.

        Raises: NoScoreError if no example has a score.
        """
        with quiet():
            result = super().__call__(program, *positional, **options)
        scores = [float(score) for _, prediction, score in result.results if len(prediction)]
        if not scores:
            self.n_unscored += 1
            raise NoScoreError(f"all {len(result.results)} valset examples failed; the log says why")
        score = sum(scores) / len(scores)
        self._enter(program, score, n_failures=len(result.results) - len(scores))
        return EvaluationResult(score=100 * score, results=result.results)

    def _enter(self, program: dspy.Module, score: float, n_failures: int) -> None:
        predictors: dict[str, Any] = dict(program.named_predictors())
        trial = Trial(
            number=len(self.trials),
            score=score,
            n_failures=n_failures,
            program=program.deepcopy(),
            instructions={name: predictor.signature.instructions for name, predictor in predictors.items()},
            demos={name: tuple(demo_id(demo) for demo in p.demos) for name, p in predictors.items()},
        )
        self.trials.append(trial)
        self._on_trial(trial)

    def best(self, student: dspy.Module, interrupted: bool = False) -> Compiled:
        """The best trial, the earlier of two equals, so that the student wins ties.

        Raises: RuntimeError if nothing was scored, unless the search was interrupted before it could be.
        """
        if not self.trials:
            if interrupted:
                return Compiled(student.deepcopy(), 0.0, (), interrupted)
            raise RuntimeError("no trial could be scored; the log says why")
        top = max(self.trials, key=lambda trial: (trial.score, -trial.number))
        return Compiled(top.program, top.score, tuple(self.trials), interrupted, n_unscored=self.n_unscored)


def demo_id(demo: Any) -> str:
    """The target that a demo came from, as the card and MLflow name it."""
    name = demo.get("target_id", "") or demo.get("prompt", "")
    return f"{name}*" if demo.get("augmented") else str(name)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Sends what DSPy prints, progress bars included, to the log: stdout is for results."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        yield
    if printed.getvalue().strip():
        logger.debug("%s", printed.getvalue().strip())
