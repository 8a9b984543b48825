"""Corpora that benchmarks read, and values by author told as a mean with its interval."""

from collections.abc import Callable, Mapping, Sequence
from math import inf, sqrt

import numpy as np

from benchmarks.traits import CCAT50, texts_of
from data import load_corpus
from programs.intervals import clustered_mean
from programs.traits import Population
from programs.traits.fitting import fit, text_measures

SHARE = (0.0, 1.0)
"""Bounds of a share."""

Texts = Mapping[str, Sequence[str]]


def default_corpora() -> list[str]:
    """The bundled corpus, and CCAT50 where it is present."""
    return ["bundled", *([f"jsonl:{CCAT50}"] if CCAT50.is_file() else [])]


def drawn_texts(corpus: str, most: int, rng: np.random.Generator) -> dict[str, list[str]]:
    """At most so many texts of every author of a corpus, in the order in which they were drawn.

    Raises: SetupError if the corpus cannot be read.
    """
    texts = texts_of(load_corpus(corpus).authors)
    return {author: [str(text) for text in rng.permutation(found)[:most]] for author, found in texts.items()}


def populations_of_others(texts: Texts) -> dict[str, Population]:
    """For each author the population of all others, so that nobody is told from themselves."""
    measured = {author: [text_measures(text) for text in found] for author, found in texts.items()}
    return {
        author: fit({name: each for name, each in measured.items() if name != author}, "others") for author in measured
    }


class Values:
    """Values by author."""

    def __init__(self) -> None:
        """Starts empty."""
        self.authors: list[str] = []
        self.values: list[float] = []

    def add(self, author: str, value: float) -> None:
        """Takes one value."""
        self.authors.append(author)
        self.values.append(value)

    @property
    def mean(self) -> float:
        """Over all values."""
        return float(np.mean(self.values))

    def told(
        self,
        seed: int,
        even: float = 0.0,
        bounds: tuple[float, float] = (-inf, inf),
        shown: Callable[[float], float] = float,
    ) -> str:
        """The mean with its 95% interval over authors, the number of values and of authors.

        Args:
            seed: Of the resamples.
            even: The value that favours nobody.
            bounds: Range of the values.
            shown: What is told of the mean and the ends of its interval, such as the root of a mean of squares.
        """
        if not self.values:
            return "none"
        rng = np.random.default_rng(seed)
        found = clustered_mean(self.authors, np.array(self.values), rng=rng, even=even, bounds=bounds)
        value, low, high = (shown(each) for each in (found.value, found.low, found.high))
        return f"{value:.3f} ({low:.3f} to {high:.3f}; n {len(self.values)}, {found.n_authors} authors)"


def spread(values: Sequence[float]) -> str:
    """Least, middle and most of some values."""
    if not values:
        return "none"
    return f"{min(values):.2f} to {max(values):.2f}, {float(np.median(values)):.2f} in the middle"


def root(square: float) -> float:
    """The square root; 0 of an interval's end below 0."""
    return sqrt(max(square, 0.0))
