"""Traits of punctuation and of what else is not letters: numbers, capitals, emoji."""

from collections.abc import Iterator

from programs.traits.counted import PERSONALITY, STRATEGY, STYLE, Habit, counted, measured
from programs.traits.reading import Reading, Span
from programs.traits.trait import Trait, fewest, matching, where

_EMOJI = "[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55]|[:;]-?[)(DPp](?![\\w])|<3"
_SEMICOLON = r"(?<!&amp)(?<!&lt)(?<!&gt)(?<!&quot)(?<!&#39);(?!-?[)(DPp])"
"""One that ends no HTML entity and starts no emoticon."""


def _mark(name: str, pattern: str, high: str, low: str) -> Trait:
    return counted(name, ("writing style", "punctuation"), "in 100 words", Habit(high, low), matching(pattern))


def _quoted_share(reading: Reading) -> float:
    return reading.quoted_words / len(reading.words) if reading.words else 0.0


def _quotes(reading: Reading) -> Iterator[Span]:
    return iter(reading.quotes)


def _acronym(word: str) -> bool:
    return word.isupper() and word.isalpha() and 2 <= len(word) <= 6


MARKS: tuple[Trait, ...] = (
    _mark("commas", ",(?!\\d)", "Uses many commas", "Uses few commas"),
    _mark("semicolons", _SEMICOLON, "Uses semicolons", "Uses few semicolons"),
    _mark("colons", ":(?=\\s|$)", "Uses colons", "Uses few colons"),
    _mark("dashes", "—|–|(?<!-)--(?!-)|(?<=\\s)-(?=\\s)", "Sets things off with dashes", "Uses few dashes"),
    _mark("parentheses", "\\([^()\\n]*\\)", "Adds things in parentheses", "Uses few parentheses"),
    _mark("ellipses", "\\.{3,}|…", "Lets sentences trail off in ellipses", "Uses few ellipses"),
    _mark("hyphenated", "(?<=[^\\W\\d_])-(?=[^\\W\\d_])", "Uses hyphenated words", "Uses few hyphenated words"),
    _mark("possessives", "(?<=\\w)['’]s\\b", "Uses possessives in 's", "Uses few possessives in 's"),
    counted(
        "exclamations",
        (PERSONALITY, "extraversion"),
        "of sentences",
        Habit("Ends sentences with an exclamation mark", "Uses few exclamation marks"),
        matching("!+"),
    ),
    counted(
        "questions",
        (STRATEGY, "audience"),
        "of sentences",
        Habit("Asks questions", "Seldom asks a question"),
        matching("\\?+"),
    ),
    measured(
        "quoted_words",
        (STRATEGY, "persuasion"),
        "of words",
        Habit("Puts words in direct quotes", "Seldom puts words in direct quotes"),
        _quoted_share,
        (_quotes, fewest(_quotes)),
    ),
    counted(
        "quotes",
        (STRATEGY, "persuasion"),
        "of sentences",
        Habit("Uses direct quotes", "Seldom uses a direct quote"),
        _quotes,
        "quoted_words",
    ),
    counted(
        "numerals",
        (PERSONALITY, "conscientiousness"),
        "in 100 words",
        Habit("Gives figures in digits", "Gives few figures in digits"),
        where(lambda word: word[0].isdigit()),
    ),
    counted(
        "acronyms",
        (STYLE, "vocabulary"),
        "in 100 words",
        Habit("Uses words in capitals and acronyms", "Uses few words in capitals or acronyms"),
        where(_acronym),
    ),
    counted(
        "capitalised",
        (STYLE, "vocabulary"),
        "in 100 words",
        Habit("Names names: uses many capitalised words", "Names few names: uses few capitalised words"),
        where(lambda word: word[0].isupper() and len(word) > 1 and not word.isupper()),
    ),
    counted(
        "lower_starts",
        (STYLE, "formality"),
        "of sentences",
        Habit("Starts sentences in lower case", "Seldom starts a sentence in lower case"),
        lambda reading: (span for span in reading.sentences if reading.text[span[0]].islower()),
    ),
    counted(
        "emoji",
        (PERSONALITY, "extraversion"),
        "in 100 words",
        Habit("Uses emoji or emoticons", "Uses few emoji"),
        matching(_EMOJI),
    ),
    counted(
        "list_items",
        (STRATEGY, "structure"),
        "of texts",
        Habit("Sets things out as a list", "Writes no list"),
        matching(r"(?m)^[ \t]*(?:[-*•]|\d{1,2}[.)])\s+\S"),
    ),
)
"""In the order of reports."""
