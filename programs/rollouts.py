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


def _setting(write: Callable[..., Any], name: str) -> Any:
    """A setting of the writing step's model, unless the step has its own."""
    lm = getattr(write, "lm", None) or dspy.settings.lm
    return {**getattr(lm, "kwargs", {}), **getattr(write, "config", {})}.get(name)
