"""What constraints and repair do to real texts, without any model: `uv run python -m benchmarks.constraints`.

Of each author of a corpus a profile is made of 5 texts, against a population of the other authors, and its constraints
are held against the author's unseen texts, the others' texts, and what tidying makes of them:

- met: share of constraints and texts that fit, and the distance of those that do not, in standard deviations of texts;
- whole: share of texts that meet every constraint;
- tidied: share of texts that tidying to the author's constraints and marks changes, which of unseen own texts should be
  few;
- likeness: how far that of unseen own texts spreads within an author, and how far below it others' texts lie
  (`programs.repair.CLEARLY_LESS` goes by both), of authors who are not in the background that ships;
- loops: share of texts of which more runs of words repeat than `programs.judges.helpfulness.LOOP_FREE` allows.
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.figures import SHARE, Texts, Values, default_corpora, drawn_texts, populations_of_others, root
from programs.background import SHIPPED_WRITERS
from programs.constraints import Constraint, consistent, constraints_of
from programs.degenerate import looping
from programs.judges.helpfulness import LOOP_FREE
from programs.likeness import likeness
from programs.profile import infer_profile
from programs.repairs.marks import marks_of
from programs.repairs.tidying import tidied
from programs.traits import Population
from programs.traits.reading import Reading
from signatures.errors import SetupError

KNOWN = 5
MOST_TEXTS = 15
"""Texts read of an author."""
N_OTHERS = 2
"""Texts of each other author that an author's constraints are held against."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.constraints", description=__doc__)
    parser.add_argument("--data", nargs="*", default=default_corpora(), help="corpora (default: those that are there)")
    parser.add_argument("--seed", type=int, default=0, help="draws texts (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        for name in options.data:
            run(name, options.seed)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def run(corpus: str, seed: int) -> None:
    """Prints every figure of a corpus."""
    started = time.perf_counter()
    texts = drawn_texts(corpus, MOST_TEXTS, np.random.default_rng(seed))
    print(f"{corpus}: {len(texts)} authors, {sum(map(len, texts.values()))} texts, {KNOWN} known of each")
    print("\n".join(constraint_lines(texts, populations_of_others(texts), seed)))
    print("\n".join(likeness_lines(texts, seed)))
    loops = Values()
    for author, found in texts.items():
        for text in found:
            loops.add(author, float(looping(text) > LOOP_FREE))
    print(f"texts that repeat more than {LOOP_FREE} of their runs of words: {loops.told(seed, 0.5, SHARE)}")
    print(f"{time.perf_counter() - started:.0f} s")


def constraint_lines(texts: Texts, populations: Mapping[str, Population], seed: int) -> list[str]:
    """How texts of the author and of others meet the author's constraints, and how many tidying changes."""
    n_constraints = []
    tallies = {"own unseen": Tally(), "others'": Tally()}
    for author, found in texts.items():
        samples = found[:KNOWN]
        claims = infer_profile(samples, population=populations[author]).usable()
        wanted = consistent(constraints_of(claims, samples)).kept
        n_constraints.append(len(wanted))
        strangers = [text for name in texts if name != author for text in texts[name][:N_OTHERS]]
        for tally, tried in zip(tallies.values(), (found[KNOWN:], strangers), strict=True):
            tally.add(author, samples, wanted, tried)
    lines = [f"constraints: {float(np.mean(n_constraints)):.1f} an author"]
    for kind, tally in tallies.items():
        lines += [f"{kind} texts", *tally.lines(seed)]
    return lines


class Tally:
    """How texts of one kind did."""

    def __init__(self) -> None:
        """Starts empty."""
        self.met, self.off, self.whole, self.tidied = Values(), Values(), Values(), Values()

    def add(self, author: str, samples: Sequence[str], wanted: Sequence[Constraint], tried: Sequence[str]) -> None:
        """Holds texts against the constraints and the marks of one author."""
        marks = marks_of(samples)
        for text in tried:
            distances = [each.distance(reading) for reading in [Reading(text)] for each in wanted]
            for distance in distances:
                self.met.add(author, float(not distance))
                if distance:
                    self.off.add(author, distance)
            self.whole.add(author, float(not any(distances)))
            self.tidied.add(author, float(bool(tidied(text, wanted, marks)[1])))

    def lines(self, seed: int) -> list[str]:
        """The figures."""
        return [
            f"  met {self.met.told(seed, 0.5, SHARE)}",
            f"  off by {self.off.told(seed)}",
            f"  whole {self.whole.told(seed, 0.5, SHARE)}",
            f"  tidied {self.tidied.told(seed, 0.5, SHARE)}",
        ]


def likeness_lines(texts: Texts, seed: int) -> list[str]:
    """How likeness to an author's samples spreads over the author's texts, and how far others lie below."""
    strange = {author: found for author, found in texts.items() if author not in SHIPPED_WRITERS}
    within, below = Values(), Values()
    for author, found in strange.items():
        like = likeness(found[:KNOWN])
        own = [like.closeness(text) for text in found[KNOWN:]]
        beside = [like.closeness(text) for name in strange if name != author for text in strange[name][:N_OTHERS]]
        within.add(author, float(np.var(own, ddof=1)))
        below.add(author, float(np.mean(own) - np.mean(beside)))
    return [
        f"likeness of own unseen texts: standard deviation within an author {within.told(seed, shown=root)}",
        f"  others' texts lie lower by {below.told(seed)}",
    ]


if __name__ == "__main__":
    sys.exit(main())
