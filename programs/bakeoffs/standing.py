"""Counts what a bake-off says from its cells alone; pure, each interval from a generator of its own."""

import statistics
from collections.abc import Mapping, Sequence
from math import inf, isfinite
from typing import Literal

import numpy as np

from programs.bakeoffs.records import Cell, Goal, Judged, Lead, Rate, Standing
from programs.intervals import clustered_mean, seeded

Against = Literal["zero_shot", "uncompiled"]
_SLACK = 1e-9
"""Win rates are sums of halves over a count; equal ones may differ by rounding."""


def standings(cells: Sequence[Cell], goal: str, seed: int = 0) -> tuple[Standing, ...]:
    """One for each optimizer, most wins against zero-shot first; those without a result last.

    Args:
        cells: Of any optimizers and seeds, each once.
        goal: The optimizer whose final win rate the others are to reach.
        seed: Of the intervals.
    """
    by_name: dict[str, list[Cell]] = {}
    for cell in sorted(cells, key=lambda cell: cell.seed):
        by_name.setdefault(cell.optimizer, []).append(cell)
    goals = {cell.seed: cell for cell in by_name.get(goal, []) if cell.error is None}
    found = [_standing(name, own, goals, seed) for name, own in by_name.items()]
    return tuple(sorted(found, key=lambda each: (-each.zero_shot.value if each.zero_shot else inf, each.tokens)))


def rate(cells: Sequence[Cell], against: Against, seed: int = 0) -> Rate | None:
    """Mean outcome over all targets and seeds; the interval resamples authors. None without a verdict."""
    known = [(each, value) for each in _judged(cells) if (value := getattr(each, against)) is not None]
    if not known:
        return None
    names = [cell.optimizer for cell in cells]
    found = clustered_mean(
        [each.author for each, _ in known],
        np.array([value for _, value in known]),
        rng=seeded(seed, against, *names),
    )
    return Rate(value=found.value, low=found.low, high=found.high, n_pairs=len(known))


def lead(cells: Sequence[Cell], order: Sequence[Standing], seed: int = 0) -> Lead | None:
    """The first against the second on what both answered; None where there are no two, or they share nothing."""
    ranked = [each.optimizer for each in order if each.zero_shot]
    if len(ranked) < 2:
        return None
    first, second = (_outcomes([cell for cell in cells if cell.optimizer == name]) for name in ranked[:2])
    keys = sorted(first.keys() & second.keys())
    if not keys:
        return None
    gaps = np.array([first[key] - second[key] for key in keys])
    rng = seeded(seed, "lead", *ranked[:2])
    found = clustered_mean([author for author, *_ in keys], gaps, rng=rng, even=0.0, bounds=(-1.0, 1.0))
    return Lead(
        first=ranked[0],
        second=ranked[1],
        value=found.value,
        low=found.low,
        high=found.high,
        n_authors=found.n_authors,
    )


def tokens_to(cell: Cell, win_rate: float) -> float | None:
    """Tokens after which the best program so far wins as often as `win_rate`, then and at every later moment.

    Touching it once by a lucky draw does not count. None if the search does not end there.
    """
    reached: float | None = None
    for best in cell.bests:
        if best.win_rate is None or best.win_rate < win_rate - _SLACK:
            reached = None
        elif reached is None:
            reached = float(best.spent.tokens)
    return reached


def _standing(name: str, cells: Sequence[Cell], goals: Mapping[int, Cell], seed: int) -> Standing:
    done = [cell for cell in cells if cell.error is None]
    rates = [found.value for cell in done if (found := rate([cell], "zero_shot", seed))]
    dollars = [cell.spent.dollars for cell in done]
    priced = [each for each in dollars if each is not None]
    return Standing(
        optimizer=name,
        seeds=tuple(cell.seed for cell in done),
        n_broken=len(cells) - len(done),
        zero_shot=rate(done, "zero_shot", seed),
        uncompiled=rate(done, "uncompiled", seed),
        by_seed=tuple(rates),
        calls=_mean([cell.spent.calls for cell in done]),
        tokens=_mean([cell.spent.tokens for cell in done]),
        minutes=_mean([cell.spent.seconds / 60 for cell in done]),
        dollars=_mean(priced) if len(priced) == len(dollars) else None,
        hits=_mean([cell.spent.hits for cell in done]),
        n_trials=_mean([len(cell.trials) for cell in done]),
        n_failures=sum(cell.n_failures for cell in done),
        n_unscored=sum(cell.n_unscored for cell in done),
        goal=_goal(done, goals),
    )


def _goal(cells: Sequence[Cell], goals: Mapping[int, Cell]) -> Goal | None:
    """Seeds that never reach it count as infinitely many tokens: a median of the others alone would flatter."""
    needed: list[float] = []
    for cell in cells:
        wanted = goals[cell.seed].bests[-1].win_rate if cell.seed in goals and goals[cell.seed].bests else None
        if wanted is not None:
            found = tokens_to(cell, wanted)
            needed.append(inf if found is None else found)
    if not needed:
        return None
    median = statistics.median(needed)
    return Goal(n_reached=sum(map(isfinite, needed)), n_seeds=len(needed), tokens=median if isfinite(median) else None)


def _judged(cells: Sequence[Cell]) -> list[Judged]:
    return [each for cell in cells for each in cell.judged]


def _outcomes(cells: Sequence[Cell]) -> dict[tuple[str, str, int], float]:
    """Author, target and seed to the outcome against zero-shot."""
    return {
        (each.author, each.target_id, cell.seed): each.zero_shot
        for cell in cells
        for each in cell.judged
        if each.zero_shot is not None
    }


def _mean(amounts: Sequence[float]) -> float:
    return statistics.fmean(amounts) if amounts else 0.0
