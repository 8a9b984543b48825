"""Lets optimizers compete: the same split, the same budget, several seeds; one table and one picture.

uv run python -m programs.bakeoff --task authorship --optimizers bootstrap,miprov2,joint --seeds 0,1,2
"""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

from optimizers import OPTIMIZERS
from optimizers.budget import Limits
from programs import entry
from programs.bakeoffs.compiling import Estimates, Searcher
from programs.bakeoffs.files import PICTURE, RESULTS, TABLE, write_results
from programs.bakeoffs.keeping import Kept
from programs.bakeoffs.records import Results
from programs.bakeoffs.run import BakeoffRun
from programs.bakeoffs.setup import BakeoffChoices, Costs, Setup, prepare_bakeoff
from programs.bakeoffs.table import show_bakeoff
from programs.choosing import data_help, judges_help, targets_help
from programs.experiment import Choices
from programs.lms.answer_cache import keep_answers
from programs.metering import Tally
from programs.progress import RunProgress
from programs.spending import Purse
from programs.tasks import TASKS, find_task
from signatures.errors import SetupError, counted

CONTESTANTS = "bootstrap,miprov2,joint"
SEEDS = "0,1,2"


def parser() -> entry.Parser:
    """The command line."""
    base = Choices()
    p = entry.Parser(
        "python -m programs.bakeoff",
        f"uv run python -m programs.bakeoff --task authorship --optimizers {CONTESTANTS} --seeds {SEEDS}",
        "Compile with several optimizers and seeds on the same split and budget, and compare on the dev authors what "
        "each ends with and what it took.",
    )
    p.add_argument("--task", default=base.task, help=f"{', '.join(TASKS)} (default: {base.task})")
    p.add_argument("--data", default=base.data, help=data_help())
    entry.add_model_options(p, os.environ)
    p.add_argument("--judge", help=f"{judges_help()} (default: the first)")
    p.add_argument(
        "--optimizers",
        type=_names,
        default=_names(CONTESTANTS),
        metavar="NAMES",
        help=f"with commas, of {', '.join(OPTIMIZERS)} (default: {CONTESTANTS})",
    )
    p.add_argument(
        "--seeds",
        type=_names,
        default=_names(SEEDS),
        metavar="NUMBERS",
        help=f"of the searches, with commas; split and decoding stay those of the first (default: {SEEDS})",
    )
    p.add_argument("--budget", default="light", help="light, medium or heavy: trials of each search (default: light)")
    p.add_argument("--max-calls", type=int, metavar="N", help="model calls of each search, all its models together")
    p.add_argument("--max-tokens", type=int, metavar="N", help="tokens read and written of each search")
    p.add_argument("--max-cost", type=float, metavar="USD", help="dollars of each search")
    p.add_argument("--max-minutes", type=float, metavar="M", help="minutes of each search")
    p.add_argument("--samples", type=int, default=base.n_samples, metavar="N", help="texts of an author that are shown")
    p.add_argument("--targets", type=int, metavar="N", help=targets_help())
    p.add_argument("--min-texts", type=int, metavar="N", help="leave out authors with fewer texts")
    p.add_argument("--threads", type=int, default=base.n_threads, metavar="N", help="model calls in flight")
    p.add_argument("--exact", action="store_true", help="embedded model: the same texts in every run, at half speed")
    p.add_argument("--out", type=Path, default=base.out, metavar="DIR", help="where files go (default: artifacts)")
    p.add_argument("--resume", action="store_true", help="keep finished searches and go on with what is missing")
    p.add_argument("--json", action="store_true", help="print the results as JSON and nothing else on stdout")
    p.add_argument("--dry-run", action="store_true", help="print the plan and stop")
    return p


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; its exit code."""
    args = parser().parse_args(arguments)
    limits = Limits(
        max_calls=args.max_calls, max_tokens=args.max_tokens, max_dollars=args.max_cost, max_minutes=args.max_minutes
    )
    setup = prepare_bakeoff(_choices(args, limits), tuple(OPTIMIZERS))
    estimates = Estimates(setup)
    estimates.check(limits)
    if args.dry_run:
        _show_plan(setup, estimates.costs(), args.json)
        return entry.DONE
    console = entry.progress_console()
    note = keep_answers(os.environ)
    kept = Kept(setup.folder, setup.header)
    kept.check(args.resume)
    purse = Purse(free=setup.experiment.small)
    progress = RunProgress(console, purse, args.json)
    if note:
        progress.say(note)
    with progress.live():
        results = BakeoffRun(setup, kept, Searcher(setup, limits, estimates), purse, progress).execute()
    write_results(setup.folder, results, setup.experiment.task.bench.right)
    _show(results, setup, args.json)
    _track(results, setup)
    if results.interrupted:
        return entry.INTERRUPTED
    return entry.DONE if any(standing.seeds for standing in results.standings) else entry.FAILED


def _names(written: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in written.split(",") if part.strip())


def _choices(args: argparse.Namespace, limits: Limits) -> BakeoffChoices:
    bench = find_task(args.task).bench
    wrong = [each for each in args.seeds if not (each.isdecimal() and len(each) < 10)]
    if wrong:
        raise SetupError(f"--seeds has {wrong[0]!r}; give whole numbers of at least 0, with commas between them")
    seeds = tuple(map(int, args.seeds))
    base = Choices(
        task=args.task,
        data=args.data,
        lm=args.lm,
        api_base=args.api_base,
        judge=bench.judging.default if args.judge is None else args.judge,
        n_samples=args.samples,
        n_targets=bench.n_targets if args.targets is None else args.targets,
        min_texts=args.min_texts,
        seed=seeds[0] if seeds else 0,
        n_threads=args.threads,
        out=args.out,
        tracking_uri=os.environ.get("MLFLOW_TRACKING_URI"),
        exact=args.exact,
    )
    return BakeoffChoices(base, args.optimizers, seeds, args.budget, limits.model_dump())


def _show_plan(setup: Setup, costs: Costs, as_json: bool) -> None:
    parts = {
        "texts that all searches share": costs.shared,
        **{f"{name}, a seed": cost for name, cost in costs.searches.items()},
        **{f"dev texts of {name}, a seed": cost for name, cost in costs.dev.items()},
        f"in all, {counted(costs.n_seeds, 'seed')}": costs.whole,
    }
    if as_json:
        phases = {name: _as_numbers(cost) for name, cost in parts.items()}
        print(json.dumps({"n_trials": setup.n_trials, "phases": phases, "folder": str(setup.folder)}))
        return
    choices, splits, bench = setup.choices, setup.experiment.splits, setup.experiment.task.bench
    sizes = ", ".join(f"{len(getattr(splits, part))} {part}" for part in ("train", "val", "dev"))
    lines = [
        f"{choices.base.task} on {choices.base.data}, model {choices.base.lm}",
        f"{bench.unit}s: {sizes}; {counted(choices.base.n_targets, 'target')} each; {setup.n_trials} trials a search",
        *(f"  {name}: about {_in_words(cost)}" for name, cost in parts.items()),
        f"into: {setup.folder}",
    ]
    for line in lines:
        entry.results_console().print(line, highlight=False, markup=False, soft_wrap=True)


def _as_numbers(cost: Tally) -> dict[str, float | None]:
    dollars = None if cost.unpriced else cost.dollars
    return {"calls": cost.calls, "tokens": cost.tokens, "dollars": dollars, "seconds": round(cost.seconds)}


def _in_words(cost: Tally) -> str:
    paid = "price not known" if cost.unpriced else f"${cost.dollars:.4f}"
    return f"{counted(cost.calls, 'call')}, {cost.tokens:,} tokens, {paid}, {cost.seconds / 60:.1f} min"


def _show(results: Results, setup: Setup, as_json: bool) -> None:
    if as_json:
        print(results.model_dump_json())
        return
    console = entry.results_console()
    show_bakeoff(console, results, setup.experiment.task.bench.right)
    for name in (TABLE, PICTURE, RESULTS):
        if (setup.folder / name).is_file():
            console.print(str(setup.folder / name), highlight=False, markup=False, soft_wrap=True)


def _track(results: Results, setup: Setup) -> None:
    from programs.bakeoffs.tracked import BAKEOFF, log_bakeoff
    from programs.tracking import tracked_run

    # Printed first: a store that refuses costs the record of the run, not its numbers.
    name = f"{BAKEOFF} {setup.folder.name}"
    with tracked_run(setup.experiment.store, results.task, name, {"kind": BAKEOFF}) as tracked:
        log_bakeoff(tracked, results, setup.folder)
        if results.interrupted:
            tracked.ending = "KILLED"


if __name__ == "__main__":
    entry.run(main)
