"""Win rates and differences with what makes them believable; pure, every random draw from the caller's generator."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from programs.intervals import ClusteredMean, clustered_mean

Verdict = Literal["candidate", "baseline", "tie"]

_EXACT_AUTHORS = 12
"""Up to this many authors all sign flips are counted; with more they are drawn."""


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """One target answered by candidate and baseline, judged in both orders."""

    author: str
    target_id: str
    candidate_first: Verdict
    """Verdict with the candidate's text in the first slot."""
    baseline_first: Verdict
    """Verdict with the baseline's text in the first slot."""
    candidate_words: int
    baseline_words: int

    @property
    def outcome(self) -> float:
        """1 for a win of the candidate, 0.5 for a tie, 0 for a loss, averaged over both orders."""
        return (_POINTS[self.candidate_first] + _POINTS[self.baseline_first]) / 2


@dataclass(frozen=True, slots=True)
class WinRate(ClusteredMean):
    """Share of pairs that the candidate wins, in [0, 1], and what must stand beside it."""

    n_pairs: int
    n_ties: int
    """Pairs that neither side won over both orders: two ties, or orders that contradict each other."""
    n_failures: int
    """Targets without a verdict; counted here only, never as losses."""
    position_bias: float
    """In [-1, 1]: +1 when whatever stands first always wins, -1 when whatever stands second does."""
    candidate_words: float
    """Mean length."""
    baseline_words: float
    """Mean length."""
    length_controlled: float
    """The win rate expected if both texts were equally long."""


@dataclass(frozen=True, slots=True)
class PairedDifference(ClusteredMean):
    """Mean outcome of one system less that of another on the same targets, in [-1, 1]."""

    n_pairs: int
    p_value: float
    """Two-sided, by flipping the sign of whole authors; 1 with no difference at all."""


_POINTS: dict[Verdict, float] = {"candidate": 1.0, "tie": 0.5, "baseline": 0.0}


def win_rate(
    pairs: Sequence[JudgedPair], *, n_failures: int = 0, rng: np.random.Generator, n_resamples: int = 2000
) -> WinRate:
    """Share of pairs the candidate wins, over both presentation orders.

    Shapes: n pairs, two verdicts each. Units: rates in [0, 1], a tie counts 0.5. The order of the pairs changes
    nothing. Swapping candidate and baseline turns w into 1 - w and leaves the position bias alone.

    Raises:
        ValueError: No pairs; a target judged twice.

    Source: arXiv:2306.05685 sec. 3.4 for order swaps; `programs.intervals` for the interval.
    """
    if not pairs:
        raise ValueError("a win rate needs at least one judged pair")
    pairs = sorted(_by_target(pairs).values(), key=lambda pair: (pair.author, pair.target_id))
    outcomes = np.array([pair.outcome for pair in pairs])
    mean = rate_of_authors(pairs, rng=rng, n_resamples=n_resamples)
    lengths = np.array([(pair.candidate_words, pair.baseline_words) for pair in pairs], dtype=float)
    return WinRate(
        value=mean.value,
        low=mean.low,
        high=mean.high,
        n_authors=mean.n_authors,
        n_pairs=len(pairs),
        n_ties=int((outcomes == 0.5).sum()),
        n_failures=n_failures,
        position_bias=position_bias(pairs),
        candidate_words=float(lengths[:, 0].mean()),
        baseline_words=float(lengths[:, 1].mean()),
        length_controlled=length_controlled(outcomes, lengths[:, 0] - lengths[:, 1]),
    )


def rate_of_authors(pairs: Sequence[JudgedPair], *, rng: np.random.Generator, n_resamples: int = 2000) -> ClusteredMean:
    """Win rate over any choice of pairs, such as those of one domain: value and interval as `win_rate` has them.

    Raises:
        ValueError: As `win_rate`.
    """
    keys, outcomes = _outcomes(pairs)
    return clustered_mean([author for author, _ in keys], outcomes, rng=rng, n_resamples=n_resamples)


def rate_of_one_author(
    pairs: Sequence[JudgedPair], *, rng: np.random.Generator, n_resamples: int = 2000
) -> ClusteredMean:
    """Win rate over one author's pairs; the interval resamples pairs: it is about further prompts of this author.

    `n_authors` is the number of pairs, each of which counts as an author of its own.

    Raises:
        ValueError: As `win_rate`; pairs of several authors.
    """
    keys, outcomes = _outcomes(pairs)
    if len({author for author, _ in keys}) > 1:
        raise ValueError("pairs of several authors; give those of one")
    return clustered_mean([target for _, target in keys], outcomes, rng=rng, n_resamples=n_resamples)


def position_bias(pairs: Sequence[JudgedPair]) -> float:
    """How much the first slot wins, in [-1, 1]; a tie counts 0.

    Raises:
        ValueError: No pairs.
    """
    if not pairs:
        raise ValueError("a position bias needs at least one judged pair")
    # The points of the candidate where it stands first, and what is left of them where the baseline does.
    first = [_POINTS[pair.candidate_first] - _POINTS[pair.baseline_first] for pair in pairs]
    return float(np.mean(first))


