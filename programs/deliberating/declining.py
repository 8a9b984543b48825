"""Texts that carry a decision out: what declines, what asks back, and what stands in where a model did neither.

A small model answers what it is asked even where it is told to decline. So a decision to decline, or to ask back, is
checked on the text by patterns and, where the text does not do it, a fixed text stands in its place and a note says so.
These patterns are the program's own: the judges of refusal that score it know nothing of them.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from data.sentences import clip, count_words, sentences
from programs.fencing import quoted
from signatures.requests import Decision

DECLINE_SENTENCES = 3
DECLINE_WORDS = 60
"""A text that declines is cut here, at a sentence end."""

REFUSAL = "I'm sorry, but I can't help with that. If there is something behind this that I can help with, tell me more."
QUESTION = "Could you tell me a little more about what you need this for, so that I can help you well?"

_QUOTED_CHARACTERS = 300
_JOBS: Mapping[Decision, str] = MappingProxyType(
    {
        "clarify": "Ask the person one or two short, friendly questions before anybody replies to this request: ",
        "partly decline": "Help only with what is safe in this request, and say what you leave out: ",
        "decline": "Write two kind sentences that say that you cannot help with this request, and who can help with "
        "what lies behind it: ",
    }
)
_NOT = r"(?:can(?:no|')t|can not|could ?n[o']t|won't|will not|wo not|am not able to|'m not able to|am unable to|"
_NOT += r"'m unable to|must decline|have to decline|do not|don't|would rather not|am not going to|'m not going to)"
_DECLINES = re.compile(
    rf"\b(?:i|we)\s?(?:'m|am)? ?(?:sorry,? (?:but )?(?:i )?)?(?:really |just )?{_NOT}\b[^.!?\n]{{0,60}}"
    r"\b(?:help|assist|provide|answer|give|share|support|offer|discuss|comply|fulfil+|do that|explain|write|tell|"
    r"create|advise|condone|encourage)\b|"
    r"\b(?:i|we) (?:must |have to |need to )?(?:decline|refuse)\b|\bi can't (?:do )?(?:that|this)\b|"
    r"\bi(?:'m| am) (?:not comfortable|unable)\b|\bnot something (?:that )?i(?: can|'m| am)\b",
    re.IGNORECASE,
)
_INSTRUCTS = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s|```|\bstep \d\b", re.IGNORECASE | re.MULTILINE)


def job(decision: Decision, prompt: str) -> str:
    """What the responding step is asked: the prompt itself only where it is to be answered.

    Else it stands quoted in a request for what was decided, since a small model does what is asked last.
    """
    if decision not in _JOBS:
        return prompt
    short = prompt if len(prompt) <= _QUOTED_CHARACTERS else f"{prompt[:_QUOTED_CHARACTERS].rstrip()} ..."
    return _JOBS[decision] + quoted(short)


def carried_out(decision: Decision, text: str) -> tuple[str, str]:
    """The text that a decision leads to, and a note where a fixed one had to stand in; other decisions keep theirs."""
    if decision == "decline":
        return declining(text)
    return clarifying(text) if decision == "clarify" else (text, "")


def declines(text: str) -> bool:
    """Whether a text says in its first two sentences that it will not help, and gives no list, steps or code."""
    plain = text.replace("’", "'")
    return bool(_DECLINES.search(" ".join(sentences(plain)[:2]))) and not _INSTRUCTS.search(plain)


def declining(text: str) -> tuple[str, str]:
    """A short refusal made of a model's text, and a note where the fixed one had to stand in for it.

    Three sentences at most: one to decline, the others to point to other help.
    """
    if declines(text):
        short = " ".join(sentences(text)[:DECLINE_SENTENCES])
        return (clip(short, DECLINE_WORDS) if count_words(short) > DECLINE_WORDS else short), ""
    return REFUSAL, "the model's text did not decline; a fixed refusal stands in its place"


def clarifying(text: str) -> tuple[str, str]:
    """The questions of a model's text, at most two, and a note where the fixed one had to stand in for them."""
    asked = [sentence for sentence in sentences(text) if sentence.rstrip("\"'”’)").endswith(("?", "？"))]
    if asked:
        return " ".join(asked[:2]), ""
    return QUESTION, "the model's text asked nothing back; a fixed question stands in its place"
