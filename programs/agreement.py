"""How far two judges agree over the pairs that both judged; pure."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np

Category = Literal["won", "tied", "lost"]


def category(outcome: float) -> Category:
    """What an outcome in [0, 1] says of the candidate; orders that contradict each other make a tie."""
    return "tied" if outcome == 0.5 else "won" if outcome > 0.5 else "lost"


def agreement_share(a: Sequence[float], b: Sequence[float]) -> float:
    """Share of n pairs that both judges put into the same category, in [0, 1].

    Raises:
        ValueError: No pairs; not as many outcomes of one judge as of the other.
    """
    _check(a, b)
    return sum(category(left) == category(right) for left, right in zip(a, b, strict=True)) / len(a)


def cohens_kappa(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Agreement beyond chance over won, tied and lost: 1 for full agreement, 0 for that of independent judges.

    Shapes: n outcomes of each judge, in [0, 1]. None where both judges put every pair into one and the same category,
    so that chance alone agrees always and there is nothing beyond it.

    Raises:
        ValueError: As `agreement_share`.

    Source: Cohen 1960, A coefficient of agreement for nominal scales.
    """
    seen = agreement_share(a, b)
    left, right = Counter(map(category, a)), Counter(map(category, b))
    # Counted in whole numbers: certain agreement is then exactly 1.
    by_chance = sum(left[name] * right[name] for name in left) / len(a) ** 2
    return None if by_chance == 1 else (seen - by_chance) / (1 - by_chance)


def correlation(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Pearson's correlation of n outcomes, in [-1, 1]; None where a judge gives every pair the same outcome.

    Raises:
        ValueError: As `agreement_share`.
    """
    _check(a, b)
    left, right = np.asarray(a) - np.mean(a), np.asarray(b) - np.mean(b)
    size = float(np.sqrt((left @ left) * (right @ right)))
    if size < 1e-12:
        return None
    return max(-1.0, min(1.0, float(left @ right) / size))


def _check(a: Sequence[float], b: Sequence[float]) -> None:
    if len(a) != len(b):
        raise ValueError(f"{len(a)} outcomes of one judge and {len(b)} of the other; give those of the same pairs")
    if not len(a):
        raise ValueError("agreement needs at least one pair that both judged")
