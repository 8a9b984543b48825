"""Means with intervals that hold with few authors; every random draw from the caller's generator.

Texts of one author are not independent, so authors are resampled, not pairs. With 4 to 12 authors a percentile
bootstrap is too narrow: in simulation 75 to 93% of its intervals hold the truth, not 95%. Two corrections mend it:
the interval is widened by Student's t over the normal quantile times sqrt((n + 1) / n), and half an author with an
even record joins the sample (in the manner of Agresti and Coull 1998), so that unanimous wins do not give an interval
of no width. Simulated coverage with 12 authors of 3 pairs: 95% at true rates of 0.5 to 0.8, 97% at 0.9; with 25 authors
95% at all of these; with 4 or 6 authors of 4 pairs 94 to 98%, wider than need be at 0.9, where it is 99%.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

EVEN_AUTHOR = 0.5
"""Weight of the author with an even record, in mean authors."""
_NORMAL = {0.8: 0.841621, 0.975: 1.959964}
_STUDENT = {
    0.8: (1.3764, 1.0607, 0.9785, 0.9410, 0.9195, 0.9057, 0.8960, 0.8889, 0.8834, 0.8791),
    0.975: (12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281),
}
"""Quantiles for 1 to 10 degrees of freedom."""


@dataclass(frozen=True, slots=True)
class ClusteredMean:
    """A mean over texts with a 95% interval that resamples authors."""

    value: float
    low: float
    high: float
    n_authors: int

    @property
    def degenerate(self) -> bool:
        """Whether there is one author only: the interval is then the whole range and says nothing."""
        return self.n_authors == 1


def clustered_mean(
    authors: Sequence[str],
    values: np.ndarray,
    *,
    rng: np.random.Generator,
    n_resamples: int = 2000,
    even: float = 0.5,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> ClusteredMean:
    """Mean of n values with a 95% interval by bootstrap over authors, corrected for few of them.

    Args:
        authors: Author of each value; names decide the order of resampling, the order of values does not.
        values: Shape (n,), within `bounds`.
        rng: Draws the resamples.
        n_resamples: Number of draws.
        even: The value that favours nobody.
        bounds: Range of the values; the interval of a single author.

    Raises:
        ValueError: No values.
    """
    if not len(values):
        raise ValueError("a mean needs at least one value")
    counts, sums = per_author(authors, values)
    value, n = float(sums.sum() / counts.sum()), len(counts)
    if n == 1:
        return ClusteredMean(value, *bounds, n_authors=1)
    extra = EVEN_AUTHOR * counts.mean()
    counts, sums = np.append(counts, extra), np.append(sums, extra * even)
    drawn = rng.integers(n + 1, size=(n_resamples, n + 1), dtype=np.int32)
    low, high = np.quantile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), [0.025, 0.975])
    middle = sums.sum() / counts.sum()
    widen = student(n - 1, 0.975) / _NORMAL[0.975] * np.sqrt((n + 1) / n)
    low = max(bounds[0], min(value, float(middle - widen * (middle - low))))
    high = min(bounds[1], max(value, float(middle + widen * (high - middle))))
    return ClusteredMean(value, low, high, n_authors=n)


def per_author(authors: Sequence[str], values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number and sum of each author's values, in the order of the authors' names: shape (n authors,) each."""
    owner = np.unique(authors, return_inverse=True)[1]
    return np.bincount(owner).astype(float), np.bincount(owner, values)


def student(freedom: int, share: float) -> float:
    """Quantile of Student's t for a share of 0.8 or 0.975, the only ones known.

    From 11 degrees of freedom on by Cornish and Fisher's expansion, right to 0.002.
    """
    if freedom <= len(_STUDENT[share]):
        return _STUDENT[share][freedom - 1]
    z = _NORMAL[share]
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / freedom + second / freedom**2


def seeded(seed: int, *names: str) -> np.random.Generator:
    """A generator for one purpose, which the names say, independent of all others."""
    digest = hashlib.sha256(repr((seed, names)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest))
