"""The Big Five as measured in a person's words, without a model.

A description of how texts read beside other writers' texts, and no test of a person: see `programs.personalities.cues`
for what it rests on and how little that is. `programs.personalities.reading` sets a model's reading beside it.

What `benchmarks.personality` prints of it: on the bundled corpus the sign of the score is that of 31 of 41 gold
statements on personality (6 of 6 on extraversion, 9 of 11 on emotional stability, 8 of 11 on agreeableness, 7 of 9 on
conscientiousness, 1 of 4 on openness), of which 38 tell of much of a factor. Scores of five texts and of five others by
the same person differ as their errors say or less: by 0.8 to 0.9 of them there, by 0.8 to 1.0 on CCAT50.
"""

from collections.abc import Iterable, Sequence
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

from programs.fencing import order_passages, unordered
from programs.personalities.cues import CUES, Cue
from programs.traits import TRAITS, Population, default_population
from programs.traits.evidence import quotations
from programs.traits.measuring import distance, worded
from programs.traits.population import weight
from programs.traits.reading import Reading
from signatures.personality import Contribution, Factor, FactorScore

MIN_WORDS = 300
"""With fewer there is too little text to tell: as few texts of the bundled corpus as reach it leave 0.28 of a score's
variance to chance, and 0.88 of it among the reporters of CCAT50, who differ less (`benchmarks.personality`)."""
MOST_Z = 3.0
"""A trait lies no further out than this, so that one odd habit makes no personality."""
LIKENESS = 0.09
"""Mean correlation of the cues of a factor, each turned by its sign, over authors' means of five texts.

The mean over five factors is 0.10 on the 24 authors of the bundled corpus and 0.08 on 25 of CCAT50. With it the scores
of factors spread by 0.6 to 1.1 and 0.9 to 1.1, where z should by 1; if cues were independent by 0.7 to 1.3 and 1.0 to
1.3 (`benchmarks.personality`, populations of the other authors).
"""
_MOST_SPANS = 3
_TELLING = 0.5
"""Least distance at which a trait is quoted or named."""
ENGLISH = frozenset(("the", "and", "of", "to"))
LEAST_ENGLISH = 0.02
"""Least share of these four words; five texts of a bundled author have 0.04 or more (`benchmarks.personality`)."""
_NORMAL = NormalDist()
_LIKE = {
    "openness": "open to experience",
    "conscientiousness": "conscientious",
    "extraversion": "outgoing",
    "agreeableness": "agreeable",
    "emotional stability": "emotionally stable",
}
_WEAK = "A weak sign in the words, no test of the person."


class _Measured(NamedTuple):
    """One cue in a person's texts."""

    cue: Cue
    z: float
    noise: float
    """Standard error of z."""


def personality(samples: Sequence[str], population: Population | None = None) -> tuple[FactorScore, ...]:
    """The Big Five as the words of these texts show them, always in the same order.

    Signs of published correlations between word categories and questionnaires, equal weights (`programs.personalities
    .cues`, with the sources): those correlations are about 0.1 to 0.2, so that a score describes how the texts read and
    hardly tells what the writer is like. Conscientiousness and emotional stability rest on five cues in common.

    Args:
        samples: English texts of one person; repeated ones and those without a word do not count.
        population: Whom to compare with; the one that ships if None, which see for what it can say. Against writers in
            other genres a score tells the genre: reporters seem open and reserved, those of CCAT50 by 1.6 and 0.7 on
            average (`benchmarks.personality`).

    Returns: five scores; without z, error, percentile, contributions and evidence where there are fewer than
        `MIN_WORDS` words, or the texts are hardly English.

    Raises: SetupError if no sample holds a word.
    """
    against = population or default_population()
    readings = worded(list({" ".join(sample.split()): sample for sample in samples}.values()))
    words = [word for reading in readings for word in reading.words]
    why = _silence(words)
    if why:
        return tuple(_untold(factor, len(words), why) for factor in CUES)
    passages = order_passages(samples)
    return tuple(_score(factor, cues, readings, against, passages) for factor, cues in CUES.items())


