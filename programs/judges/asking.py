"""Asks a judging model, again where it fails; what it said, or why it said nothing, with its price, is a record."""

import contextvars
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import dspy
from dspy.utils.usage_tracker import track_usage

from programs.lms.adapters import FittingAdapter
from programs.lms.faults import CALL_FAULTS, HOPELESS
from programs.spending import total
from signatures.errors import SetupError, line_of

Value = TypeVar("Value")

_RETRY_TEMPERATURE = 0.7
"""A model that answered beside the schema at temperature 0 would do so again."""


@dataclass(frozen=True, slots=True)
class Finding(Generic[Value]):
    """What a judge found in one answer, or why it found nothing; a failure is never a verdict."""

    value: Value | None
    """None if `error` says why there is none."""
    reason: str = ""
    error: str | None = None
    seconds: float = 0.0
    tokens: int = 0
    """Read and written by the model."""
    cost: float = 0.0
    """US dollars of the calls that were paid for."""

    def __post_init__(self) -> None:
        """Refuses a finding that neither says something nor why it does not."""
        if (self.value is None) == (self.error is None):
            raise ValueError(f"a finding has a value or an error, and not both: {self!r}")


@dataclass(frozen=True, slots=True)
class Asking:
    """How a judging model is asked."""

    name: str
    """Of the judge, for errors."""
    lm: dspy.LM
    """The model, with its decoding."""
    n_threads: int = 16
    """Calls in flight."""
    n_tries: int = 3
    """Calls for one question before it counts as failed."""

    def ask(self, predictor: dspy.Module, read: Callable[[Any], tuple[Value, str]], **inputs: Any) -> Finding[Value]:
        """Asks one question; the model runs with an adapter of its own, whatever the caller's DSPy context holds.

        Args:
            predictor: Asked with `inputs`.
            read: A prediction to value and reason; raises ValueError where it holds none.
            inputs: The question.

        Raises: SetupError where the model refuses every call, such as for want of a key.
        """
        started, receipt, error = time.perf_counter(), _Receipt(), ""
        with track_usage() as tracker, dspy.context(lm=self.lm, adapter=FittingAdapter(), caller_modules=[receipt]):
            for attempt in range(self.n_tries):
                config = {"temperature": _RETRY_TEMPERATURE, "rollout_id": attempt} if attempt else {}
                try:
                    value, reason = read(predictor(**inputs, config=config))
                except HOPELESS as fault:
                    raise SetupError(
                        f"judge {self.name!r} cannot ask its model ({line_of(fault)}); check the model's name, its API "
                        "key in your environment and its account"
                    ) from fault
                except CALL_FAULTS as fault:
                    error = f"no verdict in {self.n_tries} tries; the last: {type(fault).__name__}: {line_of(fault)}"
                else:
                    spent = (time.perf_counter() - started, total(tracker).n_tokens, receipt.cost())
                    return Finding(value, reason, None, *spent)
        return Finding(None, "", error, time.perf_counter() - started, total(tracker).n_tokens, receipt.cost())

    def ask_many(self, questions: Sequence[Callable[[], Finding[Value]]]) -> list[Finding[Value]]:
        """Runs n questions, many at once; all threads see the caller's context. Raises: SetupError as `ask`."""
        pool = ThreadPoolExecutor(self.n_threads, thread_name_prefix="judge")
        try:
            asked = [pool.submit(contextvars.copy_context().run, question) for question in questions]
            return [each.result() for each in asked]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


class _Receipt:
    """Takes the place of a calling module in DSPy's history, to learn what the calls of one question cost."""

    def __init__(self) -> None:
        self.history: list[Mapping[str, Any]] = []

    def cost(self) -> float:
        """US dollars of the calls that were paid for: an answer from the cache has a price but no usage."""
        return sum(float(entry.get("cost") or 0.0) for entry in self.history if entry.get("usage"))


def one_line(reason: Any, most: int) -> str:
    """A reason on one line, cut to `most` characters."""
    return " ".join(str(reason or "no reason given").split())[:most]
