"""Whether a writing step draws its words by chance, and which rollout its calls count from."""

from collections.abc import Callable
from typing import Any

import dspy


def by_chance(write: Callable[..., Any]) -> bool:
    """Whether the model draws its words; one at temperature 0 does not. None is the provider's own temperature."""
    return _setting(write, "temperature") != 0


def first_rollout(write: Callable[..., Any]) -> int:
    """The rollout that the step's plain call is; 0 where none is set."""
    return _setting(write, "rollout_id") or 0


def another(write: Callable[..., Any], place: int, most: int) -> dict[str, Any]:
    """The settings of one of up to `most` further calls, which no cache and no seed makes repeat the first.

    A hosted model is told a seed and never the rollout, so that its seed moves with it.

    Args:
        write: The writing step.
        place: Of the call, from 1 on.
        most: Calls that one rollout of the step has room for.
    """
    rollout = {"rollout_id": first_rollout(write) * most + place}
    seed = _setting(write, "seed")
    small = getattr(getattr(write, "lm", None) or dspy.settings.lm, "small", False)
    return rollout if seed is None or small else {**rollout, "seed": seed + place}


def _setting(write: Callable[..., Any], name: str) -> Any:
    """A setting of the writing step's model, unless the step has its own."""
    lm = getattr(write, "lm", None) or dspy.settings.lm
    return {**getattr(lm, "kwargs", {}), **getattr(write, "config", {})}.get(name)
