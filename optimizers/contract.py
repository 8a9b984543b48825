"""What every optimizer takes and gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import dspy

Metric = Callable[..., float | bool]
"""(example, prediction, trace=None): a fraction in [0, 1] to be maximised; with a trace, whether it is good enough."""


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


class Optimizer(Protocol):
    """Compiles a program; knows no task by name.

    The student is not changed, the result is never worse than it on the valset, the same seed gives the
    same choices, and nothing is written to stdout. Ctrl-C ends the search with the best so far.
    """

    name: str

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
    ) -> Compiled:
        """Searches with `n_trials` candidates beside the student itself."""
        ...
