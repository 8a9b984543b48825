"""What a judge says of a pair, with its reason, its price, or why it said nothing; one call for every kind of judge."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from programs.judges.judge import Judge, Preference

OnOpinion = Callable[[int, "Opinion"], None]
"""Told the index of a comparison and what was said of it, as soon as that is known; from any thread."""


Opine = Callable[[Judge, Sequence[str], Sequence[str], Sequence[str]], Sequence["Opinion"]]
"""Asks a judge for n opinions, as `opinions` does; a journal may know some of them already."""


class NoVerdict(RuntimeError):
    """A judge was asked for a bare preference and has none; `opinions` gives the error as a record instead."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one judge said of one pair in one order."""

    preference: Preference | None
    """None if `error` says why there is none."""
    reason: str = ""
    error: str | None = None
    seconds: float = 0.0
    """Time that the answer took; where many were given at once, an equal share of it."""
    tokens: int = 0
    """Read and written by a model."""
    cost: float = 0.0
    """US dollars."""

    def __post_init__(self) -> None:
        """Refuses an opinion that neither says something nor why it does not."""
        if (self.preference is None) == (self.error is None):
            raise ValueError(f"an opinion has a preference or an error, and not both: {self!r}")


@runtime_checkable
class GivesOpinions(Protocol):
    """A judge that knows price and failure of each answer, such as one that asks a model."""

    def opinions(
        self, authors: Sequence[str], a: Sequence[str], b: Sequence[str], on_opinion: OnOpinion
    ) -> list[Opinion]:
        """Answers n comparisons, telling each to `on_opinion` as it comes."""
        ...


@runtime_checkable
class ReasonsInBulk(Protocol):
    """A judge that explains many comparisons faster than one by one."""

    def reason_many(self, authors: Sequence[str], a: Sequence[str], b: Sequence[str]) -> list[str]:
        """Item i is `reason(authors[i], a[i], b[i])`."""
        ...


def opinions(
    judge: Judge,
    authors: Sequence[str],
    a: Sequence[str],
    b: Sequence[str],
    on_opinion: OnOpinion = lambda index, opinion: None,
) -> list[Opinion]:
    """Asks a judge for n comparisons, each with its reason, in the order given.

    Args:
        judge: One without a model answers all at once; one with a model, as it sees fit.
        authors: Whose writing each pair is compared with.
        a: First text of each pair, as the judge is to read it.
        b: Second text of each pair.
        on_opinion: Told each index and opinion as it arrives, once each, from any thread.

    Raises:
        ValueError: Lists of different lengths.
        SetupError: An author whom the judge does not know; a model that cannot be used at all.
    """
    if not len(authors) == len(a) == len(b):
        raise ValueError(f"{len(authors)} authors for {len(a)} texts a and {len(b)} texts b")
    if isinstance(judge, GivesOpinions):
        return judge.opinions(authors, a, b, on_opinion)
    started = time.perf_counter()
    preferences = judge.prefer_many(authors, a, b)
    reasons = judge.reason_many(authors, a, b) if isinstance(judge, ReasonsInBulk) else _reasons(judge, authors, a, b)
    seconds = (time.perf_counter() - started) / max(1, len(a))
    found = [
        Opinion(preference, reason, seconds=seconds) for preference, reason in zip(preferences, reasons, strict=True)
    ]
    for index, opinion in enumerate(found):
        on_opinion(index, opinion)
    return found


def _reasons(judge: Judge, authors: Sequence[str], a: Sequence[str], b: Sequence[str]) -> list[str]:
    return [judge.reason(*items) for items in zip(authors, a, b, strict=True)]
