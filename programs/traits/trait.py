"""What a trait is, and the ways to count that most traits share."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from programs.traits.reading import Reading, Span
from signatures.hypotheses import Aspect, Dimension

Unit = Literal[
    "words",
    "letters",
    "in 100 words",
    "of sentences",
    "of paragraphs",
    "of texts",
    "of words",
    "of the average",
]
_FEW_WORDS = 4
Value = Callable[[Reading], float]
Shows = Callable[[Reading], Iterator[Span]]


@dataclass(frozen=True, slots=True)
class Trait:
    """One measurable habit."""

    name: str
    """As checks write it: lower case with underscores."""
    dimension: Dimension
    aspect: Aspect
    family: str
    """Traits of one family measure the same habit: only one of them is claimed of a person."""
    unit: Unit
    high: str
    """What much of it says of the writer, such as "Writes long sentences"; the amount follows after a comma."""
    low: str
    value: Value
    """The amount in one text, finite, 0 for a text without words."""
    shows: Shows
    """Passages that show much of it."""
    shows_little: Shows
    """Passages that show little of it."""
    claimed: bool = True
    """Whether it is claimed of a person; else it is only measured, and checked where somebody asks for it."""

    @property
    def once_a_text(self) -> bool:
        """Whether a text either has it or not, so that its value is 0 or 1."""
        return self.unit == "of texts"


def per_100_words(hits: Shows) -> Value:
    """Hits in 100 words."""
    return lambda reading: 100 * _count(hits(reading)) / len(reading.words) if reading.words else 0.0


def share_of_sentences(hits: Shows) -> Value:
    """Share of sentences with a hit that starts in them."""

    def share(reading: Reading) -> float:
        starts = {start for start, _ in hits(reading)}
        holding = sum(any(first <= start < end for start in starts) for first, end in reading.sentences)
        return holding / len(reading.sentences) if reading.sentences else 0.0

    return share


def share_of_paragraphs(hits: Shows) -> Value:
    """Hits a paragraph, at most one in each."""
    return lambda reading: _count(hits(reading)) / len(reading.paragraphs) if reading.paragraphs else 0.0


def once(hits: Shows) -> Value:
    """1 where there is a hit, else 0."""
    return lambda reading: float(any(True for _ in hits(reading)))


def among(words: Collection[str]) -> Shows:
    """Words of a list."""

    def shows(reading: Reading) -> Iterator[Span]:
        return (span for span, word in zip(reading.word_spans, reading.words, strict=True) if word in words)

    return shows


def where(test: Callable[[str], bool]) -> Shows:
    """Words, as written, that pass a test."""

    def shows(reading: Reading) -> Iterator[Span]:
        return ((start, end) for start, end in reading.word_spans if test(reading.text[start:end]))

    return shows


def matching(pattern: str, flags: int = 0) -> Shows:
    """Passages that a regular expression finds."""
    compiled = re.compile(pattern, flags)
    return lambda reading: (match.span() for match in compiled.finditer(reading.text))


def sentences_where(test: Callable[[list[str]], bool]) -> Shows:
    """Sentences whose words, in lower case, pass a test."""

    def shows(reading: Reading) -> Iterator[Span]:
        return (span for span, words in zip(reading.sentences, reading.sentence_words, strict=True) if test(words))

    return shows


def fewest(hits: Shows) -> Shows:
    """Sentences of four words or more with the fewest hits, none where there are such."""

    def shows(reading: Reading) -> Iterator[Span]:
        starts = [start for start, _ in hits(reading)]
        counts = [
            (sum(first <= start < end for start in starts), (first, end))
            for (first, end), words in zip(reading.sentences, reading.sentence_words, strict=True)
            if len(words) >= _FEW_WORDS
        ]
        least = min((count for count, _ in counts), default=0)
        return (span for count, span in counts if count == least)

    return shows


def _count(spans: Iterator[Span]) -> int:
    return sum(1 for _ in spans)
