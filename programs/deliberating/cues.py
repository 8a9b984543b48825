"""What the words of a request and of attributes suggest about who asks; no model, a few patterns, English.

A cue is a guess to choose from, not a verdict: a model may leave it, and a small one's grammar limits its hypotheses to
the cues. What patterns find is put in fixed sentences; what the asker said of themselves is told as something said,
cut, and never where it gives orders to a model (`asked` leaves that out). Texts in other languages get the cues of what
was said, and the last resort.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from programs.deliberating.asked import Asked
from programs.deliberating.cue_signs import SIGNS
from programs.fencing import quoted
from signatures.deliberation import Cue, UserAspect

MAX_CUES = 8
_SPAN = 80


_ORDERING = Cue(aspect="risk", statement="Tries to give orders to the model through what they say of themselves.")
_LAST_RESORT = Cue(aspect="need", statement="Wants a reply to what they asked.")
_NAMED: Mapping[UserAspect, re.Pattern[str]] = MappingProxyType(
    {
        "expertise": re.compile(
            r"occupation|profession|job|role|work|title|expert|experience|training|qualification|stud", re.IGNORECASE
        ),
        "vulnerability": re.compile(r"\bage\b|health|mood|condition|wellbeing|state|feel", re.IGNORECASE),
        "intent": re.compile(r"purpose|intent|reason|goal|project|aim|task", re.IGNORECASE),
    }
)
"""What an attribute speaks of, by its name; else it is a need."""
_SAID_CHARACTERS, _NAME_CHARACTERS = 70, 20


def cues(asked: Asked) -> list[Cue]:
    """What the request suggests, each statement once, at most eight; never none.

    Risks and vulnerability come first, then what the asker said of themselves, then what the prompt looks like.
    """
    words = list(_from_words(asked))
    grave = [cue for cue in words if cue.aspect in ("risk", "vulnerability")]
    found: dict[str, Cue] = {}
    for cue in (*([_ORDERING] if asked.ordering else ()), *grave, *_from_asker(asked), *words):
        found.setdefault(cue.statement, cue)
    return list(found.values())[:MAX_CUES] or [_LAST_RESORT]


def _from_words(asked: Asked) -> Iterator[Cue]:
    # An attribute is read with its name, since "age: 15" says what "15" does not.
    passages = [(text, text) for text in (asked.prompt, *asked.earlier)]
    passages += [(f"{name}: {value}", value) for name, value in asked.attributes.items()]
    for sign in SIGNS:
        for read, quotable in passages:
            match = sign.pattern.search(read)
            if match:
                span = _span(quotable, match[0])
                yield Cue(aspect=sign.aspect, statement=sign.statement, evidence=(span,) if span else ())
                break


def _from_asker(asked: Asked) -> Iterator[Cue]:
    for name, value in asked.attributes.items():
        aspects: list[UserAspect] = [aspect for aspect, pattern in _NAMED.items() if pattern.search(name)]
        yield _told(
            aspects[0] if aspects else "need",
            f"Says that their {_opening(name, _NAME_CHARACTERS)} is {_opening(value)}.",
            value,
        )
    for message in asked.earlier[-1:]:
        yield _told("intent", f"Said just before: {quoted(_opening(message))}.", message)


def _told(aspect: UserAspect, statement: str, source: str) -> Cue:
    span = _span(source, source)
    return Cue(aspect=aspect, statement=statement, evidence=(span,) if span else ())


def _opening(text: str, n_characters: int = _SAID_CHARACTERS) -> str:
    """The opening of what was said, on one line, as far as a statement has room for."""
    line = " ".join(text.split())
    return line if len(line) <= n_characters else f"{line[:n_characters].rsplit(' ', 1)[0]} ..."


def _span(text: str, words: str) -> str:
    """The words as they stand in the text, else the opening of the text; empty where that is too short to quote."""
    span = (words if words in text else text)[:_SPAN].strip()
    return span if len(span) > 1 else ""
