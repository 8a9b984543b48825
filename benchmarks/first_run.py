"""What a newcomer's first command costs: time, memory, and how much of the time the model is at work.

    uv run python -m benchmarks.first_run

Runs `python -m programs.compile` in this process with an empty answer cache and prints, beside the command's own
table: exit code, wall seconds, peak memory, and the share of the wall time in which the model was generating.
Arguments are passed on.
"""

import os
import resource
import sys
import tempfile
import time
from pathlib import Path


def main() -> int:
    """Runs the benchmark; the command's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DSPY_CACHEDIR"] = str(Path(folder) / "cache")
        started = time.perf_counter()
        from programs import compile, entry
        from programs.lms.embedded import engine_for

        entry.quiet_libraries()
        out = ["--out", str(Path(folder) / "artifacts")] if "--out" not in sys.argv else []
        code = entry.exit_code(lambda: compile.main([*sys.argv[1:], *out]))
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        busy = engine_for().busy_seconds
        print(f"exit {code}; {seconds:.0f} s of wall time; peak memory {peak:.2f} GiB; {os.cpu_count()} cores")
        print(f"the model was generating for {busy:.0f} s: {busy / seconds:.1%} of the wall time")
    return code


if __name__ == "__main__":
    sys.exit(main())
