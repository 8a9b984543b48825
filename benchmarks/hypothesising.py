"""What the steps on hypotheses do without a model: `uv run python -m benchmarks.hypothesising`.

Of a corpus, with the other authors as population and as neighbours:

- contrast: of six habits of 5 texts, the lift on unseen texts (share of the author's that fit, less the share of the
  others' texts) over all others, and over the two writers who read most like the 5 texts: for the six most distinctive
  habits, the first six of those that lead over a text of each of the two, and the six that lead the most;
- alike: how like the others the middle of five texts is (`programs.reliance`), for five of one author, three and two of
  two authors, and five of five, none of them in the background, which is the one that ships or, of the corpus, every
  other author; and the shares below both thresholds;
- same: of pairs of gold claims about one author the most words in common, and how many pairs count as the same.

And once:

- pairs of statements on different traits, or on much and little of one, and how many count as the same;
- ranking, simulated: one of eight hypotheses wins 0.9 of its texts, one 0.1, the others half, and a set of k wins by
  their mean; how often the winner has the highest mean after so many targets, with the draws of `explore` and without.
"""

import argparse
import random
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from benchmarks.figures import SHARE, Texts, Values, default_corpora, drawn_texts, populations_of_others, spread
from benchmarks.traits import groups
from data import load_corpus
from programs.background import SHIPPED_WRITERS, Background
from programs.habits import N_HABITS, measured_habits
from programs.hypothesising import Credit, chosen, contrasting, credited, explore, near_neighbours, usefulness
from programs.hypothesising.ranking import ALPHA
from programs.hypothesising.sameness import overlap, says_the_same
from programs.reliance import HARDLY_ALIKE, UNLIKE, alikeness
from programs.traits import TRAITS, Population, parse_check
from programs.traits.fitting import text_measures
from signatures.errors import SetupError, counted
from signatures.hypotheses import Hypothesis
from signatures.records import Author

KNOWN = 5
MOST_TEXTS = 12
"""Texts read of an author."""
N_NEAR, NEAR_TEXTS = 2, 4
"""Nearest writers, and texts of each writer among which they are looked for."""
TARGETS = (25, 100, 300)
RATES = (0.9, 0.1, *[0.5] * 6)

