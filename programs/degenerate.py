"""Texts that no likeness makes up for: empty, far too short, looping, or copied from the samples."""

import re
from collections import Counter
from collections.abc import Sequence
from statistics import median

COPY_WORDS = 6
"""Words of a run that counts as copied where a sample has the same run."""
COPY_SHARE = 0.2
"""Share of a text's runs that may stand in a sample."""
LOOP_TOKENS = 4
LOOP_SHARE = 0.3
"""Share of a text's runs of tokens that may have stood in it before."""
SHORT_SHARE = 0.2
"""A text with fewer words than this share of the median sample's is far too short."""

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+(?:['’][^\W_{_CJK}]+)*")
_TOKEN = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+(?:['’][^\W_{_CJK}]+)*|[^\w\s]|_")

Run = tuple[str, ...]


class Degeneration:
    """Finds the faults of texts written after some samples."""

    def __init__(self, samples: Sequence[str]) -> None:
        """Reads the samples."""
        words = [_words(sample) for sample in samples]
        self._copied = {run for each in words for run in _runs(each, COPY_WORDS)}
        self._whole = {tuple(each) for each in words}
        self._fewest = SHORT_SHARE * median(len(each) for each in words)

    def faults(self, text: str) -> tuple[str, ...]:
        """The text's faults in words; none for a sound text."""
        if not text.strip():
            return ("empty",)
        words = _words(text)
        found = {
            "far shorter than the samples": len(words) < self._fewest,
            "repeats itself": looping(text) > LOOP_SHARE,
            "copies the samples": self.copying(text) > COPY_SHARE,
        }
        return tuple(fault for fault, holds in found.items() if holds)

    def copying(self, text: str) -> float:
        """Share of the text's runs of six words that stand in a sample; 1 for a whole sample, however short."""
        words = _words(text)
        if words and tuple(words) in self._whole:
            return 1.0
        runs = _runs(words, COPY_WORDS)
        return sum(run in self._copied for run in runs) / len(runs) if runs else 0.0


def looping(text: str) -> float:
    """Share of the text's runs of four words and signs that stood in it before."""
    runs = _runs(_TOKEN.findall(text.casefold()), LOOP_TOKENS)
    return 1 - len(Counter(runs)) / len(runs) if runs else 0.0


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold().replace("’", "'"))


def _runs(items: Sequence[str], length: int) -> list[Run]:
    return [tuple(items[start : start + length]) for start in range(len(items) - length + 1)]
