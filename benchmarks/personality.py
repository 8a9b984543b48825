"""What the measured Big Five profile is worth, without any model: `uv run python -m benchmarks.personality`.

Texts of each author of a corpus are drawn several times, five and five others, and scored against a population of the
other authors of the corpus. By factor:

- alike: mean correlation of its cues over these means of five texts, each cue turned by its sign, pairs weighted as in
  the score (`programs.personality.LIKENESS` stands for it);
- spread: standard deviation of the scores of different authors, which should be 1, and what it would be if cues were
  taken for independent;
- differ: how far scores of the first five and of the other five texts lie apart, in the errors that they state; 1 if
  the errors are right, less if they are too large;
- clear: share of scores further from the mean writer than twice their error, and of these the share whose score of the
  other five texts lies on the same side;
- the mean score against the population that ships, far from 0 where that does not cover the genre.

Then the part of a score that is chance where there are hardly as many words as it takes, the least share of words by
which a text is known for English, and, on the bundled corpus, for each gold statement on personality whether the score
of all its author's texts lies on the side that the statement tells of.
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from math import sqrt

import numpy as np

from benchmarks.figures import SHARE, Values, default_corpora, drawn_texts, populations_of_others, root
from data import load_corpus
from programs.personalities.cues import CUES
from programs.personality import ENGLISH, MIN_WORDS, personality
from programs.traits import Population
from programs.traits.reading import Reading
from signatures.errors import SetupError
from signatures.personality import Factor, FactorScore
from signatures.records import Author

SHOWN = 5
"""Texts of a score."""
MOST_TEXTS = 30
"""Texts read of an author."""
TELLING_OF_LITTLE = frozenset(
    {
        ("carla-voss", "emotional stability"),
        ("victor-stahl", "agreeableness"),
        ("annika-berg", "emotional stability"),
    }
)
"""Gold statements that speak of little of the factor, such as doubting oneself openly; all others speak of much."""

Scored = tuple[str, FactorScore, FactorScore]
"""An author, and the scores of one factor of five texts and of five others."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.personality", description=__doc__)
    parser.add_argument("--data", nargs="*", default=default_corpora(), help="corpora (default: those that are there)")
    parser.add_argument("--rounds", type=int, default=4, help="times that texts are drawn (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="draws texts (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        for name in options.data:
            run(name, options.rounds, options.seed)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def run(corpus: str, n_rounds: int, seed: int) -> None:
    """Scores every author of a corpus, and prints."""
    started = time.perf_counter()
    rng = np.random.default_rng(seed)
    texts = drawn_texts(corpus, MOST_TEXTS, rng)
    populations = populations_of_others(texts)
    print(f"{corpus}: {len(texts)} authors, {sum(map(len, texts.values()))} texts; {n_rounds} draws of five and five")
    found: dict[Factor, list[Scored]] = {factor: [] for factor in CUES}
    few, english, beside = Values(), [], {factor: Values() for factor in CUES}
    for author in [*texts] * n_rounds:
        drawn = [str(text) for text in rng.permutation(texts[author])]
        english.append(english_share(drawn[:SHOWN]))
        first, second = (personality(part, populations[author]) for part in (drawn[:SHOWN], drawn[SHOWN : 2 * SHOWN]))
        for one, other in zip(first, second, strict=True):
            if one.z is not None and other.z is not None:
                found[one.factor].append((author, one, other))
        for score in personality(drawn[:SHOWN]):
            beside[score.factor].add(author, score.z or 0.0)
        for score in personality(fewest(drawn), populations[author]):
            few.add(author, (score.error or 0.0) ** 2)
    for factor, scored in found.items():
        print("\n".join(factor_lines(factor, scored, seed)))
        print(f"  mean score against the population that ships {beside[factor].told(seed)}")
    every = [alike(factor, scored) for factor, scored in found.items()]
    print(f"all: alike {sum(each.mean for each in every) / len(every):.3f}, the mean of the five")
    print(f"chance in a score of as few texts as have {MIN_WORDS} words: {few.told(seed, 0.5, SHARE)}")
    print(f"share of 'the', 'and', 'of' and 'to' in five texts: {min(english):.3f} at least, n {len(english)}")
    authors = [author for author in load_corpus(corpus).authors if author.gold]
    if authors:
        print("\n".join(gold_lines(authors, populations, seed)))
    print(f"{time.perf_counter() - started:.0f} s")


def factor_lines(factor: Factor, scored: Sequence[Scored], seed: int) -> list[str]:
    """All figures of one factor."""
    whole, alone, differing = Values(), Values(), Values()
    clear, agreeing = Values(), Values()
    centre = float(np.mean([one.z or 0.0 for _, one, _ in scored]))
    middle = float(np.mean([independent(one) for _, one, _ in scored]))
    for author, one, other in scored:
        z, beside = one.z or 0.0, other.z or 0.0
        whole.add(author, (z - centre) ** 2)
        alone.add(author, (independent(one) - middle) ** 2)
        differing.add(author, (z - beside) ** 2 / ((one.error or 0.0) ** 2 + (other.error or 0.0) ** 2))
        clear.add(author, float(one.clear))
        if one.clear:
            agreeing.add(author, float(z * beside > 0))
    return [
        f"{factor}: alike {alike(factor, scored).told(seed)}",
        f"  spread {whole.told(seed, 1.0, shown=root)}; if independent {alone.told(seed, 1.0, shown=root)}",
        f"  differ by {differing.told(seed, 1.0, shown=root)} of their errors",
        f"  clear {clear.told(seed, 0.5, SHARE)}; on the same side in other texts {agreeing.told(seed, 0.5, SHARE)}",
    ]


def independent(score: FactorScore) -> float:
    """The score if its cues were taken for independent: the same sum, at the spread of independent cues."""
    return (score.z or 0.0) / sqrt(sum(each.weight**2 for each in score.contributions))


def alike(factor: Factor, scored: Sequence[Scored]) -> Values:
    """The correlation of a factor's cues, one part for each first score: the mean over these is the correlation.

    Each cue is standardised over the scores and turned by its sign; pairs weigh the product of their cues' shares. A
    cue that does not vary counts as unlike all others.
    """
    rows = []
    for _, one, _ in scored:
        z: dict[str, float] = {each.trait: each.z for each in one.contributions}
        rows.append([cue.sign * z[cue.trait] for cue in CUES[factor]])
    table = np.array(rows)
    deviation = table.std(axis=0)
    standard = (table - table.mean(axis=0)) / np.where(deviation > 0, deviation, np.inf)
    shares = np.array([cue.share for cue in CUES[factor]])
    squares = float((shares**2).sum())
    pairs = (standard @ shares) ** 2 - (standard**2) @ shares**2
    values = Values()
    for (author, _, _), value in zip(scored, pairs / (float(shares.sum()) ** 2 - squares), strict=True):
        values.add(author, float(value))
    return values


def fewest(texts: Sequence[str]) -> list[str]:
    """The first of the texts that together have words enough for a score."""
    n_words = np.cumsum([len(Reading(text).words) for text in texts])
    return [*texts[: 1 + int(np.searchsorted(n_words, MIN_WORDS))]]


def english_share(texts: Sequence[str]) -> float:
    """Share of the words by which English is known."""
    words = [word for text in texts for word in Reading(text).words]
    return sum(word in ENGLISH for word in words) / len(words)


def gold_lines(authors: Sequence[Author], populations: Mapping[str, Population], seed: int) -> list[str]:
    """How often the score of all texts of an author lies on the side that a gold statement tells of."""
    lines = []
    for name in ("that ships", "of others"):
        right: dict[str, Values] = {factor: Values() for factor in CUES}
        every, much = Values(), 0
        for author in authors:
            against = None if name == "that ships" else populations[author.id]
            scores = personality([text.text for text in author.texts], against)
            z: dict[str, float] = {score.factor: score.z or 0.0 for score in scores}
            for factor in (each.aspect for each in author.gold if each.dimension == "personality"):
                of_much = (author.id, factor) not in TELLING_OF_LITTLE
                for values in (every, right[factor]):
                    values.add(author.id, float((z[factor] > 0) == of_much))
                much += of_much
        by = ", ".join(f"{sum(each.values):.0f} of {len(each.values)} on {factor}" for factor, each in right.items())
        lines.append(f"gold statements whose side the score has, population {name}: {every.told(seed, 0.5, SHARE)}")
        lines.append(f"  {sum(every.values):.0f} of {len(every.values)}, of which {much} tell of much: {by}")
    return lines


if __name__ == "__main__":
    sys.exit(main())
