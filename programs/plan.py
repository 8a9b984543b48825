"""What a compile will do, before it does it."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from programs.bench import SECONDS_A_CALL, TRIALS, Case
from programs.experiment import Experiment
from signatures.errors import SetupError

BUDGETS = TRIALS
"""Trials of the named budgets, where a task has no others."""
_MOST_DIGITS = 9
"""Of a budget in calls: a billion calls are a slip of the finger."""

EMBEDDED_SECONDS_A_CALL = SECONDS_A_CALL
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


Further = Callable[[int], Mapping[str, int]]
"""(n_trials) to further calls by phase, at most, such as those of proposer and judge."""


def make_plan(
    experiment: Experiment,
    budget: str,
    n_bootstraps: Callable[[int, int], int],
    further: Further = lambda n_trials: {},
) -> Plan:
    """Turns a budget into trials and calls.

    Args:
        experiment: The task, data and model.
        budget: `light`, `medium`, `heavy`, or the most model calls that the whole run may make.
        n_bootstraps: (n_trials, n_train) to the most program runs that the optimizer makes on the trainset.
        further: Calls beside those of programs that write one text for a target.

    Raises: SetupError if the budget is not one of these, or does not pay for one trial.
    """
    trials = experiment.task.bench.trials
    if budget in trials:
        return _plan(experiment, trials[budget], n_bootstraps, further)
    if not (budget.isdecimal() and len(budget) <= _MOST_DIGITS):
        raise SetupError(f"unknown budget {budget!r}; choose light, medium, heavy, or a number of model calls")
    least = _plan(experiment, 1, n_bootstraps, further)
    if int(budget) < least.n_calls:
        raise SetupError(
            f"a budget of {budget} calls is too small: scoring the test authors and one trial need {least.n_calls}; "
            "give more, or use fewer authors or targets"
        )
    # A trial costs at least one call, so that no more trials than calls come into question.
    n_trials = bisect_right(
        range(1, int(budget) + 1), int(budget), key=lambda n: _plan(experiment, n, n_bootstraps, further).n_calls
    )
    return _plan(experiment, n_trials, n_bootstraps, further)


def _plan(experiment: Experiment, n_trials: int, n_bootstraps: Callable[[int, int], int], further: Further) -> Plan:
    splits, bench = experiment.splits, experiment.task.bench
    n_train, n_test = _n_targets(splits.train), _n_targets(splits.test)
    bootstraps = bench.most_calls * n_bootstraps(n_trials, n_train)
    calls = {
        "zero-shot baseline": n_train + _n_targets(splits.val) + n_test,
        "compile": (n_trials + 1) * bench.n_calls(splits.val) + bootstraps,
        "confirm": 2 * bench.n_calls((*splits.train, *splits.val)),
        **{rival: n_test for rival in bench.rivals},
        "uncompiled": bench.n_calls(splits.test),
        "compiled": bench.n_calls(splits.test),
    }
    for phase, n in further(n_trials).items():
        calls[phase] = calls.get(phase, 0) + n
    n_calls = sum(calls.values())
    if experiment.small:
        seconds = n_calls * bench.seconds_a_call
    else:
        seconds = n_calls * HOSTED_SECONDS_A_CALL / experiment.choices.n_threads
    return Plan(n_trials, calls, seconds)


def _n_targets(cases: Sequence[Case]) -> int:
    return sum(len(case.targets) for case in cases)
