"""For how many people a personalised text is worse than a plain one: `uv run python -m benchmarks.harm LEDGER`.

Counts, in the ledger of an evaluation, the authors whose texts by a system lose more pairs than they win against the
baseline, by each judge. With few targets an author, chance alone makes some of them look worse: printed beside it is
the share that would be so if the outcomes of all pairs were dealt to the authors at random.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from programs.cells import wilson
from programs.ledger import LedgerRow, comparisons, pairs_from, read_all
from programs.metrics import JudgedPair
from signatures.errors import SetupError, counted

DEALS = 2000


def mean_outcomes(pairs: Sequence[JudgedPair]) -> dict[str, float]:
    """Author to mean outcome over their pairs, from 0, every text lost, to 1."""
    found: dict[str, list[float]] = {}
    for pair in pairs:
        found.setdefault(pair.author, []).append(pair.outcome)
    return {author: sum(values) / len(values) for author, values in found.items()}


def by_chance(outcomes: Sequence[float], sizes: Sequence[int], rng: np.random.Generator) -> float:
    """Share of authors below one half if the outcomes of all pairs were dealt to the authors at random.

    Args:
        outcomes: Of all pairs, each 0 to 1.
        sizes: Pairs of each author.
        rng: Deals, 2,000 times.
    """
    drawn = [rng.choice(np.asarray(outcomes), (DEALS, n)).mean(axis=1) < 0.5 for n in sizes]
    return float(np.mean(drawn))


def rows(groups: Mapping[tuple[str, str, str], Sequence[LedgerRow]]) -> list[str]:
    """One line for each system, baseline and judge."""
    lines, rng = [], np.random.default_rng(0)
    for (system, baseline, judge), found in groups.items():
        pairs = pairs_from(found)
        if not pairs:
            continue
        means = mean_outcomes(pairs)
        n_worse = sum(mean < 0.5 for mean in means.values())
        low, high = wilson(n_worse, len(means))
        outcomes = [pair.outcome for pair in pairs]
        chance = by_chance(outcomes, [sum(pair.author == author for pair in pairs) for author in means], rng)
        worse = f"{n_worse:2} of {counted(len(means), 'author')}: {n_worse / len(means):.0%} ({low:.0%}-{high:.0%})"
        rate = np.mean(outcomes)
        lines.append(f"{system:32} {baseline:12} {judge:20} {rate:5.3f}  {worse}, by chance {chance:.0%}")
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.harm", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("ledger", type=Path, help="ledger.parquet of an evaluation")
    options = parser.parse_args(arguments)
    try:
        found, _ = read_all(options.ledger)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{'system':32} {'against':12} {'judge':20} rate   worse than the baseline")
    print("\n".join(rows(comparisons(found))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
