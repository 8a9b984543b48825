"""Reports trials in their order, and chooses the program at the end."""

import statistics
from dataclasses import dataclass, field, replace
from typing import Any

from optimizers.joints.kept import Record
from optimizers.joints.pareto import Point, choose
from optimizers.joints.records import JointCompiled, JointTrial
from optimizers.joints.setting import Setting
from optimizers.joints.study import Study
from optimizers.scoring import demo_id


@dataclass
class Reporter:
    """Tells each finished trial once, whoever scored it; those of an earlier call are told again."""

    setting: Setting
    study: Study
    _told: dict[int, JointTrial] = field(default_factory=dict)
    """By number in the study."""

    def report(self) -> None:
        """Tells the trials that finished since the last time; none before the student."""
        records = self.study.records()
        if not records or not records[0].finished:
            return
        for record in records:
            if record.finished and record.number not in self._told:
                trial = self._trial(record, records[0])
                self._told[record.number] = trial
                self.setting.on_trial(trial)

    def result(self, *, interrupted: bool = False, stopped: str = "", exhausted: bool = False) -> JointCompiled:
        """The chosen program of the trials that were told; the student where there is none yet."""
        budget = self.setting.budget
        nothing = JointCompiled(
            self.setting.student.deepcopy(),
            0.0,
            (),
            interrupted=interrupted,
            stopped=stopped,
            spent=budget.spent() if budget is not None else None,
        )
        if not self._told:
            return nothing
        points = [
            Point(number, trial.score, trial.tokens, trial.seconds)
            for number, trial in sorted(self._told.items())
            if not trial.pruned
        ]
        winner = self._told[choose(points, self.setting.prefer).number]
        ended = [record for record in self.study.records() if not record.running]
        return replace(
            nothing,
            program=winner.program,
            score=winner.score,
            trials=tuple(sorted(self._told.values(), key=lambda trial: trial.number)),
            n_unscored=sum(bool(record.fault) for record in ended),
            n_scored=sum(len(record.scored) for record in ended),
            n_full=len(ended) * len(self.setting.race.authors),
            winner=winner.number,
            exhausted=exhausted,
            study=self.study,
        )

    def _trial(self, record: Record, student: Record) -> JointTrial:
        program = self.study.program(self.setting.student, record)
        predictors: dict[str, Any] = dict(program.named_predictors())
        tokens = [row.tokens for row in record.scored if row.tokens is not None]
        return JointTrial(
            number=len(self._told),
            score=self._score(record, student),
            n_failures=sum(row.score is None for row in record.scored),
            program=program,
            instructions={name: predictor.signature.instructions for name, predictor in predictors.items()},
            demos={name: tuple(map(demo_id, predictor.demos)) for name, predictor in predictors.items()},
            pruned=record.pruned,
            n_scored=len(record.scored),
            choices=record.params,
            tokens=statistics.fmean(tokens) if tokens else None,
            seconds=statistics.fmean(row.seconds for row in record.scored),
        )

    def _score(self, record: Record, student: Record) -> float:
        if not record.pruned:
            return statistics.fmean(record.scores.values())
        if self.setting.prefer == "win" and record.value is not None:
            return record.value
        return self.setting.race.estimate(record.scores, student.scores)
