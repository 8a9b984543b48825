"""The systems of a run, their answers, and the verdicts between them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import dspy
import numpy as np

from programs.aliases import read_aliases
from programs.answers import Answer, answer_each
from programs.card import JudgeNote, Measure, ResultRow, read_card
from programs.contest import Comparison, verdict_rows
from programs.experiment import Experiment, corpus_note, data_settings, lm_note, package_versions
from programs.judges import Judge
from programs.ledger import LedgerAbout, LedgerRow, read_ledger, write_ledger
from programs.progress import RunProgress
from programs.references import CARD, LEDGER
from programs.spending import Purse
from programs.summary import result_row

BASELINE = "zero-shot"


def pairings(rivals: Sequence[str], bounds: Iterable[str]) -> list[tuple[str, str]]:
    """Who is compared with whom after a compile: all with zero-shot, and the compiled program with its rivals too."""
    systems = [*rivals, "uncompiled", "compiled"]
    others = ["uncompiled", *rivals]
    return [
        *((system, BASELINE) for system in systems),
        *(("compiled", other) for other in others),
        *((bound, BASELINE) for bound in bounds),
    ]


class Rate(NamedTuple):
    """A win rate with its 95% interval."""

    value: float
    low: float
    high: float


class Tournament:
    """Collects answers of systems, then judges them against each other on the test authors."""

    def __init__(self, experiment: Experiment, purse: Purse, progress: RunProgress, run: str) -> None:
        """Starts without answers."""
        self.experiment = experiment
        self.answers: dict[str, Mapping[str, Answer]] = {}
        self.rows: list[LedgerRow] = []
        self.results: list[ResultRow] = []
        self.judges: list[JudgeNote] = []
        self.measures: tuple[Measure, ...] = ()
        self.purse = purse
        self._progress = progress
        self._run = run
        self._home = experiment.choices.out / experiment.task.name
        self._notes: list[str] = []
        self._rng = np.random.default_rng(experiment.choices.seed)

    def enter(self, name: str, programs: Mapping[str, dspy.Module], *groups: Sequence[Any]) -> None:
        """Lets systems answer the targets of these cases, all of them together, in a phase of this name.

        Raises: the first fault if every answer of a system failed.
        """
        task = self.experiment.task
        examples = task.examples([case for group in groups for case in group])
        with self.purse.phase(name), self._progress.phase(name, len(programs) * len(examples)):
            n_threads = self.experiment.choices.n_threads
            made = answer_each(programs, examples, n_threads, lambda _: self._progress.step(), keep=task.bench.kept)
        for system, answers in made.items():
            faults = [answer.fault for answer in answers.values() if answer.fault]
            if len(faults) == len(answers):
                raise faults[0]
            if faults:
                self._progress.say(f"  {system}: {len(faults)} of {len(answers)} failed; the first: {faults[0]}")
            self.answers[system] = answers

    def texts(self, system: str) -> dict[str, str]:
        """Target id to text of a system's answers that did not fail."""
        return {name: answer.text for name, answer in self.answers[system].items() if answer.error is None}

    def judge(self) -> None:
        """Validates the judge, then compares the systems on the test authors."""
        splits, bench = self.experiment.splits, self.experiment.task.bench
        judge = self.experiment.judge(splits.test, splits.dev)
        self._validate(judge)
        bounds = bench.bounds(splits.test, (*splits.test, *splits.dev), self._rng)
        self.answers |= bounds
        pairs = pairings(bench.rivals, bounds)
        rival = self._champion()
        if rival:
            self.answers["champion"] = rival
            pairs.append(("compiled", "champion"))
        for system, baseline in pairs:
            comparison = Comparison(self._run, system, baseline, judge, bench.judging.by, bench.row)
            rows = verdict_rows(comparison, splits.test, self.answers[system], self.answers[baseline])
            self.rows += rows
            result = result_row(rows, self.experiment.choices.seed)
            if result:
                self.results.append(result)
        self.measures = bench.measures(self.rows, self.experiment.choices.seed)

    def forget_verdicts(self) -> None:
        """Drops what an interrupted `judge` has counted so far: part of the comparisons would read as all of them."""
        self.rows, self.results, self.judges, self.measures = [], [], [], ()

    def against_rival(self) -> tuple[Rate | None, bool]:
        """The compiled program against what it must beat to become champion, and whether on the same targets."""
        rival = "champion" if "champion" in read_aliases(self._home) else BASELINE
        row = next((row for row in self.results if (row.system, row.baseline) == ("compiled", rival)), None)
        return (Rate(row.win_rate, row.low, row.high) if row else None), row is not None

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the results must know."""
        return tuple(self._notes)

    @property
    def failures(self) -> dict[str, int]:
        """How many answers of each system failed, and how many quotations and claims were dropped."""
        counts = {
            f"{name} texts": sum(a.error is not None for a in found.values()) for name, found in self.answers.items()
        }
        dropped = sum(answer.n_dropped for found in self.answers.values() for answer in found.values())
        return {**{name: count for name, count in counts.items() if count}, "dropped quotations and claims": dropped}

    def write_ledger(self, path: Path) -> None:
        """Writes all verdicts, and what a report of them must say."""
        choices = self.experiment.choices
        about = LedgerAbout(
            task=self.experiment.task.name,
            corpus=corpus_note(self.experiment),
            part="test",
            lm=lm_note(self.experiment),
            seed=choices.seed,
            judges=tuple(self.judges),
            settings=data_settings(choices),
            packages=package_versions(),
            notes=(*self.experiment.corpus.notes, *self.experiment.splits.notes, *self.notes),
        )
        write_ledger(path, self.rows, about)

    def _validate(self, judge: Judge) -> None:
        """Puts real texts before the judge: other people's, and the model's own without any personalisation."""
        splits = self.experiment.splits
        plain = (f"{self.experiment.choices.lm} {BASELINE}", self.texts(BASELINE))
        judging = self.experiment.task.bench.judging
        self.judges += judging.validate(judge, (*splits.test, *splits.dev), splits.test, plain, self._rng)

    def _champion(self) -> dict[str, Answer] | None:
        """The champion's answers to these very targets, from its ledger; None, with a note, where there are none."""
        version = read_aliases(self._home).get("champion")
        if version is None:
            return None
        card = read_card(self._home / version / CARD)
        if card.corpus.split_sha256 != self.experiment.splits.hash or card.lm != lm_note(self.experiment):
            self._notes.append(
                f"the champion, version {version}, was scored on other targets or by another model: no match"
            )
            return None
        rows = [
            row
            for row in read_ledger(self._home / version / LEDGER)
            if (row.system, row.baseline, row.order) == ("compiled", BASELINE, "candidate-first")
        ]
        return {
            row.target_id: Answer(row.target_id, row.candidate_text, 0.0, shown=row.hypotheses, error=row.error)
            for row in rows
        }
