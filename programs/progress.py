"""Shows a run while it runs: a live bar on a terminal, plain lines elsewhere; always on stderr."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from programs.spending import Purse


class RunProgress:
    """Phases with a count of steps, calls, tokens a second and the best score so far."""

    def __init__(self, console: Console, purse: Purse, quiet: bool = False) -> None:
        """Writes to `console`; nothing at all where `quiet`."""
        self._console = console
        self._purse = purse
        self._quiet = quiet
        self._bars: Progress | None = None
        self._task: TaskID | None = None
        self._phase_started = 0.0
        self._tokens_before = 0
        self._best: float | None = None

    @contextmanager
    def live(self) -> Iterator[None]:
        """Keeps the bar on a terminal for the block."""
        if self._quiet or not self._console.is_terminal:
            yield
            return
        columns = (
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[facts]}"),
        )
        with Progress(*columns, console=self._console) as bars:
            self._bars = bars
            yield
        self._bars = None

    @contextmanager
    def phase(self, name: str, n_steps: int) -> Iterator[None]:
        """One phase of `n_steps`."""
        self._phase_started = time.perf_counter()
        self._tokens_before = self._purse.so_far().n_completion_tokens
        if self._bars:
            self._task = self._bars.add_task(name, total=n_steps, facts="")
        elif not self._quiet:
            self._console.print(f"{name} ({n_steps}) ...", highlight=False)
        yield
        if not self._bars and not self._quiet:
            seconds = time.perf_counter() - self._phase_started
            self._console.print(f"{name}: done in {seconds:.0f} s, {self._facts()}", highlight=False)

    def step(self) -> None:
        """One step of the phase is done."""
        if self._bars and self._task is not None:
            self._bars.update(self._task, advance=1, facts=self._facts())

    def trial(self, number: int, score: float, best: float, n_failures: int, line: str = "") -> None:
        """A trial was scored; `line` says more of it than its score."""
        self._best = best
        self.step()
        if line:
            self.say(line)
            return
        failed = f", {n_failures} failed" if n_failures else ""
        self.say(f"  trial {number}: {score:.3f}{failed}   best so far {best:.3f}   {self._facts()}")

    def say(self, line: str) -> None:
        """A line of its own."""
        if not self._quiet:
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def _facts(self) -> str:
        used = self._purse.so_far()
        seconds = max(time.perf_counter() - self._phase_started, 1e-6)
        rate = (used.n_completion_tokens - self._tokens_before) / seconds
        hits = self._purse.n_hits
        cached = f"{hits} from the cache, " if hits else ""
        return f"{used.n_calls} calls, {cached}{rate:.0f} tokens/s"
