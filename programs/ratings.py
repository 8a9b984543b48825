"""Strengths of contestants from who beat whom (Bradley and Terry 1952).

Hunter's MM algorithm (2004) climbs from anywhere, and creeps where games by far outnumber the prior's or form a chain:
200 contestants who each met the next would take tens of thousands of rounds. So a few rounds of it are followed by
Newton's steps, which arrive from there in about ten.
"""

import math
from collections.abc import Mapping

import numpy as np

MM_ROUNDS = 20
NEWTON_STEPS = 200
LONGEST_STEP = 1.0
"""Of a rating, in log-odds; a longer one of Newton's may overshoot."""
CLOSE = 1e-10

Points = Mapping[tuple[str, str], float]
"""(a, b) to the points that a won against b: 1 for a win, 1/2 for a tie, summed over their games."""


def bradley_terry(points: Points, prior: float = 1.0) -> dict[str, float]:
    """The rating of each contestant, in natural log-odds: `expected(r[a], r[b])` is the chance that a beats b.

    Ties count as half a win for each side. Everybody is also thought to have played `prior` games against a contestant
    of rating 0 and to have won half of them, so that ratings are finite and unique however few games there are, and
    whoever never played has rating 0.

    Args:
        points: Fractions are allowed; a pair without games may be left out.
        prior: Games, above 0.

    Returns: ratings by name, in the order of first mention.

    Raises: ValueError for points that are negative or not finite, a contestant against itself, or a prior not above 0.
    Source: Hunter, MM algorithms for generalized Bradley-Terry models, Ann. Statist. 32 (2004), eq. 3; the prior's
    games are those of Caron and Doucet, J. Comput. Graph. Statist. 21 (2012), sec. 2, in log-odds.
    """
    if not (math.isfinite(prior) and prior > 0):
        raise ValueError(f"a prior of {prior!r} games is not above 0")
    names = list(dict.fromkeys(name for pair in points for name in pair))
    if not names:
        return {}
    place = {name: index for index, name in enumerate(names)}
    won = np.zeros((len(names), len(names)))
    for (a, b), amount in points.items():
        if a == b or not (math.isfinite(amount) and amount >= 0):
            raise ValueError(f"{amount!r} points of {a!r} against {b!r} are no result")
        won[place[a], place[b]] += amount
    games, wins = won + won.T, won.sum(axis=1) + prior / 2
    ratings = np.zeros(len(names))
    for _ in range(MM_ROUNDS):
        ratings = _mm_round(ratings, games, wins, prior)
    for _ in range(NEWTON_STEPS):
        step = _newton_step(ratings, games, wins, prior)
        ratings = ratings + step
        if float(np.abs(step).max()) < CLOSE:
            break
    return dict(zip(names, ratings.tolist(), strict=True))


def expected(rating: float, other: float) -> float:
    """The chance, in [0, 1], that a contestant of one rating beats one of another."""
    return float(_chance(np.float64(rating - other)))


def _mm_round(ratings: np.ndarray, games: np.ndarray, wins: np.ndarray, prior: float) -> np.ndarray:
    """Hunter's eq. 3 with strengths exp(ratings): wins over the games, each weighed by one over both strengths."""
    strengths = np.exp(ratings)
    met = (games / (strengths[:, None] + strengths[None, :])).sum(axis=1) + prior / (strengths + 1)
    return np.log(wins / met)


def _newton_step(ratings: np.ndarray, games: np.ndarray, wins: np.ndarray, prior: float) -> np.ndarray:
    """Newton's step on the log-likelihood, which is concave in the ratings, cut to `LONGEST_STEP`."""
    between, alone = _chance(ratings[:, None] - ratings[None, :]), _chance(ratings)
    slope = wins - (games * between).sum(axis=1) - prior * alone
    weights = games * between * (1 - between)
    curve = np.diag(weights.sum(axis=1) + prior * alone * (1 - alone)) - weights
    step = np.linalg.solve(curve, slope)
    return step * min(1.0, LONGEST_STEP / max(float(np.abs(step).max()), CLOSE))


def _chance(gap: np.ndarray | np.float64) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-np.clip(gap, -700.0, 700.0))))
