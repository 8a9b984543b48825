"""Which texts an explanation writes: for every target and draw, from all hypotheses and from sets that differ by one.

Leaving one out asks what the set loses; swapping asks whether it matters whose hypothesis stands there, with a set of
the same size. All arms of a draw share a rollout, so that a model that ignores a change may write the same text; the
second text from the full set has a rollout of its own and shows how far chance alone moves texts.
"""

import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from programs.explaining.records import Arm
from programs.traits import parse_check
from signatures.hypotheses import Hypothesis
from signatures.records import AuthorCase


class Cell(NamedTuple):
    """One text to be written."""

    author: str
    target_id: str
    draw: int
    arm: Arm
    place: int | None
    """Of the hypothesis that is changed, from 0."""
    rollout: int
    """0 asks as a plain call of the program does."""
    hypotheses: tuple[Hypothesis, ...]
    swapped_in: Hypothesis | None = None

    @property
    def key(self) -> str:
        """Unique among the cells of an experiment."""
        return repr((self.author, self.target_id, self.draw, self.arm, self.place))


def cells_of(
    case: AuthorCase,
    hypotheses: Sequence[Hypothesis],
    others: Mapping[str, Sequence[Hypothesis]],
    n_draws: int,
    seed: int,
) -> list[Cell]:
    """Every text to be written for an author: targets x draws x (3 + 2 x hypotheses) at most.

    Args:
        case: The author.
        hypotheses: The author's own, as inferred.
        others: Other authors to their hypotheses; a swap of a hypothesis for which none of them has one is left out.
        n_draws: Texts for each target and set.
        seed: Draws what is swapped in.
    """
    own = tuple(hypotheses)
    pools = [_shuffled(swappable(own, place, others), f"{seed}/{case.author.id}/{place}") for place in range(len(own))]
    cells = []
    for turn, (target, draw) in enumerate((target, draw) for target in case.targets for draw in range(n_draws)):
        start = (case.author.id, target.id, draw)
        cells += [
            Cell(*start, "full", None, draw, own),
            Cell(*start, "again", None, n_draws + draw, own),
            Cell(*start, "none", None, draw, ()),
        ]
        for place, pool in enumerate(pools):
            before, after = own[:place], own[place + 1 :]
            cells.append(Cell(*start, "without", place, draw, (*before, *after)))
            if pool:
                drawn = pool[turn % len(pool)]
                cells.append(Cell(*start, "swapped", place, draw, (*before, drawn, *after), drawn))
    return cells


def swappable(
    own: Sequence[Hypothesis], place: int, others: Mapping[str, Sequence[Hypothesis]]
) -> tuple[Hypothesis, ...]:
    """Other authors' hypotheses of the same aspect, else of the same dimension, else any; in the order of the authors.

    None that the author shares: neither one that says the same, nor one that claims the same habit in the same
    direction, whatever its number.
    """
    said = {_stated(each) for each in own}
    claimed = {_claimed(each) for each in own if each.check}
    foreign: dict[str, Hypothesis] = {}
    for author in sorted(others):
        for each in others[author]:
            if _stated(each) not in said and not (each.check and _claimed(each) in claimed):
                foreign.setdefault(_stated(each), each)
    mine = own[place]
    for alike in (
        [each for each in foreign.values() if (each.dimension, each.aspect) == (mine.dimension, mine.aspect)],
        [each for each in foreign.values() if each.dimension == mine.dimension],
    ):
        if alike:
            return tuple(alike)
    return tuple(foreign.values())


def _shuffled(pool: Sequence[Hypothesis], seed: str) -> list[Hypothesis]:
    drawn = list(pool)
    # Strings seed by their content, on every machine alike.
    random.Random(seed).shuffle(drawn)
    return drawn


def _stated(hypothesis: Hypothesis) -> str:
    return " ".join(hypothesis.statement.casefold().split()).rstrip(".")


def _claimed(hypothesis: Hypothesis) -> tuple[str, str]:
    check = parse_check(hypothesis.check)
    return check.trait, check.sign
