"""What a run may cost at most, over all its models together, and refusing what would exceed it."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dspy
from pydantic import BaseModel, ConfigDict, field_validator

from optimizers.contract import OutOfBudgetError, Spent
from programs.metering import Meter, Tally
from programs.prices import price_of
from signatures.errors import SetupError, counted

_OPTIONS = {
    "max_calls": "--max-calls",
    "max_tokens": "--max-tokens",
    "max_dollars": "--max-cost",
    "max_minutes": "--max-minutes",
}


class Limits(BaseModel):
    """The most that a run may spend; None for no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_calls: int | None = None
    """Calls that reach a model; answers from the cache do not count."""
    max_tokens: int | None = None
    """Read and written."""
    max_dollars: float | None = None
    """US dollars by litellm's table."""
    max_minutes: float | None = None
    """Wall time."""

    @field_validator(*_OPTIONS, mode="before")
    @classmethod
    def _above_nothing(cls, value: object, info: object) -> object:
        if value is None:
            return None
        name: str = info.field_name  # pyright: ignore[reportAttributeAccessIssue]
        whole = name in ("max_calls", "max_tokens")
        kinds = (int,) if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not (math.isfinite(value) and value > 0):
            number = "whole number of at least 1" if whole else "finite number above 0"
            raise SetupError(f"{_OPTIONS[name]} is {value!r}; give a {number}, or leave it out for no limit")
        return value

    @property
    def any(self) -> bool:
        """Whether anything is limited."""
        return any(getattr(self, name) is not None for name in _OPTIONS)

    def check_pays_for(self, least: Tally, what: str) -> None:
        """Checks, before the first call, that the limits pay for the least that a run makes sense with.

        Args:
            least: An estimate; `unpriced` above 0 means that its dollars are not known, and they are not compared.
            what: It in words, such as "one trial and scoring the test authors".

        Raises: SetupError with both numbers for the first limit that does not.
        """
        needs = {
            "max_calls": (least.calls, "calls"),
            "max_tokens": (least.tokens, "tokens"),
            "max_dollars": (0.0 if least.unpriced else least.dollars, "dollars"),
            "max_minutes": (least.seconds / 60, "minutes"),
        }
        for name, (needed, unit) in needs.items():
            limit = getattr(self, name)
            if limit is not None and limit < needed:
                raise SetupError(
                    f"{_OPTIONS[name]} {_amount(limit)} is too small: {what} takes about {_amount(needed)} {unit}; "
                    "give more, or use fewer authors or targets"
                )


class Budget(Meter):
    """A meter that refuses calls once a limit is reached, for every role at once.

    A limit is exceeded by the calls in flight at most, which are waited for and counted: what they cost is known when
    they are answered. What the cache holds stays free to ask for.
    """

    def __init__(
        self, limits: Limits | None = None, clock: Callable[[], float] = time.monotonic, before: Tally | None = None
    ) -> None:
        """Starts the time.

        Args:
            limits: The most that may be spent; nothing is limited if None.
            clock: Seconds since any moment.
            before: What an interrupted run had spent already, which counts.
        """
        super().__init__(clock, before)
        self.limits = limits or Limits()
        self._share = 1.0

    def metered(self, lm: dspy.LM, role: str) -> dspy.LM:
        """A copy of the model, counted and refused under `role`.

        Raises: SetupError if dollars are limited and the model's price is not known.
        """
        price = price_of(lm.model, lm.kwargs.get("api_base") or lm.kwargs.get("base_url"))
        if self.limits.max_dollars is not None and not price.known:
            raise SetupError(
                f"--max-cost {_amount(self.limits.max_dollars)} cannot be kept: the {role} model {price.note}; "
                "limit it by --max-calls or --max-tokens instead"
            )
        return super().metered(lm, role)

    @contextmanager
    def up_to(self, share: float) -> Iterator[None]:
        """In the block, this share of every limit counts, so that what is left pays for what comes after it.

        Raises: ValueError if the share is not above 0 and at most 1.
        """
        if not 0 < share <= 1:
            raise ValueError(f"a share of {share!r} is not above 0 and at most 1")
        outer, self._share = self._share, min(share, self._share)
        try:
            yield
        finally:
            self._share = outer

    def spent(self) -> Spent:
        """So far, in the terms of the optimizers' contract."""
        so_far = self.tally()
        return Spent(so_far.calls, so_far.tokens, None if so_far.unpriced else so_far.dollars, so_far.seconds)

    def check(self) -> None:
        """Raises: OutOfBudgetError if a limit is reached."""
        if refused := self.refusal():
            raise refused

    def refusal(self) -> OutOfBudgetError | None:
        """Why no further call may be paid for; None where it may."""
        if not self.limits.any:
            return None
        spent = self.tally()
        used = {
            "max_calls": (spent.calls, "calls"),
            "max_tokens": (spent.tokens, "tokens"),
            "max_dollars": (spent.dollars, "dollars"),
            "max_minutes": (spent.seconds / 60, "minutes"),
        }
        for name, (amount, unit) in used.items():
            limit = getattr(self.limits, name)
            if limit is not None and amount >= limit * self._share:
                part = f", of which this part may use {self._share:.0%}" if self._share < 1 else ""
                return OutOfBudgetError(
                    f"{_OPTIONS[name]} {_amount(limit)}{part}: {_amount(amount)} {unit} are spent ({spent})"
                )
        return self._uncountable(spent)

    def _uncountable(self, spent: Tally) -> OutOfBudgetError | None:
        """Tokens that no server tells of cannot be limited; going on would break the promise unseen."""
        unknown = {"max_tokens": spent.unreported, "max_dollars": spent.unpriced}
        for name, n_calls in unknown.items():
            if n_calls and getattr(self.limits, name) is not None:
                return OutOfBudgetError(
                    f"{_OPTIONS[name]} cannot be kept: a model's server told no tokens for {n_calls:,} of "
                    f"{counted(spent.calls, 'call')}; limit it by --max-calls instead"
                )
        return None


def _amount(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:.4g}"
