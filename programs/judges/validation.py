"""How often a judge is right where the truth is known: real texts against other people's and against a model's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data.sentences import cut_prefix
from programs.intervals import clustered_mean
from programs.judges.judge import Judge
from signatures.errors import SetupError
from signatures.records import AuthorCase, Text

TRUSTED_FROM = 0.80
"""Accuracy below which a judge's results are marked as not to be trusted."""

_POINTS = {"a": 1.0, "tie": 0.5, "b": 0.0}


@dataclass(frozen=True, slots=True)
class Validation:
    """Accuracy of a judge on pairs with a known answer."""

    accuracy: float
    """Share of pairs in which the author's real text is preferred, in [0, 1]; a tie counts 0.5."""
    low: float
    """95% interval, by bootstrap over authors; the whole range where there is one author only."""
    high: float
    n_pairs: int
    n_authors: int

    @property
    def trusted(self) -> bool:
        """Whether the accuracy reaches `TRUSTED_FROM`."""
        return self.accuracy >= TRUSTED_FROM


@dataclass(frozen=True, slots=True)
class _Pair:
    author: str
    own: str
    other: str


def validate(
    judge: Judge, cases: Sequence[AuthorCase], rng: np.random.Generator, *, max_pairs: int = 5000
) -> Validation:
    """Judges every author's targets against every other author's; the prompt's own words are cut from both.

    Args:
        judge: Fitted on the references of the authors of `cases`.
        cases: At least two authors.
        rng: Draws the pairs where there are more than `max_pairs`, slots, and the interval.
        max_pairs: Bounds the number of comparisons.

    Raises:
        SetupError: Fewer than two authors have targets.
    """
    if sum(bool(case.targets) for case in cases) < 2:
        raise SetupError(f"validating judge {judge.name!r} needs targets of two authors; give a corpus of more authors")
    texts = [(case.author.id, answer(target, target.text)) for case in cases for target in case.targets]
    pairs = [_Pair(author, own, other) for author, own in texts for rival, other in texts if rival != author]
    if len(pairs) > max_pairs:
        pairs = [pairs[index] for index in np.sort(rng.choice(len(pairs), size=max_pairs, replace=False))]
    return _judged(judge, pairs, rng)


def validate_against(
    judge: Judge, cases: Sequence[AuthorCase], generated: Mapping[str, str], rng: np.random.Generator
) -> Validation:
    """Judges every author's real text against what a model wrote for the same target.

    Args:
        judge: Fitted on the references of the authors of `cases`.
        cases: The authors and their targets.
        generated: Target id to the model's text; targets without one are left out, which `n_pairs` shows.
        rng: Draws slots and the interval.

    Raises:
        ValueError: No target has a generated text.
    """
    pairs = [
        _Pair(case.author.id, answer(target, target.text), answer(target, generated[target.id]))
        for case in cases
        for target in case.targets
        if target.id in generated
    ]
    if not pairs:
        raise ValueError("none of the targets has a generated text")
    return _judged(judge, pairs, rng)


def answer(target: Text, text: str) -> str:
    """What a judge may read of a text for `target`: without the opening that the prompt gave away, if it is there."""
    return cut_prefix(text, target.prefix).strip()


def _judged(judge: Judge, pairs: Sequence[_Pair], rng: np.random.Generator) -> Validation:
    """Puts the author's own text into a random slot, so that a judge that favours a slot gains nothing."""
    first = rng.random(len(pairs)) < 0.5
    a = [pair.own if own_first else pair.other for pair, own_first in zip(pairs, first, strict=True)]
    b = [pair.other if own_first else pair.own for pair, own_first in zip(pairs, first, strict=True)]
    authors = [pair.author for pair in pairs]
    points = np.array([_POINTS[preference] for preference in judge.prefer_many(authors, a, b)])
    mean = clustered_mean(authors, np.where(first, points, 1 - points), rng=rng)
    return Validation(mean.value, mean.low, mean.high, n_pairs=len(pairs), n_authors=mean.n_authors)
