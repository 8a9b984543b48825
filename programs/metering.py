"""Counts what models are asked, at the call: calls, answers from the cache, tokens and dollars, for each role.

DSPy's usage tracker tells of a call when its module is done; a budget must know sooner, and about every role at once.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import dspy
from dspy.utils.usage_tracker import UsageTracker

from programs.lms.answer_cache import AnswerCache, asking_once, refusing
from programs.lms.embedded_lm import EmbeddedLM
from programs.prices import Price, price_of
from signatures.errors import counted


@dataclass(frozen=True)
class Tally:
    """What models were asked for; two of them add up."""

    calls: int = 0
    """That reached a model, failed ones with an answer included."""
    hits: int = 0
    """Answers from the cache, which cost nothing."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    dollars: float = 0.0
    """US dollars of the calls whose price is known."""
    unpriced: int = 0
    """Calls whose price is not known."""
    unreported: int = 0
    """Calls for which the server told no tokens."""
    seconds: float = 0.0
    """Wall time, of a whole run only; 0 for a role."""

    @property
    def tokens(self) -> int:
        """Read and written."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "Tally") -> "Tally":
        """Field by field."""
        return Tally(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Tally)))

    def __sub__(self, other: "Tally") -> "Tally":
        """Field by field; what was spent since `other`."""
        return Tally(*(getattr(self, each.name) - getattr(other, each.name) for each in fields(Tally)))

    def __str__(self) -> str:
        """One line, such as "40 calls, 12 from the cache, 31,000 tokens, $0.0400"."""
        parts = [counted(self.calls, "call"), f"{self.hits} from the cache", f"{self.tokens:,} tokens"]
        return ", ".join([*parts, "price not known" if self.unpriced else f"${self.dollars:.4f}"])


class Meter:
    """Counts the calls of the models it is put on, from any thread; `optimizers.budget.Budget` also refuses some."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, before: Tally | None = None) -> None:
        """Starts counting.

        Args:
            clock: Seconds since any moment.
            before: What an interrupted run had spent already.
        """
        self._clock = clock
        self._started = clock()
        self._before = before or Tally()
        self._roles: dict[str, Tally] = {}
        self._prices: dict[str, Price] = {}
        self._lock = threading.Lock()

    def metered(self, lm: dspy.LM, role: str) -> dspy.LM:
        """A copy of the model, each of whose calls, and those of its own copies, is counted under `role`."""
        price = price_of(lm.model, lm.kwargs.get("api_base") or lm.kwargs.get("base_url"))
        with self._lock:
            self._prices[role] = price
            self._roles.setdefault(role, Tally())
        made = object.__new__(_metered(type(lm)))
        made.__dict__.update(lm.copy().__dict__, _meter=self, _role=role, _price=price)
        return made

    @property
    def prices(self) -> Mapping[str, Price]:
        """Role to how its model is paid for."""
        return dict(self._prices)

    def tally(self) -> Tally:
        """Over all roles and what was spent before, with the seconds since the start."""
        with self._lock:
            roles = sum(self._roles.values(), self._before)
        return roles + Tally(seconds=self._clock() - self._started)

    def by_role(self) -> dict[str, Tally]:
        """What each role spent, without what was spent before."""
        with self._lock:
            return dict(self._roles)

    def refusal(self) -> BaseException | None:
        """What a further call that must be paid for raises instead; None where it may be made."""
        return None

    def _add(self, role: str, spent: Tally) -> None:
        with self._lock:
            self._roles[role] = self._roles.get(role, Tally()) + spent


class MeteredLM(dspy.LM):
    """A model that reports to a meter; in all else a model of the class it was made of, whatever its engine.

    Once the meter refuses, answers that the cache holds are still given, and a call that would be paid for raises
    the refusal instead. Calls in flight finish, so a limit is exceeded by those at most.
    """

    _meter: Meter
    _role: str
    _price: Price

    def __call__(self, prompt: Any = None, *, messages: Any = None, **kwargs: Any) -> Any:
        """What the model answers.

        Raises: the meter's refusal where there is one; else what the model raises.
        """
        # The embedded model is asked for each candidate by itself, and sees to it there.
        once = nullcontext() if isinstance(self, EmbeddedLM) else asking_once()
        with self._counted(kwargs) as tap, once:
            said = super().__call__(prompt, messages=messages, **kwargs)
            self._hits(tap, said)
            return said

    async def acall(self, prompt: Any = None, *, messages: Any = None, **kwargs: Any) -> Any:
        """The same, without blocking."""
        with self._counted(kwargs) as tap:
            said = await super().acall(prompt, messages=messages, **kwargs)
            self._hits(tap, said)
            return said

    def __deepcopy__(self, memo: dict[int, Any]) -> "MeteredLM":
        """A copy that shares engine and meter: a copied program asks the same server and spends the same budget."""
        return self.copy()

    @contextmanager
    def _counted(self, kwargs: Mapping[str, Any]) -> Iterator["_Tap"]:
        refused = self._meter.refusal()
        if refused and not (kwargs.get("cache", self.cache) and isinstance(dspy.cache, AnswerCache)):
            raise refused
        tap = _Tap(self._tell, dspy.settings.usage_tracker)
        with dspy.context(usage_tracker=tap), refusing(refused):
            yield tap

    def _tell(self, usage: Mapping[str, Any]) -> None:
        read, written = (int(usage.get(kind) or 0) for kind in ("prompt_tokens", "completion_tokens"))
        told = bool(read + written)
        dollars = self._price.dollars(usage) if told or self._price.kind != "table" else None
        self._meter._add(self._role, Tally(1, 0, read, written, dollars or 0.0, int(dollars is None), int(not told)))

    def _hits(self, tap: "_Tap", said: Any) -> None:
        """Counts the answers that nothing was reported for: the embedded model asks for each candidate by itself."""
        n_asked = len(said) if isinstance(self, EmbeddedLM) and isinstance(said, list) else 1
        if n_asked > tap.n_calls:
            self._meter._add(self._role, Tally(hits=n_asked - tap.n_calls))


@cache
def _metered(kind: type[dspy.LM]) -> type[MeteredLM]:
    """The class of a model with a meter, under the same name: a saved program has none."""
    if issubclass(kind, MeteredLM):
        return kind
    named = {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__}
    return type(kind.__name__, (MeteredLM, kind), named)


class _Tap(UsageTracker):
    """Tells of every call as soon as it is answered, and passes it on to whoever tracked usage before."""

    def __init__(self, tell: Callable[[Mapping[str, Any]], None], outer: UsageTracker | None) -> None:
        super().__init__()
        self.n_calls = 0
        self._tell, self._outer = tell, outer
        self._lock = threading.Lock()

    def add_usage(self, lm: str, usage_entry: dict[str, Any]) -> None:
        """Counts the call also where the server told no usage."""
        with self._lock:
            self.n_calls += 1
        self._tell(usage_entry)
        if self._outer is not None:
            self._outer.add_usage(lm, usage_entry)
