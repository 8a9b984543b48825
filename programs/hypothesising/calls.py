"""Asks a model many things at once; what fails is counted and ends nothing, unless every call would fail."""

import contextvars
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

import dspy

from programs.lms.faults import CALL_FAULTS, HOPELESS
from signatures.errors import SetupError, line_of

N_THREADS = 16
"""Calls in flight; the embedded model batches them."""


Item = TypeVar("Item")
Result = TypeVar("Result")


class Outcome(Generic[Result]):
    """What one call gave: a value, or in words why there is none."""

    def __init__(self, value: Result | None = None, error: str = "") -> None:
        """Holds one of the two."""
        self.value, self.error = value, error


def attempted(work: Callable[[], Result]) -> Outcome[Result]:
    """Calls once; a fault of the model, or an answer that is off its type, becomes an error in words.

    Raises: SetupError if no call can succeed.
    """
    try:
        return Outcome(work())
    except HOPELESS as fault:
        raise SetupError(
            f"cannot ask the model ({line_of(fault)}); check its name, its API key in your environment and its account"
        ) from fault
    except CALL_FAULTS as fault:
        return Outcome(error=f"{type(fault).__name__}: {line_of(fault)}")


def attempted_all(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Outcome[Result]]:
    """Calls `work` for each item, many at once, in the caller's DSPy context; outcomes in the order of the items.

    DSPy's trace records the calls in that order too, however they end, so that bootstrapped demos are repeatable.

    Raises: SetupError if no call can succeed.
    """
    if not items:
        return []

    def traced(item: Item) -> tuple[Outcome[Result], list[object]]:
        trace: list[object] | None = None if dspy.settings.trace is None else []
        with dspy.context(trace=trace):
            return attempted(lambda: work(item)), trace or []

    pool = ThreadPoolExecutor(min(N_THREADS, len(items)), thread_name_prefix="hypothesis")
    try:
        futures = [pool.submit(contextvars.copy_context().run, traced, item) for item in items]
        done = [future.result() for future in futures]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    if dspy.settings.trace is not None:
        dspy.settings.trace.extend(step for _, trace in done for step in trace)
    return [outcome for outcome, _ in done]
