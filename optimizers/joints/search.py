"""The search itself: begin or resume a trial, score it block by block, stop it when it has lost, and report."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import dspy

from optimizers.contract import Budget, Material, Metric, OutOfBudgetError, Trial
from optimizers.joints.aims import Aim
from optimizers.joints.keeping import Keeper
from optimizers.joints.pareto import Prefer
from optimizers.joints.preparing import prepare
from optimizers.joints.proposals import Seen, propose, seed_of
from optimizers.joints.racing import Race, author_gaps, pooled
from optimizers.joints.reporting import Reporter
from optimizers.joints.scoring import Scorer
from optimizers.joints.space import Space
from optimizers.joints.study import Record, Study
from optimizers.scoring import NoScoreError

_POLL_SECONDS = 0.2
"""Between two looks at what other workers do, once nothing is left to begin."""


@dataclass(frozen=True)
class Setting:
    """All that a search needs beside its study."""

    student: dspy.Module
    material: Material
    metric: Metric
    choices: dict[str, tuple[str, ...]]
    """Settings of the program, as `optimizers.joints.space.setting_choices` gives them."""
    race: Race
    prefer: Prefer
    n_trials: int
    seed: int
    n_threads: int
    budget: Budget | None
    on_trial: Callable[[Trial], None]


class _Best(NamedTuple):
    """The program to beat."""

    record: Record
    values: dict[int, float]
    """Target to what the search maximises."""


class Search:
    """One worker's part in a study."""

    def __init__(self, setting: Setting, study: Study):
        """Scores nothing yet."""
        self.setting = setting
        self.study = study
        self.reporter = Reporter(setting, study)
        self.exhausted = False
        self._score = Scorer(setting.metric, setting.material.valset, setting.n_threads)

    def run(self) -> None:
        """Works until the study has its trials, those of other workers included.

        Raises: OutOfBudgetError; KeyboardInterrupt; NoScoreError if the student fails on all targets.
        """
        with self.study.workers.joined():
            while True:
                self._check_budget()
                record = self._next()
                if record is not None:
                    self._run_trial(record)
                    self.reporter.report()
                elif self._others_work():
                    time.sleep(_POLL_SECONDS)
                    self.reporter.report()
                else:
                    self.reporter.report()
                    return

    def _check_budget(self) -> None:
        if self.setting.budget is not None:
            self.setting.budget.check()

    def _next(self) -> Record | None:
        """A trial of nobody's, or else a new one; None if there is nothing to begin."""
        workers = self.study.workers
        if self._wants_more() and self.study.records():
            self._space()
        with workers.alone("begin"):
            records = self.study.records()
            orphan = next((each for each in records if each.running and not workers.alive(each.worker)), None)
            if orphan is not None:
                self.study.adopt(orphan)
                return orphan
            if not records:
                return self.study.begin({}, None, 0)
            if not self._wants_more():
                return None
            return self._propose(records, self._space())

    def _wants_more(self) -> bool:
        return not self.exhausted and len(self.study.records()) <= self.setting.n_trials

    def _propose(self, records: list[Record], space: Space) -> Record | None:
        number = len(records)
        seed = seed_of(self.setting.seed, number, self.study.workers.name)
        params = propose(space, [Seen(record.params, record.value) for record in records], seed)
        if params is None:
            self.exhausted = True
            return None
        return self.study.begin(params, space, number)

    def _space(self) -> Space:
        """What there is to try: prepared once, by the worker that comes first."""
        space = self.study.space()
        if space is not None:
            return space
        setting = self.setting
        with self.study.workers.alone("prepare"):
            space = self.study.space()
            if space is None:
                made = prepare(
                    setting.student, setting.material, setting.metric, setting.choices, setting.n_threads, setting.seed
                )
                self._check_budget()
                self.study.keep_space(made)
        found = self.study.space()
        assert found is not None
        return found

    def _others_work(self) -> bool:
        """Whether another worker of this machine is at a trial; those of other machines are not waited for."""
        workers = self.study.workers
        running = [record for record in self.study.records() if record.running]
        return any(workers.here(record.worker) and workers.alive(record.worker) for record in running)

    def _run_trial(self, record: Record) -> None:
        """Scores what is not scored yet of a trial, and ends it."""
        race = self.setting.race
        program = self._program(record)
        while record.done < len(race.blocks):
            if record.done and self._settled(record):
                return
            self._check_budget()
            self._score_block(record, program)
            record = self.study.record(record.id)
        self._settled(record)

    def _program(self, record: Record) -> dspy.Module:
        space = self.study.space()
        if record.number == 0 or space is None:
            return self.setting.student.deepcopy()
        return space.program(self.setting.student, record.params)

    def _score_block(self, record: Record, program: dspy.Module) -> None:
        """Scores the targets of the next block that have no score yet."""
        block = record.done
        known = {row.index: row for row in record.rows.get(block, ()) if row.score is not None}
        missing = [index for index in self.setting.race.blocks[block] if index not in known]
        with Keeper(self.study, record.id, block, list(known.values())) as keeper:
            rows = self._score(program, missing, keeper.add) if missing else []
        if any(row.score is None for row in rows):
            # What a refused call left without a score is not scored yet, rather than failed.
            self._check_budget()
        whole = {**known, **{row.index: row for row in rows}}
        self.study.keep(record.id, block, [whole[index] for index in self.setting.race.blocks[block]], done=True)

    def _settled(self, record: Record) -> bool:
        """Ends a trial that has lost, cannot be scored, or was scored throughout; whether it did."""
        race = self.setting.race
        aim = self._aim()
        ours = aim.values(record)
        complete = record.done == len(race.blocks)
        if not ours:
            return self._unscored(record, complete)
        if complete and (record.number == 0 or len(ours) * 2 >= len(race.authors)):
            self.study.finish(record.id, sum(ours.values()) / len(ours), pruned=False)
            return True
        best = self._best(aim, record)
        if complete:
            # A mean over fewer than half of the targets compares with nothing.
            self.study.fail(record.id, f"failed on {len(race.authors) - len(ours)} of {len(race.authors)} targets")
            return True
        if best is None or record.number == 0 or not ours.keys() & best.values.keys():
            return False
        others = [each for each in self.study.records() if each.finished and each.id != best.record.id]
        prior = pooled(author_gaps(race.authors, aim.values(each), best.values) for each in others)
        if not race.lost(ours, best.values, prior):
            return False
        self.study.finish(record.id, race.estimate(ours, best.values), pruned=True)
        return True

    def _unscored(self, record: Record, complete: bool) -> bool:
        """A candidate that failed throughout its first block is given up; the student is tried to the end."""
        if record.number:
            self.study.fail(record.id, "failed on every target of its first block")
            return True
        if complete:
            raise NoScoreError(f"all {len(self.setting.race.authors)} valset examples failed; the log says why")
        return False

    def _aim(self) -> Aim:
        student = next((record for record in self.study.records() if record.number == 0 and record.finished), None)
        return Aim.of(self.setting.prefer, student)

    def _best(self, aim: Aim, record: Record) -> _Best | None:
        """The best of those scored throughout; none before the first."""
        whole = [each for each in self.study.records() if each.finished and not each.pruned and each.id != record.id]
        if not whole:
            return None
        top = max(whole, key=lambda each: (each.value or 0.0, -each.number))
        return _Best(top, aim.values(top))
