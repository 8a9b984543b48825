"""Traits of manner: whom a text addresses, how sure it is, how it opens, quotes others and ends."""

from collections.abc import Callable, Iterator

from programs.traits.counted import PERSONALITY, STRATEGY, STYLE, Habit, counted, measured
from programs.traits.lexicon import (
    BOOSTERS,
    FIRST_PLURAL,
    FIRST_SINGULAR,
    GREETINGS,
    HEDGES,
    KINDNESS,
    MODALS_UNREAL,
    REPORTING,
    REPORTING_RICH,
    SECOND,
    SIGN_OFFS,
    THIRD,
    WEEKDAYS,
)
from programs.traits.reading import Reading, Span
from programs.traits.trait import Shows, Trait, among, matching, once
from signatures.hypotheses import Aspect, Dimension


def _group(name: str, place: tuple[Dimension, Aspect], high: str, low: str, words: frozenset[str]) -> Trait:
    return counted(name, place, "in 100 words", Habit(high, low), among(words))


def _ends(place: int, test: Callable[[Reading, list[str], str], bool]) -> Shows:
    """The first (0) or last (-1) sentence, if its words in lower case and its text pass a test."""

    def shows(reading: Reading) -> Iterator[Span]:
        if reading.sentences and test(reading, reading.sentence_words[place], reading.sentence(place)):
            yield reading.sentences[place]

    return shows


def _end_trait(name: str, high: str, low: str, place: int, test: Callable[[Reading, list[str], str], bool]) -> Trait:
    shows = _ends(place, test)
    little = _ends(place, lambda reading, words, text: not test(reading, words, text))
    habit = Habit(high, low)
    return measured(name, (STYLE, "openings and closings"), "of texts", habit, once(shows), (shows, little))


def _quoted(reading: Reading, place: int) -> bool:
    first, end = reading.sentences[place]
    return any(start < end and first < stop for start, stop in reading.quotes)


def _greets(reading: Reading, words: list[str], text: str) -> bool:
    return words[0] in GREETINGS and len(words) <= 8


def _signs_off(reading: Reading, words: list[str], text: str) -> bool:
    """A short last line that names the writer or wishes well."""
    start, end = reading.paragraphs[-1]
    last = reading.text[start:end].split()
    tail = [word for span, word in zip(reading.word_spans, reading.words, strict=True) if span[0] >= start]
    return len(last) <= 8 and (len(last) <= 3 or any(word in SIGN_OFFS for word in tail))


MANNER: tuple[Trait, ...] = (
    _group("first_singular", (STYLE, "perspective"), "Writes as 'I'", "Seldom says 'I'", FIRST_SINGULAR),
    _group("first_plural", (STYLE, "perspective"), "Says 'we' and 'our'", "Seldom says 'we'", FIRST_PLURAL),
    _group(
        "second_person",
        (STRATEGY, "audience"),
        "Addresses the reader as 'you'",
        "Seldom addresses the reader as 'you'",
        SECOND,
    ),
    _group(
        "third_person",
        (STYLE, "perspective"),
        "Writes of persons as 'he' and 'she'",
        "Seldom writes of persons as 'he' or 'she'",
        THIRD,
    ),
    _group(
        "hedges",
        (STRATEGY, "directness"),
        "Hedges with words such as 'may', 'could' and 'perhaps'",
        "Seldom hedges with words such as 'may' or 'perhaps'",
        HEDGES,
    ),
    _group(
        "boosters",
        (STRATEGY, "persuasion"),
        "Stresses with words such as 'very', 'clearly' and 'never'",
        "Seldom stresses with words such as 'very' or 'clearly'",
        BOOSTERS,
    ),
    _group(
        "would",
        (STRATEGY, "directness"),
        "Keeps things open with 'would', 'could' and 'should'",
        "Seldom says 'would', 'could' or 'should'",
        MODALS_UNREAL,
    ),
    _group(
        "kindness",
        (PERSONALITY, "agreeableness"),
        "Thanks, apologises and says please",
        "Seldom thanks, apologises or says please",
        KINDNESS,
    ),
    _group(
        "said",
        (STRATEGY, "persuasion"),
        "Reports what others say with plain verbs such as 'said'",
        "Seldom reports what others say with verbs such as 'said'",
        REPORTING,
    ),
    _group(
        "argued",
        (STRATEGY, "persuasion"),
        "Reports others with verbs beyond 'said', such as 'noted' and 'warned'",
        "Seldom reports with verbs such as 'noted' or 'warned'",
        REPORTING_RICH,
    ),
    counted(
        "said_that",
        (STYLE, "vocabulary"),
        "of sentences",
        Habit("Reports with 'said that'", "Seldom puts 'that' after 'said'"),
        matching(r"\b(?:said|says) that\b"),
    ),
    counted(
        "told",
        (STRATEGY, "persuasion"),
        "of sentences",
        Habit("Says whom a speaker told", "Seldom says whom a speaker told"),
        matching(r"\b(?:told|tells) (?!of\b)[A-Za-z]"),
    ),
    counted(
        "weekdays",
        (STRATEGY, "structure"),
        "of sentences",
        Habit("Names the day of the week", "Seldom names the day of the week"),
        among(WEEKDAYS),
    ),
    _end_trait("opens_greeting", "Opens with a greeting", "Opens without a greeting", 0, _greets),
    _end_trait(
        "opens_day",
        "Names the day in the opening sentence",
        "Leaves the day out of the opening sentence",
        0,
        lambda reading, words, text: any(word in WEEKDAYS for word in words),
    ),
    _end_trait(
        "opens_number",
        "Gives a figure in the opening sentence",
        "Opens without a figure",
        0,
        lambda reading, words, text: any(character.isdigit() for character in text),
    ),
    _end_trait(
        "opens_question",
        "Opens with a question",
        "Does not open with a question",
        0,
        lambda reading, words, text: "?" in text,
    ),
    _end_trait(
        "ends_quote",
        "Ends on a quote",
        "Does not end on a quote",
        -1,
        lambda reading, words, text: _quoted(reading, -1),
    ),
    _end_trait(
        "ends_question",
        "Ends on a question",
        "Does not end on a question",
        -1,
        lambda reading, words, text: "?" in text,
    ),
    _end_trait(
        "ends_exclamation",
        "Ends on an exclamation",
        "Does not end on an exclamation",
        -1,
        lambda reading, words, text: "!" in text,
    ),
    _end_trait("signs_off", "Signs off in a short last line", "Ends without signing off", -1, _signs_off),
)
"""In the order of reports."""
