"""What a sample is large enough to show, in numbers and in words; pure.

A true difference d is detectable if in 80% of runs the 95% interval of `programs.intervals` leaves out "no difference":
d * w = t(0.975) * E(d) + t(0.8) * e(d) * w, where the sum of two quantiles of Student's t with n - 1 degrees of freedom
is the usual multiplier (Bloom 1995, Minimum detectable effects; arXiv:2411.00640 sec. 5 for evaluations of models).
Here e is the standard error of a mean over n authors, from how much they differ, w = n / (n + 1/2) what the half author
with an even record leaves of d, and E the error that the interval takes, with that author and its further corrections.
Simulated, such a difference from one half is found in 78 to 80% of runs with 25 or 50 authors and in 65 to 80% with
4 to 12, whose few outcomes are skewed: with few authors, take it as the least.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from programs.intervals import EVEN_AUTHOR, per_author, student
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
        value=None if value == math.inf else value,
        between=None if between == math.inf else between,
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


def detectable_rate(authors: Sequence[str], outcomes: np.ndarray) -> float | None:
    """The smallest true distance of a win rate from one half that such a sample shows, below 0.5.

    A rate near 0 or 1 varies less than one near one half, so that the error at hand would promise too much: it is taken
    in proportion to sqrt(rate * (1 - rate)), and read at the rate that is just detectable. Pairs of an author are taken
    to be alike rather than opposed: the error is at least that of independent pairs.

    Shapes: n outcomes in [0, 1], n authors' names. None for one or two authors, or where all pairs tie.

    Raises:
        ValueError: No outcomes.
    """
    counts, sums = _checked(authors, outcomes)
    rate = float(sums.sum() / counts.sum())
    room = rate * (1 - rate)
    apart = _error(counts, sums) ** 2 / room if room > 1e-9 else 0.0
    # Without ties the outcomes vary by rate * (1 - rate), with ties by less.
    within = (float(np.mean((outcomes - rate) ** 2)) / room if room > 1e-9 else 1.0) / len(outcomes)
    spread = max(apart, within)
    return _smallest(len(counts), lambda gap: math.sqrt(spread * (0.25 - gap**2)), 0.5)


def detectable_gap(authors: Sequence[str], differences: np.ndarray) -> float | None:
    """The smallest true mean of paired differences, between -1 and 1, that such a sample shows as other than 0.

    Shapes: n differences, n authors' names. None for one or two authors, where no two differ, or where not even a
    difference of 1 would show.

    Raises:
        ValueError: No differences.
    """
    error = _error(*_checked(authors, differences))
    return _smallest(len(set(authors)), lambda gap: error, 1.0)


def _checked(authors: Sequence[str], values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if not len(values):
        raise ValueError("what is detectable needs at least one value")
    return per_author(authors, values)


def _error(counts: np.ndarray, sums: np.ndarray) -> float:
    """Standard error of the mean, from what the authors differ; 0 for one author."""
    n = len(counts)
    strays = sums - counts * sums.sum() / counts.sum()
    return float(np.sqrt((strays**2).sum() * n / max(n - 1, 1)) / counts.sum())


def _smallest(n: int, error_at: Callable[[float], float], most: float) -> float | None:
    """The d of the module's head, by halving; None if it is beyond `most` or nothing varies."""
    if n < 3 or error_at(0.0) < 1e-12:
        return None
    whole = n + EVEN_AUTHOR
    left = n / whole

    def shows(gap: float) -> bool:
        # What the even author adds: its own distance from the mean, and that by which it moves the mean.
        pulled = (gap * EVEN_AUTHOR / whole) ** 2 * (n + n**2)
        taken = math.sqrt((n + 1) / n * (n * (n - 1) * error_at(gap) ** 2 + pulled)) / whole
        return gap * left >= student(n - 1, 0.975) * taken + student(n - 1, 0.8) * error_at(gap) * left

    low, high = 0.0, most
    if not shows(high):
        return None
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if shows(middle) else (middle, high)
    return high


def _counted(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
