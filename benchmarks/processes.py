"""Two processes on one study against one, with a model over HTTP: `uv run python -m benchmarks.processes`.

Runs `python -m programs.compile --optimizer joint --study PATH` against a model on this machine that takes as long as a
hosted one (`benchmarks.served`): first one process on a study of its own, then two together on another, each study with
an answer cache of its own. Trials a minute are counted from the beginning of the first trial to the end of the last, as
the study has them; what comes before (imports, the baseline's texts) and after (a second look at the winner, scoring
the test authors) each process does for itself, and is printed beside it.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.compiles import add_options, asking, choices, end, kill, start, workplace
from benchmarks.served import MODEL, Served, serving
from optimizers.joints.history import History
from optimizers.joints.study import Study
from signatures.errors import counted

TARGET = 1.6
STUDY = "study.log"


class Searched(NamedTuple):
    """What some processes did together."""

    n_processes: int
    n_trials: int
    n_calls: int
    """Of whole compiles."""
    search: float
    """Seconds from the beginning of the first trial to the end of the last."""
    before: float
    """Seconds from the start of the processes to the first trial."""
    whole: float
    """Seconds to the end of the last process."""

    @property
    def rate(self) -> float:
        """Trials a minute."""
        return 60 * self.n_trials / self.search


def span(history: History) -> tuple[datetime, float, int]:
    """When a study's first trial began, seconds from there to the end of its last, and the number of trials."""
    trials: list[dict[str, Any]] = [trial for trial in history.trials if trial["elapsed"] is not None]
    first = min(datetime.fromisoformat(trial["started"]) for trial in trials)
    return first, max(float(trial["elapsed"]) for trial in trials), len(trials)


def searched(server: Served, folder: Path, arguments: Sequence[str], n_processes: int) -> Searched:
    """Runs compiles on one study, all begun at once. Raises: CompileFailedError."""
    n_before, begun, started = server.n_asked, datetime.now(), time.monotonic()
    given = asking(server, folder, [*arguments, "--study", str(folder / STUDY)])
    logs = [f"log {number}" for number in range(n_processes)]
    processes = [start(folder, given, log) for log in logs]
    try:
        for process, log in zip(processes, logs, strict=True):
            end(process, folder, log)
    finally:
        for process in processes:
            kill(process)
    whole = time.monotonic() - started
    first, seconds, n_trials = span(Study.open(folder / STUDY).history())
    return Searched(n_processes, n_trials, server.n_asked - n_before, seconds, (first - begun).total_seconds(), whole)


def told(found: Searched) -> str:
    """One line of the table."""
    after = found.whole - found.before - found.search
    return (
        f"{counted(found.n_processes, 'process', 'processes')}: {found.n_trials} trials in {found.search:.0f} s, "
        f"{found.rate:.1f} a minute; before {found.before:.0f} s, after {after:.0f} s, "
        f"{counted(found.n_calls, 'call')} in all"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints both searches; 1 if two processes are not fast enough, 2 for a wrong option."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.processes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_options(parser)
    parser.add_argument("--budget", default="medium", help="as programs.compile takes it (default: %(default)s)")
    parser.add_argument(
        "--seconds", type=float, nargs=2, default=(0.5, 1.0), help="that a call takes at least and at most"
    )
    options = parser.parse_args(arguments)
    low, high = options.seconds
    if options.threads < 1 or not 0 <= low <= high:
        print("error: give at least 1 thread, and two numbers of seconds in their order", file=sys.stderr)
        return 2
    wanted = [*choices(options), "--budget", options.budget]
    with workplace(options.folder) as home, serving((low, high)) as server:
        print(f"{' '.join(wanted)}; {MODEL}, {low} to {high} s a call", flush=True)
        found = []
        for n_processes in (1, 2):
            found.append(searched(server, home / f"{n_processes}", wanted, n_processes))
            print(told(found[-1]), flush=True)
    one, two = found
    print(f"two against one: {two.rate / one.rate:.2f} times the trials a minute (target: at least {TARGET})")
    print(f"whole commands, imports included: {one.whole:.0f} s and {two.whole:.0f} s")
    return int(two.rate < TARGET * one.rate)


if __name__ == "__main__":
    sys.exit(main())
