"""Tells which of an author's hypotheses did it: leaves each out, swaps each for another author's, and compares.

uv run python -m programs.explain --author carla-voss
"""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

from programs import entry
from programs.evaluations.setup import DEFAULT_JUDGES
from programs.experiment import Choices
from programs.explaining.files import CSV, JSON, PICTURE, write_explanation
from programs.explaining.records import Explanation
from programs.explaining.run import ExplanationRun
from programs.explaining.setup import (
    ALL_TEST,
    N_DONORS,
    N_DRAWS,
    N_TARGETS,
    ExplainChoices,
    ExplainSetup,
    prepare_explanation,
)
from programs.explaining.table import show_explanation
from programs.judges import DEFAULT_JUDGE, known_judges
from programs.progress import RunProgress
from programs.spending import Purse
from signatures.errors import counted


def parser() -> entry.Parser:
    """The command line."""
    base = Choices()
    p = entry.Parser(
        "python -m programs.explain",
        f"uv run python -m programs.explain --author {ALL_TEST}",
        "Measure what each of an author's hypotheses does to texts: written with all of them, without each, with each "
        "swapped for another author's, with none, and with all once more to show the noise.",
    )
    p.add_argument("--task", default=base.task, help="whose program it is (default: authorship)")
    p.add_argument(
        "--version",
        metavar="VERSION",
        help="a number, default (the one that ships), champion, challenger, uncompiled, a folder, or anything that "
        "load takes (default: the champion, or the one that ships)",
    )
    p.add_argument(
        "--author",
        nargs="+",
        default=[],
        metavar="ID",
        help=f"authors of the corpus, or {ALL_TEST} for all of the test part; with several, effects by trait and "
        "aspect over authors too",
    )
    p.add_argument("--data", default=base.data, help="bundled, jsonl:PATH, csv:PATH, hub:ID, c50, blogs, enron")
    p.add_argument(
        "--judge",
        nargs="+",
        default=[DEFAULT_JUDGE],
        metavar="JUDGE",
        help=f"one or several of {', '.join(known_judges())} (default: {DEFAULT_JUDGE}; evaluations use "
        f"{' '.join(DEFAULT_JUDGES)})",
    )
    p.add_argument("--judge-api-base", metavar="URL", help="address of the server of hosted judges (llm:...)")
    entry.add_model_options(p, os.environ)
    p.add_argument(
        "--draws", type=int, default=N_DRAWS, metavar="N", help=f"texts a target and set (default: {N_DRAWS})"
    )
    p.add_argument(
        "--donors",
        type=int,
        default=N_DONORS,
        metavar="N",
        help=f"other authors of the same part whose hypotheses are swapped in (default: {N_DONORS})",
    )
    p.add_argument("--samples", type=int, default=base.n_samples, metavar="N", help="texts of an author that are shown")
    p.add_argument(
        "--targets",
        type=int,
        default=N_TARGETS,
        metavar="N",
        help=f"prompts of an author to answer; intervals need four or more (default: {N_TARGETS})",
    )
    p.add_argument("--min-texts", type=int, metavar="N", help="leave out authors with fewer texts")
    p.add_argument("--seed", type=int, default=base.seed, help="seed of split, swaps, decoding and statistics")
    p.add_argument("--threads", type=int, default=base.n_threads, metavar="N", help="calls in flight (default: 48)")
    p.add_argument("--exact", action="store_true", help="embedded model: the same texts in every run, at half speed")
    p.add_argument("--out", type=Path, default=base.out, metavar="DIR", help="where files go (default: artifacts)")
    p.add_argument("--json", action="store_true", help="print the explanation as JSON and nothing else on stdout")
    p.add_argument("--dry-run", action="store_true", help="say what would be written and what it costs, and stop")
    return p


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; its exit code."""
    args = parser().parse_args(arguments)
    setup = prepare_explanation(_choices(args))
    if args.dry_run:
        _show_plan(setup, args.json)
        return entry.DONE
    console = entry.progress_console()
    purse = Purse(free=setup.experiment.small)
    progress = RunProgress(console, purse, args.json)
    with progress.live():
        explanation = ExplanationRun(setup, purse, progress).execute()
    if explanation.texts:
        write_explanation(setup.folder, explanation)
    _show(explanation, setup, args.json)
    if explanation.interrupted:
        console.print(f"interrupted; what was written so far is in {setup.folder}", markup=False, soft_wrap=True)
        return entry.INTERRUPTED
    if explanation.texts:
        _track(explanation, setup)
    return entry.DONE


def _choices(args: argparse.Namespace) -> ExplainChoices:
    base = Choices(
        task=args.task,
        data=args.data,
        lm=args.lm,
        api_base=args.api_base,
        n_samples=args.samples,
        n_targets=args.targets,
        min_texts=args.min_texts,
        seed=args.seed,
        n_threads=args.threads,
        out=args.out,
        tracking_uri=os.environ.get("MLFLOW_TRACKING_URI"),
        exact=args.exact,
    )
    return ExplainChoices(
        base=base,
        version=args.version,
        authors=tuple(args.author),
        judges=tuple(args.judge),
        judge_api_base=args.judge_api_base,
        n_draws=args.draws,
        n_donors=args.donors,
    )


def _show_plan(setup: ExplainSetup, as_json: bool) -> None:
    calls, seconds = setup.calls(), setup.seconds()
    authors, donors = ([case.author.id for _, case in group] for group in (setup.cases, setup.donors))
    if as_json:
        plan = {"authors": authors, "donors": donors, "calls": calls, "seconds": round(seconds)}
        print(json.dumps({**plan, "folder": str(setup.folder)}, ensure_ascii=False))
        return
    console = entry.results_console()
    told = [
        f"{setup.system.name} ({setup.system.about}) with model {setup.choices.base.lm}",
        f"authors: {', '.join(authors)}",
        f"swapped in from them and: {', '.join(donors) or 'nobody else'}",
        *(f"  {phase}: at most {counted(n, 'model call')}" for phase, n in calls.items()),
        f"  in all: at most {counted(sum(calls.values()), 'model call')}, about {max(1, round(seconds / 60))} min",
        f"into: {setup.folder}",
    ]
    for line in told:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _show(explanation: Explanation, setup: ExplainSetup, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"folder": str(setup.folder), **explanation.model_dump(mode="json")}, ensure_ascii=False))
        return
    console = entry.results_console()
    show_explanation(explanation, console)
    for name in (JSON, CSV, PICTURE) if explanation.texts else ():
        if (setup.folder / name).is_file():
            console.print(str(setup.folder / name), highlight=False, markup=False, soft_wrap=True)


def _track(explanation: Explanation, setup: ExplainSetup) -> None:
    from programs.explaining.tracked import EXPLANATION, log_explanation
    from programs.tracking import tracked_run

    # Printed first: a store that refuses costs the record of the run, not its numbers.
    store, task = setup.experiment.store, explanation.task
    with tracked_run(store, task, f"explanation {setup.folder.name}", {"kind": EXPLANATION}) as tracked:
        log_explanation(tracked, explanation, setup.folder)


if __name__ == "__main__":
    entry.run(main)
