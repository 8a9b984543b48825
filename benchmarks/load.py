"""How long an app waits for a program: a new process, from its start until `load("authorship")` is done.

    uv run python -m benchmarks.load [--runs 5]

Each run is a process of its own; the last one also times its first answer, which loads the model, with an
empty cache.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGET = 3.0
"""Seconds within which the program must be ready."""
READY = "ready"

_LOAD = f"from programs import load\nprogram = load({{reference!r}})\nprint({READY!r}, flush=True)\n"
_ANSWER = """
answer = program(
    samples=["Up early. Tea, then the bus.", "Rain again. Good for the beans, bad for the washing."],
    prompt="Write an email that asks a neighbour to water the plants.",
)
print(len(answer.text.split()), len(answer.hypotheses), flush=True)
"""


def timed(code: str, folder: str) -> tuple[float, float, str]:
    """Seconds until the program is ready, seconds from there to the end, and the last line printed."""
    environment = {**os.environ, "DSPY_CACHEDIR": folder}
    started = time.perf_counter()
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline().strip()
        ready = time.perf_counter() - started
        rest = process.stdout.read().strip()
    if process.returncode or first != READY:
        raise SystemExit("the program did not load; see the message above")
    return ready, time.perf_counter() - started - ready, rest


def main() -> int:
    """Prints the figures; 1 if the median is beyond the target."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="processes to time (default: %(default)s)")
    parser.add_argument("--program", default="authorship", help="what to load (default: %(default)s)")
    options = parser.parse_args()
    if options.program == "authorship" and not (ROOT / "artifacts" / "authorship").is_dir():
        print("there is no compiled program yet; make one with: python -m programs.compile --task authorship")
        return 0
    code = _LOAD.format(reference=options.program)
    with tempfile.TemporaryDirectory() as folder:
        seconds = [timed(code, folder)[0] for _ in range(options.runs)]
        _, answered, made = timed(code + _ANSWER, folder)
    median = statistics.median(seconds)
    spread = ", ".join(f"{each:.2f}" for each in sorted(seconds))
    print(f"load({options.program!r}) in a new process, embedded model, {options.runs} runs, {os.cpu_count()} cores")
    print(f"ready after {median:.2f} s (median of {spread}; target: under {TARGET:.0f})")
    n_words, n_hypotheses = made.split()
    print(f"first answer {answered:.1f} s later, model loaded on the way: {n_hypotheses} hypotheses, {n_words} words")
    return int(median >= TARGET)


if __name__ == "__main__":
    sys.exit(main())
