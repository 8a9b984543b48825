"""Searches with the optimizers, each within a budget of its own, and what they are expected to cost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import dspy

from optimizers import Compiled, Material, Optimizer, Trial, confirm, find_optimizer
from optimizers.budget import Budget, Limits
from programs.bakeoffs.records import Spending, Tried
from programs.bakeoffs.searching import Found, Ground
from programs.bakeoffs.setup import Costs, Setup, expected_bests, n_targets, scaled
from programs.compiling.asked import JOINT, Asked
from programs.compiling.estimating import (
    BASELINE,
    COMPILE,
    COMPILED,
    CONFIRM,
    UNCOMPILED,
    Estimate,
    Estimator,
    share_until,
)
from programs.compiling.roles import Roles, with_roles
from programs.contest import WinMetric
from programs.experiment import Experiment
from programs.feedback import TellingMetric


class Estimates:
    """What a search with each optimizer takes; programs are rehearsed once."""

    def __init__(self, setup: Setup) -> None:
        """Rehearses, which asks no model."""
        self._setup = setup
        roles = with_roles(setup.experiment, Asked(), Budget())
        self._estimators = {
            name: Estimator(roles, setup.student, find_optimizer(name), None, _tried(setup, name))
            for name in setup.choices.optimizers
        }

    def search(self, optimizer: str, n_trials: int) -> Estimate:
        """Of the search and its second look."""
        whole = self._estimators[optimizer].estimate(n_trials)
        return Estimate(tuple(cost for cost in whole.costs if cost.phase in (COMPILE, CONFIRM)))

    def check(self, limits: Limits) -> None:
        """Refuses limits that pay for no trial, or that cannot be kept, before the first call. Raises: SetupError."""
        with_roles(self._setup.experiment, Asked(), Budget(limits))
        for name in self._estimators:
            least = self.search(name, 1).tally(COMPILE)
            limits.check_pays_for(least, f"scoring the uncompiled program and one trial of {name}")

    def costs(self) -> Costs:
        """Of the whole bake-off, for each part of it."""
        setup, splits = self._setup, self._setup.experiment.splits
        n_train, n_val, n_dev, n_test = (
            n_targets(cases) for cases in (splits.train, splits.val, splits.dev, splits.test)
        )
        wholes = {name: each.estimate(setup.n_trials) for name, each in self._estimators.items()}
        first = next(iter(wholes.values()))
        zero_shot = scaled(first.tally(BASELINE), (n_train + n_val + n_dev) / (n_train + n_val + n_test))
        return Costs(
            shared=zero_shot + scaled(first.tally(UNCOMPILED), n_dev / n_test),
            searches={name: whole.tally(COMPILE, CONFIRM) for name, whole in wholes.items()},
            dev={
                name: scaled(whole.tally(COMPILED), expected_bests(setup.n_trials) * n_dev / n_test)
                for name, whole in wholes.items()
            },
            n_seeds=len(setup.choices.seeds),
        )


@dataclass
class Searcher:
    """Compiles with one optimizer at a time, each with a budget of its own; see `programs.bakeoffs.searching.Search`.

    The search leaves as much of its budget as its second look is expected to take.
    """

    setup: Setup
    limits: Limits
    estimates: Estimates

    def __call__(self, optimizer: str, seed: int, ground: Ground, on_trial: Callable[[Tried], None]) -> Found:
        """What the optimizer found. Raises: as the optimizer does; KeyboardInterrupt."""
        chosen, budget = find_optimizer(optimizer), Budget(self.limits)
        roles = with_roles(self.setup.experiment, Asked(), budget)
        metric = _metric(roles.experiment, ground)
        material = _material(self.setup, roles, ground, optimizer)
        watch = _Watch(budget, on_trial)
        with dspy.context(lm=roles.experiment.lm):
            compiled = self._compiled(chosen, seed, ground, material, metric, watch)
        return _found(chosen.settings(self.setup.n_trials), compiled, watch)

    def _compiled(
        self, chosen: Optimizer, seed: int, ground: Ground, material: Material, metric: Any, watch: "_Watch"
    ) -> Compiled:
        n_threads = self.setup.choices.base.n_threads
        # Optimizers that reflect are told why a text loses; the second look needs the number alone.
        population = getattr(ground.student, "population", None)
        telling: Any = TellingMetric(metric, population=population) if isinstance(metric, WinMetric) else metric
        with watch.budget.up_to(self._share(chosen.name, len(material.valset))):
            compiled = chosen.compile(
                ground.student,
                material,
                telling,
                n_trials=self.setup.n_trials,
                seed=seed,
                n_threads=n_threads,
                on_trial=watch.told,
                budget=watch.budget,
            )
        if compiled.interrupted:
            raise KeyboardInterrupt
        # The score of a stopped trial is a guess, and no reason to look at it again.
        whole = tuple(trial for trial in compiled.trials if not _pruned(trial))
        return confirm(ground.student, replace(compiled, trials=whole), material, metric, n_threads)

    def _share(self, optimizer: str, n_val: int) -> float:
        if not self.limits.any:
            return 1.0
        in_flight = min(self.setup.choices.base.n_threads, n_val)
        return share_until(self.estimates.search(optimizer, self.setup.n_trials), COMPILE, self.limits, in_flight)


def _metric(experiment: Experiment, ground: Ground) -> Any:
    """What is maximised: by a judge that, where it asks a model, does so within the budget."""
    splits = experiment.splits
    judge = experiment.judge(splits.train, splits.val)
    return experiment.task.bench.metric(judge, experiment.targets(splits.train, splits.val), ground.zero_shot)


def _material(setup: Setup, roles: Roles, ground: Ground, optimizer: str) -> Material:
    experiment = roles.experiment
    return Material(
        trainset=ground.trainset,
        valset=ground.valset,
        labelled=experiment.labelled,
        variants=experiment.task.variants,
        proposer=roles.proposer,
        settings=_tried(setup, optimizer),
    )


def _tried(setup: Setup, optimizer: str) -> Mapping[str, Any]:
    """Settings that a search may change, as a compile has them; one optimizer searches settings."""
    return setup.experiment.tried(setup.choices.budget) if optimizer == JOINT else {}


def _pruned(trial: Trial) -> bool:
    """Whether a race stopped it early; most optimizers have no races."""
    return bool(getattr(trial, "pruned", False))


class _Watch:
    """Notes what was spent when each trial was told, and which trials were the best so far."""

    def __init__(self, budget: Budget, on_trial: Callable[[Tried], None]) -> None:
        self.budget = budget
        self.trials: list[Tried] = []
        self.bests: list[tuple[int, Spending, dspy.Module]] = []
        self._best: float | None = None
        self._on_trial = on_trial

    def told(self, trial: Trial) -> None:
        tried = Tried(
            number=trial.number,
            score=trial.score,
            n_failures=trial.n_failures,
            pruned=_pruned(trial),
            spent=self.spent(),
        )
        self.trials.append(tried)
        if not tried.pruned and (self._best is None or tried.score > self._best):
            self._best = tried.score
            if tried.number:
                self.bests.append((tried.number, tried.spent, trial.program))
        self._on_trial(tried)

    def spent(self) -> Spending:
        tally = self.budget.tally()
        return Spending(
            calls=tally.calls,
            tokens=tally.tokens,
            dollars=None if tally.unpriced else tally.dollars,
            seconds=tally.seconds,
            hits=tally.hits,
        )


def _found(settings: dict[str, Any], compiled: Compiled, watch: _Watch) -> Found:
    predictors: dict[str, Any] = dict(compiled.program.named_predictors())
    shown = next((trial.demos for trial in compiled.trials if trial.program is compiled.program), {})
    return Found(
        program=compiled.program,
        bests=watch.bests,
        trials=watch.trials,
        spent=watch.spent(),
        settings=settings,
        n_unscored=compiled.n_unscored,
        stopped=compiled.stopped,
        confirmation=compiled.confirmation,
        instructions={name: predictor.signature.instructions for name, predictor in predictors.items()},
        demos=shown,
    )
