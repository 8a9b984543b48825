"""What a bake-off asks of whoever searches: what is given, and what comes back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import dspy

from programs.bakeoffs.records import Spending, Tried


@dataclass(frozen=True)
class Ground:
    """What every search stands on."""

    student: dspy.Module
    trainset: Sequence[dspy.Example]
    valset: Sequence[dspy.Example]
    zero_shot: Mapping[str, str]
    """Target id of the train and val parts to the text that metrics compare with."""


@dataclass(frozen=True)
class Found:
    """What a search came back with."""

    program: dspy.Module
    """After the second look."""
    bests: Sequence[tuple[int, Spending, dspy.Module]]
    """Number, spending until then and program of each trial that was the best so far, without the student."""
    trials: Sequence[Tried]
    spent: Spending
    settings: Mapping[str, Any]
    """Of the optimizer."""
    n_unscored: int
    stopped: str
    confirmation: str
    instructions: Mapping[str, str]
    demos: Mapping[str, tuple[str, ...]]


class Search(Protocol):
    """Compiles with one optimizer and seed, within the budget that all have."""

    def __call__(self, optimizer: str, seed: int, ground: Ground, on_trial: Callable[[Tried], None]) -> Found:
        """Raises: KeyboardInterrupt; SetupError, RuntimeError or a DSPyError if nothing comes of it."""
        ...
