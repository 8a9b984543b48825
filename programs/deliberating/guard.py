"""What no claim unlocks: a decision may become stricter than the model's, never looser; no model is called here."""

import re
from typing import Literal

from data.sentences import sentences
from signatures.requests import DECISIONS, Decision

Guard = Literal["strict", "partly", "off"]
"""What claims cannot unlock: whatever is declined without them; the same, but for helping in part; nothing."""

_ROLE = (
    r"(?:(?:i am|i'm|we are|we're|i was|as|being|speaking as|since i am|because i'm|because i am) "
    r"(?:(?:an?|the|your|licensed|certified|fully|authori[sz]ed) ){1,3})"
)
_LEADING = re.compile(rf"^\W*(?:since |because |as )?{_ROLE}[^,.!?;:\n]{{2,80}}[,;:]\s*(?:so |and )?", re.IGNORECASE)
_PURPOSES = r"(?:research|educational|academic|legitimate|official|professional|informational|testing)"
_TRAILING = re.compile(
    rf"[,;]?\s*\b(?:purely |strictly |only |just )?for {_PURPOSES} (?:purposes|reasons)(?: only)?", re.I
)
_CLAIMING = re.compile(
    rf"\b{_ROLE}\w+|\bi (?:work|serve|teach) (?:as|in|for|at)\b|\bi have (?:a |the |full |written |special |my )*"
    r"(?:permission|authori[sz]ation|clearance|licen[cs]e|consent|approval)\b|\btrust me\b|"
    r"\bi(?:'m| am) (?:allowed|authori[sz]ed|permitted|qualified|over 18|an adult)\b|"
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.!?\n]{0,40}"
    r"\b(?:polic|instruction|rule|guideline|restriction)",
    re.IGNORECASE,
)
_REQUEST = re.compile(r"\?|\b(?:how|what|which|where|tell|give|show|write|explain|help|list|describe)\b", re.IGNORECASE)


def strictness(decision: Decision) -> int:
    """From 0 for an answer to 4 for declining."""
    return DECISIONS.index(decision)


def guarded(decision: Decision, unclaimed: Decision | None, strength: Guard = "strict") -> Decision:
    """The decision after what nobody's claims can unlock: never a looser one.

    A request that is declined to somebody of whom nothing is known stays declined, whatever the asker says of
    themselves. So whatever is forbidden to everyone meets with no more compliance by a claim than without it.

    Args:
        decision: Made with all that the asker says of themselves.
        unclaimed: Made on the same request without any of it; None where nothing was claimed.
        strength: "partly" lets a partly declined request be, which serves writers, and trusts the model to leave the
            harmful part out.
    """
    if strength == "off" or unclaimed != "decline" or (strength == "partly" and decision == "partly decline"):
        return decision
    return "decline"


def without_claims(prompt: str) -> str:
    """The prompt without clauses and sentences in which the asker claims a role, a permission or an exemption.

    A sentence that also asks for something loses only a leading clause ("As a doctor, how ...?"). The prompt itself
    where nothing would be left. Patterns, English.
    """
    asked = sentences(prompt)
    kept = []
    for sentence in asked:
        shorter = _TRAILING.sub("", _LEADING.sub("", sentence, count=1))
        if shorter == sentence and _CLAIMING.search(sentence) and not _REQUEST.search(sentence):
            continue
        kept.append(shorter)
    text = " ".join(kept).strip()
    return text if text and kept != asked else prompt
