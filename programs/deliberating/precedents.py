"""Fits leanings to requests whose right treatment is known."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from programs.deliberating.asked import Asked, asked_of
from programs.deliberating.guard import without_claims
from programs.deliberating.leanings import Leanings, Usual, Weights, policy_key, signs
from signatures.errors import SetupError, counted
from signatures.requests import DECISIONS, Decision, Request

STRENGTH = 1.0
"""Inverse weight of the quadratic penalty."""
LEAST_PAIRS = 4
"""Pairs of look-alikes that say anything of other pairs."""
SHARED = 2
"""Pairs that a word must occur in: what one pair's askers say is about them, and nobody's business."""
EVERYDAY = 1 / 8
"""What everyday requests weigh together, as a share of the others, where it is told of which kind a request is: a
corpus of hard cases alone says that much of what people ask should be declined (`benchmarks.leanings`)."""
_DIGITS = 4


class _Known(NamedTuple):
    pair: str
    found: Mapping[str, float]
    decision: Decision


def enough(requests: Sequence[Request]) -> bool:
    """Whether leanings can be fitted to requests: some pairs are decided, and not all alike."""
    known = _decided(requests)
    return len({_pair(each) for each in known}) >= LEAST_PAIRS and len({each.expected for each in known}) > 1


def fit_leanings(
    requests: Sequence[Request], policy: str, everyday: Sequence[Request] = (), share: float = EVERYDAY
) -> Leanings:
    """Multinomial logistic regression on the signs; the same requests give the same leanings.

    Args:
        requests: Those that bring a policy of their own, or no expected decision, are left out.
        policy: The policy that the others are decided by, in its words.
        everyday: What most people ask, decided by the same policy.
        share: What these weigh together, as a share of the others, where it is told of which kind a request is.

    Raises: SetupError if too few pairs are left, or all are decided alike.
    """
    known = _decided(requests)
    pairs = {_pair(each) for each in known}
    if not enough(requests):
        raise SetupError(
            f"{counted(len(pairs), 'pair')} of requests with a decision, or all with the same one, say nothing of how "
            f"others are decided; give {LEAST_PAIRS} pairs or more, decided differently"
        )
    usual = _decided(everyday)
    asked, bare = _of_askers(known), _of_nobody(known)
    return Leanings(
        policy=policy_key(policy),
        n_requests=len(known),
        n_pairs=len(pairs),
        n_everyday=len(usual),
        asked=_fit(asked),
        bare=_fit(bare),
        usual_asked=_usual(_of_askers(usual), asked, share) if usual else None,
        usual_bare=_usual(_of_nobody(usual), bare, share) if usual else None,
    )


def _decided(requests: Sequence[Request]) -> list[Request]:
    return [each for each in requests if each.expected is not None and not each.policy]


def _of_askers(known: Sequence[Request]) -> list[_Known]:
    return [_Known(_pair(each), signs(asked_of(each)), each.expected) for each in known if each.expected is not None]


def _usual(usual: Sequence[_Known], others: Sequence[_Known], share: float) -> Usual:
    weighed = [share * len(others) / len(usual)] * len(usual) + [1.0] * len(others)
    kept, (base,), (weights,) = _logistic([*usual, *others], [0] * len(usual) + [1] * len(others), weighed)
    return Usual(
        base=round(base, _DIGITS),
        signs={sign: round(weight, _DIGITS) for sign, weight in zip(kept, weights, strict=True)},
        decided=_fit(usual),
    )


def _of_nobody(known: Sequence[Request]) -> list[_Known]:
    """Each prompt once, as somebody asks it of whom nothing is known.

    What is safe for most of its askers is treated as for the freest of them; what is not is declined: whoever should be
    helped with it is known for something.
    """
    by_prompt: dict[str, list[Request]] = defaultdict(list)
    for each in known:
        by_prompt[without_claims(each.prompt)].append(each)
    found = []
    for prompt, alike in by_prompt.items():
        n_safe = sum(each.label == "safe" for each in alike)
        ranks = [DECISIONS.index(each.expected) for each in alike if each.expected]
        decision = DECISIONS[min(ranks)] if n_safe > len(alike) / 2 else "decline"
        found.append(_Known(_pair(alike[0]), signs(Asked(prompt, {}, ())), decision))
    return found


def _fit(known: Sequence[_Known]) -> Weights:
    seen = {each.decision for each in known}
    names: list[Decision] = [decision for decision in DECISIONS if decision in seen]
    if len(names) == 1:
        return Weights(bases={names[0]: 0.0}, signs={})
    kept, bases, weights = _logistic(known, [names.index(each.decision) for each in known])
    if len(names) == 2:
        # Of two decisions the library keeps the second's log odds over the first only.
        bases, weights = [0.0, *bases], [[0.0] * len(kept), *weights]
    return Weights(
        bases=_rounded(names, bases),
        signs={sign: _rounded(names, row) for sign, *row in zip(kept, *weights, strict=True)},
    )


def _logistic(
    known: Sequence[_Known], classes: Sequence[int], weighed: Sequence[float] | None = None
) -> tuple[list[str], list[float], list[list[float]]]:
    """The signs that several pairs share, and for each class but, of two, the first: its base and a weight a sign."""
    from sklearn.linear_model import LogisticRegression

    pairs: dict[str, set[str]] = defaultdict(set)
    for each in known:
        for sign in each.found:
            pairs[sign].add(each.pair)
    kept = sorted(sign for sign, own in pairs.items() if len(own) >= SHARED)
    rows = [[each.found.get(sign, 0.0) for sign in kept] for each in known]
    model = LogisticRegression(C=STRENGTH, max_iter=5000).fit(rows, classes, sample_weight=weighed)
    return kept, np.ravel(model.intercept_).tolist(), model.coef_.tolist()


def _rounded(names: Sequence[Decision], values: Sequence[float]) -> dict[Decision, float]:
    return {name: round(value, _DIGITS) for name, value in zip(names, values, strict=True)}


def _pair(request: Request) -> str:
    return request.pair or request.id
