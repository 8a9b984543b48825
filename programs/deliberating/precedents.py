"""Fits leanings to requests whose right treatment is known."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from programs.deliberating.asked import Asked, read_request
from programs.deliberating.guard import without_claims
from programs.deliberating.leanings import Leanings, Weights, policy_key, signs
from signatures.errors import SetupError, counted
from signatures.requests import DECISIONS, Decision, Request

STRENGTH = 1.0
"""Inverse weight of the quadratic penalty."""
LEAST_PAIRS = 4
"""Pairs of look-alikes that say anything of other pairs."""
SHARED = 2
"""Pairs that a word must occur in: what one pair's askers say is about them, and nobody's business."""
EVERYDAY = 1 / 16
"""What everyday requests weigh together, as a share of the others: a corpus of hard cases alone says that much of what
people ask should be declined. Hard cases are decided as well under every share up to a quarter, but the more the share,
the more of them are answered that should not be; this one has most everyday requests answered (`benchmarks.leanings`).
"""
_DIGITS = 4


class _Known(NamedTuple):
    pair: str
    found: Mapping[str, float]
    decision: Decision
    weight: float = 1.0


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
        everyday: What most people ask, under any policy, with decisions.
        share: What these weigh together, as a share of the others.

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
    return Leanings(
        policy=policy_key(policy),
        n_requests=len(known),
        n_pairs=len(pairs),
        n_everyday=len(usual),
        asked=_fit([*_of_askers(known), *_lighter(_of_askers(usual), share * len(known))]),
        bare=_fit([*(bare := _of_nobody(known)), *_lighter(_of_nobody(usual), share * len(bare))]),
    )


def _decided(requests: Sequence[Request]) -> list[Request]:
    return [each for each in requests if each.expected is not None and not each.policy]


def _of_askers(known: Sequence[Request]) -> list[_Known]:
    return [_Known(_pair(each), signs(_read(each)), each.expected) for each in known if each.expected is not None]


def _lighter(usual: Sequence[_Known], weight: float) -> list[_Known]:
    return [each._replace(weight=weight / len(usual)) for each in usual]


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
    from sklearn.linear_model import LogisticRegression

    seen = {each.decision for each in known}
    names: list[Decision] = [decision for decision in DECISIONS if decision in seen]
    if len(names) == 1:
        return Weights(bases={names[0]: 0.0}, signs={})
    pairs: dict[str, set[str]] = defaultdict(set)
    for each in known:
        for sign in each.found:
            pairs[sign].add(each.pair)
    kept = sorted(sign for sign, own in pairs.items() if len(own) >= SHARED)
    rows = [[each.found.get(sign, 0.0) for sign in kept] for each in known]
    decisions, weighed = [names.index(each.decision) for each in known], [each.weight for each in known]
    model = LogisticRegression(C=STRENGTH, max_iter=5000).fit(rows, decisions, sample_weight=weighed)
    bases, weights = model.intercept_.tolist(), model.coef_.T.tolist()
    if len(names) == 2:
        # Of two decisions the library keeps the second's log odds over the first only.
        bases, weights = [0.0, *bases], [[0.0, *row] for row in weights]
    return Weights(
        bases=_rounded(names, bases),
        signs={sign: _rounded(names, row) for sign, row in zip(kept, weights, strict=True)},
    )


def _rounded(names: Sequence[Decision], values: Sequence[float]) -> dict[Decision, float]:
    return {name: round(value, _DIGITS) for name, value in zip(names, values, strict=True)}


def _read(request: Request) -> Asked:
    return read_request(request.prompt, request.asker.attributes, request.asker.earlier)


def _pair(request: Request) -> str:
    return request.pair or request.id
