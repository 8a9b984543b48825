"""What a search reports beside what every optimizer does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from optimizers.contract import Compiled, Trial
from optimizers.joints.history import History
from optimizers.joints.study import Study


@dataclass(frozen=True)
class JointTrial(Trial):
    """A trial of a race. The score of a stopped one is what it was expected to reach on the whole valset."""

    pruned: bool = False
    """Whether it was stopped before its last block."""
    n_scored: int = 0
    """Targets that it was scored on."""
    choices: Mapping[str, Any] = field(default_factory=dict)
    """What it chose, such as {"instruction:write": "hand 1", "setting:n_shown": "7"}; nothing for the student."""
    tokens: float | None = None
    """Read and written for a text, on average; None where no model said."""
    seconds: float = 0.0
    """A text, on average, with others under way at the same time."""


@dataclass(frozen=True)
class JointCompiled(Compiled):
    """The chosen program, and what the race saved."""

    trials: tuple[JointTrial, ...]
    n_scored: int = 0
    """Targets scored, over all trials."""
    n_full: int = 0
    """Targets that the same trials would have been scored on without a race."""
    winner: int = 0
    """Number of the trial that `program` is; with another preference than `win` not always the best score."""
    exhausted: bool = False
    """Whether the search ended because every program that it may try was tried."""
    study: Study | None = None
    """Where the search is kept."""

    @cached_property
    def history(self) -> History:
        """What happened, as plain data for plots; reckoned when it is first asked for."""
        return self.study.history() if self.study else History((), {})

    @property
    def saved(self) -> float:
        """Share of the targets that the race saved, in [0, 1]."""
        return 1 - self.n_scored / self.n_full if self.n_full else 0.0
