"""What kills cost a joint compile that is gone on with: `uv run python -m benchmarks.killed`.

Runs `python -m programs.compile --optimizer joint` against a model on this machine (`benchmarks.served`) twice, each
with an answer cache of its own: undisturbed; and killed by SIGKILL at drawn moments, each time gone on with by
`--resume`. Compares the programs, every trial's score, and the calls, which are counted where they arrive. A moment is
drawn from the time of the undisturbed run, from its start to its last call, and comes as many calls and seconds after
the start as it does there. A call that is in flight when its process dies is lost with it: nobody is left to hear its
answer, and it must be made again. Those are counted too: a server that charges for them knows no kills.
"""

import argparse
import json
import random
import signal
import sys
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.compiles import add_options, asking, choices, end, kill, last_version, start, workplace
from benchmarks.served import MODEL, Served, serving
from signatures.errors import counted

MOST_FURTHER = 0.02
"""Calls that kills may add, as a share of those of an undisturbed run."""
_POLL_SECONDS = 0.005


class Moment(NamedTuple):
    """When a process is killed."""

    n_calls: int
    """That must have arrived, over all processes so far."""
    seconds: float
    """After the last of them; after the process's start where they had arrived by then."""


class Kill(NamedTuple):
    """One kill, and what it cut off."""

    n_calls: int
    """That had arrived by then, over all processes."""
    in_flight: int
    """Of them, those that were not answered."""


def drawn_moments(arrivals: Sequence[float], seconds: float, n: int, rng: random.Random) -> list[Moment]:
    """Moments of an undisturbed run, in their order.

    Args:
        arrivals: When each of its calls arrived, in seconds after its start, ascending.
        seconds: From its start to where moments end.
        n: Moments to draw, each as likely as any other.
        rng: Draws.
    """
    found = []
    for drawn in sorted(rng.uniform(0, seconds) for _ in range(n)):
        n_before = bisect_right(arrivals, drawn)
        found.append(Moment(n_before, drawn - (arrivals[n_before - 1] if n_before else 0.0)))
    return found


def arrived(moment: Moment, ended: Callable[[], bool], heard: Callable[[], int]) -> bool:
    """Waits for a moment of a process that has just begun; False if that ended before.

    Args:
        moment: To wait for.
        ended: Whether the process has ended.
        heard: The calls that arrived so far, over all processes, without those that were lost.
    """
    since = time.monotonic()
    ready = heard() >= moment.n_calls
    while not ended():
        if not ready and heard() >= moment.n_calls:
            since, ready = time.monotonic(), True
        if ready and time.monotonic() - since >= moment.seconds:
            return True
        time.sleep(_POLL_SECONDS)
    return False


def disturbed(server: Served, folder: Path, arguments: Sequence[str], moments: Sequence[Moment]) -> list[Kill]:
    """Runs a compile to its end through all kills. Raises: CompileFailedError."""
    n_before, kills = server.n_asked, []
    for number, moment in enumerate([*moments, None]):
        # Where a process died before it began to search there is nothing to go on with yet.
        resume = ["--resume"] if any((folder / "out" / "studies").glob("*")) else []
        process = start(folder, asking(server, folder, [*arguments, *resume]), f"log {number}")
        n_gone = n_before + sum(each.in_flight for each in kills)
        try:
            if moment is None or not arrived(
                moment, lambda process=process: process.poll() is not None, lambda n=n_gone: server.n_asked - n
            ):
                end(process, folder, f"log {number}")
                break
            process.send_signal(signal.SIGKILL)
            kills.append(Kill(server.n_asked - n_before, server.n_open))
        finally:
            kill(process)
        while server.n_open:
            time.sleep(_POLL_SECONDS)
        told = f"after {counted(kills[-1].n_calls, 'call')}, {kills[-1].in_flight} in flight"
        print(f"kill {len(kills):2}: {told}", flush=True)
    return kills


def undisturbed(server: Served, folder: Path, arguments: Sequence[str]) -> tuple[list[float], float]:
    """Runs a compile: when its calls arrived, and its end, in seconds after its start. Raises: CompileFailedError."""
    n_before, started = server.n_asked, time.monotonic()
    process = start(folder, asking(server, folder, arguments))
    try:
        end(process, folder)
    finally:
        kill(process)
    return [when - started for when in server.arrivals()[n_before:]], time.monotonic() - started


def found_in(folder: Path) -> dict[str, object]:
    """What a compile came to: its program, which trial won, and the score of each."""
    version = last_version(folder)
    card = json.loads((version / "card.json").read_bytes())
    return {
        "program": (version / "program.json").read_bytes(),
        "trial that won": card["won"]["trial"],
        "score of each trial": [(trial["score"], trial["pruned"]) for trial in card["trials"]],
    }


def verdict(n_whole: int, n_parts: int, kills: Sequence[Kill]) -> tuple[list[str], bool]:
    """What the calls of both runs come to in words, and whether the further ones are few enough.

    Args:
        n_whole: Calls of the undisturbed run.
        n_parts: Of all processes of the other, lost ones included.
        kills: What each cut off.
    """
    further, lost = n_parts - n_whole, [each.in_flight for each in kills]
    lines = [
        f"undisturbed: {counted(n_whole, 'call')}",
        f"killed {counted(len(kills), 'time')}: {counted(n_parts, 'call')}, {further / n_whole:+.1%} "
        f"(target: at most {MOST_FURTHER:+.0%})",
        f"in flight at a kill, and lost: {counted(sum(lost), 'call')} in all, {max(lost, default=0)} at most; "
        f"without them {(further - sum(lost)) / n_whole:+.1%}",
    ]
    return lines, further <= MOST_FURTHER * n_whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints both runs; 1 if they differ or kills cost too much, 2 for a wrong option."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.killed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_options(parser)
    parser.add_argument("--budget", default="heavy", help="as programs.compile takes it (default: %(default)s)")
    parser.add_argument("--kills", type=int, default=20, help="(default: %(default)s)")
    parser.add_argument("--moments", type=int, default=0, help="seed of the moments (default: 0)")
    parser.add_argument("--seconds", type=float, default=0.1, help="that a call takes (default: %(default)s)")
    options = parser.parse_args(arguments)
    if min(options.kills, options.threads) < 1 or options.seconds < 0:
        print("error: give at least 1 kill, 1 thread and 0 seconds", file=sys.stderr)
        return 2
    wanted = [*choices(options), "--budget", options.budget]
    with workplace(options.folder) as home, serving((options.seconds / 2, 1.5 * options.seconds)) as server:
        print(f"{' '.join(wanted)}; {MODEL}, about {options.seconds} s a call", flush=True)
        arrivals, seconds = undisturbed(server, home / "whole", wanted)
        print(f"undisturbed: {counted(len(arrivals), 'call')} in {seconds:.0f} s", flush=True)
        moments = drawn_moments(arrivals, arrivals[-1], options.kills, random.Random(options.moments))
        kills = disturbed(server, home / "killed", wanted, moments)
        lines, few = verdict(len(arrivals), server.n_asked - len(arrivals), kills)
        ends = [found_in(home / name) for name in ("whole", "killed")]
    same = True
    for name, value in ends[0].items():
        same = same and value == ends[1][name]
        print(f"{name}: {'the same' if value == ends[1][name] else 'NOT the same'} (target: the same)")
    print("\n".join(lines))
    return int(not (same and few))


if __name__ == "__main__":
    sys.exit(main())
