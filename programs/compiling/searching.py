"""The search of a compile: material and objective, every trial told, the winner confirmed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from optimizers import Compiled, Material, Trial, confirm
from optimizers.contract import chosen_trial
from programs.card import TrialNote
from programs.compiling.estimating import CHAMPION, COMPILE, CONFIRM
from programs.compiling.objective import Objective, objective
from programs.compiling.planning import Setup
from programs.compiling.trials import changed_settings, trial_line, trial_note
from programs.metering import Tally
from programs.progress import RunProgress
from programs.spending import Purse
from programs.tournament import BASELINE, Tournament

if TYPE_CHECKING:
    from programs.tracking import TrackedRun


@dataclass
class Search:
    """One search, from the baseline's texts to a confirmed program."""

    setup: Setup
    purse: Purse
    progress: RunProgress
    tracked: "TrackedRun"
    notes: list[TrialNote] = field(default_factory=list)
    """Of the trials so far."""
    runs: dict[int, str] = field(default_factory=dict)
    """Trial to its run in MLflow."""
    _first: Trial | None = None
    _spent: Tally = field(default_factory=Tally)

    def run(self, tournament: Tournament) -> tuple[Compiled, Objective]:
        """Compiles within the share of the budget that a search may use; the best so far where that ends it.

        Raises: OutOfBudgetError if the budget ends before the search; KeyboardInterrupt; what the model raises if it
            fails throughout.
        """
        setup, experiment = self.setup, self.setup.experiment
        splits = experiment.splits
        zero_shot = tournament.texts(BASELINE)
        texts = None
        with setup.budget.up_to(setup.share_until(COMPILE)):
            if setup.champion is not None:
                tournament.enter(f"{CHAMPION} texts", {CHAMPION: setup.champion}, splits.train, splits.val)
                texts = tournament.texts(CHAMPION)
            judge = experiment.judge(splits.train, splits.val)
            targets = experiment.targets(splits.train, splits.val)
            metric = experiment.task.bench.metric(judge, targets, zero_shot)
            population = getattr(setup.student, "population", None)
            aim = objective(experiment, metric, setup.asked.opponent, texts, zero_shot, population)
            material = self._material(zero_shot.keys() if texts is None else zero_shot.keys() & texts.keys())
            compiled = aim.rated(self._compiled(material, aim, {name: each.author for name, each in targets.items()}))
        if compiled.interrupted or (compiled.stopped and not compiled.trials):
            return compiled, aim
        with setup.budget.up_to(setup.share_until(CONFIRM)):
            return self._confirmed(compiled, material, aim), aim

    def _material(self, answered: Collection[str]) -> Material:
        """What the optimizer may draw on; targets that the opponent failed are left out."""
        experiment = self.setup.experiment
        examples, splits = experiment.task.examples, experiment.splits
        return Material(
            trainset=[example for example in examples(splits.train) if example.target_id in answered],
            valset=[example for example in examples(splits.val) if example.target_id in answered],
            labelled=experiment.labelled,
            variants=experiment.task.variants,
            proposer=self.setup.roles.proposer,
            settings=self.setup.tried,
        )

    def _compiled(self, material: Material, aim: Objective, authors: Mapping[str, str]) -> Compiled:
        setup = self.setup
        choices, n_trials = setup.experiment.choices, setup.plan.n_trials
        self._spent = setup.budget.tally()

        def on_trial(trial: Trial) -> None:
            self._told(trial, aim.end_trial(trial.number), authors, len(material.valset))

        with self.purse.phase(COMPILE), self.progress.phase(COMPILE, n_trials + 1):
            return setup.optimizer.compile(
                setup.student,
                material,
                aim.noted,
                n_trials=n_trials,
                seed=choices.seed,
                n_threads=choices.n_threads,
                on_trial=on_trial,
                budget=setup.budget,
            )

    def _told(self, trial: Trial, scores: Mapping[str, float], authors: Mapping[str, str], n_targets: int) -> None:
        """Shows, notes and logs a trial."""
        now = self.setup.budget.tally()
        spent, self._spent = now - self._spent, now
        self._first = self._first or trial
        note = trial_note(self._first, trial, scores, authors, n_targets, spent)
        self.notes.append(note)
        self.setup.kept.note(now)
        best = max((each.score for each in self.notes if not each.pruned), default=note.score)
        self.progress.trial(trial.number, trial.score, best, trial.n_failures, trial_line(note, best))
        self.runs[trial.number] = self._logged(trial, note)

    def _logged(self, trial: Trial, note: TrialNote) -> str:
        from programs.tracking import Trial as TrackedTrial

        numbers = note.model_dump(
            include={"low", "high", "n_scored", "failures", "calls", "tokens", "dollars", "cached"}, exclude_none=True
        )
        further = {"tokens_a_text": getattr(trial, "tokens", None), "seconds_a_text": getattr(trial, "seconds", None)}
        metrics = {**numbers, **further, "pruned": float(note.pruned)}
        settings: dict[str, Any] = changed_settings(self._first or trial, trial)
        return self.tracked.log_trial(
            TrackedTrial(
                trial.number,
                trial.score,
                trial.instructions,
                trial.demos,
                {name: float(value) for name, value in metrics.items() if value is not None},
                {**settings, "changed": note.changed},
            )
        )

    def _confirmed(self, compiled: Compiled, material: Material, aim: Objective) -> Compiled:
        """The winner after a second look, by answers drawn anew and against an opponent that stands still."""
        setup = self.setup
        # A stopped trial's score is a guess; only the program that was chosen is looked at again.
        top = chosen_trial(compiled)
        looked_at = replace(compiled, trials=_pair(compiled, top))
        with self.purse.phase(CONFIRM), self.progress.phase(CONFIRM, 1):
            try:
                found = confirm(
                    setup.student,
                    looked_at,
                    material,
                    aim.plain,
                    setup.experiment.choices.n_threads,
                    cheaper=setup.asked.prefer != "win",
                )
            except KeyboardInterrupt:
                return replace(compiled, interrupted=True)
        self.progress.say(f"  {found.confirmation}")
        return replace(found, trials=compiled.trials)


def _pair(compiled: Compiled, top: Trial) -> tuple[Trial, ...]:
    first = compiled.trials[0]
    return (first,) if top.number == first.number else (first, top)
