"""Whether a text reads as if somebody else had written it, from measurements alone.

A text is scored by how much likelier its traits are from this person than from any writer of the population: for each
trait, the logarithm of the ratio of two normal densities (the person's mean is drawn towards the population's as far
as so few texts demand), each cut to [-2, 2] so that no single oddity decides, then added up. Traits depend on each
other and genres differ, so the sum is no probability; it is read against the sums of the person's own texts, each
scored by the others. A text more than two of their standard deviations below their mean is unlike.

Share of texts that an update holds back by it (`benchmarks.profiles`, CCAT50, the population that ships): with 5 texts
known 1% of the person's own, 14% of other reporters' of the same agency, all of another genre; with 20 known 6%, 24%
and all. A population fitted on other reporters gives 2%, 46% and 94% with 20 known. Of the bundled corpus's own texts
none, of other voices 90%.
"""

from collections.abc import Sequence

import numpy as np

from programs.profiles.record import ProfileText
from programs.traits import TRAITS, Population

FEWEST = 3
"""Texts of the person below which nothing can be told."""
UNLIKE = -2.0
"""Standard deviations of the person's own texts."""
_MOST = 2.0
_SPREAD = 8.0
"""The usual standard deviation of a person's sums, which counts as much as three more texts."""
_SPREAD_WEIGHT = 3
_LEAST_WITHIN = 0.01
_ORDINARY = 1e-9


def likeness_of(
    new: Sequence[ProfileText], known: Sequence[ProfileText], population: Population
) -> tuple[float, ...] | None:
    """How like the known texts each new one reads, in standard deviations of the known texts among themselves.

    0 is a text like the others, below -2 one that reads as somebody else's; None where fewer than three are known.
    """
    if len(known) < FEWEST:
        return None
    person = _Person(
        known, population, [name for name in TRAITS if all(name in text.values for text in (*known, *new))]
    )
    own = np.array(person.own_sums())
    spread = np.sqrt((((own - own.mean()) ** 2).sum() + _SPREAD_WEIGHT * _SPREAD**2) / (len(own) - 1 + _SPREAD_WEIGHT))
    reach = spread * np.sqrt(1 + 1 / len(own))
    return tuple(round(float((total - own.mean()) / reach), 3) for total in person.sums(new))


class _Person:
    """Sums of a person's texts and of others, over the traits that all of them have."""

    def __init__(self, known: Sequence[ProfileText], population: Population, names: Sequence[str]) -> None:
        self._names = names
        backgrounds = [population.traits[name] for name in names]
        self._mean = np.array([each.mean for each in backgrounds])
        self._between = np.array([each.between for each in backgrounds])
        within = np.array([each.within for each in backgrounds])
        self._within = np.maximum(within, np.maximum(_LEAST_WITHIN * self._between, _ORDINARY))
        self._telling = self._between + within > _ORDINARY
        self._known = self._table(known)

    def sums(self, texts: Sequence[ProfileText]) -> list[float]:
        """One for each text, against all that are known."""
        return [self._sum(values, self._known) for values in self._table(texts)]

    def own_sums(self) -> list[float]:
        """One for each known text, against the others."""
        return [self._sum(values, np.delete(self._known, place, axis=0)) for place, values in enumerate(self._known)]

    def _table(self, texts: Sequence[ProfileText]) -> np.ndarray:
        return np.array([[text.values[name] for name in self._names] for text in texts]).reshape(-1, len(self._names))

    def _sum(self, values: np.ndarray, others: np.ndarray) -> float:
        kept = self._between / (self._between + self._within / len(others))
        centre = self._mean + kept * (others.mean(axis=0) - self._mean)
        own = self._within + kept * self._within / len(others)
        anyone = self._between + self._within
        ratio = ((values - self._mean) ** 2 / anyone - (values - centre) ** 2 / own + np.log(anyone / own)) / 2
        return float(np.clip(ratio[self._telling], -_MOST, _MOST).sum())
