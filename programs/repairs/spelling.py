"""British and American spellings of the same word, where neither form is any other word.

Left out are forms that mean something else in the other variety, or are a noun here and a verb there: meter, program,
practice, license, check, tire, story. What is a name as often as a word is converted in lower case only.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Variety = Literal["British", "American"]

_STEMS = """
    organis organiz realis realiz recognis recogniz criticis criticiz stabilis stabiliz utilis utiliz apologis apologiz
    summaris summariz minimis minimiz maximis maximiz modernis moderniz prioritis prioritiz
    specialis specializ standardis standardiz symbolis symboliz visualis visualiz generalis generaliz
"""
_WORDS = """
    colour color colours colors favour favor favours favors honour honor honours honors labour labor neighbour neighbor
    neighbours neighbors behaviour behavior centre center centres centers litre liter litres liters theatre theater
    theatres theaters grey gray defence defense organisation organization organisations organizations privatisation
    privatization liberalisation liberalization analyse analyze analysed analyzed analysing analyzing travelled traveled
    travelling traveling cancelled canceled cancelling canceling jewellery jewelry favourite favorite favourites
    favorites aluminium aluminum pyjamas pajamas labelled labeled modelling modeling signalled signaled fulfil fulfill
    skilful skillful manoeuvre maneuver
"""
_ONE_WAY = MappingProxyType(
    {"metre": "meter", "metres": "meters", "programme": "program", "programmes": "programs"},
)
"""British forms whose American ones have a British use too: a gas meter, a computer program."""
_ENDINGS = ("e", "es", "ed", "ing")


def _paired(words: str) -> dict[str, str]:
    listed = words.split()
    return dict(zip(listed[::2], listed[1::2], strict=True))


def _british() -> dict[str, str]:
    """American form of each British one."""
    verbs = {one + end: other + end for one, other in _paired(_STEMS).items() for end in _ENDINGS}
    return verbs | _paired(_WORDS)


PAIRS: Mapping[str, str] = MappingProxyType(_british())
"""American form of each British one; certain both ways."""
FORMS: Mapping[Variety, Mapping[str, str]] = MappingProxyType(
    {"American": MappingProxyType({**PAIRS, **_ONE_WAY}), "British": MappingProxyType({b: a for a, b in PAIRS.items()})}
)
"""For each variety, its form of each word of the other."""
_VERB = re.compile(r"[a-z]+(?:is|iz|ys|yz)(?:e|es|ed|ing)")
_WORD = re.compile(r"(?<![\w@#/\\.'’_-])[A-Za-z][a-z]+(?![\w@/\\_'’-]|\.\w)")
_SENTENCE_START = re.compile(r"(?:^|[.!?…]['’\"”)]*\s|\n)\s*[\"“‘'(]?$")


def respelled(text: str, variety: Variety) -> tuple[str, int]:
    """The text in one variety's spelling as far as the list goes, and how many words changed.

    Words in lower case are converted, and verbs in -ise or -ize that start a sentence; other capitalised words may be
    names, and words inside addresses, hashtags and compounds are part of something else.
    """
    forms, n = FORMS[variety], 0

    def form(found: re.Match[str]) -> str:
        nonlocal n
        word = found[0]
        new = forms.get(word.lower())
        if new is None or (word[0].isupper() and not (_VERB.fullmatch(word.lower()) and _starts(text, found.start()))):
            return word
        n += 1
        return new.capitalize() if word[0].isupper() else new

    return _WORD.sub(form, text), n


def varieties(text: str) -> dict[Variety, int]:
    """How many words of the list a text spells in each variety."""
    words = [found[0].lower() for found in _WORD.finditer(text)]
    return {
        "British": sum(word in PAIRS for word in words),
        "American": sum(word in FORMS["British"] for word in words),
    }


def _starts(text: str, place: int) -> bool:
    return _SENTENCE_START.search(text[max(0, place - 8) : place]) is not None
