"""Runs an evaluation: texts, verdicts, validation, ledger, report; everything kept as it comes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import dspy
import numpy as np

from programs.answers import Answer, answer_all
from programs.card import JudgeNote
from programs.contest import Comparison, verdict_rows
from programs.evaluations.journal import Journal, open_journal
from programs.evaluations.setup import VALIDATIONS, Evaluation, fingerprint
from programs.evaluations.transfer import Contestant
from programs.judges import Judge, ValidationCache
from programs.judges.opinions import Opine
from programs.ledger import LedgerAbout, LedgerRow, write_ledger
from programs.lms.adapters import FittingAdapter
from programs.outside import missing, surplus_note
from programs.progress import RunProgress
from programs.references import LEDGER
from programs.spending import Purse
from programs.summary import Summary, summarise
from programs.tasks import TASKS
from signatures.errors import SetupError, counted

TEXTS_PHASE = " texts"
"""How the name of a phase ends in which a system writes."""


@dataclass(frozen=True)
class Evaluated:
    """A finished evaluation."""

    folder: Path
    rows: tuple[LedgerRow, ...]
    about: LedgerAbout
    summary: Summary


@dataclass
class EvaluationRun:
    """One evaluation under way."""

    evaluation: Evaluation
    purse: Purse
    progress: RunProgress
    answers: dict[str, Mapping[str, Answer]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def execute(self) -> Evaluated:
        """Makes what is missing, judges, writes ledger and report.

        Raises: SetupError; the first fault if the baseline has no text at all; KeyboardInterrupt, after which
        `resume` goes on.
        """
        evaluation = self.evaluation
        contestants = evaluation.contestants
        with open_journal(evaluation.folder, evaluation.header, evaluation.choices.resume) as journal:
            for contestant in contestants:
                with dspy.context(lm=contestant.lm, adapter=FittingAdapter()):
                    self._answer(contestant, journal)
            bounds = self._bounds()
            self.answers |= bounds
            return self._judge(contestants, tuple(bounds), journal)

    def _answer(self, contestant: Contestant, journal: Journal) -> None:
        """Lets a system answer what the journal has no text for; a file's texts are taken as they are."""
        system = contestant.system
        if system.program is None:
            self.answers[system.name] = self._given(system.name, system.texts or {})
            return
        wanted = self.evaluation.experiment.task.examples(contestant.cases)
        key = fingerprint(system)
        known = journal.texts(key)
        left = [example for example in wanted if example.target_id not in known]

        def keep(answer: Answer) -> None:
            journal.add_text(key, answer)
            self.progress.step()

        name = f"{system.name}{TEXTS_PHASE}"
        n_threads = self.evaluation.choices.base.n_threads
        with self.purse.phase(name), self.progress.phase(name, len(left)):
            # Python waits for what is under way before it ends anyhow; the journal must be open until then.
            kept = self.evaluation.experiment.task.bench.kept
            made = answer_all(system.program, left, n_threads, keep, finish_begun=True, keep=kept)
        if len(left) < len(wanted):
            self.progress.say(f"  {len(wanted) - len(left)} of {len(wanted)} were there already")
        found = {**known, **made}
        self.answers[system.name] = {example.target_id: found[example.target_id] for example in wanted}
        self._faults(system.name, list(made.values()))

    def _faults(self, name: str, made: list[Answer]) -> None:
        faults = [answer.fault for answer in made if answer.fault]
        everything = all(answer.error for answer in self.answers[name].values())
        if faults and everything and name == self.evaluation.choices.baseline:
            raise faults[0]
        if faults:
            self.progress.say(f"  {counted(len(faults), 'text')} of {len(made)} failed; the first: {faults[0]}")

    def _given(self, name: str, texts: Mapping[str, str]) -> dict[str, Answer]:
        ids = [target.id for case in self.evaluation.cases for target in case.targets]
        absent = set(missing(texts, ids))
        if absent:
            self.notes.append(f"{name} has no text for {len(absent)} of {counted(len(ids), 'target')}")
        surplus = surplus_note(texts, ids)
        if surplus:
            self.notes.append(f"{name}: {surplus}")
        return {
            target: Answer(
                target, texts.get(target, ""), 0.0, error="no text in the file" if target in absent else None
            )
            for target in ids
        }

    def _bounds(self) -> Mapping[str, Mapping[str, Answer]]:
        evaluation = self.evaluation
        rng = np.random.default_rng(evaluation.choices.base.seed)
        return evaluation.experiment.task.bench.bounds(evaluation.cases, evaluation.judged, rng)

    def _judge(self, contestants: Sequence[Contestant], bounds: Sequence[str], journal: Journal) -> Evaluated:
        evaluation, baseline = self.evaluation, self.evaluation.choices.baseline
        opine = partial(journal.opinions, references=evaluation.reference_key)
        matches = [(each.system.name, each.baseline, each.cases) for each in contestants if each.baseline is not None]
        matches += [(name, baseline, evaluation.cases) for name in bounds]
        bench = evaluation.experiment.task.bench
        rows: list[LedgerRow] = []
        notes: list[JudgeNote] = []
        for judge in evaluation.judges:
            name = f"judge {judge.name}"
            with self.purse.phase(name), self.progress.phase(name, len(matches) + 1):
                try:
                    notes += self._validated(judge, opine)
                except SetupError as fault:
                    # With no judge left there is no result, and a ledger that is there already stays.
                    if judge is evaluation.judges[-1] and not notes:
                        raise
                    self.notes.append(f"judge {judge.name} is left out: {fault}")
                    continue
                self.progress.step()
                for system, rival, cases in matches:
                    rows += verdict_rows(
                        Comparison(evaluation.run, system, rival, judge, bench.judging.by, bench.row),
                        cases,
                        self.answers[system],
                        self.answers[rival],
                        opine,
                    )
                    self.progress.step()
        if any(spend.dollars is None and spend.phase.endswith(TEXTS_PHASE) for spend in self.purse.spent):
            self.notes.append(f"the price of {evaluation.choices.base.lm} is not known: its texts count as 0 dollars")
        about = evaluation.about(notes, self.notes)
        return finish(evaluation.folder, rows, about)

    def _validated(self, judge: Judge, opine: Opine) -> list[JudgeNote]:
        baseline = self.evaluation.choices.baseline
        texts = {name: answer.text for name, answer in self.answers[baseline].items() if answer.error is None}
        written = self.evaluation.contestants[0].system.program is not None
        plain = (f"{self.evaluation.choices.base.lm} {baseline}" if written else baseline, texts)
        cache = ValidationCache(self.evaluation.folder.parent / VALIDATIONS, self.evaluation.references)
        rng = np.random.default_rng(self.evaluation.choices.base.seed)
        validate = self.evaluation.experiment.task.bench.judging.validate
        return validate(judge, self.evaluation.judged, self.evaluation.cases, plain, rng, cache, opine)


def summarised(rows: Sequence[LedgerRow], about: LedgerAbout) -> Summary:
    """All numbers of a report, with those that the task counts besides."""
    task = TASKS.get(about.task)
    return summarise(rows, about.seed, task.bench.measures if task else None)


def finish(folder: Path, rows: list[LedgerRow], about: LedgerAbout) -> Evaluated:
    """Writes ledger and report. Raises: SetupError where the disk refuses."""
    from programs.reports import write_report

    write_ledger(folder / LEDGER, rows, about)
    summary = summarised(rows, about)
    write_report(folder, rows, about, summary)
    return Evaluated(folder, tuple(rows), about, summary)
