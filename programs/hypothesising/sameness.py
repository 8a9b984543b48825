"""When two statements about a person say the same, as far as can be told without a model."""

import re

from programs.traits import lexicon, parse_check
from programs.traits.reading import Reading
from signatures.hypotheses import Hypothesis

SAME_WORDS = 0.75
"""Least share, of all content words of two statements, that stand in both if they say the same.

Of 653 pairs of different claims about one author of the bundled corpus none shares more than 0.15, and of the 9,180
pairs of statements on different traits, or on much and little of one, none is taken for the same, though they share a
form (`benchmarks.hypothesising`).
"""

_GRAMMAR = (
    lexicon.ARTICLES
    | lexicon.PREPOSITIONS
    | lexicon.FIRST_SINGULAR
    | lexicon.FIRST_PLURAL
    | lexicon.SECOND
    | lexicon.THIRD
    | lexicon.BE
    | lexicon.PAST_BE
    | lexicon.MODALS_UNREAL
    | frozenset(
        """and or that this these those which who whose when where while as than then so to it its they them their
        there such very often usually mostly can will has have do does""".split()
    )
)
_ABOUT_ANY_WRITER = frozenset("author writer person writing writes write uses use using text texts".split())
"""Words that statements about writing share whatever they say."""
_LITTLE = lexicon.NEGATIONS | frozenset(
    """seldom rarely hardly scarcely few fewer little less least avoid avoids avoiding lack lacks lacking refrain
    refrains omits omit low lower minimal absent sparing sparingly""".split()
)
_POLES = tuple(
    frozenset(pair.split("/"))
    for pair in """short/long shorter/longer brief/long formal/casual high/low more/less much/little many/few
    often/seldom always/never first/last first/third begins/ends opens/closes opening/closing openings/closings
    start/end starts/ends active/passive simple/complex plain/ornate single/double positive/negative serious/humorous
    warm/cold british/american upper/lower""".split()
)
"""Words that make opposites of statements that else agree."""
_QUOTED = re.compile(r"(?<!\w)[‘'“\"]([^’”\"\n]{1,80}?)[’'”\"](?!\w)")
_AMOUNT = re.compile(r", (?:in )?(?:under )?\d[^,]*$")
"""What a measured statement ends on, such as ", 21 words on average"."""
_DENYING = ("un", "in", "im", "ir", "il", "non-", "dis")
"""Prefixes that do the same."""


def key_of(hypothesis: Hypothesis) -> str:
    """What a hypothesis is known by: the trait and direction of its check, else its words without case and signs.

    A check's threshold, and the number in its statement, change as texts come in; the habit is the same.
    """
    if hypothesis.check:
        check = parse_check(hypothesis.check)
        return f"{check.trait}{check.sign}"
    return _plain(hypothesis.statement)


def says_the_same(one: Hypothesis, other: Hypothesis) -> bool:
    """Whether two hypotheses make the same claim: one trait and direction, the same words, or mostly the same words.

    Mostly the same words do not suffice where both are measured, where one says much and the other little, or
    where figures, quoted words or opposites differ: a claim that is lost tells less than one that stands twice costs.
    """
    if one.check and other.check:
        return key_of(one) == key_of(other)
    return _plain(one.statement) == _plain(other.statement) or _mostly_the_same(one.statement, other.statement)


def contradict(one: Hypothesis, other: Hypothesis) -> bool:
    """Whether one claims much of a trait and the other little."""
    if not (one.check and other.check):
        return False
    first, second = parse_check(one.check), parse_check(other.check)
    return first.trait == second.trait and first.sign != second.sign


def overlap(one: str, other: str) -> float:
    """Share of the content words of two statements that stand in both, a fraction; 0 where neither has any."""
    words, others = _content(one), _content(other)
    every = words | others
    return len(words & others) / len(every) if every else 0.0


def _plain(statement: str) -> str:
    return " ".join(Reading(statement).words) or statement.strip()


def _mostly_the_same(one: str, other: str) -> bool:
    if overlap(one, other) < SAME_WORDS:
        return False
    words, others = set(Reading(one).words), set(Reading(other).words)
    alike = _says_little(words) == _says_little(others) and _told(one, words) == _told(other, others)
    return alike and not _opposed(words, others)


def _opposed(words: set[str], others: set[str]) -> bool:
    """Whether a word of one statement stands against one of the other, as "short" and "long" or "un-"."""
    poles = any(pole & words and pole & others and pole & words != pole & others for pole in _POLES)
    here, there = words - others, others - words
    denied = {prefix + word for word in here for prefix in _DENYING} & there
    return poles or bool(denied or {prefix + word for word in there for prefix in _DENYING} & here)


def _content(statement: str) -> frozenset[str]:
    """The words that a statement is about, without plural and possessive endings.

    Single characters are none: of scripts without spaces they are all that is seen, and one of many turns the meaning.
    """
    words = {word for word in Reading(_AMOUNT.sub("", statement)).words if len(word) > 1 and not word[0].isdigit()}
    return frozenset(_singular(word) for word in words - _GRAMMAR - _ABOUT_ANY_WRITER)


def _says_little(words: set[str]) -> bool:
    """Whether a statement denies; an even number of denials is none."""
    return sum(word in _LITTLE or word.endswith("n't") for word in words) % 2 == 1


def _told(statement: str, words: set[str]) -> tuple[set[str], set[str]]:
    """The figures of a statement, and the words that it quotes."""
    quoted = {word for found in _QUOTED.finditer(statement) for word in Reading(found[1]).words}
    return {word for word in words if word[0].isdigit()}, quoted


def _singular(word: str) -> str:
    word = word.removesuffix("'s")
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
