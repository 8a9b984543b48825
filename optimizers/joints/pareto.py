"""Programs that no other beats in everything, and which of them to take."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

Prefer = Literal["win", "cheap", "balanced"]
"""The most wins; the fewest tokens that are not worse than the student; or the most wins for the tokens."""
PREFERENCES: tuple[str, ...] = get_args(Prefer)
WEIGHTS: dict[Prefer, float] = {"win": 0.0, "balanced": 0.02, "cheap": 0.1}
"""Score that a search gives up for each further text's worth of the student's tokens."""


class Point(NamedTuple):
    """One program that was scored on the whole valset."""

    number: int
    """Of the trial; 0 is the student."""
    score: float
    """Mean metric, to be high."""
    tokens: float | None
    """Read and written for a text, on average, to be low; None where the model did not say."""
    seconds: float
    """A text, to be low."""


def front(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points that no other beats in one aim and equals in the rest, in their order; all of several equals.

    Tokens count only if all points have them: an aim that is unknown for some would make dominance intransitive.
    """
    aims = [_aims(point, all(each.tokens is not None for each in points)) for point in points]
    return tuple(
        point
        for point, mine in zip(points, aims, strict=True)
        if not any(other != mine and all(b >= a for a, b in zip(mine, other, strict=True)) for other in aims)
    )


def choose(points: Sequence[Point], prefer: Prefer) -> Point:
    """The point of the front that suits a preference and is not worse than the student; the earlier of two equals.

    `balanced` takes the nearest to the ideal point, which has the best of score and tokens, in units of their ranges
    over the front (Marler and Arora 2004, sec. 3.1). Where tokens are unknown, seconds stand in for them.

    Raises: ValueError if the student, number 0, is not among the points.
    """
    students = [point for point in points if point.number == 0]
    if not students:
        raise ValueError("the student is not among the points")
    at_least = students[0].score
    eligible = [point for point in front(points) if point.score >= at_least]
    # The student is dominated by an eligible point or stands on the front itself, so that one is always left.
    known = all(point.tokens is not None for point in points)
    costs = {point.number: point.tokens if known and point.tokens is not None else point.seconds for point in eligible}
    if prefer == "win":
        # Of equal scores the earliest of all, on the front or not: the student is not given up for nothing.
        return max(points, key=lambda point: (point.score, -point.number))
    if prefer == "cheap":
        return min(eligible, key=lambda point: (costs[point.number], -point.score, point.number))
    scores = [point.score for point in eligible]
    lost = _scaled([max(scores) - score for score in scores])
    paid = _scaled([costs[point.number] - min(costs.values()) for point in eligible])
    distances = [math.hypot(a, b) for a, b in zip(lost, paid, strict=True)]
    return min(zip(distances, eligible, strict=True), key=lambda pair: (pair[0], pair[1].number))[1]


def _aims(point: Point, tokens: bool) -> tuple[float, ...]:
    return (point.score, -point.seconds, *((-(point.tokens or 0.0),) if tokens else ()))


def _scaled(values: Sequence[float]) -> list[float]:
    """Values over the largest; zeros stay."""
    largest = max(values)
    return [value / largest if largest else 0.0 for value in values]
