"""What a text must change, said to whoever writes it, in the words of the traits and with both numbers."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from programs.traits import Check
from programs.traits.phrasing import quantity
from programs.traits.trait import Trait, Unit

_BARRED_FROM: Mapping[Unit, float] = MappingProxyType(
    {"in 100 words": 0.1, "of sentences": 0.01, "of paragraphs": 0.01, "of words": 0.01}
)
"""A threshold of at most this is one that a single passage in 1,000 words, or 100 sentences, breaks."""
_SECOND_VERBS: Mapping[str, str] = MappingProxyType(
    {
        "Thanks, apologises and says please": "Thank, apologise and say please",
        "Seldom thanks, apologises or says please": "Seldom thank, apologise or say please",
        "Names names: uses many capitalised words": "Name names, with many capitalised words",
        "Names few names: uses few capitalised words": "Name few names, with few capitalised words",
        "Writes formally: many prepositions and abstract nouns": "Write formally, with many prepositions and abstract "
        "nouns",
        "Writes plainly: few prepositions and abstract nouns": "Write plainly, with few prepositions and abstract "
        "nouns",
    }
)
"""Habits of two clauses, as requests."""
_NONE: Mapping[Unit, str] = MappingProxyType(
    {
        "in 100 words": "none",
        "of words": "none",
        "of sentences": "in no sentence",
        "of paragraphs": "in no paragraph",
    }
)


def advice(trait: Trait, check: Check, value: float | None, usual: float | None = None) -> str:
    """One sentence that tells a writer how to meet a check, with the text's amount and the person's.

    Args:
        trait: The one that the check measures.
        check: What the text does not meet.
        value: The text's amount; None where it holds no word.
        usual: The person's own amount, where it is known; else the threshold is told.
    """
    high = check.sign == ">="
    if trait.once_a_text:
        asked = request(trait.high) if high else f"Do not {_uncapitalised(request(trait.high))}"
        return f"{asked}." if value is None else f"{asked}: your text does{' not' if high else ''}."
    asked, aim = request(trait.high if high else trait.low), _wanted(trait, check, usual)
    return f"{asked}: {aim}." if value is None else f"{asked}: {amount(trait, value)} in your text, {aim}."


def finding(trait: Trait, check: Check, value: float | None) -> str:
    """How a text misses a check, on one line for a reader."""
    habit = trait.high if check.sign == ">=" else trait.low
    if trait.once_a_text:
        return f"{habit}: {'no word found' if value is None else 'not so in this text'}"
    found = "no word" if value is None else amount(trait, value)
    return f"{habit}: {_wanted(trait, check)}, {found} found"


def request(habit: str) -> str:
    """A habit as a request, such as "Write short sentences" of "Writes short sentences"."""
    if habit in _SECOND_VERBS:
        return _SECOND_VERBS[habit]
    seldom, verb, rest = re.fullmatch(r"(Seldom )?(\w+)(.*)", habit, re.DOTALL).groups()  # pyright: ignore
    return f"{seldom or ''}{_base(verb)}{rest}"


def amount(trait: Trait, value: float, hedge: str = "") -> str:
    """An amount with its unit, such as "in about 12% of sentences"."""
    if value <= 0 and trait.unit in _NONE:
        return _NONE[trait.unit]
    told = quantity(trait, value).replace("their lengths spread by", "a spread of")
    if trait.name in ("opening_words", "text_words"):
        # There is one opening in a text, and one length.
        told = told.removesuffix(" on average")
    return told if "under" in told else re.sub(r"(?=\d)", hedge, told, count=1)


def barred(trait: Trait, check: Check) -> bool:
    """Whether a check asks for none of what its trait counts, so that one passage breaks it however short the text."""
    return check.sign == "<" and check.threshold <= _BARRED_FROM.get(trait.unit, -1.0)


def _wanted(trait: Trait, check: Check, usual: float | None = None) -> str:
    """The person's own amount where it is known, else what the check asks for."""
    if usual is not None:
        return f"{amount(trait, usual, 'about ')} in this person's"
    if barred(trait, check):
        return f"{_NONE[trait.unit]} wanted"
    return f"{amount(trait, check.threshold, 'at least ' if check.sign == '>=' else 'under ')} wanted"


def _base(verb: str) -> str:
    """The infinitive of a third person."""
    return verb[:-2] if verb.endswith(("sses", "xes")) or verb == "Does" else verb.removesuffix("s")


def _uncapitalised(text: str) -> str:
    return text[:1].lower() + text[1:]
