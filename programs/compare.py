"""Lays versions and runs of a task side by side, on the same targets.

    uv run python -m programs.compare --task authorship

Nothing is generated or judged: all numbers are counted from the ledgers that compiles and evaluations left.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from programs import entry
from programs.comparing import by_split, check_splits, compare, left_out, rivals_among, split_name
from programs.contenders import Source, contenders_of, version_folder, version_name, version_source, without_repetitions
from programs.references import CARD, DEFAULT, SHIPPED, saved_versions
from programs.side_by_side import LeftOut, SideBySide, show_side_by_side
from programs.tasks import find_task
from programs.tracking_store import tracking_store
from signatures.errors import SetupError


def parser() -> entry.Parser:
    """The command line."""
    p = entry.Parser(
        "python -m programs.compare",
        "uv run python -m programs.compare --task authorship",
        "Compare versions and MLflow runs on the targets that all of them answered, without calling a model.",
    )
    p.add_argument("--task", default="authorship", help="whose versions and runs (default: authorship)")
    p.add_argument(
        "--versions",
        nargs="+",
        default=[],
        metavar="VERSION",
        help="numbers, default (the one that ships), champion, challenger, or folders of versions (default: all "
        "numbered ones and the one that ships, as far as they can be compared)",
    )
    p.add_argument(
        "--runs", nargs="+", default=[], metavar="RUN", help="ids or names of compiles and evaluations in MLflow"
    )
    p.add_argument(
        "--system",
        nargs="+",
        default=[],
        metavar="NAME",
        help="systems to compare (default: what each compile made; of evaluations, every system that stands in two)",
    )
    p.add_argument("--baseline", metavar="NAME", help="what they were judged against (default: zero-shot)")
    p.add_argument(
        "--out", type=Path, default=Path("artifacts"), metavar="DIR", help="where versions are (default: artifacts)"
    )
    p.add_argument("--json", action="store_true", help="print the comparison as JSON and nothing else on stdout")
    return p


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; its exit code."""
    args = parser().parse_args(arguments)
    task = find_task(args.task).name
    if args.versions or args.runs:
        sources, out = [*_versions(args, task), *_runs(args, task)], []
    else:
        sources, out = _comparable(task, args.out)
    found = _compare(task, sources, out, args)
    console = entry.results_console()
    if args.json:
        console.print_json(found.model_dump_json())
    else:
        show_side_by_side(console, found)
    return entry.DONE


def _compare(task: str, sources: Sequence[Source], out: Sequence[LeftOut], args: argparse.Namespace) -> SideBySide:
    sources, same = without_repetitions(sources)
    if same and len(sources) < 2:
        raise SetupError(f"{same[0].name!r} {same[0].reason}: there is one thing to compare; name another")
    check_splits(sources)
    contenders = [contender for source in sources for contender in contenders_of(source, args.system)]
    rivals = rivals_among(contenders, all_with_all=bool(args.system))
    found = compare(task, rivals, args.baseline)
    return found.model_copy(update={"left_out": (*out, *same, *left_out(contenders, rivals))})


def _versions(args: argparse.Namespace, task: str) -> Iterator[Source]:
    for name in args.versions:
        folder = version_folder(task, name, args.out)
        yield version_source(version_name(task, name, folder, args.out), folder)


def _runs(args: argparse.Namespace, task: str) -> Iterator[Source]:
    if not args.runs:
        return
    from programs.tracking_runs import run_source  # MLflow takes seconds to import

    store = tracking_store(args.out, os.environ.get("MLFLOW_TRACKING_URI"))
    with tempfile.TemporaryDirectory() as scratch:
        for name in args.runs:
            yield run_source(store, task, name, Path(scratch))


def _comparable(task: str, root: Path) -> tuple[list[Source], list[LeftOut]]:
    """The most versions that share a split, of two such groups the one with the latest version; and the others."""
    names = saved_versions(root / task)
    if any((home / task / DEFAULT / CARD).is_file() for home in (root, *SHIPPED)):
        names.append(DEFAULT)
    sources: list[Source] = []
    out: list[LeftOut] = []
    for name in names:
        folder = version_folder(task, name, root)
        try:
            sources.append(version_source(version_name(task, name, folder, root), folder))
        except SetupError as fault:
            out.append(LeftOut(name=name, reason=str(fault)))
    if len(sources) < 2:
        told = "; ".join([*(f"only {each.name!r}" for each in sources), *(each.reason for each in out)]) or "none"
        raise SetupError(
            f"there are not two scored versions to compare in {str(root / task)!r}: {told}; make one with: "
            f"python -m programs.compile --task {task}"
        )
    groups = by_split(sources)
    best = max(groups, key=lambda group: (len(group), max(source.created for source in group)))
    if len(best) < 2:
        check_splits(sources)
    for source in sources:
        if source not in best:
            reason = f"scored on {split_name(source)}, the others on {split_name(best[0])}"
            out.append(LeftOut(name=source.name, reason=reason))
    return best, out


if __name__ == "__main__":
    entry.run(main)
