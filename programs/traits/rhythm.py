"""Traits of length: sentences, words, paragraphs, the text."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from programs.traits.counted import STRATEGY, STYLE, Habit, counted, measured
from programs.traits.reading import Reading, Span, variation
from programs.traits.trait import Shows, Trait, sentences_where

_SHORT, _LONG = 8, 30
_LONG_WORD = 8


def _mean(lengths: list[int]) -> float:
    return sum(lengths) / len(lengths) if lengths else 0.0


def _lengths(reading: Reading) -> list[int]:
    return [len(words) for words in reading.sentence_words]


def _letters(reading: Reading) -> float:
    return _mean([len(word) for word in reading.words])


def _paragraphs_where(test: Callable[[int, int], bool]) -> Shows:
    """Paragraphs whose numbers of words and of sentences pass a test."""

    def shows(reading: Reading) -> Iterator[Span]:
        sizes = zip(reading.paragraphs, reading.paragraph_lengths, reading.paragraph_sentences, strict=True)
        return (span for span, n_words, n_sentences in sizes if test(n_words, n_sentences))

    return shows


def _first_length(reading: Reading) -> float:
    return float(_lengths(reading)[0]) if reading.sentences else 0.0


def _first(reading: Reading) -> Iterator[Span]:
    return iter(reading.sentences[:1])


def _extreme(sizes: Callable[[Reading], list[tuple[Span, int]]], largest: bool) -> Shows:
    """The two largest or smallest of the parts that are measured."""

    def shows(reading: Reading) -> Iterator[Span]:
        ordered = sorted(sizes(reading), key=lambda part: part[1], reverse=largest)
        return (span for span, _ in ordered[:2])

    return shows


def _sentences(reading: Reading) -> list[tuple[Span, int]]:
    return [*zip(reading.sentences, _lengths(reading), strict=True)]


def _paragraphs(reading: Reading) -> list[tuple[Span, int]]:
    return [*zip(reading.paragraphs, reading.paragraph_lengths, strict=True)]


def _words(reading: Reading) -> list[tuple[Span, int]]:
    return [*zip(reading.word_spans, map(len, reading.words), strict=True)]


def _shortest_and_longest(reading: Reading) -> Iterator[Span]:
    ordered = sorted(_sentences(reading), key=lambda part: part[1])
    return (span for span, _ in (*ordered[:1], *ordered[1:][-1:]))


def _short_worded(reading: Reading) -> Iterator[Span]:
    for span, words in zip(reading.sentences, reading.sentence_words, strict=True):
        if len(words) >= 4 and max(map(len, words)) < _LONG_WORD:
            yield span


def _nowhere(reading: Reading) -> Iterator[Span]:
    """No passage shows the length of the whole."""
    return iter(())


_SHORT_ONES = sentences_where(lambda words: len(words) <= _SHORT)
_MIDDLING = sentences_where(lambda words: _SHORT < len(words) < _LONG)
_LONE_SENTENCES = _paragraphs_where(lambda n_words, n_sentences: n_sentences <= 1)

RHYTHM: tuple[Trait, ...] = (
    measured(
        "sentence_words",
        (STYLE, "rhythm"),
        "words",
        Habit("Writes long sentences", "Writes short sentences"),
        lambda reading: _mean(_lengths(reading)),
        (_extreme(_sentences, True), _extreme(_sentences, False)),
    ),
    measured(
        "sentence_spread",
        (STYLE, "rhythm"),
        "of the average",
        Habit("Mixes long sentences with short ones", "Keeps sentences alike in length"),
        lambda reading: variation(_lengths(reading)),
        (_shortest_and_longest, _MIDDLING),
    ),
    counted(
        "short_sentences",
        (STYLE, "rhythm"),
        "of sentences",
        Habit("Writes sentences of eight words or fewer", "Seldom writes a sentence of eight words or fewer"),
        _SHORT_ONES,
        "sentence_words",
    ),
    # What is asked for decides a text's length more than who writes it, and samples are shown cut.
    replace(
        measured(
            "text_words",
            (STRATEGY, "structure"),
            "words",
            Habit("Writes long texts", "Writes short texts"),
            lambda reading: float(len(reading.words)),
            (_nowhere, _nowhere),
        ),
        claimed=False,
    ),
    measured(
        "opening_words",
        (STYLE, "openings and closings"),
        "words",
        Habit("Opens with a long sentence", "Opens with a short sentence"),
        _first_length,
        (_first, _first),
    ),
    measured(
        "word_letters",
        (STYLE, "vocabulary"),
        "letters",
        Habit("Uses long words", "Uses short words"),
        _letters,
        (_extreme(_words, True), _short_worded),
    ),
    measured(
        "paragraph_words",
        (STRATEGY, "structure"),
        "words",
        Habit("Writes long paragraphs", "Writes short paragraphs"),
        lambda reading: _mean(reading.paragraph_lengths),
        (_extreme(_paragraphs, True), _extreme(_paragraphs, False)),
    ),
    counted(
        "lone_sentences",
        (STRATEGY, "structure"),
        "of paragraphs",
        Habit("Makes a single sentence a paragraph", "Seldom makes a single sentence a paragraph"),
        _LONE_SENTENCES,
        "paragraph_words",
    ),
)
"""In the order of reports."""
