"""Compares any systems on a corpus, by any judges, and writes a report that can be counted again.

uv run python -m programs.evaluate
"""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from programs import entry
from programs.choosing import data_help, judges_help, systems_help, targets_help
from programs.evaluations.again import prepare_again
from programs.evaluations.run import Evaluated, EvaluationRun
from programs.evaluations.setup import (
    PARTS,
    EvaluationChoices,
    prepare_evaluation,
)
from programs.evaluations.transfer import KINDS
from programs.experiment import Choices
from programs.progress import RunProgress
from programs.reports.tables import show_summary
from programs.spending import Purse
from programs.tasks import TASKS, find_task
from programs.tracking_store import TrackingStore, check_tracking, shown_uri, tracking_store


def parser() -> entry.Parser:
    """The command line."""
    chosen, base = EvaluationChoices(), Choices()
    p = entry.Parser(
        "python -m programs.evaluate",
        "uv run python -m programs.evaluate --systems zero-shot,few-shot,uncompiled,authorship",
        "Let systems write for authors they have never met, judge them against a baseline, and report it.",
    )
    p.add_argument("--task", default=base.task, help=f"{', '.join(TASKS)} (default: authorship)")
    p.add_argument("--data", help=data_help())
    entry.add_model_options(p, os.environ)
    p.add_argument(
        "--systems",
        metavar="A,B,...",
        help=f"{systems_help()}; a compiled program (authorship, authorship@challenger, authorship/3, a "
        "folder), or texts:FILE with texts made elsewhere (default: all that this compares well with)",
    )
    p.add_argument("--baseline", default=chosen.baseline, help="what the others are compared with (default: zero-shot)")
    p.add_argument(
        "--judges",
        metavar="A,B,...",
        help=f"{judges_help()} (default: those that ask no model)",
    )
    p.add_argument("--judge-api-base", metavar="URL", help="address of the server of hosted judges (llm:...)")
    p.add_argument("--split", default=chosen.part, help=f"whose targets: {', '.join(PARTS)} (default: test)")
    p.add_argument("--limit-authors", type=int, metavar="N", help="only the first N authors of the split")
    p.add_argument("--samples", type=int, default=base.n_samples, metavar="N", help="texts of an author that are shown")
    p.add_argument("--targets", type=int, metavar="N", help=targets_help())
    p.add_argument("--min-texts", type=int, metavar="N", help="leave out authors with fewer texts")
    p.add_argument("--seed", type=int, default=base.seed, help="seed of split, decoding and statistics (default: 0)")
    p.add_argument("--threads", type=int, default=base.n_threads, metavar="N", help="calls in flight (default: 48)")
    p.add_argument(
        "--exact", action="store_true", help="embedded model: the same texts in every run, at half the speed"
    )
    p.add_argument(
        "--out", type=Path, default=base.out, metavar="DIR", help="where evaluations go (default: artifacts)"
    )
    p.add_argument("--resume", action="store_true", help="go on with what is there; add systems or judges to it")
    p.add_argument(
        "--rejudge",
        type=Path,
        metavar="LEDGER",
        help="judge the texts of a ledger.parquet again, generate nothing; goes with --judges, --data, --out, --resume",
    )
    p.add_argument(
        "--transfer",
        default="",
        metavar="A,B,...",
        help=f"how far hypotheses carry: {', '.join(KINDS)}; a matrix or curve each",
    )
    p.add_argument("--transfer-system", metavar="SYSTEM", help="whose (default: the task's compiled program)")
    p.add_argument("--transfer-models", default="", metavar="A,B,...", help="models beside --lm, for --transfer models")
    p.add_argument("--json", action="store_true", help="print the numbers as JSON and nothing else on stdout")
    return p


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; its exit code."""
    args = parser().parse_args(arguments)
    store = tracking_store(args.out, os.environ.get("MLFLOW_TRACKING_URI"))
    console = entry.progress_console()
    if args.rejudge:
        check_tracking(store)
        judges = None if args.judges is None else names(args.judges)
        again = prepare_again(args.rejudge, judges, args.data, args.out, args.resume, args.judge_api_base)
        progress = RunProgress(console, Purse(free=True), args.json)
        folder, execute = again.folder, partial(again.execute, progress)
    else:
        evaluation = prepare_evaluation(_choices(args))
        purse = Purse(free=evaluation.experiment.small)
        progress = RunProgress(console, purse, args.json)
        folder, execute = evaluation.folder, EvaluationRun(evaluation, purse, progress).execute
    try:
        with progress.live():
            done = execute()
    except KeyboardInterrupt:
        console.print(f"interrupted; everything so far is in {folder}: go on with --resume", markup=False)
        return entry.INTERRUPTED
    _report(done, store, args)
    return entry.DONE


def names(text: str) -> tuple[str, ...]:
    """The names in a list parted by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _choices(args: argparse.Namespace) -> EvaluationChoices:
    task = find_task(args.task)
    bench = task.bench
    base = Choices(
        task=args.task,
        data=args.data or Choices().data,
        lm=args.lm,
        api_base=args.api_base,
        n_samples=args.samples,
        n_targets=bench.n_targets if args.targets is None else args.targets,
        min_texts=args.min_texts,
        seed=args.seed,
        n_threads=args.threads,
        out=args.out,
        tracking_uri=os.environ.get("MLFLOW_TRACKING_URI"),
        exact=args.exact,
    )
    return EvaluationChoices(
        base=base,
        systems=bench.evaluated if args.systems is None else names(args.systems),
        baseline=args.baseline,
        judges=bench.judging.evaluated if args.judges is None else names(args.judges),
        judge_api_base=args.judge_api_base,
        part=args.split,
        limit_authors=args.limit_authors,
        resume=args.resume,
        transfer=names(args.transfer),
        transfer_system=args.transfer_system or task.name,
        transfer_models=names(args.transfer_models),
    )


def _report(done: Evaluated, store: TrackingStore, args: argparse.Namespace) -> None:
    """Prints the numbers of an evaluation and logs it."""
    from programs.tracking import tracked_run
    from programs.tracking_evaluation import log_evaluation

    # Printed first: a store that refuses costs the record of the run, not its numbers.
    _show(done, store, args.json)
    task = done.about.task or args.task
    with tracked_run(store, task, f"evaluation {done.folder.name}", {"kind": "evaluation"}) as tracked:
        log_evaluation(tracked, done.about, done.summary, done.folder)


def _show(done: Evaluated, store: TrackingStore, as_json: bool) -> None:
    if as_json:
        numbers = {"folder": str(done.folder), "about": done.about.model_dump(mode="json")}
        print(json.dumps({**numbers, **_plain(done)}, ensure_ascii=False))
        return
    console = entry.results_console()
    show_summary(console, done.summary, done.about)
    console.print(f"report:  {done.folder / 'report.html'}", highlight=False, markup=False, soft_wrap=True)
    console.print(f"ledger:  {done.folder / 'ledger.parquet'}", highlight=False, markup=False, soft_wrap=True)
    console.print(
        f"MLflow:  uv run mlflow ui --backend-store-uri {shown_uri(store.uri)}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


def _plain(done: Evaluated) -> dict[str, object]:
    fields = {name: getattr(done.summary, name) for name in vars(done.summary)}
    return {
        name: [each.model_dump(mode="json") if hasattr(each, "model_dump") else asdict(each) for each in values]
        for name, values in fields.items()
    }


if __name__ == "__main__":
    entry.run(main)
