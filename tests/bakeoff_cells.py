"""Made-up cells of a bake-off."""

from collections.abc import Sequence

from programs.bakeoffs.records import Best, Cell, Judged, Spending, Tried

CALLS = 10


def spent(tokens: int) -> Spending:
    """A call each ten tokens, a minute each thousand."""
    return Spending(calls=tokens // CALLS, tokens=tokens, seconds=tokens * 0.06)


def cell(
    optimizer: str,
    seed: int,
    outcomes: dict[str, list[float | None]],
    way: Sequence[tuple[int, float | None]] | None = None,
    uncompiled: float = 0.5,
) -> Cell:
    """One whose final program has these outcomes for each author; `way` is tokens and win rate of the best so far."""
    way = way or [(0, 0.5), (1000, 0.5)]
    return Cell(
        optimizer=optimizer,
        seed=seed,
        trials=(Tried(number=0, score=0.5, n_failures=1, spent=spent(way[0][0])),),
        bests=tuple(
            Best(trial=None if place == len(way) - 1 else place, spent=spent(tokens), win_rate=rate)
            for place, (tokens, rate) in enumerate(way)
        ),
        judged=tuple(
            Judged(
                author=author,
                target_id=f"{author} {place}",
                zero_shot=value,
                uncompiled=None if value is None else uncompiled,
            )
            for author, values in outcomes.items()
            for place, value in enumerate(values)
        ),
        spent=spent(way[-1][0]),
    )
