"""One compile from its first call to its version."""

import threading
import time
import uuid
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import dspy

from optimizers import Compiled, OutOfBudgetError
from programs import entry
from programs.aliases import decide_alias, promote
from programs.card import CardDraft, RoleSpend, read_card
from programs.compiling.estimating import JUDGING
from programs.compiling.objective import Objective
from programs.compiling.planning import Setup
from programs.compiling.searching import Search
from programs.compiling.studies import NO_STUDY
from programs.compiling.trials import won_note
from programs.experiment import Experiment
from programs.lms.adapters import FittingAdapter
from programs.outcome import Outcome, SearchNotes, draft_card
from programs.progress import RunProgress
from programs.spending import Purse
from programs.tournament import BASELINE, Tournament
from programs.versions import save_version
from signatures.errors import SetupError

if TYPE_CHECKING:
    from programs.tracking import TrackedRun


@dataclass
class CompileRun:
    """A compile that is settled; `execute` does it."""

    setup: Setup
    quiet: bool = False
    name: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    @property
    def experiment(self) -> Experiment:
        """The task, data and models."""
        return self.setup.experiment

    def execute(self) -> Outcome:
        """Compiles, scores, saves, registers.

        Raises: SetupError, also if the budget ends before a program is scored; KeyboardInterrupt if that comes before.
        """
        started = time.perf_counter()
        experiment, splits = self.experiment, self.experiment.splits
        self.purse = Purse(free=experiment.small, meter=self.setup.budget)
        self.progress = RunProgress(entry.progress_console(), self.purse, self.quiet)
        self._begin_study()
        warm = threading.Thread(target=_warm_tracking, args=(experiment,), daemon=True)
        warm.start()
        with self.progress.live(), dspy.context(lm=experiment.lm, adapter=FittingAdapter()):
            tournament = Tournament(experiment, self.purse, self.progress, self.name)
            try:
                own = {BASELINE: self._system(BASELINE)}
                tournament.enter(f"{BASELINE} texts", own, splits.train, splits.val, splits.test)
                warm.join()
                return self._track(tournament, started)
            except OutOfBudgetError as end:
                raise _ended(end.reason) from end

    def _begin_study(self) -> None:
        asked = self.setup.asked
        said = self.setup.kept.begin(asked.resume)
        if asked.resume and self.setup.kept.where is None:
            said = f"{asked.optimizer} {NO_STUDY}"
        if said:
            self.progress.say(f"note: {said}")

    def _system(self, name: str) -> dspy.Module:
        task = self.experiment.task
        return task.bench.systems[name].build(task)

    def _track(self, tournament: Tournament, started: float) -> Outcome:
        from programs.model_registry import log_program
        from programs.tracking import tracked_run

        experiment, asked = self.experiment, self.setup.asked
        title = f"{asked.optimizer} {asked.budget} seed {experiment.choices.seed}"
        with tracked_run(experiment.store, experiment.task.name, title, tags={"kind": "compile"}) as tracked:
            cases = (*experiment.splits.train, *experiment.splits.val)
            # What is taken from the corpus is part of the compile: the program is compared with itself before that.
            uncompiled = self.setup.student.deepcopy()
            fitted = experiment.task.fit(self.setup.student, experiment.corpus.name, cases)
            search = Search(self.setup, self.purse, self.progress, tracked)
            compiled, aim = search.run(tournament)
            if not compiled.trials:
                if compiled.interrupted:
                    raise KeyboardInterrupt
                raise _ended(compiled.stopped)
            unscored = self._score(compiled, uncompiled, tournament) if not compiled.interrupted else "interrupted"
            compiled = replace(compiled, interrupted=compiled.interrupted or unscored == "interrupted")
            draft = self._draft(compiled, search, aim, fitted, unscored, tournament, time.perf_counter() - started)
            folder = save_version(compiled.program, draft, tournament.write_ledger, experiment.choices.out)
            alias = None if unscored else decide_alias(*tournament.against_rival())
            if alias:
                promote(experiment.choices.out, experiment.task.name, folder.name, alias)
            tracked.log_version(folder)
            _log_pictures(tracked, search, compiled)
            log_program(tracked, folder, alias)
            self.setup.kept.note(self.setup.budget.tally())
            if compiled.interrupted:
                tracked.ending = "KILLED"
        card = read_card(folder / "card.json")
        return Outcome(folder, card, alias, compiled.interrupted, experiment.store.uri)

    def _score(self, compiled: Compiled, uncompiled: dspy.Module, tournament: Tournament) -> str:
        """Scores on the test authors; why that came to nothing, if it did: it costs the scores, not the program."""
        test = self.experiment.splits.test
        try:
            rivals = {name: self._system(name) for name in self.experiment.task.bench.rivals}
            # While the uncompiled program is at its first step, one call a person, the rivals have texts to write.
            systems = {"uncompiled": uncompiled, **rivals, "compiled": compiled.program}
            tournament.enter("test texts", systems, test)
            # A judge that asks nobody costs nothing.
            with self.purse.phase(JUDGING) if self.experiment.judge_lm else nullcontext():
                tournament.judge()
        except KeyboardInterrupt:
            tournament.forget_verdicts()
            return "interrupted"
        except OutOfBudgetError as end:
            tournament.forget_verdicts()
            return end.reason
        return ""

    def _draft(
        self,
        compiled: Compiled,
        search: Search,
        aim: Objective,
        fitted: str,
        unscored: str,
        tournament: Tournament,
        seconds: float,
    ) -> CardDraft:
        setup = self.setup
        stopped = unscored if unscored and unscored != "interrupted" else compiled.stopped
        chosen = {**setup.asked.noted, **setup.optimizer.settings(setup.plan.n_trials)}
        if setup.tried:
            chosen["searched_settings"] = {name: list(values) for name, values in setup.tried.items()}
        if hasattr(compiled, "saved"):
            chosen["saved_by_racing"] = round(vars(type(compiled))["saved"].fget(compiled), 4)
        return draft_card(
            self.experiment,
            tournament,
            settings=self.experiment.task.settings_of(compiled.program),
            optimizer=(setup.optimizer.name, chosen),
            trials=[(trial.score, trial.n_failures) for trial in compiled.trials],
            n_unscored=compiled.n_unscored,
            interrupted=compiled.interrupted,
            remarks=(fitted, aim.told(), _stop_remark(stopped, bool(unscored)), compiled.confirmation),
            seconds=seconds,
            search=SearchNotes(
                roles=setup.roles.notes,
                spent=tuple(_role_spends(setup)),
                trials=tuple(search.notes),
                won=won_note(compiled, compiled.confirmation),
                stopped=stopped,
            ),
        )


