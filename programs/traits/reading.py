"""A text cut once into words, sentences, paragraphs and quotations, for every trait to count in.

Words and sentences come from rules, not from a language model: spaCy's blank pipeline would bring a tokenizer and a
sentence splitter of this kind and nothing more, and its taggers need a download.
"""

import re
from functools import cached_property

from data.sentences import sentences

Span = tuple[int, int]
"""Start and end of a passage, in characters of the text."""

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f"
_WORD = re.compile(rf"[{_CJK}]|[^\W\d_{_CJK}]+(?:['’-][^\W\d_{_CJK}]+)*(?:(?<=in)['’](?!\w))?|\d+(?:[.,:]\d+)*")
_QUOTE = re.compile(
    r"“[^”\n]+(?:”|(?=\n|$))"
    r'|"[^"\n]+(?:"|(?=\n|$))'
    r"|«[^»\n]+»|「[^」\n]+」"
    r"|(?<!\w)[‘'](?=\w)[^\n]{2,300}?[,.!?…][’'](?!\w)"
)
_BLANK = re.compile(r"\n[ \t]*\n")


class Reading:
    """One text and its parts; every part is found when it is first asked for."""

    def __init__(self, text: str) -> None:
        """Takes the text as it is."""
        self.text = text

    @cached_property
    def word_spans(self) -> list[Span]:
        """Where words are: letters with inner apostrophes and hyphens, numbers, single CJK characters."""
        return [match.span() for match in _WORD.finditer(self.text)]

    @cached_property
    def words(self) -> list[str]:
        """The words in lower case, with straight apostrophes."""
        return [self.text[start:end].lower().replace("’", "'") for start, end in self.word_spans]

    @cached_property
    def sentences(self) -> list[Span]:
        """Where sentences are, those without a word left out."""
        spans = _located(self.text, sentences(self.text))
        return [span for span in spans if _WORD.search(self.text, *span)]

    @cached_property
    def sentence_words(self) -> list[list[str]]:
        """The words of each sentence, in lower case."""
        found: list[list[str]] = [[] for _ in self.sentences]
        place = 0
        for (start, _), word in zip(self.word_spans, self.words, strict=True):
            while place < len(found) and start >= self.sentences[place][1]:
                place += 1
            if place == len(found):
                break
            found[place].append(word)
        return found

    @cached_property
    def paragraphs(self) -> list[Span]:
        """Where paragraphs are: between blank lines, or line by line in a text that has none."""
        parts = _BLANK.split(self.text) if _BLANK.search(self.text) else self.text.split("\n")
        spans = _located(self.text, [part.strip() for part in parts if part.strip()])
        return [span for span in spans if _WORD.search(self.text, *span)]

    @cached_property
    def paragraph_lengths(self) -> list[int]:
        """Words of each paragraph."""
        return _counts(self.paragraphs, [start for start, _ in self.word_spans])

    @cached_property
    def paragraph_sentences(self) -> list[int]:
        """Sentences that start in each paragraph."""
        return _counts(self.paragraphs, [start for start, _ in self.sentences])

    @cached_property
    def quotes(self) -> list[Span]:
        """Where passages in quotation marks are, marks included; one left open runs to the end of its line."""
        return [match.span() for match in _QUOTE.finditer(self.text)]

    @cached_property
    def quoted_words(self) -> int:
        """Words inside quotation marks."""
        return sum(_counts(self.quotes, [start for start, _ in self.word_spans]))

    def sentence(self, place: int) -> str:
        """The sentence at a place, counted from either end; empty where there is none."""
        if not -len(self.sentences) <= place < len(self.sentences):
            return ""
        start, end = self.sentences[place]
        return self.text[start:end]


def _located(text: str, parts: list[str]) -> list[Span]:
    """Where parts stand that follow each other in a text."""
    spans, end = [], 0
    for part in parts:
        start = text.index(part, end)
        end = start + len(part)
        spans.append((start, end))
    return spans


def _counts(spans: list[Span], starts: list[int]) -> list[int]:
    """How many of the ascending starts lie in each of the spans, which do not overlap."""
    counts, place = [], 0
    for start, end in spans:
        while place < len(starts) and starts[place] < start:
            place += 1
        first = place
        while place < len(starts) and starts[place] < end:
            place += 1
        counts.append(place - first)
    return counts


def variation(values: list[int]) -> float:
    """Standard deviation over mean, 0 for fewer than two values."""
    if len(values) < 2 or not sum(values):
        return 0.0
    mean = sum(values) / len(values)
    return (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5 / mean


def moving_ratio(words: list[str], window: int = 50) -> float:
    """Mean share of different words in every run of `window` words (MATTR; Covington and McFall 2010, sec. 2).

    Unlike a plain ratio it hardly changes with the length of the text; a shorter text is one run. 0 without words.
    """
    if not words:
        return 0.0
    size = min(window, len(words))
    counts: dict[str, int] = {}
    for word in words[:size]:
        counts[word] = counts.get(word, 0) + 1
    total, n_runs = len(counts), 1
    for left, right in zip(words, words[size:], strict=False):
        counts[left] -= 1
        if not counts[left]:
            del counts[left]
        counts[right] = counts.get(right, 0) + 1
        total, n_runs = total + len(counts), n_runs + 1
    return total / n_runs / size
