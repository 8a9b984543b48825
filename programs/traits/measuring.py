"""Measures a person's texts against a population."""

from bisect import bisect_left
from collections.abc import Sequence
from math import sqrt

from pydantic import BaseModel, ConfigDict, Field

from programs.traits.evidence import MOST, quotations
from programs.traits.phrasing import direction
from programs.traits.phrasing import reading as reading_of
from programs.traits.population import Background, Population, default_population, weight
from programs.traits.reading import Reading
from programs.traits.registry import TRAITS
from programs.traits.trait import Trait, Unit
from signatures.errors import SetupError
from signatures.hypotheses import Aspect, Dimension, Span

_ORDINARY = 1e-9


class MeasuredTrait(BaseModel):
    """One trait of a person, beside those of others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    dimension: Dimension
    aspect: Aspect
    unit: Unit
    value: float
    """Mean over the samples."""
    z: float
    """Distance from the mean writer, in standard deviations of authors' means over so many texts of such length.

    Few or short samples vary more, so that the same value lies less far out.
    """
    percentile: float = Field(ge=0.0, le=1.0)
    """Share of writers below, half of those equal included, among means of as many texts."""
    reading: str
    """In plain English, with the numbers."""
    evidence: tuple[Span, ...] = Field(max_length=MOST)
    """Verbatim spans of the samples that show it."""


def fingerprint(texts: Sequence[str]) -> dict[str, float]:
    """Every trait's mean over the texts, by name, in the trait's unit; a text without a word has 0 of each.

    Raises: SetupError if there is no text.
    """
    readings = [Reading(text) for text in texts]
    if not readings:
        raise SetupError("no text to measure; give at least one")
    return {name: sum(map(trait.value, readings)) / len(readings) for name, trait in TRAITS.items()}


def measure(samples: Sequence[str], population: Population | None = None) -> tuple[MeasuredTrait, ...]:
    """All traits of the person who wrote the samples, the most unusual first.

    Args:
        samples: Texts of one person; those without a word do not count.
        population: Whom to compare with; the one that ships if None, which see for what it can say.

    Raises: SetupError if no sample holds a word.
    """
    population = population or default_population()
    readings = worded(samples)
    found = [_measured(trait, readings, population) for trait in TRAITS.values()]
    return tuple(sorted(found, key=lambda one: -abs(one.z)))


def worded(samples: Sequence[str]) -> list[Reading]:
    """The samples that hold a word.

    Raises: SetupError if none does.
    """
    readings = [reading for reading in map(Reading, samples) if reading.words]
    if not readings:
        raise SetupError("no sample holds a word, so there is nothing to measure; give texts that the person wrote")
    return readings


def distance(values: Sequence[float], weights: Sequence[float], background: Background) -> float:
    """How far the weighted mean lies from the mean writer, in standard deviations of such means."""
    total = sum(weights)
    mean = sum(value * one for value, one in zip(values, weights, strict=True)) / total
    variance = background.between + background.within / total
    return (mean - background.mean) / sqrt(variance) if variance > _ORDINARY else 0.0


def below_and_above(value: float, n_texts: float, background: Background) -> tuple[float, float]:
    """Shares of writers with less and with more than a value, among means of as many texts or the next fewer."""
    groups = [n for n in sorted(background.author_quantiles) if n <= max(n_texts, 1)]
    quantiles = background.author_quantiles[groups[-1]] if groups else background.text_quantiles
    return _share_below(value, quantiles), _share_below(-value, [-one for one in reversed(quantiles)])


def _share_below(value: float, quantiles: Sequence[float]) -> float:
    """Share of a distribution below a value, from evenly spaced ascending quantiles with straight lines between."""
    place = bisect_left(quantiles, value)
    if place in (0, len(quantiles)):
        return float(place > 0)
    low, high = quantiles[place - 1], quantiles[place]
    return (place - 1 + (value - low) / (high - low)) / (len(quantiles) - 1)


def _measured(trait: Trait, readings: Sequence[Reading], population: Population) -> MeasuredTrait:
    background = population.traits[trait.name]
    values = [trait.value(reading) for reading in readings]
    value = sum(values) / len(values)
    each = [weight(len(reading.words), background, population.mean_words) for reading in readings]
    z = distance(values, each, background)
    below, above = below_and_above(value, sum(each), background)
    return MeasuredTrait(
        name=trait.name,
        dimension=trait.dimension,
        aspect=trait.aspect,
        unit=trait.unit,
        value=value,
        z=round(z, 3),
        percentile=round((1 + below - above) / 2, 3),
        reading=reading_of(trait, value, below, above),
        evidence=quotations(readings, trait.shows_little if direction(below, above) < 0 else trait.shows),
    )