Measures = Mapping[str, float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hypothesising", description=__doc__)
    parser.add_argument("--data", nargs="*", default=default_corpora(), help="corpora (default: those that are there)")
    parser.add_argument("--rounds", type=int, default=3, help="sets of texts an author (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=200, help="runs of the simulation (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="draws texts and rewards (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        for name in options.data:
            run(name, options.rounds, options.seed)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    pairs = [pair for pair in combinations(trait_statements(), 2)]
    print(
        f"statements on traits: {sum(says_the_same(*pair) for pair in pairs)} of {len(pairs)} pairs count as the same"
    )
    for k in (1, 2, 4):
        for draws in (True, False) if k > 1 else (False,):
            print(ranking_line(k, draws, options.runs, options.seed))
    return 0


def run(corpus: str, n_rounds: int, seed: int) -> None:
    """Prints every figure of a corpus."""
    started = time.perf_counter()
    rng = np.random.default_rng(seed)
    texts = drawn_texts(corpus, MOST_TEXTS, rng)
    print(f"{corpus}: {len(texts)} authors, {sum(map(len, texts.values()))} texts")
    print("\n".join(contrast_lines(texts, seed)))
    strange = {author: found for author, found in texts.items() if author not in SHIPPED_WRITERS}
    print("five texts, background that ships")
    print("\n".join(alike_lines(strange, None, n_rounds, rng, seed)))
    background = Background({author: texts[author] for author in [*texts][::2]})
    print("five texts, background of every other author")
    print("\n".join(alike_lines({author: texts[author] for author in [*texts][1::2]}, background, n_rounds, rng, seed)))
    authors = load_corpus(corpus).authors
    if any(author.gold for author in authors):
        print(gold_line(authors))
    print(f"{time.perf_counter() - started:.0f} s")


def contrast_lines(texts: Texts, seed: int) -> list[str]:
    """The lift of habits chosen in three ways."""
    measured = {author: {text: measures(text) for text in found} for author, found in texts.items()}
    populations = populations_of_others(texts)
    over_all: dict[str, Values] = {}
    over_near: dict[str, Values] = {}
    for author, found in texts.items():
        others = [name for name in texts if name != author]
        near = nearest(found[:KNOWN], {name: texts[name][:NEAR_TEXTS] for name in others})
        unseen = {
            name: [each for text, each in measured[name].items() if text not in (*found[:KNOWN], *near.values())]
            for name in texts
        }
        for name, habits in choices(found[:KNOWN], [*near.values()], populations[author]).items():
            for values, beside in ((over_all, others), (over_near, near)):
                lift = share(habits, unseen[author]) - share(habits, [each for one in beside for each in unseen[one]])
                values.setdefault(name, Values()).add(author, lift)
    return [
        f"{name}: lift over all others {over_all[name].told(seed, bounds=(-1.0, 1.0))}\n"
        f"  over the {N_NEAR} nearest {over_near[name].told(seed, bounds=(-1.0, 1.0))}"
        for name in over_all
    ]


def nearest(samples: Sequence[str], others: Texts) -> dict[str, str]:
    """The writers who read most like the samples, each with the text that does."""
    found = near_neighbours(samples, N_NEAR, Background(others))
    return {next(name for name, texts in others.items() if text in texts): text for text in found}


def choices(samples: Sequence[str], near: Sequence[str], population: Population) -> dict[str, list[Hypothesis]]:
    """Six habits chosen in three ways, by what the way is called."""
    habits = measured_habits(samples, len(TRAITS), population)
    leading = contrasting(habits, samples, near)
    own, beside = ([measures(text) for text in texts] for texts in (samples, near))
    return {
        "most distinctive six": [*habits[:N_HABITS]],
        "first six that lead": leading[:N_HABITS],
        "six that lead most": sorted(leading, key=lambda one: share([one], beside) - share([one], own))[:N_HABITS],
    }


def measures(text: str) -> Measures:
    """The amount of each trait."""
    return dict(zip(TRAITS, text_measures(text).values, strict=True))


def share(habits: Sequence[Hypothesis], texts: Sequence[Measures]) -> float:
    """Share of habits and texts that fit; 0 where there are none."""
    checks = [parse_check(each.check) for each in habits]
    held = [check.passed_by(each[check.trait]) for check in checks for each in texts]
    return float(np.mean(held)) if held else 0.0


def alike_lines(
    texts: Texts, background: Background | None, n_rounds: int, rng: np.random.Generator, seed: int
) -> list[str]:
    """How alike five texts are, by whether one, two or five people wrote them."""
    found: dict[str, list[tuple[str, float]]] = {"one author": [], "two authors": [], "five authors": []}
    for author in [*texts] * n_rounds:
        other = str(rng.choice([name for name in texts if name != author]))
        own, strange = rng.permutation(texts[author]), rng.permutation(texts[other])
        for kind, drawn in (("one author", own[:KNOWN]), ("two authors", [*own[:3], *strange[:2]])):
            found[kind].append((author, alikeness([str(text) for text in drawn], background) or 0.0))
    for group in groups([*texts], 4 * n_rounds, rng):
        mixed = [str(rng.choice(texts[name])) for name in group]
        found["five authors"].append((group[0], alikeness(mixed, background) or 0.0))
    lines = []
    for kind, each in found.items():
        lines.append(f"  of {kind}: middle likeness {spread([value for _, value in each])}")
        for threshold in (UNLIKE, HARDLY_ALIKE):
            below = Values()
            for author, value in each:
                below.add(author, float(value < threshold))
            lines.append(f"    below {threshold}: {below.told(seed, 0.5, SHARE)}")
    return lines


def gold_line(authors: Sequence[Author]) -> str:
    """How much different claims about one author have in common."""
    pairs = [pair for author in authors for pair in combinations([each.statement for each in author.gold], 2)]
    most = max(overlap(*pair) for pair in pairs)
    n_same = sum(says_the_same(stating(one), stating(other)) for one, other in pairs)
    return f"gold claims: {n_same} of {len(pairs)} pairs count as the same; words in common {most:.2f} at most"


def trait_statements() -> list[Hypothesis]:
    """Much and little of every trait, said without a check."""
    return [stating(said) for trait in TRAITS.values() for said in (trait.high, trait.low)]


def stating(statement: str, check: str = "") -> Hypothesis:
    """A hypothesis that says so."""
    return Hypothesis(dimension="writing style", aspect="rhythm", statement=statement, check=check)


def ranking_line(k: int, draws: bool, n_runs: int, seed: int) -> str:
    """How often the winner of eight is found."""
    found = {n: Values() for n in TARGETS}
    for number in range(n_runs):
        for n, right in simulated(k, draws, random.Random(f"{seed}:{number}"), number).items():
            found[n].add(str(number), float(right))
    parts = [f"after {n} {values.told(seed, 1 / len(RATES), SHARE)}" for n, values in found.items()]
    how = "with draws" if draws else "without draws"
    return f"ranking, {counted(k, 'hypothesis', 'hypotheses')} a text, {how}: " + "; ".join(parts).replace(
        "authors", "runs"
    )


def simulated(k: int, draws: bool, rng: random.Random, seed: int) -> dict[int, bool]:
    """Whether the winner has the highest mean, by targets scored."""
    every = [stating(name, f"{name}>=1") for name in [*TRAITS][: len(RATES)]]
    rates = dict(zip((each.statement for each in every), rng.sample(RATES, len(RATES)), strict=True))

    def score(prompt: str, tried: Sequence[Hypothesis]) -> float:
        return float(rng.random() < sum(rates[each.statement] for each in tried) / len(tried))

    credit, right = Credit(), {}
    for n in TARGETS:
        if draws:
            credit = explore(every, ["p"] * (n - credit.n_targets), score, k, credit=credit, seed=seed)
        while credit.n_targets < n:
            best = chosen(every, credit, k, ALPHA)
            credit = credited(credit, best, score("p", best))
        first = max(every, key=lambda each: usefulness(each, credit, 0.0))
        right[n] = rates[first.statement] == max(RATES)
    return right


if __name__ == "__main__":
    sys.exit(main())
