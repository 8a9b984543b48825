"""Searches with the optimizers, each within a budget of its own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import dspy

from optimizers import Compiled, Material, Optimizer, Trial, confirm, find_optimizer
from optimizers.budget import Budget, Limits
from programs.bakeoffs.records import Spending, Tried
from programs.bakeoffs.searching import Found, Ground
from programs.bakeoffs.setup import Setup, n_targets
from programs.contest import WinMetric
from programs.feedback import TellingMetric
from programs.judges import Judge, make_judge
from programs.lms import make_lm


@dataclass
class Searcher:
    """Compiles with one optimizer at a time, each with a budget of its own; see `programs.bakeoffs.searching.Search`.

    The search may use the share of its budget that the plan gives it; the rest pays for the second look.
    """

    setup: Setup
    limits: Limits

    def __call__(self, optimizer: str, seed: int, ground: Ground, on_trial: Callable[[Tried], None]) -> Found:
        """What the optimizer found. Raises: as the optimizer does; KeyboardInterrupt."""
        experiment = self.setup.experiment
        chosen = find_optimizer(optimizer)
        budget = Budget(self.limits)
        metric = self._metric(ground, budget)
        material = Material(
            trainset=ground.trainset,
            valset=ground.valset,
            labelled=experiment.labelled,
            variants=experiment.task.variants,
            proposer=None if experiment.small else budget.metered(experiment.lm, "proposer"),
            settings=experiment.task.bench.tried(experiment.choices.n_samples),
        )
        watch = _Watch(budget, on_trial)
        with dspy.context(lm=budget.metered(experiment.lm, "task model")):
            compiled = self._compiled(chosen, seed, ground, material, metric, watch)
        return _found(chosen.settings(self.setup.n_trials), compiled, watch)

    def _compiled(
        self, chosen: Optimizer, seed: int, ground: Ground, material: Material, metric: Any, watch: "_Watch"
    ) -> Compiled:
        n_threads = self.setup.choices.base.n_threads
        # Optimizers that reflect are told why a text loses; the second look needs the number alone.
        population = getattr(ground.student, "population", None)
        telling: Any = TellingMetric(metric, population=population) if isinstance(metric, WinMetric) else metric
        with watch.budget.up_to(self._share(chosen.name)):
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

    def _share(self, optimizer: str) -> float:
        splits, bench = self.setup.experiment.splits, self.setup.experiment.task.bench
        search = (self.setup.n_trials + 1) * bench.n_calls(splits.val)
        search += bench.most_calls * find_optimizer(optimizer).n_bootstraps(
            self.setup.n_trials, n_targets(splits.train)
        )
        return search / (search + 2 * bench.n_calls((*splits.train, *splits.val)))

    def _metric(self, ground: Ground, budget: Budget) -> Any:
        experiment = self.setup.experiment
        splits = experiment.splits
        targets = experiment.targets(splits.train, splits.val)
        return experiment.task.bench.metric(self._judge(budget), targets, ground.zero_shot)

    def _judge(self, budget: Budget) -> Judge:
        """The chosen judge of the train and val cases; one that asks a model does so within the budget."""
        experiment = self.setup.experiment
        splits = experiment.splits
        lm = judging_model(experiment.choices.judge)
        if lm is None:
            return experiment.judge(splits.train, splits.val)
        references = experiment.task.bench.judging.references((*splits.train, *splits.val))
        return make_judge(experiment.choices.judge, references, budget.metered(lm, "judge"))


def _pruned(trial: Trial) -> bool:
    """Whether a race stopped it early; most optimizers have no races."""
    return bool(getattr(trial, "pruned", False))


def judging_model(judge: str) -> dspy.LM | None:
    """The model that a judge of this name asks; None for one that asks none. Raises: SetupError."""
    kind, _, model = judge.partition(":")
    if kind != "llm":
        return None
    from programs.judges.llm import JUDGE_DECODING

    return make_lm(model, **JUDGE_DECODING)


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