def _role_spends(setup: Setup) -> list[RoleSpend]:
    prices = setup.budget.prices
    return [
        RoleSpend(
            role=role,
            calls=spent.calls,
            cached=spent.hits,
            prompt_tokens=spent.prompt_tokens,
            completion_tokens=spent.completion_tokens,
            dollars=None if spent.unpriced else max(0.0, spent.dollars),
            price=prices[role].note,
        )
        for role, spent in setup.budget.by_role().items()
    ]


def _stop_remark(stopped: str, unscored: bool) -> str:
    if not stopped:
        return ""
    kept = "the test authors were not scored" if unscored else "the best program so far was scored on the test authors"
    return f"a limit ended the run early: {stopped}; {kept}"


def _log_pictures(tracked: "TrackedRun", search: Search, compiled: Compiled) -> None:
    """Logs the pictures of a search, and how each trial did block by block where it was raced."""
    from programs.compiling.plots import search_pictures

    for name, png in search_pictures(compiled, search.notes):
        tracked.log_file(f"search/{name}", png)
    history: Any = getattr(compiled, "history", None)
    for trial in compiled.trials:
        choices = getattr(trial, "choices", {})
        rows = [
            row
            for row in (history.trials if history else ())
            if (row["number"] == 0) == (trial.number == 0) and choices.items() <= row["params"].items()
        ]
        run = search.runs.get(trial.number)
        if run and len(rows) == 1:
            tracked.log_steps(run, "block_score", [score for score in rows[0]["blocks"] if score is not None])


def _ended(reason: str) -> SetupError:
    return SetupError(
        f"the budget ended before a program was scored: {reason}; give more and start again: what was answered is in "
        "the cache"
    )


def _warm_tracking(experiment: Experiment) -> None:
    """Imports MLflow and makes its database while the model is busy; a fault is met again where it is used."""
    from programs.tracking import open_store

    try:
        open_store(experiment.store, experiment.task.name)
    except SetupError:
        return
