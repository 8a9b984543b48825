"""All that is settled before the first call: models, limits, trials, and what they may cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import dspy

from optimizers import Optimizer
from optimizers.budget import Budget
from programs.compiling.asked import JOINT, Asked, optimizer_of
from programs.compiling.estimating import (
    CHAMPION,
    COMPILE,
    COMPILED,
    CONFIRM,
    JUDGING,
    SHAPES,
    UNCOMPILED,
    Estimate,
    Estimator,
    Shape,
    share_until,
)
from programs.compiling.objective import check_objective
from programs.compiling.roles import Roles, with_roles
from programs.compiling.studies import Kept, about, kept
from programs.experiment import Experiment
from programs.judges.validation import MOST_MODEL_PAIRS
from programs.plan import Plan, make_plan
from programs.tournament import pairings
from programs.versions import load


@dataclass(frozen=True)
class Setup:
    """One compile, checked and not begun."""

    asked: Asked
    roles: Roles
    student: dspy.Module
    optimizer: Optimizer
    champion: dspy.Module | None
    """The opponent, if it is one that must be answered for."""
    budget: Budget
    tried: Mapping[str, Sequence[Any]]
    """Settings that the search may change, with values."""
    kept: Kept
    plan: Plan

    @property
    def experiment(self) -> Experiment:
        """With models that are metered."""
        return self.roles.experiment

    @cached_property
    def estimator(self) -> Estimator:
        """Rehearses when it is first asked for."""
        return Estimator(self.roles, self.student, self.optimizer, self.champion, self.tried)

    @property
    def estimate(self) -> Estimate:
        """Of the run."""
        return self.estimator.estimate(self.plan.n_trials)

    def share_until(self, phase: str) -> float:
        """The share of every limit that may be spent up to the end of a phase; what is left pays for the rest."""
        limits = self.budget.limits
        if not limits.any:
            return 1.0
        n_val = sum(len(case.targets) for case in self.experiment.splits.val)
        return share_until(self.estimate, phase, limits, min(self.experiment.choices.n_threads, n_val))


def prepare_compile(experiment: Experiment, asked: Asked, student: dspy.Module, changed: Mapping[str, Any]) -> Setup:
    """Settles everything and checks that the limits pay for one trial.

    Args:
        experiment: The task, data and model.
        asked: The search.
        student: The program to be compiled.
        changed: Settings that the user set by hand, which no search changes.

    Raises: SetupError for whatever cannot be used, before the first call.
    """
    check_objective(experiment, asked.opponent)
    study = kept(experiment, asked, student)
    budget = Budget(asked.limits, before=study.spent_before(asked.resume))
    roles = with_roles(experiment, asked, budget)
    optimizer = optimizer_of(asked, study.where, dict(about(experiment, asked)))
    task = experiment.task
    champion = load(task.name, root=experiment.choices.out) if asked.opponent == "champion" else None
    tried = _tried(experiment, asked.budget, changed) if optimizer.name == JOINT else {}
    plan = make_plan(
        roles.experiment,
        asked.budget,
        optimizer.n_bootstraps,
        lambda n_trials: _further(roles, optimizer, student, champion, n_trials, tried),
    )
    setup = Setup(asked, roles, student, optimizer, champion, budget, tried, study, plan)
    if asked.limits.any:
        least = setup.estimator.estimate(1).tally()
        asked.limits.check_pays_for(least, "one trial and scoring the test authors")
    return setup


def _tried(experiment: Experiment, budget: str, changed: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that a search may change: the task's, without those that the user set by hand."""
    return {name: values for name, values in experiment.tried(budget).items() if name not in changed}


def _further(
    roles: Roles,
    optimizer: Optimizer,
    student: dspy.Module,
    champion: dspy.Module | None,
    n_trials: int,
    tried: Mapping[str, Sequence[Any]],
) -> dict[str, int]:
    """Calls beside those of programs that write one text for a target, by phase, at most."""
    experiment, splits = roles.experiment, roles.experiment.splits
    n_train, n_val, n_test = (
        sum(len(case.targets) for case in cases) for cases in (splits.train, splits.val, splits.test)
    )
    shape = SHAPES.get(optimizer.name, Shape())
    n_runs = optimizer.n_bootstraps(n_trials, n_train)
    own = _more_calls(student, experiment.small)
    n_most = max([1, *tried.get("n_candidates", ())]) - 1 if experiment.small else 0
    most = max(own, n_most)
    found = {
        CHAMPION: experiment.task.bench.n_calls((*splits.train, *splits.val)) if champion is not None else 0,
        COMPILE: own * (n_val + n_runs) + most * n_val * n_trials,
        CONFIRM: (own + most) * (n_train + n_val),
        UNCOMPILED: own * n_test,
        COMPILED: most * n_test,
    }
    if roles.proposer is not None:
        found[COMPILE] += shape.proposals(n_trials, len(student.predictors()))
    if experiment.judge_lm is not None:
        found[COMPILE] += n_val * (1 + n_trials) + n_runs
        found[CONFIRM] += 2 * (n_train + n_val)
        n_comparisons = len(pairings(experiment.task.bench.rivals, ("ceiling", "floor")))
        found[JUDGING] = 2 * (2 * MOST_MODEL_PAIRS + n_comparisons * n_test)
    return {phase: n for phase, n in found.items() if n}


def _more_calls(program: dspy.Module, small: bool) -> int:
    """Calls for a text beyond the first: candidates, each a call of its own in process, and repairs."""
    settings: Any = getattr(program, "settings", None)
    n_candidates = getattr(settings, "n_candidates", 1) if small else 1
    return n_candidates - 1 + getattr(settings, "n_repairs", 0)
