"""What model calls cost: counted by DSPy's usage tracker, per phase of a run."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import dspy
from dspy.utils.usage_tracker import UsageTracker

from programs.card import Spend
from programs.metering import Meter, Tally
from programs.prices import price_of


class Usage(NamedTuple):
    """Calls that reached a model (answers from the cache do not) and their tokens."""

    n_calls: int
    n_prompt_tokens: int
    n_completion_tokens: int

    @property
    def n_tokens(self) -> int:
        """Read and written."""
        return self.n_prompt_tokens + self.n_completion_tokens


def total(tracker: UsageTracker) -> Usage:
    """All that a tracker has seen so far; safe while other threads add to it."""
    entries = [entry for seen in list(tracker.usage_data.values()) for entry in list(seen)]
    return Usage(
        len(entries),
        sum(int(entry.get("prompt_tokens") or 0) for entry in entries),
        sum(int(entry.get("completion_tokens") or 0) for entry in entries),
    )


def dollars(tracker: UsageTracker) -> float | None:
    """What all that a tracker has seen costs by litellm's table of prices; None if a model is not in it.

    Models in this process are free; where others are served is not known here (`programs.prices`).
    """
    spent = 0.0
    for name, seen in list(tracker.usage_data.items()):
        costs = [price_of(name).dollars(entry) for entry in list(seen)]
        known = [cost for cost in costs if cost is not None]
        if len(known) < len(costs):
            return None
        spent += sum(known)
    return spent


def _usage(spent: Tally) -> Usage:
    return Usage(spent.calls, spent.prompt_tokens, spent.completion_tokens)


class SharedTracker(UsageTracker):
    """A tracker that all threads add to; DSPy's executors would copy it for each thread and lose the copies."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "SharedTracker":
        """Itself."""
        return self


class Purse:
    """The spending of a run by phase."""

    def __init__(self, free: bool, meter: Meter | None = None) -> None:
        """A purse.

        Args:
            free: Whether the model runs in this process and costs 0; other models cost what litellm's table says.
            meter: Counts the models of every role, if there is one; then all is as it counts, a judge's calls and
                answers from the cache included.
        """
        self.spent: list[Spend] = []
        self.hits: dict[str, int] = {}
        """Phase to the answers that the cache gave; empty without a meter."""
        self._free = free
        self._meter = meter
        self._start = meter.tally() if meter else Tally()
        self._open: UsageTracker | None = None

    @contextmanager
    def phase(self, name: str) -> Iterator[UsageTracker]:
        """Counts what the block spends, also where it ends by an exception."""
        started = time.perf_counter()
        before = self._meter.tally() if self._meter else Tally()
        tracker = SharedTracker()
        with dspy.context(usage_tracker=tracker):
            self._open = tracker
            try:
                yield tracker
            finally:
                self._open = None
                since = self._meter.tally() - before if self._meter else None
                usage = total(tracker) if since is None else _usage(since)
                hits = since.hits if since else 0
                self.spent.append(
                    Spend(
                        phase=name,
                        calls=usage.n_calls,
                        prompt_tokens=usage.n_prompt_tokens,
                        completion_tokens=usage.n_completion_tokens,
                        seconds=time.perf_counter() - started,
                        dollars=self._dollars(tracker, before),
                        cached=hits,
                    )
                )
                if self._meter:
                    self.hits[name] = self.hits.get(name, 0) + hits

    def so_far(self) -> Usage:
        """Over all phases, the open one included."""
        if self._meter:
            return _usage(self._meter.tally() - self._start)
        now = total(self._open) if self._open else Usage(0, 0, 0)
        return Usage(
            now.n_calls + sum(spend.calls for spend in self.spent),
            now.n_prompt_tokens + sum(spend.prompt_tokens for spend in self.spent),
            now.n_completion_tokens + sum(spend.completion_tokens for spend in self.spent),
        )

    @property
    def n_hits(self) -> int:
        """Answers that the cache gave so far, over all phases; 0 without a meter."""
        return (self._meter.tally() - self._start).hits if self._meter else 0

    def _dollars(self, tracker: UsageTracker, before: Tally) -> float | None:
        if self._meter is None:
            return 0.0 if self._free else dollars(tracker)
        since = self._meter.tally() - before
        # Sums of floats may fall short of nothing by a rounding error.
        return None if since.unpriced else max(0.0, since.dollars)
