"""Compiles a program on a corpus and reports how it writes for people it has never met.

    uv run python -m programs.compile --task authorship

The one place where programs, data and optimizers meet.
"""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

from programs import entry
from programs.adjusting import adjusted, read_settings
from programs.choosing import data_help, judges_help, targets_help
from programs.compiling.asked import add_options, read_asked
from programs.compiling.planning import prepare_compile
from programs.compiling.run import CompileRun
from programs.compiling.showing import plan_json, show_outcome, show_plan
from programs.experiment import Choices, prepare
from programs.lms.answer_cache import keep_answers
from programs.tasks import TASKS, find_task


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
    add_options(p)
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
        "--threads", type=int, default=chosen.n_threads, metavar="N", help="model calls in flight (default: 48)"
    )
    p.add_argument("--out", type=Path, default=chosen.out, metavar="DIR", help="where versions go (default: artifacts)")
    p.add_argument("--json", action="store_true", help="print the card as JSON and nothing else on stdout")
    p.add_argument("--dry-run", action="store_true", help="print what each phase will cost, and stop")
    return p


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; its exit code."""
    args = parser().parse_args(arguments)
    asked, settings = read_asked(args), _settings(args)
    note = keep_answers(os.environ)
    if note:
        entry.progress_console().print(f"note: {note}", markup=False, highlight=False)
    experiment = prepare(_choices(args))
    experiment.task.bench.ready(experiment.splits)
    student = adjusted(experiment.task.build({}), settings, experiment.task.name)
    setup = prepare_compile(experiment, asked, student, settings)
    if args.dry_run:
        if args.json:
            print(json.dumps(plan_json(setup)))
        else:
            show_plan(entry.results_console(), setup)
        return entry.DONE
    outcome = CompileRun(setup, quiet=args.json).execute()
    if args.json:
        entry.results_console().print_json(outcome.card.model_dump_json())
    else:
        at_home = outcome.folder.parent.parent == Choices().out
        show_outcome(entry.results_console(), outcome, experiment.task.bench.right, at_home)
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


if __name__ == "__main__":
    entry.run(main)
