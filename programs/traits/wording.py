"""Traits of wording: contractions, function words, varieties of spelling, richness."""

from collections.abc import Iterator

from programs.traits.counted import STRATEGY, STYLE, Habit, counted, measured
from programs.traits.lexicon import (
    AMERICAN,
    ARTICLES,
    BE,
    BRITISH,
    CLIPPED,
    CONTRACTED_IS,
    CONTRACTION_ENDS,
    CONTRAST,
    NEGATIONS,
    PARTICIPLES,
    PAST_BE,
    PREPOSITIONS,
)
from programs.traits.reading import Reading, Span, moving_ratio
from programs.traits.trait import Shows, Trait, among, matching, sentences_where, where
from signatures.hypotheses import Aspect, Dimension


def _contracted(word: str) -> bool:
    plain = word.lower().replace("’", "'")
    return plain in CONTRACTED_IS or plain.endswith(CONTRACTION_ENDS)


def _passives(reading: Reading) -> Iterator[Span]:
    """A form of "be" and a participle, with at most one word between."""
    words, spans = reading.words, reading.word_spans
    for place, word in enumerate(words):
        if word not in BE:
            continue
        for end in range(place + 1, min(place + 3, len(words))):
            if words[end] in PARTICIPLES or (words[end].endswith("ed") and len(words[end]) > 4):
                yield spans[place][0], spans[end][1]
                break


def _nominal(word: str) -> bool:
    lower = word.lower()
    return len(lower) > 6 and lower.endswith(("tion", "tions", "ment", "ments", "ness", "ity", "ities", "ism", "ance"))


_LITTLE = sentences_where(lambda words: len(words) >= 4 and len(set(words)) < len(words))
_VARIED = sentences_where(lambda words: len(words) >= 8 and len(set(words)) == len(words))
_FORMAL = {*PREPOSITIONS, *ARTICLES}


_FORMAL_WORDS = where(lambda word: word.lower() in _FORMAL or _nominal(word))
"""What the F-score of Heylighen and Dewaele (2002, sec. 3) adds up, as far as lists reach: its word classes need a
tagger, so nouns count by their endings and adjectives not at all."""


def _word(name: str, words: str) -> Trait:
    """How often one function word, or a pair of forms, is used."""
    shown = f"'{words.split()[0]}'"
    habit = Habit(f"Leans on the word {shown}", f"Seldom uses the word {shown}")
    return counted(name, (STYLE, "vocabulary"), "in 100 words", habit, among(frozenset(words.split())))


def _group(
    name: str, place: tuple[Dimension, Aspect], high: str, low: str, words: frozenset[str], family: str = ""
) -> Trait:
    return counted(name, place, "in 100 words", Habit(high, low), among(words), family)


def _starting(*starts: str) -> Shows:
    return sentences_where(lambda words: words[0] in starts)


WORDING: tuple[Trait, ...] = (
    measured(
        "richness",
        (STYLE, "vocabulary"),
        "of words",
        Habit("Seldom repeats a word within fifty words", "Repeats words within fifty words"),
        lambda reading: moving_ratio(reading.words),
        (_VARIED, _LITTLE),
    ),
    counted(
        "contractions",
        (STYLE, "formality"),
        "in 100 words",
        Habit("Uses contractions such as 'don't' and 'it's'", "Uses few contractions such as 'don't'"),
        where(_contracted),
    ),
    _group(
        "clipped",
        (STYLE, "formality"),
        "Uses spoken forms such as 'gonna' and 'ain't'",
        "Uses few spoken forms such as 'gonna'",
        CLIPPED,
    ),
    counted(
        "dropped_g",
        (STYLE, "vocabulary"),
        "in 100 words",
        Habit("Drops the g of words in -ing", "Seldom drops the g of words in -ing"),
        matching(r"\b[^\W\d_]{2,}in['’](?!\w)"),
    ),
    counted(
        "formality",
        (STYLE, "formality"),
        "in 100 words",
        Habit(
            "Writes formally: many prepositions and abstract nouns",
            "Writes plainly: few prepositions and abstract nouns",
        ),
        _FORMAL_WORDS,
    ),
    counted(
        "abstract_nouns",
        (STYLE, "formality"),
        "in 100 words",
        Habit("Uses abstract nouns in -tion, -ment or -ity", "Uses few abstract nouns in -tion, -ment or -ity"),
        where(_nominal),
    ),
    counted(
        "passives",
        (STYLE, "perspective"),
        "of sentences",
        Habit("Uses the passive", "Seldom uses the passive"),
        _passives,
    ),
    _group(
        "past_forms",
        (STYLE, "perspective"),
        "Uses 'was', 'were' and 'had'",
        "Uses few of 'was', 'were' and 'had'",
        PAST_BE,
    ),
    _group(
        "british",
        (STYLE, "vocabulary"),
        "Uses spellings in -our, -re and -ise",
        "Uses few spellings in -our, -re or -ise",
        BRITISH,
        "spelling",
    ),
    _group(
        "american",
        (STYLE, "vocabulary"),
        "Uses spellings in -or, -er and -ize",
        "Uses few spellings in -or, -er or -ize",
        AMERICAN,
        "spelling",
    ),
    _group(
        "contrast",
        (STRATEGY, "persuasion"),
        "Sets one thing against another with 'but' or 'however'",
        "Seldom sets one thing against another with 'but' or 'however'",
        CONTRAST,
    ),
    _group(
        "negations",
        (STRATEGY, "directness"),
        "Says what is not, with words such as 'not' and 'no'",
        "Seldom says what is not",
        NEGATIONS,
    ),
    counted(
        "but_starts",
        (STYLE, "rhythm"),
        "of sentences",
        Habit("Starts sentences with 'But'", "Seldom starts a sentence with 'But'"),
        _starting("but"),
    ),
    counted(
        "and_starts",
        (STYLE, "rhythm"),
        "of sentences",
        Habit("Starts sentences with 'And'", "Seldom starts a sentence with 'And'"),
        _starting("and"),
    ),
    _word("word_the", "the"),
    _word("word_a", "a an"),
    _word("word_and", "and"),
    _word("word_that", "that"),
    _word("word_which", "which"),
    _word("word_of", "of"),
    _word("word_it", "it its it's"),
)
"""In the order of reports."""
