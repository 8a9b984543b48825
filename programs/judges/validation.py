"""How often a judge is right where the truth is known: real texts against other people's and against a model's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from data.sentences import clip, count_words, cut_prefix
from programs.intervals import clustered_mean
from programs.judges.judge import Judge
from programs.judges.opinions import GivesOpinions, Opine, Opinion, opinions
from signatures.errors import SetupError
from signatures.records import AuthorCase

if TYPE_CHECKING:
    from programs.bench import Target

TRUSTED_FROM = 0.80
"""Accuracy below which a judge's results are marked as not to be trusted."""

MOST_PAIRS = 5000
"""Pairs that a judge without a model is validated on at most."""
MOST_MODEL_PAIRS = 60
"""Pairs that a judge with a model is validated on at most: each costs two calls."""

_POINTS = {"a": 1.0, "tie": 0.5, "b": 0.0}
_SWAPPED = {"a": "b", "b": "a", "tie": "tie"}


@dataclass(frozen=True, slots=True)
class Validation:
    """Accuracy of a judge on pairs with a known answer, each judged in both orders."""

    accuracy: float
    """Share of pairs in which the author's real text is preferred, in [0, 1]; a tie counts 0.5, and so do orders that
    contradict each other."""
    low: float
    """95% interval, by bootstrap over authors; the whole range where there is one author only."""
    high: float
    n_pairs: int
    """With a verdict in both orders."""
    n_authors: int
    n_failures: int = 0
    """Pairs without a verdict in an order; not among `n_pairs`."""
    consistency: float | None = None
    """Share of pairs with the same answer in both orders, in [0, 1]; None where only one was asked."""

    @property
    def trusted(self) -> bool:
        """Whether the accuracy reaches `TRUSTED_FROM`."""
        return self.accuracy >= TRUSTED_FROM


class KnownPair(NamedTuple):
    """Two texts of which one is the author's own."""

    author: str
    own: str
    other: str


class KeepsValidations(Protocol):
    """Remembers results by judge, pairs and seed, such as `ValidationCache`."""

    def find(self, judge_version: str, pairs: Sequence[KnownPair], seed: int) -> Validation | None:
        """The kept result, None where there is none."""
        ...

    def keep(self, judge_version: str, pairs: Sequence[KnownPair], seed: int, found: Validation) -> None:
        """Keeps a result."""
        ...


def validate(
    judge: Judge,
    cases: Sequence[AuthorCase],
    rng: np.random.Generator,
    *,
    max_pairs: int | None = None,
    n_words: int | None = None,
    cache: KeepsValidations | None = None,
    opine: Opine = opinions,
) -> Validation:
    """Judges every author's targets against every other author's; the prompt's own words are cut from both.

    Args:
        judge: Fitted on the references of the authors of `cases`.
        cases: At least two authors.
        rng: Draws the pairs where there are more than `max_pairs`, and the interval.
        max_pairs: Bounds the number of pairs, each judged in both orders; None for `MOST_MODEL_PAIRS` or `MOST_PAIRS`.
        n_words: Cuts texts to as many words, at a sentence end: judges are right more often on longer texts, so that
            they are to be tried on the length that they will judge. None leaves texts whole.
        cache: Where an earlier result on the same pairs may be kept.
        opine: Asks the judge.

    Raises:
        SetupError: Fewer than two authors have targets; the judge gave no verdict at all.
    """
    if sum(bool(case.targets) for case in cases) < 2:
        raise SetupError(f"validating judge {judge.name!r} needs targets of two authors; give a corpus of more authors")
    texts = [
        (case.author.id, within(answer(target, target.text), n_words)) for case in cases for target in case.targets
    ]
    pairs = [KnownPair(author, own, other) for author, own in texts for rival, other in texts if rival != author]
    return _judged(judge, pairs, rng, max_pairs, cache, opine)


