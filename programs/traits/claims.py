"""Turns what is distinctive in a person's texts into hypotheses, each with a check that tells it from other people.

For every trait that is not ordinary, and every threshold of the population, two estimates of how often the person's
next text passes are averaged. One counts: the samples that pass, with the population's share as prior, its strength
from how steady authors are at that threshold (beta-binomial). The other weighs amounts: the person's mean, drawn
towards the population's as far as so few texts of that length demand, on a scale on which the population is normal. The
first is robust and too bold, since the best of many thresholds is taken; the second is sharper and wrong where amounts
are lumpy. Alone, each promised more than held on the bundled corpus by 4 to 8 points of 100; their mean keeps within 3
there and within 1 on CCAT50 (`benchmarks.traits`). What is claimed is the threshold where this exceeds the population's
share the most: the lift that the claim promises.
"""

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple, Protocol

from programs.traits.checks import Check
from programs.traits.evidence import quotations
from programs.traits.measuring import below_and_above, worded
from programs.traits.phrasing import direction, statement
from programs.traits.population import Background, Population, Threshold, default_population, weight
from programs.traits.reading import Reading
from programs.traits.registry import TRAITS
from programs.traits.trait import Trait
from signatures.hypotheses import Hypothesis

MOST_TEXTS = 0.55
"""Least share of the person's texts that a claim must be expected to hold on."""
LEAST_LIFT = 0.1
"""Least amount by which that must exceed the share of other people's texts."""
LEAST_STEADINESS = 0.1
"""Of the variance, the part that is granted to lie between authors where those of the population do not differ."""
_NORMAL = NormalDist()
_EDGE = 1e-3
_LEAST_WITHIN = 0.01
"""Of the variance between authors: nobody is as steady as a trait that never varied in a few texts."""
_MOST_SURE = 0.97


class Measured(Protocol):
    """One text as amounts: all that claims are made of."""

    @property
    def n_words(self) -> int:
        """Its length, at least 1."""
        ...

    @property
    def values(self) -> Mapping[str, float]:
        """The amount of each trait, by name; a trait that is missing was not measured in it."""
        ...


class Amounts(NamedTuple):
    """What was measured in one text."""

    n_words: int
    values: Mapping[str, float]


class Claim(NamedTuple):
    """A check that singles the person out, as far as the samples tell."""

    check: Check
    own: float
    """Share of the person's texts expected to pass."""
    others: float
    """Share of the population's texts that pass."""

    @property
    def lift(self) -> float:
        """By how much the person is expected to pass more often than others."""
        return self.own - self.others


def distinctive(samples: Sequence[str], population: Population | None = None, n: int = 4) -> tuple[Hypothesis, ...]:
    """The n most telling habits that are not the same one twice, best first; fewer where no more stand out.

    Each has a check, the number in its statement, up to two quotations, and as its confidence the share of the person's
    texts, not yet seen, on which the check is expected to hold.

    Args:
        samples: Texts of one person; those without a word do not count.
        population: Whom the person must differ from; the one that ships if None, which see for what it can say.
        n: At most so many.

    Raises: SetupError if no sample holds a word.
    """
    population = population or default_population()
    readings = worded(samples)
    texts = [amounts(reading) for reading in readings]
    return tuple(stated(claim, texts, readings) for claim in different(claims(texts, population), population, n))


def amounts(reading: Reading) -> Amounts:
    """Every trait of one text."""
    return Amounts(len(reading.words), {name: trait.value(reading) for name, trait in TRAITS.items()})


def claims(texts: Sequence[Measured], population: Population) -> list[Claim]:
    """The best claim of every trait that has one, most lift first; none without texts."""
    found = [_claim(trait, texts, population) for trait in TRAITS.values() if trait.claimed]
    kept = [claim for claim in found if claim is not None and claim.lift >= LEAST_LIFT]
    return sorted(kept, key=lambda claim: -claim.lift)


