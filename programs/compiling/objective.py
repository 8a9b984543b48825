"""What a search maximises: wins over a fixed opponent or over the best so far, in words too, every score noted."""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import dspy

from optimizers import Compiled
from optimizers.contract import Metric, best_of
from programs.contest import WinMetric
from programs.experiment import Experiment
from programs.feedback import TellingMetric
from programs.opponents import FIRST, BestSoFar, FixedOpponent, SelfPlay, judged_by
from programs.traits import Population
from signatures.errors import SetupError


class NotedMetric:
    """A metric that remembers the scores it gave for some targets, until somebody takes them."""

    def __init__(self, metric: Any, targets: Collection[str]) -> None:
        """Wraps `metric`; `targets` are those of the valset, on which trials are scored."""
        self._metric = metric
        self._targets = frozenset(targets)
        self._scores: dict[str, float] = {}
        self._lock = threading.Lock()
        words = getattr(metric, "feedback", None)
        if callable(words):
            # Whoever asks for words asks whether there is such a method.
            self.feedback = words

    def __call__(
        self, gold: dspy.Example, pred: Any, trace: Any = None, pred_name: str | None = None, pred_trace: Any = None
    ) -> Any:
        """As the metric it wraps.

        Raises: what that raises.
        """
        said = self._metric(gold, pred, trace, pred_name, pred_trace)
        if trace is None and pred_name is None and gold.get("target_id") in self._targets:
            with self._lock:
                self._scores[gold.target_id] = float(said)
        return said

    def take(self) -> dict[str, float]:
        """Target to the score it was last given, of those since the last call."""
        with self._lock:
            taken, self._scores = self._scores, {}
        return taken


@dataclass
class Objective:
    """What a search is told, and what its winner is confirmed by."""

    plain: Metric
    """Against the fixed opponent."""
    noted: NotedMetric
    """What the optimizer maximises."""
    best: BestSoFar | None = None
    """The opponent that moves, if there is one."""
    _named: dict[int, str] = field(default_factory=dict)

    def end_trial(self, number: int) -> dict[str, float]:
        """Lets a moving opponent know that a trial has ended; target to score of that trial, as far as heard here."""
        if self.best is not None:
            self._named[number] = f"trial {number}"
            self.best.end_trial(self._named[number])
        return self.noted.take()

    def rated(self, compiled: Compiled) -> Compiled:
        """Everybody scored again by all meetings, where the opponent moved; the best by these scores wins."""
        if self.best is None or not compiled.trials:
            return compiled
        scores = self.best.scores()
        trials = tuple(
            replace(trial, score=scores.get(f"trial {trial.number}", trial.score)) for trial in compiled.trials
        )
        whole = [trial for trial in trials if not getattr(trial, "pruned", False)]
        top = best_of(whole)
        won = {"winner": top.number} if hasattr(compiled, "winner") else {}
        return replace(compiled, trials=trials, program=top.program, score=top.score, **won)

    def told(self) -> str:
        """Who the opponent is in the end, in words; empty for one that does not move."""
        if self.best is None:
            return ""
        rivals = [name for name in self.best.ratings() if name != FIRST]
        return (
            f"{len(rivals)} programs met each other and zero-shot; {self.best.best} is rated best and beats zero-shot "
            f"with a chance of {self.best.standing:.2f} (Bradley and Terry)"
        )


def objective(
    experiment: Experiment,
    metric: Metric,
    opponent: str,
    texts: Mapping[str, str] | None,
    zero_shot: Mapping[str, str],
    population: Population | None = None,
) -> Objective:
    """The objective against an opponent.

    Args:
        experiment: Whose valset trials are scored on.
        metric: Against zero-shot, as the task makes it.
        opponent: As `programs.opponents.check_opponent` knows it.
        texts: The champion's, by target; None for another opponent.
        zero_shot: Target to text.
        population: Whom an author's habits are told from; the one that ships if None.
    """
    val = [target.id for case in experiment.splits.val for target in case.targets]
    if not isinstance(metric, WinMetric):
        return Objective(metric, NotedMetric(metric, val))
    if opponent == "self":
        best = BestSoFar(zero_shot, val, judged_by(metric))
        moving = SelfPlay(TellingMetric(replace(metric, baseline=best), population=population), best)
        return Objective(metric, NotedMetric(moving, val), best)
    if texts is not None:
        metric = replace(metric, baseline=FixedOpponent(opponent, texts))
    return Objective(metric, NotedMetric(TellingMetric(metric, population=population), val))


def check_objective(experiment: Experiment, opponent: str) -> None:
    """Refuses an opponent where answers are not compared in pairs.

    Raises: SetupError.
    """
    if opponent != "baseline" and experiment.task.bench.judging.by != "author":
        raise SetupError(
            f"--opponent {opponent}: task {experiment.task.name!r} scores each answer by itself and compares it with "
            "nobody's; leave it out"
        )
