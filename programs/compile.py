"""Compiles a program on a corpus and reports how it writes for people it has never met.

    uv run python -m programs.compile --task authorship

The one place where programs, data and optimizers meet.
"""

import argparse
import json
import os
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import dspy

from optimizers import DEFAULT_OPTIMIZER, OPTIMIZERS, Compiled, Material, Optimizer, Trial, confirm, find_optimizer
from programs import entry
from programs.adjusting import adjusted, read_settings
from programs.aliases import decide_alias, promote
from programs.card import CardDraft, read_card
from programs.choosing import data_help, judges_help, targets_help
from programs.experiment import Choices, Experiment, prepare
from programs.lms.adapters import FittingAdapter
from programs.outcome import Outcome, draft_card
from programs.plan import Plan, make_plan
from programs.progress import RunProgress
from programs.results import show_results
from programs.spending import Purse
from programs.tasks import TASKS, find_task
from programs.tournament import BASELINE, Tournament
from programs.tracking_store import shown_uri
from programs.versions import save_version
from signatures.errors import counted

if TYPE_CHECKING:
    from programs.tracking import TrackedRun


def parser() -> entry.Parser:
    """The command line."""
    chosen = Choices()
    p = entry.Parser(
        "python -m programs.compile",
        "uv run python -m programs.compile --task authorship",
        "Compile a program on some authors, score it on others, and save it as a version.",
    )
    p.add_argument("--task", default=chosen.task, help=f"{', '.join(TASKS)} (default: authorship)")
    p.add_argument("--data", default=chosen.data, help=data_help())
    entry.add_model_options(p, os.environ)
    p.add_argument("--judge", help=f"{judges_help()} (default: the first)")
    p.add_argument(
        "--optimizer", default=DEFAULT_OPTIMIZER, help=f"{', '.join(OPTIMIZERS)} (default: {DEFAULT_OPTIMIZER})"
    )
    p.add_argument(
        "--budget",
        default="light",
        help="light, medium, heavy, or the most model calls the run may make (default: light)",
    )
    p.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE",
        help="settings of the program, such as n_shown=7 n_candidates=4 n_repairs=2 steps=contrast,verify,merge",
    )
    p.add_argument("--dimensions", metavar="FILE", help="what hypotheses may be about, in TOML or JSON")
    p.add_argument(
        "--samples", type=int, default=chosen.n_samples, metavar="N", help="texts of an author that are shown"
    )
    p.add_argument("--targets", type=int, metavar="N", help=targets_help())
    p.add_argument("--min-texts", type=int, metavar="N", help="leave out authors with fewer texts")
    p.add_argument("--seed", type=int, default=chosen.seed, help="seed of split, search and decoding (default: 0)")
    p.add_argument(
        "--threads", type=int, default=chosen.n_threads, metavar="N", help="model calls in flight (default: 32)"
    )
    p.add_argument("--out", type=Path, default=chosen.out, metavar="DIR", help="where versions go (default: artifacts)")
    p.add_argument("--json", action="store_true", help="print the card as JSON and nothing else on stdout")
    p.add_argument("--dry-run", action="store_true", help="print the plan and stop")
    return p


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; its exit code."""
    args = parser().parse_args(arguments)
    optimizer = find_optimizer(args.optimizer)
    settings = _settings(args)
    experiment = prepare(_choices(args))
    experiment.task.bench.ready(experiment.splits)
    student = adjusted(experiment.task.build({}), settings, experiment.task.name)
    plan = make_plan(experiment, args.budget, optimizer.n_bootstraps)
    if args.dry_run:
        _show_plan(experiment, plan, args)
        return entry.DONE
    run = _Run(experiment, student, optimizer, plan, args.budget, quiet=args.json)
    outcome = run.execute()
    if args.json:
        entry.results_console().print_json(outcome.card.model_dump_json())
    else:
        _show_outcome(outcome, experiment.task.bench.right)
    return entry.INTERRUPTED if outcome.interrupted else entry.DONE


def _settings(args: argparse.Namespace) -> dict[str, str]:
    """Settings of the program that the user changed. Raises: SetupError."""
    settings = read_settings(args.set)
    if args.dimensions:
        from signatures.dimensions import read_dimensions

        settings["dimensions"] = read_dimensions(args.dimensions).model_dump_json()
    return settings


def _choices(args: argparse.Namespace) -> Choices:
    bench = find_task(args.task).bench
    return Choices(
        task=args.task,
        data=args.data,
        lm=args.lm,
        api_base=args.api_base,
        judge=bench.judging.default if args.judge is None else args.judge,
        n_samples=args.samples,
        n_targets=bench.n_targets if args.targets is None else args.targets,
        min_texts=args.min_texts,
        seed=args.seed,
        n_threads=args.threads,
        out=args.out,
        tracking_uri=os.environ.get("MLFLOW_TRACKING_URI"),
    )


@dataclass
class _Run:
    """One compile from its first call to its version."""

    experiment: Experiment
    student: dspy.Module
    optimizer: Optimizer
    plan: Plan
    budget: str
    quiet: bool
    name: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    def execute(self) -> Outcome:
        """Compiles, scores, saves, registers."""
        started = time.perf_counter()
        experiment, splits = self.experiment, self.experiment.splits
        self.purse = Purse(free=experiment.small)
        self.progress = RunProgress(entry.progress_console(), self.purse, self.quiet)
        warm = threading.Thread(target=_warm_tracking, args=(experiment,), daemon=True)
        warm.start()
        with self.progress.live(), dspy.context(lm=experiment.lm, adapter=FittingAdapter()):
            tournament = Tournament(experiment, self.purse, self.progress, self.name)
            tournament.enter(BASELINE, self._system(BASELINE), splits.train, splits.val, splits.test)
            warm.join()
            return self._track(tournament, started)

    def _system(self, name: str) -> dspy.Module:
        task = self.experiment.task
        return task.bench.systems[name].build(task)

    def _track(self, tournament: Tournament, started: float) -> Outcome:
        from programs.model_registry import log_program
        from programs.tracking import tracked_run

        experiment, splits = self.experiment, self.experiment.splits
        title = f"{self.optimizer.name} {self.budget} seed {experiment.choices.seed}"
        with tracked_run(experiment.store, experiment.task.name, title, tags={"kind": "compile"}) as tracked:
            student = self.student
            self.fitted = experiment.task.fit(student, experiment.corpus.name, (*splits.train, *splits.val))
            compiled = self._compile(student, tournament, tracked)
            if compiled.interrupted and not compiled.trials:
                raise KeyboardInterrupt
            if not compiled.interrupted:
                compiled = self._score(student, compiled, tournament)
            draft = self._draft(compiled, tournament, time.perf_counter() - started)
            folder = save_version(compiled.program, draft, tournament.write_ledger, experiment.choices.out)
            alias = None if compiled.interrupted else decide_alias(*tournament.against_rival())
            if alias:
                promote(experiment.choices.out, experiment.task.name, folder.name, alias)
            tracked.log_version(folder)
            log_program(tracked, folder, alias)
            if compiled.interrupted:
                tracked.ending = "KILLED"
        return Outcome(folder, read_card(folder / "card.json"), alias, compiled.interrupted, experiment.store.uri)

    def _compile(self, student: dspy.Module, tournament: Tournament, tracked: "TrackedRun") -> Compiled:
        from programs.tracking import Trial as TrackedTrial

        experiment, splits = self.experiment, self.experiment.splits
        examples = experiment.task.examples
        answered = tournament.texts(BASELINE)
        material = Material(
            trainset=[example for example in examples(splits.train) if example.target_id in answered],
            valset=[example for example in examples(splits.val) if example.target_id in answered],
            labelled=experiment.labelled,
            variants=experiment.task.variants,
            proposer=None if experiment.small else experiment.lm,
        )
        judge = experiment.judge(splits.train, splits.val)
        targets = experiment.targets(splits.train, splits.val)
        metric = experiment.task.bench.metric(judge, targets, answered)
        best = 0.0

        def on_trial(trial: Trial) -> None:
            nonlocal best
            best = max(best, trial.score)
            self.progress.trial(trial.number, trial.score, best, trial.n_failures)
            tracked.log_trial(TrackedTrial(trial.number, trial.score, trial.instructions, trial.demos))

        n_trials = self.plan.n_trials
        n_threads = experiment.choices.n_threads
        with self.purse.phase("compile"), self.progress.phase("compile", n_trials + 1):
            compiled = self.optimizer.compile(
                student,
                material,
                metric,
                n_trials=n_trials,
                seed=experiment.choices.seed,
                n_threads=n_threads,
                on_trial=on_trial,
            )
        if compiled.interrupted:
            return compiled
        with self.purse.phase("confirm"), self.progress.phase("confirm", 1):
            try:
                compiled = confirm(student, compiled, material, metric, n_threads)
            except KeyboardInterrupt:
                return replace(compiled, interrupted=True)
        self.progress.say(f"  {compiled.confirmation}")
        return compiled

    def _score(self, student: dspy.Module, compiled: Compiled, tournament: Tournament) -> Compiled:
        """Scores on the test authors; Ctrl-C while it does costs the scores, not the program."""
        test = self.experiment.splits.test
        try:
            for rival in self.experiment.task.bench.rivals:
                tournament.enter(rival, self._system(rival), test)
            tournament.enter("uncompiled", student, test)
            tournament.enter("compiled", compiled.program, test)
            tournament.judge()
        except KeyboardInterrupt:
            tournament.forget_verdicts()
            return replace(compiled, interrupted=True)
        return compiled

    def _draft(self, compiled: Compiled, tournament: Tournament, seconds: float) -> CardDraft:
        return draft_card(
            self.experiment,
            tournament,
            settings=self.experiment.task.settings_of(compiled.program),
            optimizer=(self.optimizer.name, {"budget": self.budget, **self.optimizer.settings(self.plan.n_trials)}),
            trials=[(trial.score, trial.n_failures) for trial in compiled.trials],
            n_unscored=compiled.n_unscored,
            interrupted=compiled.interrupted,
            remarks=(self.fitted, compiled.confirmation),
            seconds=seconds,
        )


def _warm_tracking(experiment: Experiment) -> None:
    """Imports MLflow and makes its database while the model is busy; a fault is met again where it is used."""
    from programs.tracking import open_store
    from signatures.errors import SetupError

    try:
        open_store(experiment.store, experiment.task.name)
    except SetupError:
        return


def _show_plan(experiment: Experiment, plan: Plan, args: argparse.Namespace) -> None:
    if args.json:
        print(json.dumps({"n_trials": plan.n_trials, "calls": plan.calls, "seconds": round(plan.seconds)}))
        return
    splits = experiment.splits
    console, bench = entry.results_console(), experiment.task.bench
    title = f"{experiment.task.name} on {experiment.corpus.name}, model {args.lm}, optimizer {args.optimizer}"
    console.print(title, markup=False, soft_wrap=True)
    sizes = {"train": splits.train, "val": splits.val, "dev": splits.dev, "test": splits.test}
    console.print(
        f"{bench.unit}s: {', '.join(f'{len(cases)} {part}' for part, cases in sizes.items())}; "
        f"{counted(experiment.choices.n_targets, 'target')} each; {plan.n_trials} trials"
    )
    for phase, n_calls in plan.calls.items():
        console.print(f"  {phase}: at most {n_calls} model calls")
    console.print(f"  in all: at most {plan.n_calls} model calls, about {plan.seconds / 60:.0f} min", highlight=False)


def _show_outcome(outcome: Outcome, right: str) -> None:
    console = entry.results_console()
    if outcome.interrupted:
        console.print("Interrupted: the best program so far is kept; the test authors were not scored.")
    show_results(console, outcome.card, right)
    rank = f"{outcome.alias} of {outcome.card.task}" if outcome.alias else "a version that was not scored"
    console.print(f"saved {outcome.folder} as {rank}", highlight=False, markup=False)
    reference = f"{outcome.card.task}/{outcome.card.version}"
    # `load` looks into ./artifacts; a folder elsewhere is named whole.
    reference = reference if outcome.folder.parent.parent == Choices().out else f"{outcome.folder}/"
    load = f'from programs import load; program = load("{reference}")'
    console.print(f"load it:      {load}", highlight=False, markup=False, soft_wrap=True)
    console.print(
        f"open MLflow:  uv run mlflow ui --backend-store-uri {shown_uri(outcome.tracking_uri)}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


if __name__ == "__main__":
    entry.run(main)
