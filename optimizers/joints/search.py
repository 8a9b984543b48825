"""The search itself: begin or resume a trial, score it block by block, stop it when it has lost, and report."""

import time

import dspy

from optimizers.joints.aims import Aim
from optimizers.joints.keeping import Keeper
from optimizers.joints.kept import Record
from optimizers.joints.preparing import prepare
from optimizers.joints.proposals import Seen, propose, seed_of
from optimizers.joints.racing import author_gaps, pooled
from optimizers.joints.reporting import Reporter
from optimizers.joints.scoring import Scorer
from optimizers.joints.setting import Setting
from optimizers.joints.space import Space
from optimizers.joints.study import Study
from optimizers.scoring import NoScoreError

_POLL_SECONDS = 0.2
"""Between two looks at what other workers do, once nothing is left to begin."""


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
        while True:
            with workers.alone("begin"):
                records = self.study.records()
                orphan = next((each for each in records if each.running and not workers.alive(each.worker)), None)
                if orphan is not None:
                    self.study.adopt(orphan)
                    return orphan
                if not records:
                    return self.study.begin({}, None, 0)
                if self.exhausted or len(records) > self.setting.n_trials:
                    return None
                space = self.study.space()
                if space is not None:
                    return self._propose(records, space)
            self._prepare()

    def _propose(self, records: list[Record], space: Space) -> Record | None:
        number = len(records)
        seed = seed_of(self.setting.seed, number, self.study.workers.number)
        params = propose(space, [Seen(record.params, record.value) for record in records], seed)
        if params is None:
            self.exhausted = True
            return None
        return self.study.begin(params, space, number)

    def _prepare(self) -> None:
        """Makes what there is to try, by the worker that comes first; the others wait."""
        setting = self.setting
        with self.study.workers.alone("prepare"):
            if self.study.space() is None:
                made = prepare(
                    setting.student, setting.material, setting.metric, setting.choices, setting.n_threads, setting.seed
                )
                self._check_budget()
                self.study.keep_space(made)

    def _others_work(self) -> bool:
        """Whether another worker of this machine is at a trial; those of other machines are not waited for."""
        workers = self.study.workers
        running = [record for record in self.study.records() if record.running]
        return any(workers.here(record.worker) and workers.alive(record.worker) for record in running)

    def _run_trial(self, record: Record) -> None:
        """Scores what is not scored yet of a trial, and ends it."""
        race = self.setting.race
        program = self.study.program(self.setting.student, record)
        while record.done < len(race.blocks):
            if record.done and self._settled(record):
                return
            self._check_budget()
            self._score_next(record, program)
            record = self.study.record(record.id)
        self._settled(record)

    def _score_next(self, record: Record, program: dspy.Module) -> None:
        """Scores the targets of the next block that have no score yet; for the student, whom no race stops, of all."""
        blocks = self.setting.race.blocks
        end = record.done + 1 if record.number else len(blocks)
        asked = {block: blocks[block] for block in range(record.done, end)}
        known = {row.target: row for block in asked for row in record.rows.get(block, ()) if row.score is not None}
        missing = [index for targets in asked.values() for index in targets if index not in known]
        with Keeper(self.study, record.id, asked, list(known.values())) as keeper:
            rows = self._score(program, missing, keeper.add) if missing else []
        if any(row.score is None for row in rows):
            # What a refused call left without a score is not scored yet, rather than failed.
            self._check_budget()
        whole = {**known, **{row.target: row for row in rows}}
        for block, targets in asked.items():
            self.study.keep(record.id, block, [whole[index] for index in targets], done=True)

    def _settled(self, record: Record) -> bool:
        """Ends a trial that has lost, cannot be scored, or was scored throughout; whether it did."""
        race, aim = self.setting.race, self._aim()
        ours = aim.values(record)
        if self._fails(record):
            self.study.fail(record.id, f"failed on {len(record.scored) - len(ours)} of {len(record.scored)} targets")
            return True
        if record.done == len(race.blocks):
            self._check_scored(record)
            self.study.finish(record.id, aim.value(record), pruned=False)
            return True
        best = self._best(aim, record)
        if not record.number or best is None:
            return False
        theirs = aim.values(best)
        others = [each for each in self.study.records() if each.finished and each.id != best.id]
        prior = pooled(author_gaps(race.authors, aim.values(each), theirs) for each in others)
        if not race.lost(ours, theirs, prior):
            return False
        self.study.finish(record.id, race.estimate(ours, theirs), pruned=True)
        return True

    def _fails(self, record: Record) -> bool:
        """Whether a candidate has a score for fewer than half of the targets so far that the student could do.

        A mean over what is left compares with nothing.
        """
        if record.number == 0:
            return False
        student = self._student()
        tried = {row.target for row in record.scored}
        n_fair = len(tried & student.scores.keys()) if student else 0
        whole = record.done == len(self.setting.race.blocks)
        return 2 * len(record.scores) < n_fair or (whole and not record.scores)

    def _check_scored(self, student: Record) -> None:
        """Raises NoScoreError if the student failed throughout, and forgets that it did: the next call tries again."""
        if not student.scores:
            for block in range(student.done):
                self.study.keep(student.id, block, [], done=False)
            raise NoScoreError(f"all {len(self.setting.race.authors)} valset examples failed; the log says why")

    def _aim(self) -> Aim:
        return Aim.of(self.setting.prefer, self._student())

    def _student(self) -> Record | None:
        """The student's trial, once it is scored throughout."""
        first = self.study.records()[0]
        return first if first.finished else None

    def _best(self, aim: Aim, record: Record) -> Record | None:
        """The best other trial of those scored throughout; None before the first."""
        whole = [each for each in self.study.records() if each.finished and not each.pruned and each.id != record.id]
        return max(whole, key=lambda each: (aim.value(each), -each.number), default=None)
