"""The judge without a model: a linear classifier of authors on token n-grams, blind to topic unless asked otherwise."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from programs.judges.log_odds import EMPTY_SCORE, log_odds
from programs.judges.masking import function_words, mask_content, show_all
from programs.judges.ngrams import NgramTfidf
from programs.judges.readings import Readings
from programs.judges.reference_texts import spread, told_apart
from programs.judges.scoring import ScoringJudge
from programs.judges.wording import named, strongest
from signatures.errors import SetupError, unknown

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_Cells = tuple[np.ndarray, np.ndarray]
"""Columns and values of a text's n-grams."""

_METHOD = "token 1-3-gram tf-idf, dual ridge, platt on leave-one-out"
_ALPHA = 1.0
_MAX_PIECES = 3000
"""Bounds the kernel, whose size is this squared."""
_BATCH = 500
"""Texts weighed at once, which bounds memory."""
_MOST_BYTES = 160 * 2**20
"""Bounds the n-grams kept of texts already read; 20,000 texts of 150 words fit."""


class StylometricJudge(ScoringJudge):
    """Prefers the text that reads more like the author's references than like the other authors'.

    Deterministic; the order of the texts plays no part. Build it with `fit_stylometric`.
    """

    def __init__(
        self, name: str, version: str, authors: Sequence[str], grams: NgramTfidf, weights: np.ndarray, bias: np.ndarray
    ) -> None:
        """Holds a fitted model: `weights` (n-grams x authors) and `bias` (authors) give log-odds."""
        self.name = name
        self.version = version
        self.authors = tuple(authors)
        self._column = {author: column for column, author in enumerate(self.authors)}
        self._grams = grams
        self._weights = weights
        self._bias = bias
        self._cells = Readings(self._read, lambda cells: 16 * len(cells[0]), _MOST_BYTES)
        self._row = lru_cache(maxsize=4096)(lambda text: self._table([text])[0])

    def score(self, author: str, text: str) -> float:
        """Log-odds (natural) that `author`, rather than one of the others fitted, wrote `text`.

        All authors are taken as equally likely beforehand. `EMPTY_SCORE` if the text has nothing but blanks.
        """
        return float(self._row(text)[self._find(author)])

    def score_many(self, authors: Sequence[str], texts: Sequence[str]) -> np.ndarray:
        """Scores n texts at once, each for its own author: float array of shape (n,); a repeated text costs once."""
        if len(authors) != len(texts):
            raise ValueError(f"{len(authors)} authors for {len(texts)} texts")
        distinct = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        columns = [self._find(author) for author in authors]
        return self._table(list(distinct))[[distinct[text] for text in texts], columns]

    def _why(self, authors: Sequence[str], winners: Sequence[str], losers: Sequence[str]) -> Iterator[str]:
        """Names the n-grams that speak most for each winner."""
        columns = [self._find(author) for author in authors]
        gaps = self._rows(winners) - self._rows(losers)
        gaps.sort_indices()
        weights = self._weights[gaps.indices, np.repeat(columns, np.diff(gaps.indptr))]
        parts = gaps.data * weights
        for start, stop in pairwise(gaps.indptr):
            top = start + strongest(parts[start:stop])
            names = [(self._grams.name(int(gaps.indices[cell])), weights[cell] > 0) for cell in top]
            yield named([name for name, own in names if own], [name for name, own in names if not own])

    def _find(self, author: str) -> int:
        if author not in self._column:
            raise unknown("author", author, self.authors)
        return self._column[author]

    def _table(self, texts: Sequence[str]) -> np.ndarray:
        """Scores of n texts for all m authors, shape (n, m)."""
        batches = [texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH)] or [[]]
        table = np.concatenate([np.asarray(self._rows(batch) @ self._weights) for batch in batches]) + self._bias
        table[[not text.strip() for text in texts]] = EMPTY_SCORE
        return table

    def _rows(self, texts: Sequence[str]) -> csr_matrix:
        """TF-IDF rows of n texts, shape (n, n-grams)."""
        from scipy.sparse import csr_matrix

        cells = self._cells(texts)
        ends = np.cumsum([0, *(len(columns) for columns, _ in cells)])
        columns = np.concatenate([np.empty(0, dtype=np.int64), *(columns for columns, _ in cells)])
        values = np.concatenate([np.empty(0), *(values for _, values in cells)])
        return csr_matrix((values, columns, ends), shape=(len(texts), len(self._grams)))

    def _read(self, texts: Sequence[str]) -> list[_Cells]:
        rows = self._grams.transform(texts)
        return [
            (rows.indices[start:stop].astype(np.int64), rows.data[start:stop].copy())
            for start, stop in pairwise(rows.indptr)
        ]