def different(found: Sequence[Claim], population: Population, n: int) -> list[Claim]:
    """The first n claims that are not the same habit as an earlier one."""
    kept: list[Claim] = []
    for claim in found:
        if len(kept) < n and not any(population.related(claim.check.trait, one.check.trait) for one in kept):
            kept.append(claim)
    return kept


def stated(claim: Claim, texts: Sequence[Measured], readings: Sequence[Reading]) -> Hypothesis:
    """A claim in words, with the person's mean over the texts and quotations from those that can be read."""
    trait, high = TRAITS[claim.check.trait], claim.check.sign == ">="
    values = [text.values[trait.name] for text in texts if trait.name in text.values]
    return Hypothesis(
        dimension=trait.dimension,
        aspect=trait.aspect,
        statement=statement(trait, sum(values) / len(values), high),
        evidence=quotations(readings, trait.shows if high else trait.shows_little),
        confidence=round(min(claim.own, _MOST_SURE), 2),
        check=str(claim.check),
    )


def _claim(trait: Trait, texts: Sequence[Measured], population: Population) -> Claim | None:
    background = population.traits[trait.name]
    known = [(text.values[trait.name], text.n_words) for text in texts if trait.name in text.values]
    if not known:
        return None
    values = [value for value, _ in known]
    weights = [weight(n_words, background, population.mean_words) for _, n_words in known]
    side = direction(*below_and_above(sum(values) / len(values), sum(weights), background))
    best: Claim | None = None
    for threshold in background.thresholds if side else ():
        reach = (_by_count(values, weights, threshold) + _by_amount(values, weights, threshold, background)) / 2
        best = _better(best, _one_claim(trait, side, threshold, reach))
    beyond = _unheard_of(values, background, population.n_texts)
    return _better(best, _one_claim(trait, 1, beyond, _by_count(values, weights, beyond))) if beyond else best


def _one_claim(trait: Trait, side: int, threshold: Threshold, reach: float) -> Claim:
    """The claim that the person reaches a threshold, or stays below, from how many of their texts should reach it."""
    if side > 0:
        return Claim(Check(trait.name, ">=", threshold.value), reach, threshold.share)
    return Claim(Check(trait.name, "<", threshold.value), 1 - reach, 1 - threshold.share)


def _better(best: Claim | None, claim: Claim) -> Claim | None:
    """The claim with more lift, of those that are expected to hold on most texts."""
    if claim.own < MOST_TEXTS or (best is not None and claim.lift <= best.lift):
        return best
    return claim


def _unheard_of(values: Sequence[float], background: Background, n_texts: int) -> Threshold | None:
    """Halfway between the most that any text of the population has and the person's mean, where that is more.

    The population says nothing about how steady authors are there: as the prior's strength, one text.
    """
    most, mean = background.text_quantiles[-1], sum(values) / len(values)
    if mean <= most:
        return None
    return Threshold(value=float(f"{(most + mean) / 2:.4g}"), share=round(0.5 / n_texts, 4), steadiness=0.5)


def _by_count(values: Sequence[float], weights: Sequence[float], threshold: Threshold) -> float:
    """Expected share of the person's texts that reach a threshold, from which samples do."""
    strength = (1 - threshold.steadiness) / max(threshold.steadiness, LEAST_STEADINESS)
    passed = sum(one for value, one in zip(values, weights, strict=True) if value >= threshold.value)
    return (strength * threshold.share + passed) / (strength + sum(weights))


def _by_amount(
    values: Sequence[float], weights: Sequence[float], threshold: Threshold, background: Background
) -> float:
    """The same, from how far the samples lie from the mean writer."""
    within = max(background.within, _LEAST_WITHIN * background.between)
    between = max(background.between, LEAST_STEADINESS * within)
    total = sum(weights)
    mean = sum(value * one for value, one in zip(values, weights, strict=True)) / total
    sampling = within / total
    kept = between / (between + sampling)
    share = min(max(threshold.share, _EDGE), 1 - _EDGE)
    reach = _NORMAL.inv_cdf(1 - share) * sqrt(between + within)
    return 1 - _NORMAL.cdf((reach - kept * (mean - background.mean)) / sqrt(kept * sampling + within))
