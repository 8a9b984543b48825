"""Scores candidate programs on the valset, and keeps the book of trials."""

import contextlib
import io
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import dspy
from dspy.evaluate.evaluate import EvaluationResult
from tqdm import tqdm

from optimizers.contract import Budget, Compiled, Metric, OutOfBudgetError, Trial, best_of
from signatures.errors import SetupError

logger = logging.getLogger(__name__)

_REDRAWS = 20


class NoScoreError(RuntimeError):
    """Not one example of the valset could be scored."""


class EnoughTrialsError(BaseException):
    """As many candidates are scored as were asked for; ends loops that know no such number, as Ctrl-C would."""


class Book(dspy.Evaluate):
    """Scores programs on the valset, enters each as a trial, and knows the best: what an interrupted search leaves.

    DSPy's `Evaluate` counts a crash as a loss, so that a flaky server would decide which prompt is best; here an
    example whose program or judge failed has no score. Nor does a tenth crash end the search, as it would there.
    """

    def __init__(
        self,
        metric: Metric,
        valset: Sequence[dspy.Example],
        n_threads: int,
        on_trial: Callable[[Trial], None],
        budget: Budget | None = None,
    ):
        """Starts without trials. Raises: SetupError if the valset is empty."""
        if not valset:
            raise SetupError("the valset is empty; give examples of at least one author who is not in the trainset")
        super().__init__(
            devset=list(valset),
            metric=metric,
            num_threads=n_threads,
            display_progress=False,
            max_errors=len(valset) + 1,
        )
        self.trials: list[Trial] = []
        self.n_unscored = 0
        """Programs that failed on the whole valset."""
        self.first: EvaluationResult | None = None
        """What the student scored."""
        self._on_trial = on_trial
        self._budget = budget
        self._n_most: int | None = None
        self._known: dict[str, float | None] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> "Book":
        """Itself: a program that carries the book is copied by DSPy for each candidate."""
        return self

    def __call__(self, program: Any, *positional: Any, **options: Any) -> EvaluationResult:
        """Scores a program and enters it; `score` is a percentage of the examples that have one.

        Raises: NoScoreError if no example has a score; OutOfBudgetError; EnoughTrialsError.
        """
        if self._n_most is not None and len(self.trials) + self.n_unscored > self._n_most:
            raise EnoughTrialsError
        self.check()
        with quiet():
            result = super().__call__(program, *positional, **options)
        scores = [float(score) for _, prediction, score in result.results if len(prediction)]
        if len(scores) < len(result.results):
            # A module that takes every fault for a failed call may have taken the end of the budget for one.
            self.check()
        score = self.enter(program, scores, len(result.results) - len(scores))
        result = EvaluationResult(score=100 * score, results=result.results)
        if self.first is None:
            self.first = result
        return result

    def check(self) -> None:
        """Raises OutOfBudgetError if the budget is spent."""
        if self._budget is not None:
            self._budget.check()

    def enter(self, program: dspy.Module, scores: Sequence[float], n_failures: int) -> float:
        """Enters a program with its scores on the valset; the mean of these.

        Raises: NoScoreError if there are none.
        """
        self._known[fingerprint(program)] = None
        if not scores:
            self.n_unscored += 1
            raise NoScoreError(f"all {n_failures} valset examples failed; the log says why")
        score = sum(scores) / len(scores)
        self._known[fingerprint(program)] = score
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
        return score

    def knows(self, program: dspy.Module) -> bool:
        """Whether a program with the same instructions and demos was entered."""
        return fingerprint(program) in self._known

    def once(self, program: dspy.Module) -> float:
        """A program's score, a fraction, without asking again for one that has been entered.

        Raises: NoScoreError, for a program that failed throughout before too; OutOfBudgetError; EnoughTrialsError.
        """
        if not self.knows(program):
            return float(self(program).score) / 100
        score = self._known[fingerprint(program)]
        if score is None:
            raise NoScoreError("this program failed on the whole valset before")
        return score

    def search(self, student: dspy.Module, n_trials: int, steps: Callable[[], None]) -> Compiled:
        """Scores the student, then takes `steps`, which score at most `n_trials` candidates; the best of all.

        Ctrl-C and the end of the budget, wherever in DSPy they come up, end the steps.

        Raises: NoScoreError if the student fails on the whole valset; RuntimeError.
        """
        interrupted, stopped = False, ""
        try:
            self(student)
            self._n_most = n_trials
            if n_trials > 0:
                steps()
        except EnoughTrialsError:
            logger.debug("%d trials are scored", n_trials)
        except KeyboardInterrupt:
            interrupted = True
            _let_go_of_progress_bars()
        except OutOfBudgetError as error:
            stopped = error.reason
        except Exception as error:
            cause = _end_of_budget(error)
            if cause is None:
                raise
            stopped = cause.reason
        return self.best(student, interrupted, stopped)

    def draw(self, candidate: Callable[[], dspy.Module]) -> None:
        """Scores candidates, each drawn by `candidate`, until enough are or no new one comes up."""
        while True:
            drawn = next((each for each in (candidate() for _ in range(_REDRAWS)) if not self.knows(each)), None)
            if drawn is None:
                return
            # A server that hiccups through one trial does not end a search; the book counts it.
            with contextlib.suppress(NoScoreError):
                self(drawn)

    def best(self, student: dspy.Module, interrupted: bool = False, stopped: str = "") -> Compiled:
        """The best trial, the earlier of two equals, so that the student wins ties.

        Raises: RuntimeError if nothing was scored, unless the search was ended before it could be.
        """
        spent = self._budget.spent() if self._budget is not None else None
        if not self.trials:
            if interrupted or stopped:
                return Compiled(student.deepcopy(), 0.0, (), interrupted, spent=spent, stopped=stopped)
            raise RuntimeError("no trial could be scored; the log says why")
        top = best_of(self.trials)
        return Compiled(
            top.program,
            top.score,
            tuple(self.trials),
            interrupted,
            n_unscored=self.n_unscored,
            spent=spent,
            stopped=stopped,
        )


def _let_go_of_progress_bars() -> None:
    """Gives back the locks of tqdm that this thread still holds.

    A Ctrl-C that comes while DSPy makes or draws a progress bar, hidden ones too, can leave its lock taken for good,
    and the next bar that another thread makes would wait for ever.
    """
    for lock in getattr(tqdm.get_lock(), "locks", ()):
        # Both kinds may be taken more than once, and refuse a thread that does not hold them.
        with contextlib.suppress(RuntimeError, AssertionError):
            while True:
                lock.release()


def _end_of_budget(error: BaseException | None) -> OutOfBudgetError | None:
    """The end of the budget, if an error was raised because of it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, OutOfBudgetError):
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def fingerprint(program: dspy.Module) -> str:
    """What tells two candidates apart: each predictor's instruction, what it says of its fields, and its demos."""
    predictors: list[tuple[str, Any]] = list(program.named_predictors())
    return repr(
        [
            (name, p.signature.instructions, [f.json_schema_extra for f in p.signature.fields.values()], p.demos)
            for name, p in predictors
        ]
    )


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
