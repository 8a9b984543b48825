"""The dev part of a bake-off: texts that are made once, and what programs win there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dspy
import numpy as np

from programs.answers import Answer, answer_all
from programs.bakeoffs.records import Best, Cell, Judged, Spending
from programs.bakeoffs.searching import Found
from programs.bakeoffs.setup import Setup, program_key
from programs.card import JudgeNote
from programs.contest import Comparison, verdict_rows
from programs.evaluations.journal import Journal
from programs.judges import Judge
from programs.ledger import pairs_from
from programs.progress import RunProgress
from programs.spending import Purse
from programs.tournament import BASELINE
from signatures.errors import counted

UNCOMPILED = "uncompiled"
Outcomes = Mapping[tuple[str, str], float]
"""Author and target id to the outcome of a pair, in [0, 1]; only targets with a verdict in both orders."""


@dataclass(frozen=True)
class Writer:
    """Lets programs answer what the journal holds no text of theirs for."""

    setup: Setup
    journal: Journal
    purse: Purse
    progress: RunProgress

    def write(self, program: dspy.Module, name: str, cases: Sequence[Any], needed: bool = False) -> dict[str, Answer]:
        """Target id to answer. Raises: the first fault if `needed` and every answer failed."""
        task = self.setup.experiment.task
        key = program_key(program)
        wanted, known = task.examples(cases), self.journal.texts(key)
        left = [each for each in wanted if each.target_id not in known]

        def keep(answer: Answer) -> None:
            self.journal.add_text(key, answer)
            self.progress.step()

        n_threads = self.setup.choices.base.n_threads
        phase = f"{name} texts"
        if left:
            with self.purse.phase(phase), self.progress.phase(phase, len(left)):
                # The journal must be open until the last answer that is under way.
                known |= answer_all(program, left, n_threads, keep, finish_begun=True, keep=task.bench.kept)
        answers = {each.target_id: known[each.target_id] for each in wanted}
        faults = [answer.fault for answer in answers.values() if answer.fault]
        if needed and len(faults) == len(answers):
            raise faults[0]
        if faults:
            self.progress.say(f"  {len(faults)} of {counted(len(answers), 'text')} failed; the first: {faults[0]}")
        return answers


@dataclass
class DevPart:
    """Scores programs on the dev part, by one judge against the same texts."""

    setup: Setup
    writer: Writer
    judge: Judge
    zero_shot: Mapping[str, Answer]
    uncompiled: Mapping[str, Answer]
    notes: list[JudgeNote] = field(default_factory=list)

    def validate(self) -> None:
        """Tries the judge on pairs with a known answer. Raises: SetupError if there are too few."""
        experiment = self.setup.experiment
        splits = experiment.splits
        dev = {target.id for case in splits.dev for target in case.targets}
        texts = {name: a.text for name, a in self.zero_shot.items() if name in dev and a.error is None}
        plain = (f"{self.setup.choices.base.lm} {BASELINE}", texts)
        rng = np.random.default_rng(self.setup.choices.base.seed)
        validate = experiment.task.bench.judging.validate
        self.notes += validate(
            self.judge, (*splits.test, *splits.dev), splits.dev, plain, rng, None, self.writer.journal.opinions
        )

    def cell(self, optimizer: str, seed: int, found: Found) -> Cell:
        """What a search found, scored here as often as its best program changed."""
        moments = [(0, Spending(), self.setup.student), *found.bests, (None, found.spent, found.program)]
        bests, answers = [], {}
        for trial, spent, program in moments:
            answers = self.writer.write(program, f"{optimizer} seed {seed} dev", self.setup.experiment.splits.dev)
            wins = self._outcomes(answers, BASELINE, self.zero_shot)
            bests.append(Best(trial=trial, spent=spent, win_rate=sum(wins.values()) / len(wins) if wins else None))
        return Cell(
            optimizer=optimizer,
            seed=seed,
            settings=dict(found.settings),
            trials=tuple(found.trials),
            n_unscored=found.n_unscored,
            bests=tuple(bests),
            judged=self._judged(answers),
            spent=found.spent,
            stopped=found.stopped,
            confirmation=found.confirmation,
            instructions=dict(found.instructions),
            demos=dict(found.demos),
        )

    def _judged(self, answers: Mapping[str, Answer]) -> tuple[Judged, ...]:
        zero_shot = self._outcomes(answers, BASELINE, self.zero_shot)
        uncompiled = self._outcomes(answers, UNCOMPILED, self.uncompiled)
        keys = [(t.author, t.id) for case in self.setup.experiment.splits.dev for t in case.targets]
        return tuple(
            Judged(author=key[0], target_id=key[1], zero_shot=zero_shot.get(key), uncompiled=uncompiled.get(key))
            for key in keys
        )

    def _outcomes(self, answers: Mapping[str, Answer], baseline: str, against: Mapping[str, Answer]) -> Outcomes:
        bench = self.setup.experiment.task.bench
        comparison = Comparison("bakeoff", "compiled", baseline, self.judge, bench.judging.by, bench.row)
        opine = self.writer.journal.opinions
        rows = verdict_rows(comparison, self.setup.experiment.splits.dev, answers, against, opine)
        return {(pair.author, pair.target_id): pair.outcome for pair in pairs_from(rows)}
