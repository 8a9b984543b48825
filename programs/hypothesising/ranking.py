"""Ranking hypotheses by how useful they are for writing, learned as more targets are scored.

After HypoGeniC's bandit (arXiv:2404.04326, the reward of its update step), which takes for each example the k
hypotheses of the highest r = accuracy + alpha * sqrt(log t / n), with n the examples that scored the hypothesis and t
those seen so far. Departs from it in four ways. What is scored is a text written with all k together, so that an
example costs one text and not k, and its reward in [0, 1] is credited to each of the k. Accuracy is the posterior mean
of the rewards, with the measured lift as a prior worth `PRIOR_TARGETS`, so that hypotheses rank before anything was
scored and a new one needs no first round of its own. t counts from 1, so that at first the prior decides alone. And
where k is above 1, `explore` weighs each bonus with a draw from [0, 2] (after RandUCB, arXiv:1910.04928): else two
hypotheses that were tried together once would have the same credit and be tried together for ever.

Simulated (`benchmarks.hypothesising`), one of eight hypotheses wins 0.9 of its texts, one 0.1, the others half, and a
set wins by their mean. The winner has the highest mean after 25, 100 and 300 targets in these shares of 200 runs: with
k = 1 in 0.775, 0.990 and all; with k = 2 in 0.375, 0.765 and 0.980 (without the draws 0.305, 0.410 and 0.435); with
k = 4 in 0.205, 0.385 and 0.605. Few targets tell hypotheses that are tried together from each other poorly.
"""

import random
from collections.abc import Callable, Sequence
from math import isfinite, log, sqrt
from typing import TypeVar

from programs.hypothesising.calls import attempted
from programs.hypothesising.sameness import key_of
from programs.hypothesising.standing import expected_lift, state_of
from programs.profiles.credit import Credit, Scored
from signatures.errors import SetupError
from signatures.hypotheses import Hypothesis

ALPHA = 0.5
"""Weight of exploration, as in HypoGeniC's code."""
PRIOR_TARGETS = 1.0
"""Scored targets that the prior counts as much as."""
EVEN = 0.5
"""The reward that favours nobody, and the prior of a hypothesis whose lift is not known."""

H = TypeVar("H", bound=Hypothesis)


def credited(credit: Credit, hypotheses: Sequence[Hypothesis], reward: float) -> Credit:
    """The credit after one more target, scored by a text that was written with these hypotheses.

    Raises: ValueError if the reward is not in [0, 1].
    """
    if not (isfinite(reward) and 0.0 <= reward <= 1.0):
        raise ValueError(f"the reward is {reward!r}; it must be in [0, 1]")
    earned = dict(credit.scored)
    for key in dict.fromkeys(map(key_of, hypotheses)):
        before = earned.get(key, Scored())
        earned[key] = Scored(n_scored=before.n_scored + 1, total=before.total + reward)
    return credit.model_copy(update={"scored": earned, "n_targets": credit.n_targets + 1})


def prior(hypothesis: Hypothesis) -> float:
    """The reward expected before any target is scored, in [0, 1]: even, more by half the lift.

    A lift of 1, fits all of the person's texts and none of others', promises a win; a lift of -1 a loss.
    """
    lift = expected_lift(hypothesis)
    return EVEN if lift is None else EVEN + lift / 2


def usefulness(hypothesis: Hypothesis, credit: Credit, alpha: float = ALPHA) -> float:
    """The upper bound by which hypotheses rank: mean reward, and more the less is known of it.

    With w prior targets of reward p, n targets scored of rewards that add up to s, and t scored in all:
    (w p + s) / (w + n) + alpha * sqrt(log(1 + t) / (w + n)). With alpha 0 it is the posterior mean, in [0, 1].

    Raises: SetupError if alpha is negative or not finite.
    """
    if not (isfinite(alpha) and alpha >= 0.0):
        raise SetupError(f"alpha is {alpha!r}; give 0 to rank by the mean, more to explore")
    earned = credit.of(key_of(hypothesis))
    weight = PRIOR_TARGETS + earned.n_scored
    mean = (PRIOR_TARGETS * prior(hypothesis) + earned.total) / weight
    return mean + alpha * sqrt(log(1 + credit.n_targets) / weight)


def ranked(hypotheses: Sequence[H], credit: Credit, alpha: float = ALPHA) -> list[H]:
    """The most useful first; among equals the order given."""
    return sorted(hypotheses, key=lambda each: -usefulness(each, credit, alpha))


def chosen(
    hypotheses: Sequence[H], credit: Credit, k: int, alpha: float = ALPHA, rng: random.Random | None = None
) -> list[H]:
    """What to write the next text with: pinned hypotheses, then the most useful active ones, k in all at most.

    Pinned ones are chosen even if they are more than k; what is dropped or rejected never is. With `rng` each bonus is
    weighed with a draw from [0, 2].

    Raises: SetupError if k is below 1.
    """
    if k < 1:
        raise SetupError(f"k is {k!r}; give the number of hypotheses that a text is written with, from 1 on")
    pinned = [each for each in hypotheses if state_of(each) == "pinned"]
    active = [each for each in hypotheses if state_of(each) == "active"]
    if rng is None:
        best = ranked(active, credit, alpha)
    else:
        bounds = [(usefulness(each, credit, alpha * rng.uniform(0, 2)), each) for each in active]
        best = [each for _, each in sorted(bounds, key=lambda one: -one[0])]
    return [*pinned, *best[: max(k - len(pinned), 0)]]


def explore(
    hypotheses: Sequence[H],
    prompts: Sequence[str],
    write_and_score: Callable[[str, Sequence[H]], float],
    k: int,
    alpha: float = ALPHA,
    credit: Credit | None = None,
    seed: int = 0,
) -> Credit:
    """Scores one text for each prompt, written with the k hypotheses that look best by then, and credits all of them.

    A target whose text or score fails credits nothing and is counted. Targets are scored one after the other, since
    each changes what looks best. A run that goes on from an earlier credit chooses as one that was never cut.

    Args:
        hypotheses: Candidates; without any that is used nothing is asked.
        prompts: Targets, in the order to score them.
        write_and_score: Writes for a prompt with these hypotheses, and scores the text in [0, 1] with 0.5 for neither
            better nor worse, such as the chance of a win over the generic text.
        k: Hypotheses for a text.
        alpha: Weight of exploration.
        credit: What was earned before; nothing if None.
        seed: Of the draws by which bonuses vary where k is above 1.

    Raises: SetupError if k or alpha cannot be used, or the model cannot be asked at all; ValueError for a score outside
    [0, 1].
    """
    earned = credit or Credit()
    for prompt in prompts:
        rng = random.Random(f"{seed}:{earned.n_targets}:{earned.n_failed}") if k > 1 else None
        best = chosen(hypotheses, earned, k, alpha, rng)
        if not best:
            break
        outcome = attempted(lambda prompt=prompt, best=best: write_and_score(prompt, best))
        if outcome.value is None:
            earned = earned.model_copy(update={"n_failed": earned.n_failed + 1})
        else:
            earned = credited(earned, best, outcome.value)
    return earned
