"""What every optimizer takes and gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import dspy

Metric = Callable[..., float | bool]
"""(example, prediction, trace=None): a fraction in [0, 1] to be maximised; with a trace, whether it is good enough.

A metric may have a method `feedback(example, prediction) -> str`: what optimizers that reflect are told beside the
score; see `optimizers.scoring.Told`.
"""


class OutOfBudgetError(BaseException):
    """A limit of the budget is reached; `reason` says which.

    Like KeyboardInterrupt no `Exception`: whoever goes on after a failed call (DSPy's executors, a proposer's retry)
    would else take the end of the budget for one more failure.
    """

    def __init__(self, reason: str):
        """Such as "600 of 600 calls are made"."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Spent:
    """What a search spent, all models together."""

    calls: int = 0
    """That reached a model; answers from a cache do not."""
    tokens: int = 0
    """Read and written."""
    dollars: float | None = 0.0
    """0 for local models; None if a price is unknown."""
    seconds: float = 0.0


class Budget(Protocol):
    """Limits of one run, over task model, proposer and judge together.

    The models are refused a call by the same limits; optimizers only ask between two steps, and report.
    """

    def check(self) -> None:
        """Raises OutOfBudgetError if a limit is reached."""
        ...

    def spent(self) -> Spent:
        """So far."""
        ...


@dataclass(frozen=True)
class Material:
    """What an optimizer may draw on."""

    trainset: Sequence[dspy.Example]
    """Examples that the program is run on to bootstrap demos."""
    valset: Sequence[dspy.Example]
    """Examples of other authors, on which trials are scored."""
    labelled: Sequence[dspy.Example] = ()
    """Examples that carry the right outputs; a predictor's demos are those that have its output fields."""
    variants: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Predictor name to hand-written instructions to try beside the program's own."""
    proposer: Any = None
    """A model that writes further instructions; None for a task model too small to."""
    settings: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """Setting of the program to values to try, as `programs.adjusting` takes them; most optimizers leave them alone."""


@dataclass(frozen=True)
class Trial:
    """One candidate program and how it did on the valset."""

    number: int
    """From 0, which is the program as it was handed in."""
    score: float
    """Mean metric on the valset, a fraction."""
    n_failures: int
    """Valset examples without a score; left out of the mean."""
    program: dspy.Module
    instructions: Mapping[str, str]
    """Predictor name to instruction."""
    demos: Mapping[str, tuple[str, ...]]
    """Predictor name to the ids of its demos."""


T = TypeVar("T", bound=Trial)


@dataclass(frozen=True)
class Compiled:
    """The best program and the way to it."""

    program: dspy.Module
    score: float
    """Of `program` on the valset, a fraction."""
    trials: tuple[Trial, ...]
    interrupted: bool = False
    """Whether Ctrl-C ended the search early."""
    n_unscored: int = 0
    """Candidates that failed on the whole valset: no trials, and no result."""
    confirmation: str = ""
    """What a second look at the best trial found, in words; see `optimizers.confirm`."""
    spent: Spent | None = None
    """By the budget's count when the search ended; None where there was no budget."""
    stopped: str = ""
    """Why a budget ended the search early; empty if none did."""


def best_of(trials: Sequence[T]) -> T:
    """The trial with the highest score, the earlier of two equals, so that the student wins ties."""
    return max(trials, key=lambda trial: (trial.score, -trial.number))


def chosen_trial(compiled: Compiled) -> Trial:
    """The trial that the compiled program is; the best where it is none of them."""
    return next((trial for trial in compiled.trials if trial.program is compiled.program), best_of(compiled.trials))


class Optimizer(Protocol):
    """Compiles a program; knows no task by name.

    The student is not changed, the result is never worse than it on the valset, the same seed gives the
    same choices, and nothing is written to stdout. Ctrl-C or a reached limit ends the search with the best so far.
    """

    @property
    def name(self) -> str:
        """What users call it."""
        ...

    def settings(self, n_trials: int) -> dict[str, Any]:
        """What the card says of the optimizer."""
        ...

    def n_bootstraps(self, n_trials: int, n_train: int) -> int:
        """Upper bound of program runs on the trainset that precede the trials."""
        ...

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
        """Searches with at most `n_trials` candidates beside the student itself, which is trial 0.

        Raises: SetupError if the material is not what the optimizer needs, before the first call; RuntimeError if
        nothing could be scored.
        """
        ...