def length_controlled(outcomes: np.ndarray, length_gaps: np.ndarray) -> float:
    """The win rate that a logistic regression on length expects at no difference in length.

    Shapes: n outcomes in [0, 1], n length gaps (candidate less baseline). The gap goes in as tanh(gap / its root mean
    square), which an exchange of the systems turns around. A slight ridge keeps the fit finite where one side always
    wins.

    Source: arXiv:2404.04475 sec. 3, without its terms for model and instruction.
    """
    spread = float(np.sqrt(np.mean(length_gaps**2)))
    gaps = np.tanh(length_gaps / spread) if spread else np.zeros(len(length_gaps))
    design = np.column_stack([np.ones(len(gaps)), gaps])
    ridge = np.array([1e-3, 1e-1])
    weights = np.zeros(2)
    for _ in range(100):
        chance = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (outcomes - chance) - ridge * weights
        bend = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(bend, slope)
        # Far from the optimum a full Newton step can leap beyond it.
        weights = weights + step / max(1.0, float(np.abs(step).max()))
        if float(np.abs(step).max()) < 1e-12:
            break
    return float(1 / (1 + np.exp(-weights[0])))


def paired_difference(
    a: Sequence[JudgedPair], b: Sequence[JudgedPair], *, rng: np.random.Generator, n_resamples: int = 2000
) -> PairedDifference:
    """Mean outcome of system a less that of system b against the same baseline on the same targets.

    The interval resamples authors; the p-value flips the sign of all of an author's differences together, over every
    combination up to 12 authors, else over `n_resamples` drawn ones.

    Raises:
        ValueError: No pairs; a target judged twice; targets that are not the same on both sides.
    """
    left, right = _by_target(a), _by_target(b)
    if left.keys() != right.keys():
        odd = sorted(left.keys() ^ right.keys())
        raise ValueError(
            f"{len(odd)} targets are judged for one system only, the first {odd[0]!r}; keep the common ones"
        )
    keys = sorted(left)
    gaps = np.array([left[key].outcome - right[key].outcome for key in keys])
    authors = [author for author, _ in keys]
    mean = clustered_mean(authors, gaps, rng=rng, n_resamples=n_resamples, even=0.0, bounds=(-1.0, 1.0))
    sums = np.bincount(np.unique(authors, return_inverse=True)[1], gaps)
    return PairedDifference(
        value=mean.value,
        low=mean.low,
        high=mean.high,
        n_authors=mean.n_authors,
        n_pairs=len(keys),
        p_value=_sign_flips(sums, rng, n_resamples),
    )


def common_outcomes(
    a: Sequence[JudgedPair], b: Sequence[JudgedPair]
) -> tuple[list[tuple[str, str]], np.ndarray, np.ndarray]:
    """Author and target id of the n targets that both sides have, in order, and the outcomes of both, shape (n,) each.

    Raises:
        ValueError: A target judged twice.
    """
    left, right = _by_target(a), _by_target(b)
    keys = sorted(left.keys() & right.keys())
    return keys, np.array([left[key].outcome for key in keys]), np.array([right[key].outcome for key in keys])


def swapped(pair: JudgedPair) -> JudgedPair:
    """The same pair with candidate and baseline exchanged."""
    other: dict[Verdict, Verdict] = {"candidate": "baseline", "baseline": "candidate", "tie": "tie"}
    return replace(
        pair,
        candidate_first=other[pair.baseline_first],
        baseline_first=other[pair.candidate_first],
        candidate_words=pair.baseline_words,
        baseline_words=pair.candidate_words,
    )


def _by_target(pairs: Sequence[JudgedPair]) -> dict[tuple[str, str], JudgedPair]:
    found: dict[tuple[str, str], JudgedPair] = {}
    for pair in pairs:
        key = (pair.author, pair.target_id)
        if key in found:
            raise ValueError(f"target {pair.target_id!r} of author {pair.author!r} is judged twice")
        found[key] = pair
    return found


def _outcomes(pairs: Sequence[JudgedPair]) -> tuple[list[tuple[str, str]], np.ndarray]:
    """Author and target id of every pair, in order, and the outcomes; refuses none at all and repetitions."""
    if not pairs:
        raise ValueError("a win rate needs at least one judged pair")
    found = _by_target(pairs)
    keys = sorted(found)
    return keys, np.array([found[key].outcome for key in keys])


def _sign_flips(sums: np.ndarray, rng: np.random.Generator, n_resamples: int) -> float:
    """Share of sign flips of the author sums whose total is at least as far from zero as the one seen."""
    if len(sums) <= _EXACT_AUTHORS:
        places = np.arange(len(sums))
        signs = 1.0 - 2.0 * (np.arange(2 ** len(sums))[:, None] >> places & 1)
    else:
        drawn = rng.choice((1.0, -1.0), size=(n_resamples, len(sums)))
        # What was seen is one of the flips, so that the p-value is never 0.
        signs = np.vstack([np.ones(len(sums)), drawn])
    return float(np.mean(np.abs(signs @ sums) >= abs(sums.sum()) - 1e-9))
