"""How well measured hypotheses tell people apart, without any model: `uv run python -m benchmarks.traits`.

Authors are dealt into groups of five, several times. From 5 texts of each author the most distinctive habits are
claimed, against a population fitted on the authors outside the group, or the one that ships. On texts not yet seen:

- lift: share of claims that hold on the author's texts, less the share that holds on those of the other four;
- matching: how often the author is the one of the five on whose texts most claims hold (a tie counts in parts);
- leakage: share of statements with a capitalised word, or a rare content word, that stands in the samples; beside it
  the share with one that stands in another author's texts, since the statements' own words, such as "quotes", turn up.

`--write-population` fits the population that ships on the bundled corpus and writes it into the package.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from data import load_corpus
from programs.intervals import clustered_mean
from programs.judges.masking import function_words
from programs.traits import (
    TRAITS,
    Check,
    Population,
    default_population,
    distinctive,
    parse_check,
    population,
    write_population,
)
from programs.traits.fitting import TextMeasures, fit, text_measures
from programs.traits.population import SHIPPED
from programs.traits.reading import Reading
from signatures.errors import SetupError, counted
from signatures.records import Author

CCAT50 = Path(__file__).parents[1].parent / "shared" / "data" / "ccat50_dev.jsonl.gz"
GROUP = 5
SIZES = (1, 3, 5)
"""Texts of each author that matching looks at."""
DRAWS = 10
"""Times that such texts are drawn."""
RARE = 0.01
"""A word that stands in no larger share of the corpus's texts is rare."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures of both corpora; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.traits", description=__doc__)
    parser.add_argument("--data", nargs="*", default=[f"jsonl:{CCAT50}", "bundled"], help="corpora (default: both)")
    parser.add_argument("--samples", type=int, default=5, help="texts that habits are read from (default: %(default)s)")
    parser.add_argument("--claims", type=int, nargs="*", default=[4, 8], help="claims an author (default: 4 and 8)")
    parser.add_argument("--rounds", type=int, default=10, help="times that authors are dealt (default: %(default)s)")
    parser.add_argument("--others", type=int, metavar="N", help="fit populations on N authors (default: all others)")
    parser.add_argument("--seed", type=int, default=0, help="deals authors and texts (default: %(default)s)")
    parser.add_argument("--write-population", action="store_true", help="fit the shipped population, and do no more")
    options = parser.parse_args(arguments)
    try:
        if options.write_population:
            write_population(population(texts_of(load_corpus("bundled").authors), "bundled"), SHIPPED)
            print(f"wrote {SHIPPED}")
            return 0
        for name in options.data:
            run(name, options)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def run(data: str, options: argparse.Namespace) -> None:
    """Tests every author of a corpus in every round, and prints."""
    if data == f"jsonl:{CCAT50}" and not CCAT50.is_file():
        raise SetupError(f"there is no {str(CCAT50)!r}; give another corpus, such as --data bundled")
    n_samples, sizes, seed = options.samples, options.claims, options.seed
    started = time.perf_counter()
    texts = texts_of(load_corpus(data).authors)
    measured = {author: {text: text_measures(text) for text in found} for author, found in texts.items()}
    rare = rare_words([text for found in texts.values() for text in found])
    print(f"{data}: {len(texts)} authors, {sum(map(len, texts.values()))} texts, {n_samples} samples an author")
    print("population claims  what                value   95% interval        n")
    # The population that ships knows the authors of the bundled corpus.
    for fitted in (True,) if data == "bundled" else (True, False):
        tallies = {size: Tally() for size in sizes}
        rng = np.random.default_rng(seed)
        for group in groups(list(texts), options.rounds, rng):
            known = rng.permutation([author for author in measured if author not in group])[: options.others]
            rest = {str(author): [*measured[author].values()] for author in known}
            trial = Trial({author: measured[author] for author in group}, fit(rest) if fitted else default_population())
            for author in group:
                drawn = [str(text) for text in rng.permutation(texts[author])[:n_samples]]
                for size, tally in tallies.items():
                    trial.test(author, drawn, size, tally, rare, rng)
        for size, tally in tallies.items():
            report(f"{'others' if fitted else 'shipped':10} {size:6}", tally, seed)
    print(f"{time.perf_counter() - started:.0f} s")


@dataclass
class Tally:
    """Results, one value each time that an author was tested."""

    authors: list[str] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    matched: dict[int, list[float]] = field(default_factory=lambda: {size: [] for size in SIZES})
    n_statements: int = 0
    leaked: list[set[str]] = field(default_factory=list)
    """The words that a statement shares with the samples, for each that does."""
    n_by_chance: int = 0
    """Statements that would count as leaking from the texts of another author."""

    def add(
        self,
        author: str,
        held: Mapping[str, np.ndarray],
        confidences: Sequence[float],
        rng: np.random.Generator,
    ) -> None:
        """Takes one test: which claims held on whose texts; an author without claims is no better than chance."""
        self.authors.append(author)
        self.n_statements += len(confidences)
        others = [found for name, found in held.items() if name != author]
        self.own.append(float(held[author].mean()) if confidences else 0.0)
        self.others.append(float(np.mean([found.mean() for found in others])) if confidences else 0.0)
        self.confidence.append(float(np.mean(confidences)) if confidences else 0.0)
        for size, found in self.matched.items():
            found.append(float(np.mean([_picked(author, held, size, rng) for _ in range(DRAWS)])))


