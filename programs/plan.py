"""What a compile will do, before it does it."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from programs.experiment import Experiment
from signatures.errors import SetupError
from signatures.records import AuthorCase

BUDGETS = {"light": 8, "medium": 30, "heavy": 80}
"""Trials of the named budgets."""
_MOST_DIGITS = 9
"""Of a budget in calls: a billion calls are a slip of the finger."""

EMBEDDED_SECONDS_A_CALL = 1.0
"""What `benchmarks.first_run` takes a call, all phases together, on 2 cores with 32 calls in flight."""
HOSTED_SECONDS_A_CALL = 5.0
"""A guess for one call; as many run at once as there are threads."""


@dataclass(frozen=True)
class Plan:
    """Model calls of a run by phase, at most, and the trials they pay for."""

    n_trials: int
    calls: dict[str, int]
    seconds: float
    """A rough estimate of the whole run."""

    @property
    def n_calls(self) -> int:
        """Over all phases."""
        return sum(self.calls.values())


def make_plan(experiment: Experiment, budget: str, n_bootstraps: Callable[[int, int], int]) -> Plan:
    """Turns a budget into trials and calls.

    Args:
        experiment: The task, data and model.
        budget: `light`, `medium`, `heavy`, or the most model calls that the whole run may make.
        n_bootstraps: (n_trials, n_train) to the most program runs that the optimizer makes on the trainset.

    Raises: SetupError if the budget is not one of these, or does not pay for one trial.
    """
    if budget in BUDGETS:
        return _plan(experiment, BUDGETS[budget], n_bootstraps)
    if not (budget.isdecimal() and len(budget) <= _MOST_DIGITS):
        raise SetupError(f"unknown budget {budget!r}; choose light, medium, heavy, or a number of model calls")
    least = _plan(experiment, 1, n_bootstraps)
    if int(budget) < least.n_calls:
        raise SetupError(
            f"a budget of {budget} calls is too small: scoring the test authors and one trial need {least.n_calls}; "
            "give more, or use fewer authors or targets"
        )
    # A trial costs at least one call, so that no more trials than calls come into question.
    n_trials = bisect_right(
        range(1, int(budget) + 1), int(budget), key=lambda n: _plan(experiment, n, n_bootstraps).n_calls
    )
    return _plan(experiment, n_trials, n_bootstraps)


def _plan(experiment: Experiment, n_trials: int, n_bootstraps: Callable[[int, int], int]) -> Plan:
    splits = experiment.splits
    n_train, n_test = _n_targets(splits.train), _n_targets(splits.test)
    a_trial = len(splits.val) + _n_targets(splits.val)
    calls = {
        "zero-shot baseline": n_train + _n_targets(splits.val) + n_test,
        "compile": (n_trials + 1) * a_trial + 2 * n_bootstraps(n_trials, n_train),
        "confirm": 2 * (len(splits.train) + len(splits.val) + n_train + _n_targets(splits.val)),
        "few-shot": n_test,
        "uncompiled": len(splits.test) + n_test,
        "compiled": len(splits.test) + n_test,
    }
    n_calls = sum(calls.values())
    if experiment.small:
        seconds = n_calls * EMBEDDED_SECONDS_A_CALL
    else:
        seconds = n_calls * HOSTED_SECONDS_A_CALL / experiment.choices.n_threads
    return Plan(n_trials, calls, seconds)


def _n_targets(cases: tuple[AuthorCase, ...]) -> int:
    return sum(len(case.targets) for case in cases)
