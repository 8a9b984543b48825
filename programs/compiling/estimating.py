"""What a compile will cost: calls, tokens, dollars and minutes of each phase, before the first call."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import dspy

from optimizers import Material, Optimizer
from optimizers.budget import Limits
from optimizers.demos import fitting, one_an_author
from optimizers.joints.imagined import imagined_trials
from optimizers.joints.space import setting_choices
from programs.compiling.asked import JOINT
from programs.compiling.rehearsing import Rehearsal, Work, rehearsed
from programs.compiling.roles import JUDGE, PROPOSER, TASK_MODEL, Roles
from programs.judges.judge_program import REFERENCE_WORDS, JudgeProgram
from programs.judges.reference_texts import excerpt
from programs.judges.validation import MOST_MODEL_PAIRS
from programs.metering import Tally
from programs.plan import HOSTED_SECONDS_A_CALL
from programs.prices import price_of
from programs.tournament import pairings

BASELINE, CHAMPION, COMPILE, CONFIRM, JUDGING = "zero-shot baseline", "champion", "compile", "confirm", "judge"
UNCOMPILED, COMPILED = "uncompiled", "compiled"
_REHEARSED = 4
"""Cases that a program is rehearsed on."""
_DEMOS = 2
"""That a candidate shows on average, for each step, where it shows any."""
_TAUGHT = 3
"""Authors that the winner shows as demos, whom a second look leaves out."""
_PROPOSAL = Work(1, 1500, 300)
"""One call of a proposer."""
_IMAGINED = 4
"""Trials of a search that are played through, at most."""
_MARGIN = 1.1
"""On what is kept back for the end of a run."""


class Shape(NamedTuple):
    """How the trials of an optimizer differ from the program that it was handed."""

    shows_demos: bool = True
    fresh: float = 1.0
    """Share of trials in which every step is asked anew; in the rest the last one only, the others being cached."""
    runs: float = 1.0
    """Share of the bootstrapping runs that it may make that it makes."""
    proposals: Callable[[int, int], int] = lambda n_trials, n_steps: 0
    """(trials, steps) to calls of the proposer."""


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "labeled": Shape(),
        "bootstrap": Shape(fresh=2 / 3),
        "random-search": Shape(runs=0.5),
        "knn": Shape(),
        "miprov2": Shape(fresh=0.8, proposals=lambda n_trials, n_steps: 5 + 5 * n_steps),
        "copro": Shape(False, 0.5, proposals=lambda n_trials, n_steps: n_trials),
        "simba": Shape(fresh=0.8, runs=0.7, proposals=lambda n_trials, n_steps: n_trials),
        "gepa": Shape(False, 0.5, runs=0.7, proposals=lambda n_trials, n_steps: n_trials),
        JOINT: Shape(proposals=lambda n_trials, n_steps: 3 * n_steps),
    }
)
"""By optimizer; read-only."""


class PhaseCost(NamedTuple):
    """One phase, one role."""

    phase: str
    role: str
    work: Work
    dollars: float | None
    """None where the price is not known."""
    seconds: float


class _Candidate(NamedTuple):
    """What a target takes with a program that is tried."""

    trial: Work
    """In its trial, where the cache has some of it."""
    whole: Work
    """As the winner, after the student has answered the same."""


@dataclass(frozen=True)
class Estimate:
    """What a run is expected to cost, if its winner is confirmed and nothing of it is in the cache yet."""

    costs: tuple[PhaseCost, ...]

    def tally(self, *phases: str) -> Tally:
        """Of these phases, or of all."""
        chosen = [cost for cost in self.costs if not phases or cost.phase in phases]
        return Tally(
            calls=round(math.fsum(cost.work.calls for cost in chosen)),
            prompt_tokens=round(math.fsum(cost.work.read for cost in chosen)),
            completion_tokens=round(math.fsum(cost.work.written for cost in chosen)),
            dollars=math.fsum(cost.dollars or 0.0 for cost in chosen),
            unpriced=sum(cost.dollars is None and cost.work.calls > 0 for cost in chosen),
            seconds=math.fsum(cost.seconds for cost in chosen),
        )

    @property
    def phases(self) -> tuple[str, ...]:
        """In the order of a run."""
        return tuple(dict.fromkeys(cost.phase for cost in self.costs))

    def after(self, phase: str) -> tuple[str, ...]:
        """The phases that come later."""
        return self.phases[self.phases.index(phase) + 1 :]


def share_until(estimate: Estimate, phase: str, limits: Limits, in_flight: int) -> float:
    """The share of every limit that may be spent up to the end of a phase, so that what is left pays for the rest.

    Args:
        estimate: Of the run.
        phase: Such as `COMPILE`.
        limits: Of the run.
        in_flight: Calls by which a limit may be exceeded.

    Returns: a fraction above 0; 1 where nothing is limited.
    """
    rest = estimate.tally(*estimate.after(phase))
    whole = estimate.tally()
    over = in_flight / max(whole.calls, 1)
    kept = {
        "max_calls": rest.calls * _MARGIN + in_flight,
        "max_tokens": rest.tokens * _MARGIN + over * whole.tokens,
        "max_dollars": rest.dollars * _MARGIN + over * whole.dollars,
        "max_minutes": rest.seconds * _MARGIN / 60,
    }
    shares = [1 - kept[name] / limit for name, limit in limits.model_dump().items() if limit is not None]
    return max(0.01, min(shares, default=1.0))


class Estimator:
    """Rehearses the systems of a run once, and tells what it costs with any number of trials."""

    def __init__(
        self,
        roles: Roles,
        student: dspy.Module,
        optimizer: Optimizer,
        champion: dspy.Module | None = None,
        tried: Mapping[str, Sequence[Any]] = MappingProxyType({}),
    ) -> None:
        """Rehearses.

        Args:
            roles: The models, which are not asked.
            student: The program to be compiled.
            optimizer: What compiles it.
            champion: The opponent, if it is one that must be answered for.
            tried: Settings that the search may change, with values.
        """
        self._roles, self._student, self._optimizer, self._tried = roles, student, optimizer, tried
        self._shape = SHAPES.get(optimizer.name, Shape())
        experiment = roles.experiment
        self._experiment = experiment
        names = ("zero-shot", *experiment.task.bench.rivals)
        splits, systems = experiment.splits, experiment.task.bench.systems
        near = [*splits.val, *splits.train][:_REHEARSED]
        self._systems = {
            name: self._a_target(systems[name].build(experiment.task), [*near, *splits.test][: 3 * _REHEARSED])
            for name in names
        }
        self._champion = self._a_target(champion, near) if champion is not None else Work()
        rehearsal = Rehearsal(experiment.labelled)
        self._plain = self._a_target(student, near, rehearsal)
        self._candidates = self._rehearsed_candidates(near, rehearsal)
        self._verdict = self._judging() if experiment.judge_lm is not None else Work()

    def estimate(self, n_trials: int) -> Estimate:
        """What the run costs with so many trials, or as many as the search finds programs for."""
        if self._optimizer.name == JOINT and len(self._candidates) < _IMAGINED:
            n_trials = min(n_trials, len(self._candidates))
        splits, bench = self._experiment.splits, self._experiment.task.bench
        n_train, n_val, n_test = (_n_targets(cases) for cases in (splits.train, splits.val, splits.test))
        share = scored_share(self._optimizer.name, len(splits.val))
        again = [n_val + n_train * left for left in (1.0, max(0.0, 1 - _TAUGHT / max(len(splits.train), 1)))]
        runs = self._optimizer.n_bootstraps(n_trials, n_train) * self._shape.runs
        n_scored = n_val * (1 + share * n_trials)
        likely = self._candidates[: max(n_trials, 1)] or [_Candidate(self._plain, self._plain)]
        trial = _mean([each.trial for each in likely])
        # A setting that is tried comes first, shows no demos, and is taken to win one search in three.
        plain = [likely[0].whole] if self._tried else []
        winners = [*plain, *2 * [_mean([each.whole for each in likely[len(plain) :] or likely])]]
        second = [self._plain.plus(winner).times(again[place >= len(plain)]) for place, winner in enumerate(winners)]
        tried = self._plain.times(n_val + runs).plus(trial.times(n_val * share * n_trials))
        work = {
            BASELINE: self._systems["zero-shot"].times(n_train + n_val + n_test),
            CHAMPION: self._champion.times(n_train + n_val),
            COMPILE: tried,
            CONFIRM: _mean(second),
            **{name: self._systems[name].times(n_test) for name in bench.rivals},
            UNCOMPILED: self._plain.times(n_test),
            COMPILED: _mean(winners).times(n_test),
        }
        costs = [self._cost(phase, TASK_MODEL, each) for phase, each in work.items() if each.calls]
        if self._roles.proposer is not None:
            n_steps = len(self._student.predictors())
            asked = _PROPOSAL.times(self._shape.proposals(n_trials, n_steps))
            costs.append(self._cost(COMPILE, PROPOSER, asked))
        if self._verdict.calls:
            verdicts = {COMPILE: n_scored + runs, CONFIRM: 2 * again[-1], JUDGING: self._n_verdicts(n_test)}
            costs += [self._cost(phase, JUDGE, self._verdict.times(n)) for phase, n in verdicts.items()]
        order = [*work, JUDGING]
        return Estimate(tuple(sorted(costs, key=lambda cost: order.index(cost.phase))))

    def _a_target(self, program: dspy.Module, cases: Sequence[Any], rehearsal: Rehearsal | None = None) -> Work:
        """What a target takes on average; nothing where no example can be rehearsed."""
        experiment = self._experiment
        examples = experiment.task.examples(cases)
        work, n_done = rehearsed(program, examples, experiment.lm, rehearsal or Rehearsal(experiment.labelled))
        return work.times(1 / n_done) if n_done else Work(experiment.task.bench.most_calls, 1000, 200)

    def _rehearsed_candidates(self, cases: Sequence[Any], rehearsal: Rehearsal) -> list["_Candidate"]:
        """What targets take with the first candidates; of optimizers that are not played through, a typical one."""
        if self._optimizer.name == JOINT:
            played = [self._played(cases, rehearsal, made) for made in (True, False)]
            return [_between(pair) for pair in zip(*played, strict=False)]
        names = [name for name, _ in self._student.named_predictors()]
        part = self._a_target(self._varied(self._student, names[-1:]), cases, rehearsal)
        whole = self._a_target(self._varied(self._student, names), cases)
        return [_Candidate(whole.times(self._shape.fresh).plus(part.times(1 - self._shape.fresh)), whole)]

    def _played(self, cases: Sequence[Any], rehearsal: Rehearsal, with_made: bool) -> list["_Candidate"]:
        """What targets take with the first candidates of a search, after the student has answered them."""
        experiment = self._experiment
        material = Material(
            trainset=(),
            valset=experiment.task.examples(cases),
            labelled=experiment.labelled,
            variants=experiment.task.variants,
            proposer=self._roles.proposer,
        )
        choices = setting_choices(self._student, self._tried)
        programs = imagined_trials(
            self._student, material, choices, _IMAGINED, experiment.choices.seed, with_made=with_made
        )
        works = [self._a_target(program, cases, rehearsal.again()) for program in programs]
        return [_Candidate(work, work) for work in works]

    def _varied(self, program: dspy.Module, names: Sequence[str]) -> dspy.Module:
        """A program whose steps of these names differ: by demos, or by a word in the instruction."""
        varied = program.deepcopy()
        steps: list[tuple[str, Any]] = list(varied.named_predictors())
        for name, step in steps:
            if name not in names:
                continue
            step.signature = step.signature.with_instructions(step.signature.instructions + " ")
            if self._shape.shows_demos:
                step.demos = one_an_author(fitting(step, self._experiment.labelled), _DEMOS) or step.demos
        return varied

    def _judging(self) -> Work:
        """What one verdict of a judge that reads takes."""
        experiment = self._experiment
        assert experiment.judge_lm is not None
        references = experiment.task.bench.judging.references(experiment.splits.test[:1])
        known = excerpt(next(iter(references.values())), REFERENCE_WORDS)
        texts = [target.text for case in experiment.splits.test[:1] for target in case.targets][:1]
        rehearsal = Rehearsal(())
        with rehearsal.around(experiment.judge_lm):
            JudgeProgram()(references=known, first_text=texts[0], second_text=texts[0])
        return rehearsal.work

    def _n_verdicts(self, n_test: int) -> int:
        """Of the last phase: tried in both orders on pairs of real texts, then every comparison in both orders."""
        n_comparisons = len(pairings(self._experiment.task.bench.rivals, ("ceiling", "floor")))
        return 2 * (2 * min(MOST_MODEL_PAIRS, n_test) + n_comparisons * n_test)

    def _cost(self, phase: str, role: str, work: Work) -> PhaseCost:
        experiment = self._experiment
        lm = {TASK_MODEL: experiment.lm, PROPOSER: self._roles.proposer, JUDGE: experiment.judge_lm}[role]
        assert lm is not None
        price = price_of(lm.model, lm.kwargs.get("api_base") or lm.kwargs.get("base_url"))
        n = max(work.calls, 1.0)
        dollars = price.dollars({"prompt_tokens": work.read / n, "completion_tokens": work.written / n})
        if getattr(lm, "small", False):
            seconds = work.calls * experiment.task.bench.seconds_a_call
        else:
            at_once = 1 if role == PROPOSER else experiment.choices.n_threads
            seconds = work.calls * HOSTED_SECONDS_A_CALL / at_once
        return PhaseCost(phase, role, work, None if dollars is None else dollars * work.calls, seconds)


def scored_share(optimizer: str, n_authors: int) -> float:
    """Share of the valset that a trial is scored on: races stop some early, if there are authors to stop between."""
    if optimizer != JOINT or n_authors < 3:
        return 1.0
    return 0.75 if n_authors < 6 else 0.6


def _between(candidates: Sequence[_Candidate]) -> _Candidate:
    return _Candidate(_mean([each.trial for each in candidates]), _mean([each.whole for each in candidates]))


def _mean(works: Sequence[Work]) -> Work:
    total = Work()
    for work in works:
        total = total.plus(work)
    return total.times(1 / len(works))


def _n_targets(cases: Sequence[Any]) -> int:
    return sum(len(case.targets) for case in cases)