@dataclass(frozen=True)
class Trial:
    """Five authors, none of whom the population knows."""

    group: Mapping[str, Mapping[str, TextMeasures]]
    against: Population

    def test(
        self, author: str, drawn: Sequence[str], n: int, tally: Tally, rare: frozenset[str], rng: np.random.Generator
    ) -> None:
        """Claims n habits of an author and adds what came of it to the tally."""
        claimed = distinctive(drawn, self.against, n)
        checks = [parse_check(hypothesis.check) for hypothesis in claimed]
        held = {name: self._held(checks, name, drawn) for name in self.group}
        stranger = str(rng.choice([name for name in self.group if name != author]))
        unrelated = [*self.group[stranger]][: len(drawn)]
        for statement in (each.statement for each in claimed):
            tally.leaked += filter(None, [leaks(statement, drawn, rare)])
            tally.n_by_chance += bool(leaks(statement, unrelated, rare))
        tally.add(author, held, [each.confidence for each in claimed], rng)

    def _held(self, checks: Sequence[Check], author: str, drawn: Sequence[str]) -> np.ndarray:
        """Which checks hold on which unseen texts of an author: shape (texts, checks)."""
        unseen = [each for text, each in self.group[author].items() if text not in drawn]
        values = [dict(zip(TRAITS, each.values, strict=True)) for each in unseen]
        passed = [[check.passed_by(each[check.trait]) for check in checks] for each in values]
        return np.array(passed, dtype=float).reshape(len(unseen), len(checks))


def _picked(author: str, held: Mapping[str, np.ndarray], size: int, rng: np.random.Generator) -> float:
    """1 if most claims hold on the author's texts, of `size` drawn of each; a share of it where several are level."""
    drawn = {name: found[rng.choice(len(found), size, replace=False)] for name, found in held.items()}
    scores = {name: round(float(found.sum()), 6) for name, found in drawn.items()}
    best = [name for name, score in scores.items() if score == max(scores.values())]
    return (author in best) / len(best)


def report(label: str, tally: Tally, seed: int) -> None:
    """Prints one row for each figure."""
    own, others = np.array(tally.own), np.array(tally.others)
    rows = [
        ("lift", own - others, 0.0, (-1.0, 1.0)),
        ("hold on own texts", own, 0.5, (0.0, 1.0)),
        ("expected to", np.array(tally.confidence), 0.5, (0.0, 1.0)),
        *(
            (f"matched by {counted(n, 'text')}", np.array(each), 1 / GROUP, (0.0, 1.0))
            for n, each in tally.matched.items()
        ),
    ]
    for name, values, even, bounds in rows:
        rng = np.random.default_rng(seed)
        mean = clustered_mean(tally.authors, values, rng=rng, even=even, bounds=bounds)
        interval = f"{mean.low:.3f} to {mean.high:.3f}"
        print(f"{label}  {name:18} {mean.value:6.3f}   {interval:>16}  {len(values)} tests, {mean.n_authors} authors")
    n = tally.n_statements
    for name, k in (("leaking topic", len(tally.leaked)), ("leaking by chance", tally.n_by_chance)):
        print(f"{label}  {name:18} {k / max(n, 1):6.3f}   {f'at most {_most(k, n):.3f}':>16}  {n} statements")
    words = Counter(word for found in tally.leaked for word in found)
    print(f"{label}  leaked: {', '.join(f'{word} {times}' for word, times in words.most_common(8)) or 'nothing'}")


def _most(k: int, n: int) -> float:
    """Upper end of the 95% interval of k in n (Wilson 1927)."""
    if not n:
        return 1.0
    z = 1.96
    middle = k / n + z**2 / (2 * n)
    return (middle + z * np.sqrt(k / n * (1 - k / n) / n + z**2 / (4 * n**2))) / (1 + z**2 / n)


def groups(authors: list[str], n_rounds: int, rng: np.random.Generator) -> Iterator[list[str]]:
    """Deals the authors into groups of five, n_rounds times; those left over sit a round out."""
    for _ in range(n_rounds):
        dealt = [str(author) for author in rng.permutation(authors)]
        for start in range(0, len(dealt) - GROUP + 1, GROUP):
            yield dealt[start : start + GROUP]


def texts_of(authors: Sequence[Author]) -> dict[str, list[str]]:
    """Every author's texts."""
    return {author.id: [text.text for text in author.texts] for author in authors}


def rare_words(texts: Sequence[str]) -> frozenset[str]:
    """Content words of a corpus that few of its texts hold."""
    counts = Counter(word for text in texts for word in set(Reading(text).words))
    return frozenset(word for word, n in counts.items() if n <= RARE * len(texts)) - function_words()


def leaks(statement: str, samples: Sequence[str], rare: frozenset[str]) -> set[str]:
    """What a statement names of the samples: capitalised words, the first excepted, and rare ones, that stand there."""
    held = {word for sample in samples for word in Reading(sample).words}
    reading = Reading(statement)
    named = [statement[start].isupper() and place > 0 for place, (start, _) in enumerate(reading.word_spans)]
    telling = {word for word, name in zip(reading.words, named, strict=True) if word in rare or name}
    return {word for word in telling & held if not word[0].isdigit()} - function_words()


if __name__ == "__main__":
    sys.exit(main())
