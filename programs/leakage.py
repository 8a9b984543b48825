"""Topic leakage: statements about how somebody writes that name what the texts are about.

A statement leaks if a word of it stands in the samples and is a name (capitalised there inside a sentence, and nowhere
in lower case), a figure with its unit ("40 miles"), or a rare content word. Rare is what none of the bundled corpus's
writers uses (the person left out, if they are one of them) and what is no word for talking of writing, such as
"question" or "comma". What a statement puts in quotation marks are the person's words, not what they speak of: of these
only names count.
"""

import json
import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from programs.traits import TRAITS, lexicon
from programs.traits.reading import Reading
from signatures.errors import SetupError
from signatures.hypotheses import ASPECTS, Hypothesis

_FIGURE = re.compile(r"[£$€¥]\s?\d[\d.,]*|\d[\d.,]*\s?(?:%|[^\W\d_]+)")
_QUOTED = re.compile(r"(?<!\w)[‘'“\"][^’”\"\n]{1,80}?[’'”\"](?!\w)")
_OF_WRITING = frozenset(
    """academic active adjective adjectives adverb adverbs aloud ambiguity anecdote anecdotes apology argument arguments
    asides attribution balanced blunt brackets brevity brisk candid capital capitals cautious cheerful clause clauses
    clear clipped close closes closing colloquial colon colons comma commas compact concise concrete confident
    conjunction conjunctions connectives contraction contractions conversational curt dashes detail details dialect
    diction direct directness dry economy ellipsis ellipses emoji emphasis emphatic english exclamation exclamations
    explanation factual figures first-person formal formality fragments frank friendly full-stop grammar greeting
    greetings headings hedge hedges humour humor idiom idioms imperative imperatives impersonal informal introduction
    irony italics jargon jokes laconic letters lists long lower-case lyrical metaphor metaphors narrative neutral noun
    nouns opening openings ornate outline paragraph paragraphs parentheses parenthesis passive pedantic period periods
    persona personal phrase phrases plain poetic polite precise prefix preposition prepositions pronoun pronouns prose
    punctuation question questions quotation quotations quote quotes reader readers refrain register repetition reported
    rhetorical rhythm rhyme sarcasm sarcastic semicolon semicolons sentence sentences sequence short sign-off signs
    signature similes simile slang speech spelling spellings staccato statistics structure style summary syllables
    syntax tense terse text texts tone topic transition transitions uppercase upper-case verb verbless verbs voice
    vocabulary warm wit witty word words wordy writer writes writing american british lower upper speaker hyphens
    states hedging lengths average spread mean once these under claim claims description descriptions exact
    doubling""".split()
)


class Leak(NamedTuple):
    """A statement that names what the samples are about."""

    statement: str
    words: tuple[str, ...]
    """What it names, in lower case."""


def leaked(statement: str, samples: Sequence[str], also: Collection[str] = ()) -> tuple[str, ...]:
    """The names, figures with units and rare content words of the samples that a statement contains, in lower case.

    Args:
        statement: What is said of the writer.
        samples: What the writer wrote.
        also: Names of dimensions and aspects that do not ship; their words speak of writing, in singular and plural.
    """
    spoken = {word for word in Reading(_QUOTED.sub(" ", statement)).words if not word[0].isdigit()}
    found = [word for word in dict.fromkeys(Reading(statement).words) if not word[0].isdigit()]
    readings = [Reading(sample) for sample in samples]
    held = {_stem(word) for each in readings for word in each.words}
    of_writing = {_stem(word) for name in also for word in Reading(name).words}
    topical = [word for word in found if word not in _of_writing() and _stem(word) not in of_writing]
    shared = [word for word in topical if _stem(word) in held]
    ordinary = _ordinary(frozenset(" ".join(sample.split()) for sample in samples)) if shared else frozenset()
    names = {name for each in readings for name in _names(each)} - {word for each in readings for word in _lower(each)}
    words = [word for word in shared if word in names or (word in spoken and not {word, _stem(word)} & ordinary)]
    return (*words, *_figures(statement, samples))


def without_leaks(
    hypotheses: Iterable[Hypothesis], samples: Sequence[str], also: Collection[str] = ()
) -> tuple[tuple[Hypothesis, ...], tuple[Leak, ...]]:
    """The hypotheses that are about the writer, and the statements of the others with what they name; see `leaked`."""
    kept, leaks = [], []
    for hypothesis in hypotheses:
        words = leaked(hypothesis.statement, samples, also)
        if words:
            leaks.append(Leak(hypothesis.statement, words))
        else:
            kept.append(hypothesis)
    return tuple(kept), tuple(leaks)


@lru_cache(maxsize=1)
def _of_writing() -> frozenset[str]:
    """Words that statements about writing are made of."""
    phrases = [phrase for trait in TRAITS.values() for phrase in (trait.high, trait.low, trait.unit)]
    phrases += [part for dimension, aspects in ASPECTS.items() for part in (dimension, *aspects)]
    lists = [words for words in vars(lexicon).values() if isinstance(words, frozenset)]
    return _OF_WRITING.union(*lists, (word for phrase in phrases for word in Reading(phrase).words))


@lru_cache(maxsize=8)
def _ordinary(samples: frozenset[str]) -> frozenset[str]:
    """Words, and their stems, of the bundled corpus's writers, but for one who wrote any of the samples.

    Raises: SetupError if the package is damaged.
    """
    file = files("data") / "bundled" / "texts.jsonl"
    try:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        own = {row["author"] for row in rows if " ".join(row["text"].split()) in samples}
        texts = [row["text"] for row in rows if row["author"] not in own]
    except (OSError, ValueError, KeyError) as fault:
        raise SetupError(f"cannot read {str(file)!r} ({fault}); install the package again") from fault
    words = {word for text in texts for word in Reading(text).words}
    return frozenset(words | {_stem(word) for word in words})


def _names(reading: Reading) -> set[str]:
    """Words that are capitalised inside a sentence."""
    firsts = {start for start, _ in reading.sentences}
    return {
        word
        for (start, _), word in zip(reading.word_spans, reading.words, strict=True)
        if reading.text[start].isupper() and start not in firsts
    }


def _lower(reading: Reading) -> set[str]:
    spans = zip(reading.word_spans, reading.words, strict=True)
    return {word for (start, _), word in spans if not reading.text[start].isupper()}


def _figures(statement: str, samples: Sequence[str]) -> list[str]:
    """Figures with their units, as "40 miles" or "$3", that stand in a sample too; measures of writing are none."""
    found = []
    for figure in dict.fromkeys(match[0].lower() for match in _FIGURE.finditer(statement)):
        unit = figure.strip("£$€¥ 0123456789.,")
        if unit not in _of_writing() and unit != "%" and any(_stands(figure, sample) for sample in samples):
            found.append(figure)
    return found


def _stands(figure: str, sample: str) -> bool:
    return re.search(rf"(?<![\w.,]){re.escape(figure)}(?!\w)", sample.lower()) is not None


def _stem(word: str) -> str:
    """The word without a plural or possessive ending, so that "tractors" is found in "tractor's"."""
    word = word.removesuffix("'s")
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
