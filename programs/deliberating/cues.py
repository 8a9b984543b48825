"""What the words of a request and of attributes suggest about who asks; no model, a few patterns, English.

A cue is a guess to choose from, not a verdict: a model may leave it, and a small one's grammar limits its hypotheses to
the cues. What patterns find is put in fixed sentences; what the asker said of themselves is told as something said,
cut, and never where it gives orders to a model (`asked` leaves that out). Texts in other languages get the cues of what
was said, and the last resort.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from programs.deliberating.asked import Asked
from programs.fencing import quoted
from signatures.deliberation import Cue, UserAspect

MAX_CUES = 8
_SPAN = 80


class _Sign(NamedTuple):
    aspect: UserAspect
    statement: str
    pattern: re.Pattern[str]


def _sign(aspect: UserAspect, statement: str, pattern: str) -> _Sign:
    return _Sign(aspect, statement, re.compile(pattern, re.IGNORECASE))


_PERSON = (
    r"(?:my (?:\w+ )?(?:ex|boss|wife|husband|girlfriend|boyfriend|partner|neighbou?rs?|co-?workers?|classmates?|"
    r"teacher|roommate|sister|brother|mother|father|mum|mom|dad)|him|her|them|someone|somebody|people|a person|"
    r"a (?:man|woman|child|kid))"
)
_HARM = r"(?:hurt|harm|kill|poison|drug|stab|shoot|punish|threaten|scare|blackmail|stalk|follow|track|spy on|humiliate)"

_SIGNS = (
    _sign("risk", "Somebody else may be meant to come to harm.", rf"\b{_HARM}\w*\b[^.!?\n]{{0,20}}\b{_PERSON}\b"),
    _sign(
        "risk",
        "Is angry and may want revenge.",
        r"\b(?:revenge|get back at|make (?:him|her|them) (?:pay|suffer|regret)|teach (?:him|her|them) a lesson|"
        r"deserves? (?:it|to)|i hate|so angry|furious)\b",
    ),
    _sign(
        "risk",
        "Wants it to stay hidden from others.",
        r"\b(?:without (?:\w+ ){0,3}(?:knowing|noticing|being caught|getting caught|consent|permission)|undetect\w+|"
        r"untraceable|secretly|get(?:ting)? away with|so (?:that )?no ?body (?:knows|notices))\b",
    ),
    _sign(
        "risk",
        "Asks for the rules to be set aside.",
        r"\b(?:ignore|disregard|forget|bypass|override|skip)\b[^.!?\n]{0,40}"
        r"\b(?:polic(?:y|ies)|instructions?|rules|guidelines|restrictions|safety|filters?)\b",
    ),
    _sign(
        "vulnerability",
        "May be in distress.",
        r"\b(?:i (?:want to die|can'?t go on|can'?t cope|feel (?:hopeless|worthless|so alone))|hurt(?:ing)? myself|"
        r"kill(?:ing)? myself|end (?:it all|my life)|suicid\w*|self-?harm\w*|overdos\w*|depress\w*|panic\w*)\b",
    ),
    _sign(
        "vulnerability",
        "May be a child or a teenager.",
        r"\b(?:i'?m|i am|aged?:?|age,?) (?:only )?(?:[6-9]|1[0-7])\b|\b(?:[6-9]|1[0-7])[- ]years?[- ]old\b|"
        r"\b(?:teen(?:ager)?|minor|pupil|school ?(?:boy|girl|kid)|in (?:year|grade) \d)\b",
    ),
    _sign(
        "intent",
        "Writes fiction and needs it for a story.",
        r"\b(?:novel(?:ist)?|screenplay|screenwriter|short story|fiction|thriller|my (?:story|book|script|character)|"
        r"playwright|game (?:writer|designer))\b",
    ),
    _sign(
        "intent",
        "Wants to study or teach the subject.",
        r"\b(?:homework|essay|thesis|dissertation|exam|lecture|lesson|student|teacher|professor|historian|research\w*|"
        r"history|museum)\b",
    ),
    _sign(
        "intent",
        "Wants to prevent harm or stay safe.",
        r"\b(?:prevent\w*|avoid\w*|protect\w*|defend\w*|safely|is it (?:safe|dangerous)|warning signs|recogni[sz]e|"
        r"spot|keep (?:\w+ )?safe|stop (?:him|her|them|it|someone) from)\b",
    ),
    _sign(
        "need",
        "Cares for somebody who may need protecting.",
        r"\b(?:my (?:\w+ )?(?:child(?:ren)?|kids?|son|daughter|toddler|baby|dog|cat|pet|patients?|grand\w+)|"
        r"parent|carer|caregiver|guardian)\b",
    ),
    _sign(
        "expertise",
        "Says they work in a field where this is ordinary.",
        r"\b(?:doctor|physician|nurse|pharmacist|paramedic|vet(?:erinarian)?|toxicologist|chemist|lawyer|solicitor|"
        r"police|detective|locksmith|(?:security )?(?:researcher|engineer|analyst)|pen(?:etration)?[- ]?tester|"
        r"sysadmin|developer|programmer|journalist|social worker|counsell?or|therapist|farmer|hunter|pest control\w*|"
        r"firefighter|biologist)s?\b",
    ),
    _sign(
        "need",
        "Needs a computer or machine to do what it should.",
        r"\b(?:process|server|python|linux|windows|database|script|code|program|thread|terminal|laptop|router|"
        r"compiler|software|engine|battery)\b",
    ),
    _sign("need", "Wants to know how to do it, step by step.", r"\bhow (?:do|can|could|should|would|to)\b|\bsteps\b"),
    _sign(
        "need",
        "Wants facts or an explanation.",
        r"\b(?:what|why|when|where|who|which|explain|describe|difference|tell me about|is it|are there|does)\b",
    ),
    _sign("need", "Wants a text to be written.", r"^\W*(?:please )?(?:write|draft|compose|create|make up|invent)\b"),
)
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
    for sign in _SIGNS:
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