def validate_against(
    judge: Judge,
    cases: Sequence[AuthorCase],
    generated: Mapping[str, str],
    rng: np.random.Generator,
    *,
    max_pairs: int | None = None,
    n_words: int | None = None,
    cache: KeepsValidations | None = None,
    opine: Opine = opinions,
) -> Validation:
    """Judges every author's real text against what a model wrote for the same target.

    Args:
        judge: Fitted on the references of the authors of `cases`.
        cases: The authors and their targets.
        generated: Target id to the model's text; targets without one are left out, which `n_pairs` shows.
        rng: Draws the pairs where there are more than `max_pairs`, and the interval.
        max_pairs: As for `validate`.
        n_words: As for `validate`.
        cache: As for `validate`.
        opine: As for `validate`.

    Raises:
        SetupError: No target has a generated text; the judge gave no verdict at all.
    """
    pairs = [
        KnownPair(
            case.author.id,
            within(answer(target, target.text), n_words),
            within(answer(target, generated[target.id]), n_words),
        )
        for case in cases
        for target in case.targets
        if target.id in generated
    ]
    if not pairs:
        n = sum(len(case.targets) for case in cases)
        raise SetupError(
            f"judge {judge.name!r} cannot be validated against the model: none of the {n} targets has a text that the"
            " model wrote; see why its texts failed, or give texts whose target ids are those of this split"
        )
    return _judged(judge, pairs, rng, max_pairs, cache, opine)


def validate_pairs(
    judge: Judge,
    pairs: Sequence[KnownPair],
    rng: np.random.Generator,
    *,
    max_pairs: int | None = None,
    cache: KeepsValidations | None = None,
    opine: Opine = opinions,
) -> Validation:
    """Judges pairs made elsewhere, whose `author` is whatever the judge is asked about; otherwise as `validate`.

    Raises:
        SetupError: The judge gave no verdict at all.
    """
    return _judged(judge, pairs, rng, max_pairs, cache, opine)


def answer(target: "Target", text: str) -> str:
    """What a judge may read of a text for `target`: without the opening that the prompt gave away, if it is there."""
    return cut_prefix(text, target.prefix).strip()


def within(text: str, n_words: int | None) -> str:
    """The text, cut at a sentence end where it has more words than these."""
    return text if n_words is None or count_words(text) <= n_words else clip(text, n_words)


def _judged(
    judge: Judge,
    pairs: Sequence[KnownPair],
    rng: np.random.Generator,
    max_pairs: int | None,
    cache: KeepsValidations | None,
    opine: Opine,
) -> Validation:
    """Draws pairs, looks for an earlier result, else asks for both orders of each."""
    most = max_pairs or (MOST_MODEL_PAIRS if isinstance(judge, GivesOpinions) else MOST_PAIRS)
    if len(pairs) > most:
        pairs = [pairs[index] for index in np.sort(rng.choice(len(pairs), size=most, replace=False))]
    # Drawn before the cache is asked, so that later draws are the same whether it knows the result or not.
    seed = int(rng.integers(2**32))
    known = cache.find(judge.version, pairs, seed) if cache else None
    if known:
        return known
    found = _counted(judge, pairs, seed, opine)
    if cache:
        cache.keep(judge.version, pairs, seed, found)
    return found


def _counted(judge: Judge, pairs: Sequence[KnownPair], seed: int, opine: Opine) -> Validation:
    authors, own, other = [[pair[place] for pair in pairs] for place in range(3)]
    # The author's own text is a in the first half and b in the second.
    both = opine(judge, [*authors, *authors], [*own, *other], [*other, *own])
    said = [(first, second) for first, second in zip(both[: len(pairs)], both[len(pairs) :], strict=True)]
    judged = [index for index, (first, second) in enumerate(said) if first.preference and second.preference]
    if not judged:
        raise SetupError(
            f"judge {judge.name!r} gave no verdict on any of {len(pairs)} pairs of known texts (the first:"
            f" {_error(said[0])}); mend that or name another judge"
        )
    points = np.array([_points(*said[index]) for index in judged])
    mean = clustered_mean([authors[index] for index in judged], points, rng=np.random.default_rng(seed))
    same = [said[index][0].preference == _SWAPPED[str(said[index][1].preference)] for index in judged]
    return Validation(
        accuracy=mean.value,
        low=mean.low,
        high=mean.high,
        n_pairs=len(judged),
        n_authors=mean.n_authors,
        n_failures=len(pairs) - len(judged),
        consistency=sum(same) / len(same),
    )


def _points(own_first: Opinion, own_second: Opinion) -> float:
    """Share of a pair that the author's own text won over both orders."""
    return (_POINTS[str(own_first.preference)] + 1 - _POINTS[str(own_second.preference)]) / 2


def _error(said: tuple[Opinion, Opinion]) -> str:
    return next(opinion.error for opinion in said if opinion.error) or ""
