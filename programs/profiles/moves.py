"""Which measured habits an edit moved, beyond what chance would when as many words are changed.

An edit that replaces a share c of a text draws c of its words anew, so that an amount moves by chance about as far as
two texts of the person differ, the variance times c. A habit counts as moved from three such standard deviations on,
and where more than one passage makes the difference: a single comma is a correction.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from math import copysign, sqrt
from statistics import median
from typing import NamedTuple

from programs.profiles.record import ProfileText
from programs.traits import TRAITS, Population
from programs.traits.population import weight
from programs.traits.reading import Reading
from programs.traits.trait import Trait

LEAST_Z = 3.0
LEAST_SHARE = 0.05
"""An edit of fewer words is read as if it changed so many of them."""
_LEAST_HITS = 1.5
_SURE = 99.0
_NORMAL = 1.4826
"""Standard deviation of a normal variable over its median distance from the median."""
_PIECE = re.compile(r"\w+|[^\w\s]|\n+")


class Move(NamedTuple):
    """One habit, before and after an edit."""

    trait: str
    before: float
    after: float
    z: float
    """How far, in standard deviations of what chance explains; above 0 where there is more of it now."""

    @property
    def sign(self) -> str:
        """The direction as checks write it."""
        return ">=" if self.z > 0 else "<"


def changed_share(draft: str, edited: str) -> float:
    """Share of the words, marks and line breaks of the two texts that the other does not have, in order.

    0 for the same text, 1 for another one. Source: `difflib`'s ratio, of Ratcliff and Metzener (1988).
    """
    return 1 - SequenceMatcher(None, _PIECE.findall(draft), _PIECE.findall(edited), autojunk=False).ratio()


def moves(draft: str, edited: str, known: Sequence[ProfileText], population: Population) -> tuple[Move, ...]:
    """The habits that an edit moved, the furthest first.

    Args:
        draft: The text before the edit, with a word in it.
        edited: The text after it, with a word in it.
        known: Texts of the person, which tell how far theirs differ anyway; may be none.
        population: Writers, whose texts tell the same.
    """
    share = max(changed_share(draft, edited), LEAST_SHARE)
    texts = (Reading(draft), Reading(edited))
    found = [_move(trait, texts, share * _chance(trait, texts, known, population)) for trait in TRAITS.values()]
    return tuple(sorted((move for move in found if move is not None), key=lambda move: -abs(move.z)))


def different_moves(found: Sequence[Move], population: Population, n: int) -> tuple[Move, ...]:
    """The first n of which no two are much the same habit."""
    kept: list[Move] = []
    for move in found:
        if len(kept) < n and not any(population.related(move.trait, one.trait) for one in kept):
            kept.append(move)
    return tuple(kept)


def _move(trait: Trait, texts: tuple[Reading, Reading], variance: float) -> Move | None:
    before, after = map(trait.value, texts)
    moved = after - before
    if not moved or _hits(trait, moved, texts) < _LEAST_HITS:
        return None
    z = moved / sqrt(variance) if variance else copysign(_SURE, moved)
    z = max(min(z, _SURE), -_SURE)
    return Move(trait.name, before, after, round(z, 2)) if abs(z) >= LEAST_Z else None


def _chance(trait: Trait, texts: Sequence[Reading], known: Sequence[ProfileText], population: Population) -> float:
    """Variance of the difference of two texts of such lengths by the person.

    As the median distance of the person's texts from their median tells, so that a few that were edited the other way
    do not hide the next such edit; that of an author's texts in the population where it is more.
    """
    background = population.traits[trait.name]
    values = [text.values[trait.name] for text in known if trait.name in text.values]
    middle = median(values) if values else 0.0
    spread = _NORMAL * median(abs(value - middle) for value in values) if values else 0.0
    within = max(background.within, spread**2)
    return sum(within / weight(len(text.words), background, population.mean_words) for text in texts)


def _hits(trait: Trait, moved: float, texts: Sequence[Reading]) -> float:
    """How many passages make the difference, in the longer of the texts; more than enough where none are counted."""
    sizes = {
        "in 100 words": max(len(text.words) for text in texts) / 100,
        "of words": max(len(text.words) for text in texts),
        "of sentences": max(len(text.sentences) for text in texts),
        "of paragraphs": max(len(text.paragraphs) for text in texts),
    }
    return abs(moved) * sizes[trait.unit] if trait.unit in sizes else _LEAST_HITS