def _silence(words: Sequence[str]) -> str:
    """Why nothing can be told, if so."""
    if len(words) < MIN_WORDS:
        return f"Too little text to tell: {len(words)} words, and it takes {MIN_WORDS}."
    if sum(word in ENGLISH for word in words) < LEAST_ENGLISH * len(words):
        return "Not measured: the words that are counted are English, and these texts hardly are."
    return ""


def _untold(factor: Factor, n_words: int, why: str) -> FactorScore:
    return FactorScore(
        factor=factor,
        z=None,
        error=None,
        percentile=None,
        contributions=(),
        evidence=(),
        n_words=n_words,
        sentence=why,
    )


def _score(
    factor: Factor,
    cues: Sequence[Cue],
    readings: Sequence[Reading],
    population: Population,
    passages: Sequence[str],
) -> FactorScore:
    measured = [_measured(cue, readings, population) for cue in cues]
    scale = _spread(cue.share for cue in cues)
    z = sum(one.cue.sign * one.cue.share * one.z for one in measured) / scale
    error = _spread(one.cue.share * one.noise for one in measured) / scale
    contributions = [
        Contribution(
            trait=one.cue.trait,
            weight=round(one.cue.sign * one.cue.share / scale, 4),
            z=round(one.z, 3),
            source=one.cue.source,
        )
        for one in measured
    ]
    contributions.sort(key=lambda one: -abs(one.weight * one.z))
    telling = [one for one in contributions if one.weight * one.z * z > 0 and abs(one.z) >= _TELLING]
    score = FactorScore(
        factor=factor,
        z=round(z, 3),
        error=round(error, 3),
        percentile=round(_NORMAL.cdf(z), 3),
        contributions=tuple(contributions),
        evidence=_evidence(telling, readings, passages),
        n_words=sum(len(reading.words) for reading in readings),
        sentence="",
    )
    return score.model_copy(update={"sentence": _sentence(score, telling)})


def _measured(cue: Cue, readings: Sequence[Reading], population: Population) -> _Measured:
    background = population.traits[cue.trait]
    values = [TRAITS[cue.trait].value(reading) for reading in readings]
    weights = [weight(len(reading.words), background, population.mean_words) for reading in readings]
    sampling = background.within / sum(weights)
    variance = background.between + sampling
    z = min(max(distance(values, weights, background), -MOST_Z), MOST_Z)
    return _Measured(cue, z, sqrt(sampling / variance) if variance else 0.0)


def _spread(parts: Iterable[float]) -> float:
    """Standard deviation of a sum of parts with these standard deviations, as alike as cues of a factor are."""
    sizes = list(parts)
    squares = sum(size * size for size in sizes)
    return sqrt(squares + LIKENESS * (sum(sizes) ** 2 - squares))


def _evidence(telling: Sequence[Contribution], readings: Sequence[Reading], passages: Sequence[str]) -> tuple[str, ...]:
    """One quotation of each of the strongest traits, none that is part of an order to a model."""
    found: dict[str, None] = {}
    # What is there can be quoted; what is missing only shows in passages that lack it.
    for one in sorted(telling, key=lambda one: one.z < 0):
        trait = TRAITS[one.trait]
        spans = unordered(quotations(readings, trait.shows if one.z > 0 else trait.shows_little), passages)
        if spans and len(found) < _MOST_SPANS:
            found[spans[0]] = None
    return tuple(found)


def _sentence(score: FactorScore, telling: Sequence[Contribution]) -> str:
    z, error, percentile = score.z or 0.0, score.error or 0.0, score.percentile or 0.0
    amount = f"z {z:+.1f} ± {error:.1f}"
    if not score.clear:
        like = _LIKE[score.factor]
        return f"Neither more nor less {like} than most writers, as far as so much text tells ({amount}). {_WEAK}"
    shown = [_habit(one) for one in telling[:2]]
    because = f": {'; '.join(shown)}" if shown else ""
    side, share = ("more", percentile) if z > 0 else ("less", 1 - percentile)
    beside = f"{side} {_LIKE[score.factor]} than {min(max(share, 0.01), 0.99):.0%} of writers"
    return f"Reads as {beside} ({amount}){because}. {_WEAK}"


def _habit(contribution: Contribution) -> str:
    trait = TRAITS[contribution.trait]
    said = trait.high if contribution.z > 0 else trait.low
    return said[0].lower() + said[1:]
