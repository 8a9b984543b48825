"""How long the report of an evaluation takes to rebuild from its ledger, and how large it is.

    uv run python -m benchmarks.report [--pairs 1000]

Makes a ledger of that many pairs of texts from a seed, without a model: systems against a baseline on three targets of
each author, three judges, both orders. Rebuilds its report twice, each time in a process of its own, and prints the
seconds of both, the size of the page, and whether page and pictures are the same
bytes both times. Exit code 1 if they are not.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from programs.ledger import write_ledger
from programs.references import LEDGER
from programs.reports.writing import REPORT
from tests.reports.made_evaluation import JUDGES, SYSTEMS, Size, made_about, made_rows

_TARGETS = 3
_REBUILD = """
import sys, time
from pathlib import Path
started = time.perf_counter()
from programs.ledger import read_all
from programs.reports import write_report
rows, about = read_all(sys.argv[1])
write_report(Path(sys.argv[2]), rows, about)
print(time.perf_counter() - started, time.process_time())
"""


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a report by its place."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.*"))}


def rebuild(ledger: Path, folder: Path) -> tuple[float, ...]:
    """Seconds that pass from the first import on, and seconds of processor time."""
    command = [sys.executable, "-c", _REBUILD, str(ledger), str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return tuple(map(float, done.stdout.split()))


def main() -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("--pairs", type=int, default=1000, help="at least so many pairs of texts (default: 1000)")
    parser.add_argument("--words", type=int, default=150, help="mean length of a text (default: 150)")
    options = parser.parse_args()
    n_authors = -(-options.pairs // (len(SYSTEMS) * _TARGETS))
    rows = made_rows(Size(n_authors=n_authors, n_targets=_TARGETS, n_words=options.words))
    n_pairs = n_authors * _TARGETS * len(SYSTEMS)
    with tempfile.TemporaryDirectory() as name:
        ledger = Path(name) / LEDGER
        write_ledger(ledger, rows, made_about())
        folders = [Path(name) / "first", Path(name) / "second"]
        seconds = [rebuild(ledger, folder) for folder in folders]
        first, second = (files(folder) for folder in folders)
    print(f"{n_pairs} pairs of {n_authors} authors, {len(JUDGES)} judges, {len(rows)} verdicts")
    for passed, busy in seconds:
        print(f"rebuilt in {passed:.2f} s ({busy:.2f} s of processor time)")
    print(f"page: {len(first[REPORT]) / 1e6:.2f} MB; with plots: {sum(map(len, first.values())) / 1e6:.2f} MB")
    same = first == second
    print(f"{len(first)} files, {'byte for byte the same' if same else 'NOT the same'} both times")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
