"""How much memory a long study takes: `uv run python -m benchmarks.study_memory`.

Runs a joint compile of the authorship program with so many trials, in a process of its own, against a model on this
machine (`benchmarks.served`), and reads that process's peak memory (Linux, `VmHWM`) as it tells of its trials. What a
study keeps in memory is what the peak grows by after the first few, by which time everything is imported and fitted.
"""

import argparse
import re
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.compiles import ROOT, CompileFailedError, add_options, choices, environment, kill, workplace
from benchmarks.served import MODEL, serving

MOST_MB = 200.0
FIRST = 5
"""The trial from which growth is counted."""
_TRIAL = re.compile(r"\s*trial (\d+):")


def peaks(
    lines: Iterable[str], status: Path, at: Collection[int], hear: Callable[[str], object] = lambda line: None
) -> dict[int, float]:
    """Peak memory in MB when each of these trials was told.

    Args:
        lines: What the process prints, as it prints it.
        status: Its status file, such as /proc/123/status.
        at: Numbers of trials.
        hear: Is told every line.
    """
    found = {}
    for line in lines:
        hear(line)
        told = _TRIAL.match(line)
        if told and int(told[1]) in at:
            found[int(told[1])] = _peak_mb(status)
    return found


def _peak_mb(status: Path) -> float:
    rows = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
    return int(rows["VmHWM"].split()[0]) / 1024


def run_inside(options: argparse.Namespace) -> int:
    """The compile, in this process; its exit code."""
    from programs import entry
    from programs.compiling.asked import JOINT, Asked
    from programs.compiling.planning import prepare_compile
    from programs.compiling.run import CompileRun
    from programs.experiment import Choices, prepare
    from programs.lms.answer_cache import keep_answers

    entry.quiet_libraries()
    keep_answers()
    chosen = Choices(
        data=options.data,
        lm=MODEL,
        api_base=options.inside,
        n_targets=options.targets,
        seed=options.seed,
        n_threads=options.threads,
        out=options.folder / "out",
    )
    experiment = prepare(chosen)
    setup = prepare_compile(experiment, Asked(optimizer=JOINT, budget="heavy"), experiment.task.build({}), {})
    CompileRun(replace(setup, plan=replace(setup.plan, n_trials=options.trials))).execute()
    return 0


def in_new_process(options: argparse.Namespace, base: str, folder: Path, at: Sequence[int]) -> dict[int, float]:
    """Peak memory of one compile in MB when these trials were told. Raises: CompileFailedError."""
    given = ["--trials", str(options.trials), "--folder", str(folder), "--inside", base]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.study_memory", *choices(options), *given],
        cwd=ROOT,
        env=environment(folder),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said: deque[str] = deque(maxlen=40)
    try:
        found = peaks(process.stderr, Path(f"/proc/{process.pid}/status"), at, said.append)
        process.wait()
    finally:
        kill(process)
        process.stderr.close()
    if process.returncode:
        raise CompileFailedError(f"the compile ended with exit code {process.returncode}:\n{''.join(said)}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints peak memory as the study grows; 1 if it grows too much, 2 for a wrong option."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.study_memory",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(parser)
    parser.add_argument("--trials", type=int, default=200, help="(default: %(default)s)")
    parser.add_argument("--inside", metavar="URL", help="run in this process and ask this server")
    options = parser.parse_args(arguments)
    if options.trials <= FIRST or options.threads < 1:
        print(f"error: give more than {FIRST} trials, and at least 1 thread", file=sys.stderr)
        return 2
    if options.inside:
        return run_inside(options)
    if not sys.platform.startswith("linux"):
        print("error: only Linux tells a process's peak memory while it runs", file=sys.stderr)
        return 2
    at = sorted({FIRST, *range(0, options.trials, 50), options.trials} - {0})
    with workplace(options.folder) as home, serving() as server:
        print(f"{' '.join(choices(options))}; joint, {options.trials} trials; {MODEL}", flush=True)
        found = in_new_process(options, server.base, home, at)
        print(f"{server.n_asked:,} calls")
    for number, megabytes in found.items():
        print(f"peak after trial {number:3}: {megabytes:5.0f} MB")
    # A space that has fewer programs ends a search sooner.
    last = max(found)
    growth = found[last] - found[FIRST]
    print(f"from trial {FIRST} to {last}: {growth:+.0f} MB (target: under {MOST_MB:.0f} for 200 trials)")
    return int(growth >= MOST_MB or last < options.trials)


if __name__ == "__main__":
    sys.exit(main())
