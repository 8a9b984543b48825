"""A judge that compares the direction of a text's vector with the mean of the author's references."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from programs.judges.log_odds import EMPTY_SCORE, log_odds
from programs.judges.readings import Readings
from programs.judges.scoring import ScoringJudge
from signatures.errors import unknown

_MOST_BYTES = 160 * 2**20
"""Bounds the vectors kept of texts already read."""

Explain = Callable[[np.ndarray, np.ndarray, np.ndarray], str]
"""The author's direction and those of the preferred and of the other text, each of shape (d,), to what decided."""


class ProfileJudge(ScoringJudge):
    """Prefers the text that points more in the author's direction.

    Directions are seen from the mean of all authors, so that what everybody shares decides nothing. Deterministic; the
    order of the texts plays no part. Build it with `fit_profiles`.
    """

    def __init__(
        self,
        name: str,
        version: str,
        profiles: Mapping[str, np.ndarray],
        curve: tuple[float, float],
        read: Callable[[Sequence[str]], np.ndarray],
        explain: Explain,
    ) -> None:
        """Holds a fitted judge.

        Args:
            name: As `make_judge` knows it.
            version: The name and a hash of the method.
            profiles: Author to direction, shape (d,), of length 1 or 0.
            curve: Slope and start of the line from cosines to log-odds.
            read: Makes the directions of n texts, shape (n, d), each row of length 1 or 0.
            explain: Words what decided a comparison.
        """
        self.name = name
        self.version = version
        self.authors = tuple(profiles)
        self._profiles = profiles
        self._slope, self._start = curve
        self._readings = Readings(lambda texts: list(read(texts)), lambda row: row.nbytes, _MOST_BYTES)
        self._explain = explain

    def score(self, author: str, text: str) -> float:
        """As every `ScoringJudge`."""
        return float(self.score_many([author], [text])[0])

    def score_many(self, authors: Sequence[str], texts: Sequence[str]) -> np.ndarray:
        """Scores n texts at once, each for its own author: float array of shape (n,)."""
        if len(authors) != len(texts):
            raise ValueError(f"{len(authors)} authors for {len(texts)} texts")
        profiles = [self._find(author) for author in authors]
        # One by one, not as a product of matrices: a text has the same score in any company.
        cosines = [float(own @ row) for own, row in zip(profiles, self._readings(texts), strict=True)]
        scores = self._slope * np.array(cosines) + self._start
        scores[[not text.strip() for text in texts]] = EMPTY_SCORE
        return scores

    def _why(self, authors: Sequence[str], winners: Sequence[str], losers: Sequence[str]) -> Iterator[str]:
        own = [self._find(author) for author in authors]
        return map(self._explain, own, self._readings(winners), self._readings(losers))

    def _find(self, author: str) -> np.ndarray:
        if author not in self._profiles:
            raise unknown("author", author, self.authors)
        return self._profiles[author]


def fit_profiles(
    name: str,
    version: str,
    references: Mapping[str, Sequence[str]],
    read: Callable[[Sequence[str]], np.ndarray],
    explain: Explain,
) -> ProfileJudge:
    """Fits a judge on the distinct references of two authors or more.

    An author's profile is the mean of their references' vectors less the mean of all profiles. A logistic curve
    through the cosines of all references with all profiles, each reference left out of its author's own, turns cosines
    into log-odds; every author weighs the same.

    Args:
        name: As `make_judge` knows it.
        version: The name and a hash of the method.
        references: Author to texts, at least one each.
        read: Makes the vectors of n texts, shape (n, d); each depends on its own text alone.
        explain: Words what decided a comparison.
    """
    vectors = {author: read(texts) for author, texts in references.items()}
    means = np.array([rows.mean(axis=0) for rows in vectors.values()])
    middle = means.mean(axis=0)
    profiles = directions(means - middle)
    curve = log_odds(*_left_out(list(vectors.values()), profiles, middle))
    return ProfileJudge(
        name,
        version,
        dict(zip(vectors, profiles, strict=True)),
        curve,
        lambda texts: directions(read(texts) - middle),
        explain,
    )


def directions(rows: np.ndarray) -> np.ndarray:
    """Rows at length 1; those of next to no length at 0."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.where(lengths > 1e-9, rows / np.maximum(lengths, 1e-9), 0.0)


def _left_out(
    vectors: Sequence[np.ndarray], profiles: np.ndarray, middle: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cosine, whether it is with the author's own profile, and weight, for every reference and profile."""
    cosines, own, weight = [], [], []
    for place, rows in enumerate(vectors):
        found = directions(rows - middle) @ profiles.T
        if len(rows) > 1:
            rest = directions((rows.sum(axis=0) - rows) / (len(rows) - 1) - middle)
            found[:, place] = (directions(rows - middle) * rest).sum(axis=1)
        cosines.append(found.ravel())
        own.append(np.tile(np.arange(len(profiles)) == place, len(rows)))
        weight.append(np.full(found.size, 1 / len(rows)))
    return np.concatenate(cosines), np.concatenate(own), np.concatenate(weight)
