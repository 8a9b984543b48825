"""What a judge made of texts it has read, kept so that a text in many pairs is read once."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Reading = TypeVar("Reading")

_BATCH = 1000
"""Texts read at once, which bounds the memory that reading takes."""


class Readings(Generic[Reading]):
    """Text to what `read` makes of it; forgets everything when it holds too much.

    Several threads may ask at once: they may read the same text twice, and get the same of it.
    """

    def __init__(
        self, read: Callable[[Sequence[str]], Sequence[Reading]], size: Callable[[Reading], int], most_bytes: int
    ) -> None:
        """Starts empty.

        Args:
            read: Makes n readings of n texts; each depends on its own text alone.
            size: Bytes that a reading takes.
            most_bytes: Bound of what is kept.
        """
        self._read = read
        self._size = size
        self._most_bytes = most_bytes
        self._kept: dict[str, Reading] = {}
        self._bytes = 0

    def __call__(self, texts: Sequence[str]) -> list[Reading]:
        """The readings of n texts, in order."""
        found = {text: reading for text in texts if (reading := self._kept.get(text)) is not None}
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            for text, reading in zip(batch, self._read(batch), strict=True):
                found[text] = reading
                self._keep(text, reading)
        return [found[text] for text in texts]

    def _keep(self, text: str, reading: Reading) -> None:
        if self._bytes > self._most_bytes:
            self._kept, self._bytes = {}, 0
        self._kept[text] = reading
        self._bytes += self._size(reading)
