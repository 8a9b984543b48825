"""TF-IDF of token 1-3-grams on integer arrays, several times as fast as counting strings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Self

import numpy as np

from programs.judges.masking import Mask, split

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_EDGE = "\n"
_MANY_TEXTS = 100
"""From this number on, an n-gram that stands in one text only is dropped."""
_MOST_WORDS = 500_000
"""Bounds the memory of words seen."""


class _Numbers(dict[str, int]):
    """Token as written to the number of its masked form, 0 if that is unknown; learns tokens as it meets them."""

    def __init__(self, mask: Mask, names: Sequence[str]) -> None:
        super().__init__()
        self._mask = mask
        self._number = {name: number for number, name in enumerate(names) if number}

    def __missing__(self, token: str) -> int:
        if len(self) >= _MOST_WORDS:
            self.clear()
        number = self[token] = self._number.get(self._mask(token), 0)
        return number


class NgramTfidf:
    """Texts to rows of sublinear TF-IDF over token 1-3-grams, each row of unit length.

    Every text is read between two line breaks, so that its first and last words count as openings and closings. A row
    is zero if no n-gram of the text was seen in fitting. Source: the usual smoothed idf, ln((1 + n) / (1 + df)) + 1.
    """

    def __init__(self, mask: Mask, names: Sequence[str]) -> None:
        """Prepares an empty vocabulary over the masked tokens `names`, the first of which stands for none."""
        self._names = names
        self._numbers = _Numbers(mask, names)
        self._keys = np.empty(0, dtype=np.int64)
        self._idf = np.empty(0)

    @classmethod
    def fit(cls, mask: Mask, texts: Sequence[str]) -> tuple[Self, csr_matrix]:
        """Learns tokens, n-grams and document frequencies; returns the transform and the rows of `texts`."""
        tokens = {token for text in texts for token in split(text)} | {_EDGE}
        fitted = cls(mask, ["", *sorted({mask(token) for token in tokens})])
        keys, rows = fitted._grams(texts)
        order = np.lexsort((rows, keys))
        keys, rows = keys[order], rows[order]
        new_key = _starts(keys)
        new_cell = new_key | _starts(rows)
        column = np.cumsum(new_key) - 1
        frequency = np.bincount(column[new_cell])
        kept = frequency >= (2 if len(texts) >= _MANY_TEXTS else 1)
        fitted._keys = keys[new_key][kept]
        fitted._idf = np.log((1 + len(texts)) / (1 + frequency[kept])) + 1
        stays = kept[column]
        return fitted, fitted._weigh(rows[stays], (np.cumsum(kept) - 1)[column[stays]], len(texts))

    def __len__(self) -> int:
        """Number of n-grams, the width of a row."""
        return len(self._keys)

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """Returns n rows, one a text."""
        keys, rows = self._grams(texts)
        columns = np.searchsorted(self._keys, keys)
        known = np.append(self._keys, -1)[columns] == keys
        return self._weigh(rows[known], columns[known], len(texts))

    def name(self, column: int) -> str:
        """The n-gram of a column, its tokens parted by spaces."""
        names = []
        key = int(self._keys[column])
        while key:
            key, token = divmod(key, len(self._names))
            names.append(self._names[token])
        return " ".join(reversed(names))

    def _grams(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Returns the key of every n-gram without unknown tokens, and the index of its text.

        An n-gram's key is its token numbers as digits in base number of names; number 0 is any unknown token.
        """
        number = self._numbers
        edge, gap = number[_EDGE], 0
        # The 0 between texts keeps n-grams from reaching across.
        numbers = [[edge, *map(number.__getitem__, split(text)), edge, gap] for text in texts]
        lengths = [len(text) for text in numbers]
        ids = np.fromiter(chain.from_iterable(numbers), dtype=np.int64, count=sum(lengths))
        rows = np.repeat(np.arange(len(texts)), lengths)
        keys, whole, found = np.zeros_like(ids), np.ones(len(ids), dtype=bool), []
        for order in range(3):
            reach = max(0, len(ids) - order)
            keys = keys[:reach] * len(self._names) + ids[order:]
            whole = whole[:reach] & (ids[order:] > 0)
            found.append((keys[whole], rows[:reach][whole]))
        return np.concatenate([key for key, _ in found]), np.concatenate([row for _, row in found])

    def _weigh(self, rows: np.ndarray, columns: np.ndarray, n_texts: int) -> csr_matrix:
        """Turns the places of n-grams into rows of unit length."""
        from scipy.sparse import csr_matrix

        width = len(self)
        cells = np.sort(rows * width + columns)
        first = np.flatnonzero(_starts(cells))
        counts = np.diff(np.append(first, len(cells)))
        rows, columns = np.divmod(cells[first], max(1, width))
        values = (1 + np.log(counts)) * self._idf[columns]
        values /= np.sqrt(np.bincount(rows, values**2, minlength=n_texts))[rows]
        return csr_matrix((values, columns, np.searchsorted(rows, np.arange(n_texts + 1))), shape=(n_texts, width))


def _starts(ordered: np.ndarray) -> np.ndarray:
    """Marks each item that differs from the one before it."""
    return np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]
