"""The judge without a model: a linear classifier of authors on token n-grams, blind to topic unless asked otherwise."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from programs.judges.judge import Preference
from programs.judges.masking import function_words, mask_content, show_all
from programs.judges.ngrams import NgramTfidf
from signatures.errors import SetupError, unknown

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

EMPTY_SCORE = -100.0
"""Score of an empty text, below that of any other."""

_METHOD = "token 1-3-gram tf-idf, dual ridge, platt on leave-one-out"
_ALPHA = 1.0
_MAX_PIECES = 3000
"""Bounds the kernel, whose size is this squared."""
_SAME = 1e-9
"""Scores closer than this tie."""


class StylometricJudge:
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

    def prefers(self, author: str, a: str, b: str) -> Preference:
        """Says which text is closer to what `author` writes; texts with equal scores tie."""
        return _preference(self.score(author, a) - self.score(author, b))

    def prefer_many(self, authors: Sequence[str], a: Sequence[str], b: Sequence[str]) -> list[Preference]:
        """Answers n comparisons at once; item i is `prefers(authors[i], a[i], b[i])`."""
        if len(a) != len(b):
            raise ValueError(f"{len(a)} texts a for {len(b)} texts b")
        scores = self.score_many([*authors, *authors], [*a, *b])
        return [_preference(gap) for gap in scores[: len(a)] - scores[len(a) :]]

    def reason(self, author: str, a: str, b: str) -> str:
        """Names the features that decided most, masked words by their shape (`programs.judges.masking`)."""
        verdict = self.prefers(author, a, b)
        if verdict == "tie":
            return "tie: the texts do not differ in any feature that tells the author apart"
        if not a.strip() or not b.strip():
            return f"{verdict}: the other text is empty"
        winner, loser = self._grams.transform([a, b] if verdict == "a" else [b, a]).toarray()
        weights = self._weights[:, self._find(author)]
        parts = (winner - loser) * weights
        top = [column for column in np.argsort(-parts, kind="stable")[:5] if parts[column] > 0]
        has = [repr(self._grams.name(column)) for column in top if weights[column] > 0]
        lacks = [repr(self._grams.name(column)) for column in top if weights[column] < 0]
        said = [f"more of the author's {', '.join(has)}"] * bool(has) + [f"less of {', '.join(lacks)}"] * bool(lacks)
        return f"{verdict}: {'; '.join(said) or 'nearer to the average author'}"

    def _find(self, author: str) -> int:
        if author not in self._column:
            raise unknown("author", author, self.authors)
        return self._column[author]

    def _table(self, texts: Sequence[str]) -> np.ndarray:
        """Scores of n texts for all m authors, shape (n, m)."""
        table = np.asarray(self._grams.transform(texts) @ self._weights) + self._bias
        table[[not text.strip() for text in texts]] = EMPTY_SCORE
        return table


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
    if not 2 <= len(references) <= _MAX_PIECES:
        raise SetupError(
            f"the stylometric judge tells 2 to {_MAX_PIECES} authors apart and got references of {len(references)}"
            f" ({', '.join(map(repr, list(references)[:3]))}); {'add' if len(references) < 2 else 'leave out'} authors"
        )
    whole = {author: _distinct(author, texts) for author, texts in references.items()}
    most = _MAX_PIECES // len(whole)
    pieces = {author: _spread(_pieces(texts, n_words, most), most) for author, texts in whole.items()}
    texts = [text for own in pieces.values() for text in own]
    owner = np.repeat(np.arange(len(pieces)), [len(own) for own in pieces.values()])
    grams, rows = NgramTfidf.fit(mask_content if blind else show_all, texts)
    weights, bias = _fit(rows, owner)
    name = "stylometric" if blind else "stylometric-plain"
    return StylometricJudge(name, _version(name, n_words), list(pieces), grams, weights, bias)


def _preference(gap: float) -> Preference:
    return "tie" if abs(gap) < _SAME else "a" if gap > 0 else "b"


def _version(name: str, n_words: int | None) -> str:
    settings = repr((_METHOD, _ALPHA, _MAX_PIECES, n_words, sorted(function_words())))
    return f"{name}-{hashlib.sha256(settings.encode()).hexdigest()[:8]}"


def _distinct(author: str, texts: Sequence[str]) -> list[str]:
    """An author's texts without blank ones and repetitions."""
    if isinstance(texts, str):
        raise SetupError(f"the references of author {author!r} are one string; give a list of texts")
    distinct = list(dict.fromkeys(text.strip() for text in texts if text.strip()))
    if not distinct:
        raise SetupError(f"author {author!r} has no reference with text in it; add one or leave the author out")
    return distinct


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


def _spread(texts: list[str], most: int) -> list[str]:
    """Keeps at most `most` texts, evenly spread over the list."""
    if len(texts) <= most:
        return texts
    return [texts[len(texts) * i // most] for i in range(most)]


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
    slope, start = _log_odds(left_out.ravel(), own.ravel(), (1 / slack)[:, None].repeat(n_authors, axis=1).ravel())
    return np.asarray(rows.T @ dual) * slope, np.full(n_authors, start)


def _log_odds(outputs: np.ndarray, own: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Slope and start of the logistic curve from a classifier's outputs to log-odds (Platt 1999)."""
    from sklearn.linear_model import LogisticRegression

    scale = float(outputs.std()) or 1.0
    curve = LogisticRegression().fit(outputs[:, None] / scale, own, sample_weight=weight)
    # References that do not tell the authors apart may turn the curve; the classifier's order stands.
    return max(float(curve.coef_[0, 0]), 1e-3) / scale, float(curve.intercept_[0])
