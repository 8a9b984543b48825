"""All that a search needs beside its study."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import dspy

from optimizers.contract import Budget, Material, Metric, Trial
from optimizers.joints.pareto import Prefer
from optimizers.joints.racing import Race


@dataclass(frozen=True)
class Setting:
    """One call of `compile`, checked."""

    student: dspy.Module
    material: Material
    metric: Metric
    choices: Mapping[str, tuple[str, ...]]
    """Settings of the program, as `optimizers.joints.space.setting_choices` gives them."""
    race: Race
    prefer: Prefer
    n_trials: int
    """Beside the student."""
    seed: int
    n_threads: int
    budget: Budget | None
    on_trial: Callable[[Trial], None]
