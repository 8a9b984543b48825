"""Single calls of a writing step, each a rollout of its own, with the trace that they would leave."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import dspy

from programs.lms.faults import CALL_FAULTS
from programs.rollouts import another, by_chance
from programs.selection import MAX_CANDIDATES


class Attempt(NamedTuple):
    """What one call gave."""

    text: str = ""
    fault: Exception | None = None
    """Why there is no text."""
    trace: tuple[Any, ...] = ()
    """What DSPy's trace gets if the text is kept."""


def attempt(write: Callable[..., Any], inputs: Mapping[str, Any], place: int) -> Attempt:
    """Calls the writing step once; `place` counts such calls from 1, so that no cache and no seed repeats a text.

    Raises: SetupError; failures of the model are in the result.
    """
    # At temperature 0 a rollout would change nothing but what the cache is asked.
    config = another(write, place, MAX_CANDIDATES) if by_chance(write) else {}
    trace: list[Any] | None = None if dspy.settings.trace is None else []
    try:
        with dspy.context(trace=trace):
            text = write(**inputs, config=config).text
    except CALL_FAULTS as fault:
        return Attempt(fault=fault)
    return Attempt(text, trace=tuple(trace or ()))


def retrace(write: Callable[..., Any], draft: str, chosen: Attempt) -> None:
    """Puts an attempt into DSPy's trace, in the place of the call that wrote the draft."""
    trace = dspy.settings.trace
    if trace is None:
        return
    for place in reversed(range(len(trace))):
        step, _, prediction = trace[place]
        if step is write and getattr(prediction, "text", None) == draft:
            trace[place : place + 1] = chosen.trace
            return
    trace.extend(chosen.trace)
