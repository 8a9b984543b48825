"""Builds the traits that are counts of passages, from what counts as one."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from programs.traits.trait import (
    Shows,
    Trait,
    Unit,
    Value,
    fewest,
    once,
    per_100_words,
    share_of_paragraphs,
    share_of_sentences,
)
from signatures.hypotheses import Aspect, Dimension

STRATEGY: Dimension = "communication strategy"
PERSONALITY: Dimension = "personality"
STYLE: Dimension = "writing style"

_VALUES: Mapping[Unit, Callable[[Shows], Value]] = MappingProxyType(
    {
        "in 100 words": per_100_words,
        "of sentences": share_of_sentences,
        "of paragraphs": share_of_paragraphs,
        "of texts": once,
    }
)


class Habit(NamedTuple):
    """What a trait says of a writer who has much of it, and of one who has little."""

    high: str
    low: str


def measured(
    name: str, place: tuple[Dimension, Aspect], unit: Unit, habit: Habit, value: Value, shows: tuple[Shows, Shows]
) -> Trait:
    """A trait with a value of its own, and the passages that show much and little of it."""
    return Trait(name, *place, name, unit, *habit, value, *shows)


def counted(
    name: str, place: tuple[Dimension, Aspect], unit: Unit, habit: Habit, hits: Shows, family: str = ""
) -> Trait:
    """A trait whose value is the number of hits, by unit; its family is its own name unless given."""
    return Trait(name, *place, family or name, unit, *habit, _VALUES[unit](hits), shows=hits, shows_little=fewest(hits))
