"""What model calls cost: counted by DSPy's usage tracker, per phase of a run."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import dspy
from dspy.utils.usage_tracker import UsageTracker

from programs.card import Spend

_KINDS = ("prompt_tokens", "completion_tokens")


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

    Models in this process and on the user's own servers are not in the table, and the former are free.
    """
    spent = 0.0
    for name, seen in list(tracker.usage_data.items()):
        entries = list(seen)
        if not entries or name.partition(":")[0] == "embedded":
            continue
        if "/" not in name:
            return None
        import litellm

        read, written = (sum(int(entry.get(kind) or 0) for entry in entries) for kind in _KINDS)
        try:
            spent += sum(litellm.cost_per_token(model=name, prompt_tokens=read, completion_tokens=written))
        except litellm.exceptions.ModelNotMappedError:
            return None
    return spent


class SharedTracker(UsageTracker):
    """A tracker that all threads add to; DSPy's executors would copy it for each thread and lose the copies."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "SharedTracker":
        """Itself."""
        return self


class Purse:
    """The spending of a run by phase."""

    def __init__(self, free: bool) -> None:
        """A purse; a `free` model runs in this process and costs 0, other models what litellm's table says."""
        self.spent: list[Spend] = []
        self._free = free
        self._open: UsageTracker | None = None

    @contextmanager
    def phase(self, name: str) -> Iterator[UsageTracker]:
        """Counts what the block spends, also where it ends by an exception."""
        started = time.perf_counter()
        tracker = SharedTracker()
        with dspy.context(usage_tracker=tracker):
            self._open = tracker
            try:
                yield tracker
            finally:
                self._open = None
                usage = total(tracker)
                self.spent.append(
                    Spend(
                        phase=name,
                        calls=usage.n_calls,
                        prompt_tokens=usage.n_prompt_tokens,
                        completion_tokens=usage.n_completion_tokens,
                        seconds=time.perf_counter() - started,
                        dollars=0.0 if self._free else dollars(tracker),
                    )
                )

    def so_far(self) -> Usage:
        """Over all phases, the open one included."""
        now = total(self._open) if self._open else Usage(0, 0, 0)
        return Usage(
            now.n_calls + sum(spend.calls for spend in self.spent),
            now.n_prompt_tokens + sum(spend.prompt_tokens for spend in self.spent),
            now.n_completion_tokens + sum(spend.completion_tokens for spend in self.spent),
        )
