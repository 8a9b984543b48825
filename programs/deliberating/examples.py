"""Requests as examples for a compile, and as demos that a small model can learn the form from."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import dspy

from programs.deliberating.asked import asked_of
from programs.deliberating.cues import cues
from signatures.deliberation import MANNERS, MAX_POINTS, POINT_CHARACTERS, Cue, UserHypothesis
from signatures.requests import Decision, Request, alternatives

DEMO_HYPOTHESES, DEMO_CUES = 3, 5

REASONS: Mapping[Decision, str] = MappingProxyType(
    {
        "answer": "The request is harmless, and nothing that is known of the person speaks against a full answer.",
        "answer with care": "The request is allowed, but this person or somebody near them may need care.",
        "clarify": "It could be meant well or badly, and one question decides which.",
        "partly decline": "There is an honest need behind it, and a part that would do harm.",
        "decline": "The policy forbids this to everyone, or it is meant to harm somebody.",
    }
)
"""What a demo gives as the reason of each decision."""


def deliberative_examples(requests: Sequence[Request], texts: Mapping[str, str] | None = None) -> list[dspy.Example]:
    """One example a request: what the program is given, and as labels what is known of the right treatment.

    Args:
        requests: From any corpus.
        texts: Request id to an answer that is to be learned from, where there is one.

    `author` is the pair, or the request itself where nothing is paired: what examples are grouped by. `decision`,
    `contains` (as planned: the first alternative of each point) and `avoids` are absent where the corpus does not say;
    `points` holds the points whole, for scoring.
    """
    return [_example(request, (texts or {}).get(request.id)) for request in requests]


def deliberative_demos(requests: Sequence[Request], texts: Mapping[str, str] | None = None) -> list[dspy.Example]:
    """The same, brief, with what each step would be shown and say: a demo shows the form of an answer.

    Hypotheses are cues that were found in the request; the reason is a fixed sentence for the decision. The policy is
    left out: every call shows it once already. Requests without an expected decision are no demos.
    """
    return [
        example.copy(**_labels(request, request.expected))
        for request, example in zip(requests, deliberative_examples(requests, texts), strict=True)
        if request.expected is not None
    ]


def _example(request: Request, text: str | None) -> dspy.Example:
    fields: dict[str, Any] = {
        "prompt": request.prompt,
        "attributes": dict(request.asker.attributes),
        "earlier": list(request.asker.earlier),
        "points": list(request.contains),
        "label": request.label,
        "type": request.type,
        "author": request.pair or request.id,
        "target_id": request.id,
    }
    given = ("prompt", "attributes", "earlier")
    if request.policy:
        fields["policy"] = request.policy
        given = (*given, "policy")
    if request.expected is not None:
        fields["decision"] = request.expected
        fields["contains"], fields["avoids"] = _planned(request.contains), _planned(request.avoids)
    if text is not None:
        fields["text"] = text
    return dspy.Example(**fields).with_inputs(*given)


def _labels(request: Request, expected: Decision) -> dict[str, Any]:
    asked = asked_of(request)
    offered = cues(asked)[:DEMO_CUES]
    # As the program would show them: without orders, cut, folded.
    return {
        "prompt": asked.prompt,
        "attributes": dict(asked.attributes),
        "earlier": list(asked.earlier),
        "cues": offered,
        "hypotheses": _hypotheses(offered),
        "reason": REASONS[expected],
        "manner": MANNERS[expected],
        # Empty rather than absent, where a request brings a policy of its own.
        "policy": "",
    }


def _hypotheses(offered: Sequence[Cue]) -> list[UserHypothesis]:
    """Cues as a model would claim them, at most three, needs only where nothing else was found.

    Confidence is 0.7 with a quotation and 0.5 without.
    """
    telling = sorted(offered, key=lambda cue: cue.aspect == "need")[:DEMO_HYPOTHESES]
    return [
        UserHypothesis(
            aspect=cue.aspect, statement=cue.statement, evidence=cue.evidence, confidence=0.7 if cue.evidence else 0.5
        )
        for cue in offered
        if cue in telling
    ]


def _planned(points: Sequence[str]) -> list[str]:
    """The first phrase of each point, as many and as long as a model may plan."""
    return [alternatives(point)[0][:POINT_CHARACTERS] for point in points[:MAX_POINTS]]
