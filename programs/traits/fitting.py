"""Fits a population: how each trait varies from author to author and from text to text."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from data.sentences import sentences
from programs.traits.population import Background, Population, Threshold
from programs.traits.reading import Reading
from programs.traits.registry import TRAITS
from signatures.errors import SetupError, counted

ALIKE = 0.6
"""Correlation over texts from which two traits count as one."""
GROUPS = (1, 3, 5, 10)
"""Numbers of texts for which the spread of authors' means is kept."""
_QUANTILES = np.linspace(0, 1, 21)
_DRAWS = 20
_SEED = 0


class TextMeasures(NamedTuple):
    """What a population needs of one text."""

    n_words: int
    values: list[float]
    """Of all traits."""
    halves: list[float] | None
    """Squared differences of all traits between the two halves of the text; None for a single sentence."""


def population(texts_by_author: Mapping[str, Sequence[str]], name: str = "") -> Population:
    """Fits the background of every trait; texts without a word, and authors with fewer than two texts, are left out.

    Fit it on authors other than those whose traits are measured, of the same genre if possible.

    Args:
        texts_by_author: At least 2 authors of 2 texts; 20 authors are good. A text of 500 words takes some 10 ms.
        name: Whose texts these are, for people.

    Raises: SetupError if there are fewer than two authors with two texts.
    """
    return fit({author: [*map(text_measures, texts)] for author, texts in texts_by_author.items()}, name)


def text_measures(text: str) -> TextMeasures:
    """Measures one text and its halves."""
    reading, parts = Reading(text), sentences(text)
    if len(parts) < 2:
        return TextMeasures(len(reading.words), _values(reading), None)
    middle = text.index(parts[len(parts) // 2], len(parts[0]))
    first, second = (_values(Reading(half)) for half in (text[:middle], text[middle:]))
    halves = [(one - other) ** 2 for one, other in zip(first, second, strict=True)]
    return TextMeasures(len(reading.words), _values(reading), halves)


def fit(measures: Mapping[str, Sequence[TextMeasures]], name: str = "") -> Population:
    """The same as `population`, of texts that are measured already."""
    worded = [[each for each in measures[author] if each.n_words] for author in sorted(measures)]
    kept = [found for found in worded if len(found) > 1]
    if len(kept) < 2:
        raise SetupError(
            f"a population of traits needs 2 authors with 2 texts each, not {counted(len(kept), 'such author')}; "
            "give more texts"
        )
    values = [np.array([each.values for each in found]) for found in kept]
    halves = np.array([each.halves for found in kept for each in found if each.halves is not None])
    noise = _noise(values, halves)
    return Population(
        name=name,
        n_authors=len(kept),
        n_texts=sum(map(len, values)),
        mean_words=round(float(np.mean([each.n_words for found in kept for each in found])), 1),
        traits={
            trait: _background([each[:, place] for each in values], 0.0 if TRAITS[trait].once_a_text else noise[place])
            for place, trait in enumerate(TRAITS)
        },
        alike=_alike(np.concatenate(values)),
    )


def _values(reading: Reading) -> list[float]:
    return [trait.value(reading) for trait in TRAITS.values()]


def _noise(values: list[np.ndarray], halves: np.ndarray) -> np.ndarray:
    """Part of the variance within authors that comes of length, for each trait.

    Two halves differ by twice the variance of a half, and a whole text has half of that.
    """
    if not len(halves):
        return np.zeros(len(TRAITS))
    within = _within(values)
    return np.clip(np.divide(halves.mean(axis=0) / 4, within, out=np.zeros_like(within), where=within > 0), 0.0, 1.0)


def _within(values: list[np.ndarray]) -> np.ndarray:
    return np.mean([each.var(axis=0, ddof=1) for each in values], axis=0)


def _background(values: list[np.ndarray], noise: float) -> Background:
    means = np.array([each.mean() for each in values])
    within = float(_within(values))
    per_mean = float(np.mean([1 / len(each) for each in values]))
    return Background(
        mean=_short(means.mean()),
        between=_short(max(float(means.var(ddof=1)) - within * per_mean, 0.0)),
        within=_short(within),
        noise=round(float(noise), 3),
        text_quantiles=_quantiles(np.concatenate(values)),
        author_quantiles={n: _quantiles(drawn) for n in GROUPS if len(drawn := _group_means(values, n))},
        thresholds=_thresholds(values),
    )


def _group_means(values: list[np.ndarray], n: int) -> np.ndarray:
    """Means over n texts drawn from each author who has as many."""
    rng = np.random.default_rng(_SEED)
    means = [[rng.choice(each, n, replace=False).mean() for _ in range(_DRAWS)] for each in values if len(each) >= n]
    return np.ravel(means)


def _thresholds(values: list[np.ndarray]) -> tuple[Threshold, ...]:
    """Midpoints between neighbouring values at every twentieth of the texts, so that no text lies on one."""
    levels = np.unique(np.concatenate(values))
    asked = np.quantile(np.concatenate(values), _QUANTILES[1:-1])
    places = np.unique(np.concatenate([np.searchsorted(levels, asked), np.searchsorted(levels, asked) + 1]))
    places = places[(places > 0) & (places < len(levels))]
    middles = np.unique([_short(float(levels[place - 1] + levels[place]) / 2) for place in places])
    return tuple(_threshold(values, float(value)) for value in middles)


def _threshold(values: list[np.ndarray], value: float) -> Threshold:
    shares = np.array([np.mean(each >= value) for each in values])
    share = float(shares.mean())
    sampling = np.mean([one * (1 - one) / (len(each) - 1) for one, each in zip(shares, values, strict=True)])
    between = max(float(shares.var(ddof=1) - sampling), 0.0)
    spread = share * (1 - share)
    steadiness = min(between / spread, 1.0) if spread else 0.0
    return Threshold(value=value, share=round(share, 4), steadiness=round(steadiness, 4))


def _alike(values: np.ndarray) -> tuple[tuple[str, str], ...]:
    centred = values - values.mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=0))
    scaled = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0)
    related = np.abs(scaled.T @ scaled) > ALIKE
    return tuple((one, two) for (i, one), (j, two) in combinations(enumerate(TRAITS), 2) if related[i, j])


def _quantiles(values: np.ndarray) -> tuple[float, ...]:
    return tuple(_short(value) for value in np.quantile(values, _QUANTILES))


def _short(value: float) -> float:
    return float(f"{value:.4g}")
