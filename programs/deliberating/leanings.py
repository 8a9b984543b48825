"""How requests with the same signs were decided, as a linear model that a compile fits: evidence to decide by.

What speaks for a decision are the cues that were found without a model, what kinds of things the asker says of
themselves, and words in these and in the prompt that several pairs of requests share. A request of somebody of whom
nothing is known is weighed apart: nothing that is said of a person speaks for it. Where everyday requests are weighed
beside a corpus of hard ones, it is first asked of which kind a request is. No model is called here.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ConfigDict, Field

from programs.deliberating.asked import Asked
from programs.deliberating.cues import cues
from programs.judges.helpfulness import content_stems
from signatures.deliberation import Leaning
from signatures.requests import DECISIONS, Decision

NEAR = 0.8
"""A decision is offered beside the likeliest if its share is at least this much of the likeliest one's."""
_TOLD = ("Says that their ", "Said just before")
_MOST_ATTRIBUTES = 3
_MOST_ODDS = 500.0
"""Log odds beyond which a number cannot hold the odds."""
_ASKED = 2.0
"""Strength of what is asked for beside what is said of the asker."""


class Weights(BaseModel):
    """A linear model: the log odds of a decision are its base plus the weighed signs, up to a constant."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bases: dict[Decision, float] = Field(min_length=1)
    """Of every decision that was seen."""
    signs: dict[str, dict[Decision, float]]
    """By sign."""

    def shares(self, found: Mapping[str, float]) -> dict[Decision, float]:
        """The probability of each decision that was seen; signs that were not seen weigh nothing."""
        odds: dict[Decision, float] = {
            decision: base
            + sum(self.signs[sign][decision] * value for sign, value in found.items() if sign in self.signs)
            for decision, base in self.bases.items()
        }
        highest = max(odds.values())
        weights: dict[Decision, float] = {decision: math.exp(each - highest) for decision, each in odds.items()}
        return {decision: weight / sum(weights.values()) for decision, weight in weights.items()}


class Usual(BaseModel):
    """How likely a request is one of those that most people make every day, and how these are decided."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: float
    """Log odds that a request without signs is not of that kind."""
    signs: dict[str, float]
    """What each sign adds."""
    decided: Weights

    def mixed(self, found: Mapping[str, float], others: Weights) -> dict[Decision, float]:
        """The probability of each decision, whichever kind the request is of; `others` decide the other kind."""
        odds = self.base + sum(self.signs[sign] * value for sign, value in found.items() if sign in self.signs)
        usual, other = self.decided.shares(found), others.shares(found)
        share = 1 / (1 + math.exp(min(odds, _MOST_ODDS)))
        return {
            decision: share * usual.get(decision, 0.0) + (1 - share) * other.get(decision, 0.0)
            for decision in DECISIONS
            if decision in usual or decision in other
        }


class Leanings(BaseModel):
    """What requests under one policy were decided by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: str
    """Sha-256 (hex) of the policy's words: under another policy nothing is known."""
    n_requests: int = Field(ge=1)
    n_pairs: int = Field(ge=1)
    n_everyday: int = Field(default=0, ge=0)
    """Everyday requests that were weighed beside them."""
    asked: Weights
    """Where something is known of the asker."""
    bare: Weights
    """Where nothing is."""
    usual_asked: Usual | None = None
    usual_bare: Usual | None = None
    """Everyday requests, of both kinds of askers; None where none were weighed."""

    def of(self, asked: Asked, policy: str) -> list[Leaning]:
        """The likeliest decision, and those near it, likeliest first; none under another policy.

        Args:
            asked: The request.
            policy: The policy it is decided by, in its words.
        """
        if policy_key(policy) != self.policy:
            return []
        weights, usual = (self.asked, self.usual_asked) if asked.personal else (self.bare, self.usual_bare)
        found = signs(asked)
        shares = weights.shares(found) if usual is None else usual.mixed(found, weights)
        # Of equal shares the freer decision stands first.
        ranked = sorted(shares.items(), key=lambda each: (-each[1], DECISIONS.index(each[0])))
        return [
            Leaning(decision=decision, share=round(share, 2))
            for decision, share in ranked
            if share >= NEAR * ranked[0][1]
        ]


def policy_key(policy: str) -> str:
    """What tells policies apart."""
    return hashlib.sha256(policy.encode()).hexdigest()


def signs(asked: Asked) -> dict[str, float]:
    """What speaks for a decision: sign to its strength, in [0, 3]."""
    seen = [cue for cue in cues(asked) if not cue.statement.startswith(_TOLD)]
    found = {cue.statement: 1.0 for cue in seen} | {f"any {cue.aspect}": 1.0 for cue in seen}
    wanted = sorted(set(content_stems(asked.prompt)))
    found |= {f"asks: {stem}": _ASKED / math.sqrt(len(wanted)) for stem in wanted}
    if not asked.personal:
        return found
    found |= {f"says: {name.casefold()}": 1.0 for name in asked.attributes}
    found["attributes"] = float(min(len(asked.attributes), _MOST_ATTRIBUTES))
    found["earlier messages"] = float(bool(asked.earlier))
    said = sorted(set(_words(asked)))
    return found | {f"word: {stem}": 1 / math.sqrt(len(said)) for stem in said}


def _words(asked: Asked) -> Iterator[str]:
    for text in (*asked.attributes.values(), *asked.earlier):
        yield from content_stems(text)
