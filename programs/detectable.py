"""What a sample is large enough to show, in numbers and in words; pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from programs.intervals import detectable_gap, detectable_rate
from programs.metrics import JudgedPair, common_outcomes


@dataclass(frozen=True, slots=True)
class Detectable:
    """The smallest true differences found in 80% of runs at the 5% level, with these authors and pairs."""

    baseline: str
    judge: str
    value: float | None
    """Distance of a win rate from one half, in [0, 0.5); None for fewer than three authors, or where all pairs tie.

    Of the systems' own, the middle one (the larger of two): they differ in how much their authors differ.
    """
    between: float | None
    """Difference between two systems' win rates on the same targets, in [0, 1]; the middle one of all twos.

    None without two systems that share targets and differ in some outcome, and where not even the largest shows.
    """
    n_authors: int
    """Of the system that `value` is of."""
    n_pairs: int
    """Of the same."""

    def in_words(self) -> str:
        """One sentence for people."""
        sample = f"With {_counted(self.n_authors, 'author')} and {_counted(self.n_pairs, 'pair')}"
        if self.value is None:
            return f"{sample} no win rate can be told from one half."
        rate = f"a win rate must be {0.5 + self.value:.2f} or more, or {0.5 - self.value:.2f} or less"
        two = "" if self.between is None else f", and two systems must differ by {self.between:.2f} or more"
        return f"{sample} {rate}, to be told from one half{two}; smaller differences are likely to stay unseen."


def detectable(baseline: str, judge: str, systems: Sequence[Sequence[JudgedPair]]) -> Detectable:
    """What the pairs of one or more systems against `baseline` are enough to show by `judge`.

    The order of the systems changes nothing.

    Raises:
        ValueError: No system, or a system without pairs.

    Source: `detectable_rate` and `detectable_gap` of `programs.intervals`.
    """
    if not systems:
        raise ValueError("what can be detected needs the pairs of at least one system")
    gaps = [(_own_gap(pairs), len({pair.author for pair in pairs}), len(pairs)) for pairs in systems]
    value, n_authors, n_pairs = sorted(gaps)[len(gaps) // 2]
    twos = sorted(gap for a, b in combinations(systems, 2) if (gap := _gap_between(a, b)) is not None)
    between = twos[len(twos) // 2] if twos else math.inf
    return Detectable(
        baseline=baseline,
        judge=judge,
        value=value if value < 0.5 else None,
        between=between if between <= 1 else None,
        n_authors=n_authors,
        n_pairs=n_pairs,
    )


def _own_gap(pairs: Sequence[JudgedPair]) -> float:
    """Infinite where nothing shows."""
    ordered = sorted(pairs, key=lambda pair: (pair.author, pair.target_id))
    gap = detectable_rate([pair.author for pair in ordered], np.array([pair.outcome for pair in ordered]))
    return math.inf if gap is None else gap


def _gap_between(a: Sequence[JudgedPair], b: Sequence[JudgedPair]) -> float | None:
    """None where nothing shows, or nothing is in common."""
    keys, left, right = common_outcomes(a, b)
    return detectable_gap([author for author, _ in keys], left - right) if keys else None


def _counted(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
