"""Runs an explanation: hypotheses, texts, verdicts, effects; files and record are the caller's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import dspy
import numpy as np

from programs.answers import Answer
from programs.evaluations.setup import EVALUATIONS, VALIDATIONS
from programs.experiment import corpus_note, lm_note, package_versions
from programs.explaining.design import Cell, cells_of
from programs.explaining.judging import judged_by
from programs.explaining.measuring import Measured, effects, obedience
from programs.explaining.records import ExplainedAuthor, Explanation, JudgedText, JudgeTrust, WrittenText
from programs.explaining.setup import ExplainSetup
from programs.explaining.writing import infer_all, write_all
from programs.judges import ValidationCache, validate
from programs.judges.opinions import GivesOpinions
from programs.lms.adapters import FittingAdapter
from programs.progress import RunProgress
from programs.spending import Purse
from programs.validated import LONGEST_WORDS
from signatures.errors import counted
from signatures.hypotheses import Hypothesis


@dataclass
class ExplanationRun:
    """One explanation under way."""

    setup: ExplainSetup
    purse: Purse
    progress: RunProgress
    notes: list[str] = field(default_factory=list)

    def execute(self) -> Explanation:
        """Infers, writes and judges; Ctrl-C ends the writing, and what is there is judged, or ends the judging.

        Raises: SetupError; the first fault if nothing could be inferred of any author, or every text failed;
        KeyboardInterrupt before the first text.
        """
        self.notes += [*self.setup.experiment.corpus.notes, *self.setup.experiment.splits.notes, *self.setup.notes]
        trust = [self._trust(index) for index in range(len(self.setup.judges))]
        with dspy.context(lm=self.setup.experiment.lm, adapter=FittingAdapter()):
            inferred, failed = self._infer()
            cells = self._cells(inferred)
            texts, interrupted = self._write(cells)
        judged, stopped = self._judge(texts)
        authors = [self._author(part, case.author.id, inferred, failed, texts) for part, case in self.setup.cases]
        measured = Measured(authors, texts, judged, self.setup.choices.base.seed)
        return self._explanation(trust, measured, interrupted or stopped, len(cells))

    def _trust(self, index: int) -> JudgeTrust:
        """Tries a judge on real texts before anything is written for it to judge."""
        judge, setup = self.setup.judges[index], self.setup
        folder = setup.choices.base.out / EVALUATIONS / VALIDATIONS
        rng = np.random.default_rng(setup.choices.base.seed)
        name = f"judge {judge.name} on real texts"
        with self.purse.phase(name), self.progress.phase(name, 1):
            cache = ValidationCache(folder, setup.references)
            found = validate(judge, setup.judged, rng, n_words=LONGEST_WORDS, cache=cache)
            self.progress.step()
        return JudgeTrust(
            judge=judge.name,
            version=judge.version,
            accuracy=found.accuracy,
            n_pairs=found.n_pairs,
            trusted=found.trusted,
        )

    def _infer(self) -> tuple[dict[str, tuple[Hypothesis, ...]], dict[str, Answer]]:
        n_authors = len(self.setup.cases) + len(self.setup.donors)
        with self.purse.phase("hypotheses"), self.progress.phase("hypotheses", n_authors):
            inferred, failed = infer_all(self.setup, self._step)
        # A text may fail after its hypotheses were inferred.
        failed = {author: answer for author, answer in failed.items() if author not in inferred}
        wanted = [case.author.id for _, case in self.setup.cases]
        if all(author in failed for author in wanted):
            fault = failed[wanted[0]].fault
            assert fault is not None
            raise fault
        for author, answer in failed.items():
            self.notes.append(f"no hypotheses of {author} could be inferred: {answer.error}")
        return inferred, failed

    def _cells(self, inferred: Mapping[str, Sequence[Hypothesis]]) -> list[Cell]:
        """All texts to write; authors without a hypothesis have none."""
        cells: list[Cell] = []
        everyone = (*self.setup.cases, *self.setup.donors)
        for part, case in self.setup.cases:
            own = inferred.get(case.author.id, ())
            others = {
                other.author.id: inferred.get(other.author.id, ())
                for there, other in everyone
                if there == part and other.author.id != case.author.id
            }
            if own:
                choices = self.setup.choices
                made = cells_of(case, own, others, choices.n_draws, choices.base.seed)
                places = {cell.place for cell in made if cell.arm == "swapped"}
                if len(places) < len(own):
                    left = counted(len(own) - len(places), "hypothesis", "hypotheses")
                    self.notes.append(f"{case.author.id}: no other author has one to swap for {left}")
                cells += made
        return cells

    def _write(self, cells: Sequence[Cell]) -> tuple[list[WrittenText], bool]:
        if not cells:
            return [], False
        with self.purse.phase("texts"), self.progress.phase("texts", len(cells)):
            texts, faults, interrupted = write_all(self.setup, cells, self._step)
        if interrupted and not texts:
            raise KeyboardInterrupt
        n_failed = sum(text.error is not None for text in texts)
        if faults and n_failed == len(texts):
            raise faults[0]
        if n_failed:
            first = next(text.error for text in texts if text.error is not None)
            self.notes.append(f"{n_failed} of {counted(len(texts), 'text')} failed; the first: {first}")
        return texts, interrupted

    def _judge(self, texts: Sequence[WrittenText]) -> tuple[list[JudgedText], bool]:
        """What the judges say, and whether Ctrl-C ended it; a judge that was interrupted says nothing."""
        targets = {target.id: target for _, case in self.setup.cases for target in case.targets}
        judged: list[JudgedText] = []
        n_pairs = sum(text.arm != "full" for text in texts)
        for judge in self.setup.judges if texts else ():
            name = f"judge {judge.name}"
            steps = 2 * n_pairs if isinstance(judge, GivesOpinions) else 1
            try:
                with self.purse.phase(name), self.progress.phase(name, steps):
                    judged += judged_by(judge, texts, targets, self.progress.step)
            except KeyboardInterrupt:
                self.notes.append(f"judge {judge.name} was interrupted, and with it all judges after it")
                return judged, True
        return judged, False

    def _author(
        self,
        part: str,
        author: str,
        inferred: Mapping[str, tuple[Hypothesis, ...]],
        failed: Mapping[str, Answer],
        texts: Sequence[WrittenText],
    ) -> ExplainedAuthor:
        return ExplainedAuthor(
            author=author,
            part=part,
            hypotheses=inferred.get(author, ()),
            n_failed=sum(text.author == author and text.error is not None for text in texts),
            error=failed[author].error if author in failed else None,
        )

    def _explanation(
        self, trust: Sequence[JudgeTrust], measured: Measured, interrupted: bool, n_planned: int
    ) -> Explanation:
        setup, base = self.setup, self.setup.choices.base
        return Explanation(
            task=base.task,
            version=setup.system.name,
            program=setup.system.about,
            corpus=corpus_note(setup.experiment),
            lm=lm_note(setup.experiment),
            seed=base.seed,
            n_draws=setup.choices.n_draws,
            settings={
                "n_samples": base.n_samples,
                "n_targets": base.n_targets,
                "min_texts": base.min_texts,
                "n_donors": setup.choices.n_donors,
                "exact": base.exact,
            },
            judges=tuple(trust),
            authors=tuple(measured.authors),
            effects=effects(measured),
            obedience=obedience(measured),
            texts=tuple(measured.texts),
            judged=tuple(measured.judged),
            notes=tuple(self.notes),
            interrupted=interrupted,
            n_planned=n_planned,
            spent=tuple(self.purse.spent),
            packages=package_versions(),
        )

    def _step(self, answer: Answer) -> None:
        self.progress.step()
