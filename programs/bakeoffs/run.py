"""Runs a bake-off: what all searches share, then one search after the other, each scored on the dev part and kept."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import dspy
from dspy.utils.exceptions import DSPyError

from programs.bakeoffs.apart import answers_apart
from programs.bakeoffs.dev import UNCOMPILED, DevPart, Writer
from programs.bakeoffs.keeping import Kept
from programs.bakeoffs.records import Cell, Results, Spending, Tried
from programs.bakeoffs.searching import Ground, Search
from programs.bakeoffs.setup import GOAL, Setup
from programs.bakeoffs.standing import lead, standings
from programs.card import JudgeNote
from programs.evaluations.journal import Journal, open_journal
from programs.experiment import corpus_note, lm_note, package_versions
from programs.lms.adapters import FittingAdapter
from programs.progress import RunProgress
from programs.spending import Purse
from programs.tournament import BASELINE
from signatures.errors import SetupError, counted


@dataclass
class BakeoffRun:
    """One bake-off under way."""

    setup: Setup
    kept: Kept
    search: Search
    purse: Purse
    progress: RunProgress
    broken: dict[tuple[str, int], Cell] = field(default_factory=dict)
    """Searches of this run that ended in an error."""

    def execute(self) -> Results:
        """Runs the searches that are not kept yet; Ctrl-C ends them, and what is finished is what it says.

        Raises: SetupError; the first fault if no baseline text could be made; KeyboardInterrupt before any search is
        finished.
        """
        experiment = self.setup.experiment
        with (
            open_journal(self.setup.folder, self.setup.header, resume=True) as journal,
            dspy.context(lm=experiment.lm, adapter=FittingAdapter()),
        ):
            interrupted = False
            judges: list[JudgeNote] = []
            try:
                ground, dev = self._prepared(journal)
                judges = dev.notes
                for optimizer, seed in self.setup.cells:
                    if (optimizer, seed) not in self.kept.cells:
                        self._enter(self._cell(optimizer, seed, ground, dev))
            except KeyboardInterrupt:
                if not self.kept.cells:
                    raise
                interrupted = True
        return self._results(judges, interrupted)

    def _prepared(self, journal: Journal) -> tuple[Ground, DevPart]:
        """Zero-shot texts of all parts, the uncompiled program's of the dev part, and a judge that was tried."""
        experiment, student = self.setup.experiment, self.setup.student
        splits, task = experiment.splits, experiment.task
        writer = Writer(self.setup, journal, self.purse, self.progress)
        zero_shot = writer.write(
            task.bench.systems[BASELINE].build(task), BASELINE, (*splits.train, *splits.val, *splits.dev), needed=True
        )
        uncompiled = writer.write(student, UNCOMPILED, splits.dev, needed=True)
        dev = DevPart(self.setup, writer, experiment.judge(splits.test, splits.dev), zero_shot, uncompiled)
        with self.purse.phase("judge"), self.progress.phase("judge", 1):
            dev.validate()
            self.progress.step()
        answered = {name: answer.text for name, answer in zero_shot.items() if answer.error is None}
        ground = Ground(
            student=student,
            trainset=[each for each in task.examples(splits.train) if each.target_id in answered],
            valset=[each for each in task.examples(splits.val) if each.target_id in answered],
            zero_shot=answered,
        )
        return ground, dev

    def _cell(self, optimizer: str, seed: int, ground: Ground, dev: DevPart) -> Cell:
        name = f"{optimizer} seed {seed}"

        def on_trial(trial: Tried) -> None:
            self.progress.step()
            failed = f", {trial.n_failures} failed" if trial.n_failures else ""
            self.progress.say(f"  trial {trial.number}: {trial.score:.3f}{failed}; {spending(trial.spent)}")

        try:
            with (
                self.purse.phase(name),
                self.progress.phase(name, self.setup.n_trials + 1),
                answers_apart(os.environ),
            ):
                # A program keeps what it inferred of people; a copy knows nobody, and pays for it like the others.
                found = self.search(optimizer, seed, replace(ground, student=ground.student.deepcopy()), on_trial)
        except (SetupError, DSPyError, RuntimeError) as fault:
            # One optimizer that cannot do this task leaves the others comparable.
            words = " ".join(str(fault).split()) or type(fault).__name__
            return Cell(optimizer=optimizer, seed=seed, error=words)
        return dev.cell(optimizer, seed, found)

    def _enter(self, cell: Cell) -> None:
        self.kept.add(cell)
        name = f"{cell.optimizer} seed {cell.seed}"
        if cell.error is not None:
            self.broken[cell.key] = cell
            self.progress.say(f"  {name} failed: {cell.error}")
            return
        rate = cell.bests[-1].win_rate
        said = "no verdict" if rate is None else f"{rate:.3f} on dev"
        self.progress.say(f"  {name}: {said}; {spending(cell.spent)}")

    def _results(self, judges: Sequence[JudgeNote], interrupted: bool) -> Results:
        setup, experiment = self.setup, self.setup.experiment
        # What an earlier run left under another name or seed of the same bake-off is comparable, and is shown.
        cells = [*self.kept.cells.values(), *(cell for key, cell in self.broken.items() if key not in self.kept.cells)]
        seed = setup.choices.base.seed
        order = standings(cells, GOAL, seed)
        faults = [f"{cell.optimizer} seed {cell.seed} failed: {cell.error}" for cell in self.broken.values()]
        left = len([key for key in setup.cells if key not in self.kept.cells and key not in self.broken])
        if left:
            faults.append(f"interrupted: {counted(left, 'search', 'searches')} left; go on with --resume")
        return Results(
            task=experiment.task.name,
            corpus=corpus_note(experiment),
            lm=lm_note(experiment),
            judges=tuple(judges),
            split_seed=seed,
            budget=setup.choices.budget,
            n_trials=setup.n_trials,
            limits=dict(setup.choices.limits),
            goal=GOAL,
            standings=order,
            lead=lead(cells, order, seed),
            cells=tuple(sorted(cells, key=lambda cell: (cell.seed, cell.optimizer))),
            notes=tuple(
                filter(
                    None,
                    [*experiment.corpus.notes, *experiment.splits.notes, setup.fitted, *self.kept.notes, *faults],
                )
            ),
            interrupted=interrupted,
            packages=package_versions(),
        )


def spending(spent: Spending) -> str:
    """In a line, such as "120 calls, 3 cached, 31,000 tokens, 2.1 min"."""
    return f"{counted(spent.calls, 'call')}, {spent.hits} cached, {spent.tokens:,} tokens, {spent.seconds / 60:.1f} min"
