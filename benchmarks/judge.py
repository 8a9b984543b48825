"""Prints how often the judges without a model are right, and how fast: `uv run python -m benchmarks.judge`.

Fits on the texts that the corpus marks as train (else on the first half of every author's), judges pairs of the others:
an author's text against another author's. A text that stands in several pairs is read once, so the texts read a second
are printed beside the pairs judged a second.
"""

import argparse
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from data import load_corpus
from programs.intervals import clustered_mean
from programs.judges import JUDGES, Judge, fit_stylometric
from signatures.errors import SetupError
from signatures.records import Author

CCAT50 = Path(__file__).parents[1].parent / "shared" / "data" / "ccat50_dev.jsonl.gz"


class Pairs(NamedTuple):
    """Comparisons whose first text is the author's own."""

    authors: list[str]
    own: list[str]
    other: list[str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints one row for each judge and length; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judge", description=__doc__)
    parser.add_argument("--data", default=f"jsonl:{CCAT50}", help="corpus (default: CCAT50, ../shared/data)")
    parser.add_argument("--pairs", type=int, default=50_000, help="number of comparisons (default: %(default)s)")
    parser.add_argument("--words", type=int, default=150, help="length of the cut texts (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="draws the pairs (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        run(options.data, options.pairs, options.words, options.seed)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def run(data: str, n_pairs: int, n_words: int, seed: int) -> None:
    """Loads the corpus, fits, judges and prints."""
    if data == f"jsonl:{CCAT50}" and not CCAT50.is_file():
        raise SetupError(f"there is no {str(CCAT50)!r}; give another corpus, such as --data bundled")
    authors = load_corpus(data).authors
    references, held_out = halves(authors)
    # A first fit would pay for importing scikit-learn.
    fit_stylometric({"one": ["a b"], "two": ["c d"]})
    print(f"{data}: {len(references)} authors, {sum(map(len, references.values()))} references")
    print("judge                 length  right    95% interval   pairs  fit s  pairs/s  texts/s")
    for build in JUDGES.values():
        for length in (None, n_words):
            cut = {author: [first_words(text, length) for text in texts] for author, texts in held_out.items()}
            pairs = draw_pairs(cut, n_pairs, np.random.default_rng(seed))
            started = time.perf_counter()
            judge = build(references)
            fitted = time.perf_counter() - started
            print(row(judge, "whole" if length is None else f"{length} words", pairs, fitted, seed), flush=True)


def row(judge: Judge, length: str, pairs: Pairs, fit_seconds: float, seed: int) -> str:
    """Judges the pairs and formats what came of it."""
    started = time.perf_counter()
    verdicts = judge.prefer_many(*pairs)
    seconds = time.perf_counter() - started
    points = np.array([{"a": 1.0, "tie": 0.5, "b": 0.0}[verdict] for verdict in verdicts])
    mean = clustered_mean(pairs.authors, points, rng=np.random.default_rng(seed))
    interval = f"{mean.low:.3f} to {mean.high:.3f}"
    right = f"{judge.name:18} {length:>9} {mean.value:6.3f} {interval:>15} {len(verdicts):7,}"
    texts = len({*pairs.own, *pairs.other})
    return f"{right} {fit_seconds:6.2f} {len(verdicts) / seconds:8,.0f} {texts / seconds:8,.0f}"


def halves(authors: Sequence[Author]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Splits every author's texts into those that fit and those that are judged."""
    first, second = {}, {}
    for author in authors:
        marked = {text.part for text in author.texts} >= {"train", "test"}
        middle = len(author.texts) // 2
        train = [text.part == "train" if marked else place < middle for place, text in enumerate(author.texts)]
        first[author.id] = [text.text for text, fits in zip(author.texts, train, strict=True) if fits]
        second[author.id] = [text.text for text, fits in zip(author.texts, train, strict=True) if not fits]
    return first, second


def draw_pairs(texts: dict[str, list[str]], n: int, rng: np.random.Generator) -> Pairs:
    """Draws n pairs: an author, a text of theirs, and a text of somebody else."""
    names = list(texts)
    pairs = Pairs([], [], [])
    for _ in range(n):
        author, rival = (names[index] for index in rng.choice(len(names), size=2, replace=False))
        pairs.authors.append(author)
        pairs.own.append(texts[author][rng.integers(len(texts[author]))])
        pairs.other.append(texts[rival][rng.integers(len(texts[rival]))])
    return pairs


def first_words(text: str, n: int | None) -> str:
    """The first n words, or the whole text."""
    return text if n is None else "".join(re.findall(r"\S+\s*", text)[:n])


if __name__ == "__main__":
    sys.exit(main())