def fit_stylometric(
    references: Mapping[str, Sequence[str]], *, blind: bool = True, n_words: int | None = None
) -> StylometricJudge:
    """Fits a judge on the references of two authors or more.

    One-against-the-rest ridge regression in its dual form on TF-IDF n-grams, every author weighing the same; a logistic
    curve through the leave-one-out predictions turns its output into log-odds. Meant for English (`masking`).

    Args:
        references: Author to texts; blank texts and repetitions are passed over.
        blind: Whether content words are masked, so that topic cannot decide.
        n_words: Cuts references into pieces of about this many words, longer ones if there would be too many. Near the
            length of the texts to be judged, and with 50 references an author that are several times as long, it gains
            about 0.2 points of accuracy and log-odds nearer the truth, for twice the time. None leaves them whole.

    Raises:
        SetupError: Fewer than two authors, an author without text, or more authors than can be told apart at once.
    """
    if n_words is not None and n_words < 1:
        raise SetupError(f"n_words is {n_words!r}; give a number of words from 1 on, or None to leave references whole")
    whole = told_apart("stylometric", references)
    most = _MAX_PIECES // len(whole)
    pieces = {author: spread(_pieces(texts, n_words, most), most) for author, texts in whole.items()}
    texts = [text for own in pieces.values() for text in own]
    owner = np.repeat(np.arange(len(pieces)), [len(own) for own in pieces.values()])
    grams, rows = NgramTfidf.fit(mask_content if blind else show_all, texts)
    weights, bias = _fit(rows, owner)
    name = "stylometric" if blind else "stylometric-plain"
    return StylometricJudge(name, _version(name, n_words), list(pieces), grams, weights, bias)


def _version(name: str, n_words: int | None) -> str:
    settings = repr((_METHOD, _ALPHA, _MAX_PIECES, n_words, sorted(function_words())))
    return f"{name}-{hashlib.sha256(settings.encode()).hexdigest()[:8]}"


def _pieces(texts: list[str], n_words: int | None, most: int) -> list[str]:
    """Cuts texts into pieces of about `n_words` words, longer ones if there would be more than `most`."""
    if n_words is None:
        return texts
    words = [re.findall(r"\S+\s*", text) for text in texts]
    size = max(n_words, -(-sum(map(len, words)) // most))
    pieces = []
    for own in words:
        n = max(1, round(len(own) / size))
        cuts = [len(own) * i // n for i in range(n + 1)]
        pieces += ["".join(own[start:stop]) for start, stop in zip(cuts, cuts[1:], strict=False)]
    return pieces


def _fit(rows: csr_matrix, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns weights (n-grams x authors) and bias (authors) that give log-odds."""
    n, n_authors = len(owner), int(owner.max()) + 1
    own = owner[:, None] == np.arange(n_authors)
    # The mean of +1 for the author and -1 for the others, authors weighing the same.
    middle = 2 / n_authors - 1
    aims = np.where(own, 1.0, -1.0) - middle
    # A text of an author with many references weighs less, that is, it may be missed by more.
    slack = own.sum(axis=0)[owner] * n_authors / n
    inverse = np.linalg.inv((rows @ rows.T).toarray() + np.diag(_ALPHA * slack))
    dual = inverse @ aims
    left_out = aims - dual / np.diag(inverse)[:, None]
    slope, start = log_odds(left_out.ravel(), own.ravel(), (1 / slack)[:, None].repeat(n_authors, axis=1).ravel())
    return np.asarray(rows.T @ dual) * slope, np.full(n_authors, start)
