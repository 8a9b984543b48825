"""Quotations that show a trait: short, verbatim, on one line."""

import re
from collections.abc import Iterator, Sequence

from programs.traits.reading import Reading, Span
from programs.traits.trait import Shows

MOST = 2
_LONGEST = 80
_SHORTEST = 2
_CONTEXT = 45
"""Characters that a shorter hit is shown in."""


def quotations(readings: Sequence[Reading], shows: Shows) -> tuple[str, ...]:
    """At most two passages, of different texts where there are, each of 2 to 80 characters."""
    found: dict[str, None] = {}
    passages = [_passages(reading, shows) for reading in readings]
    while passages and len(found) < MOST:
        left = []
        for each in passages:
            if len(found) < MOST and (passage := next(each, None)) is not None:
                found[passage] = None
                left.append(each)
        passages = left
    return tuple(found)


def _passages(reading: Reading, shows: Shows) -> Iterator[str]:
    """What shows the trait in one text, hits that can be quoted whole first."""
    spans = list(shows(reading))
    whole = [span for span in spans if span[1] - span[0] <= _LONGEST]
    cut = [span for span in spans if span[1] - span[0] > _LONGEST]
    for span in (*whole, *cut):
        passage = _passage(reading, span)
        if len(passage) >= _SHORTEST:
            yield passage


def _passage(reading: Reading, span: Span) -> str:
    """The hit, grown inside its sentence by the words after and then before it, or cut to 80; on its first line."""
    text, (first, last) = reading.text, _bounds(reading, span)
    words = [(first + match.start(), first + match.end()) for match in re.finditer(r"\S+", text[first:last])]
    held = [place for place, (start, end) in enumerate(words) if end > span[0] and start < span[1]]
    low, high = held[0], held[-1]
    while high > low and words[high][1] - words[low][0] > _LONGEST:
        high -= 1
    if words[high][1] - words[low][0] > _LONGEST:
        start = max(words[low][0], span[0])
        return text[start : min(words[high][1], start + _LONGEST)]
    while high + 1 < len(words) and words[high + 1][1] - words[low][0] <= _CONTEXT:
        high += 1
    while low > 0 and words[high][1] - words[low - 1][0] <= _CONTEXT:
        low -= 1
    return text[words[low][0] : words[high][1]]


def _bounds(reading: Reading, span: Span) -> Span:
    """Where the sentence of a hit lies, as far as it is on the hit's first line."""
    first, last = next((one for one in reading.sentences if one[0] <= span[0] < one[1]), span)
    start = max(first, reading.text.rfind("\n", 0, span[0]) + 1)
    stop = reading.text.find("\n", span[0])
    last = max(last, span[1])
    return start, last if stop < 0 else min(last, stop)
