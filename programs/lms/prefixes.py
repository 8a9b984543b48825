"""Which request reads a shared prefix first, so that the others find it in the cache.

The runtime caches what it has read, but requests that arrive together all read: eight prompts that share a person's
texts would read them eight times. Here the first of them leads, and the others wait for its first token.
"""

from collections import OrderedDict
from collections.abc import Hashable, Sequence

LENGTHS = (256, 1024, 3072)
"""Tokens of a prefix that are compared; a shorter prompt has none."""

_REMEMBERED = 4096


class Prefixes:
    """Prefixes that have been read, and those being read."""

    def __init__(self) -> None:
        """Starts with nothing read."""
        self._read: OrderedDict[Hashable, None] = OrderedDict()
        self._reading: dict[Hashable, int] = {}

    @staticmethod
    def keys(token_ids: Sequence[int]) -> tuple[Hashable, ...]:
        """Names of a prompt's prefixes, short to long."""
        ids = tuple(token_ids)
        return tuple((length, hash(ids[:length])) for length in LENGTHS if len(ids) > length)

    def may_start(self, keys: Sequence[Hashable]) -> bool:
        """Whether nothing that this request would read is being read just now by another."""
        for key in keys:
            if key in self._read:
                continue
            return key not in self._reading
        return True

    def started(self, keys: Sequence[Hashable]) -> None:
        """A request begins to read."""
        for key in keys:
            if key not in self._read:
                self._reading[key] = self._reading.get(key, 0) + 1

    def ended(self, keys: Sequence[Hashable], read: bool) -> None:
        """A request has its first token (`read`), or ended without one, so that another may lead."""
        for key in keys:
            left = self._reading.get(key, 0) - 1
            if left > 0:
                self._reading[key] = left
            else:
                self._reading.pop(key, None)
            if read:
                self._read[key] = None
                self._read.move_to_end(key)
        while len(self._read) > _REMEMBERED:
            self._read.popitem(last=False)
