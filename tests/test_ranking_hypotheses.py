"""Hypotheses ranked by what texts written with them earn."""

import math
import random
from collections.abc import Iterator
from typing import Any

import pytest
from dspy.utils.exceptions import LMServerError
from hypothesis import given, settings
from hypothesis import strategies as st
from refining_models import plain, standing

from programs.hypothesising import Credit, Scored, chosen, credited, explore, ranked, usefulness
from programs.hypothesising.sameness import key_of
from signatures.errors import SetupError

A, B, C = (plain(f"Claim {name}") for name in "abc")


def earned(**totals: tuple[int, float]) -> Credit:
    scored = {f"claim {name}": Scored(n_scored=n, total=total) for name, (n, total) in totals.items()}
    return Credit(scored=scored, n_targets=max((n for n, _ in totals.values()), default=0))


def test_usefulness_is_the_mean_with_one_prior_target_and_a_bonus_for_what_is_little_known():
    credit = earned(a=(3, 2.0))
    # Mean (1 * 0.5 + 2) / (1 + 3) = 0.625; bonus 0.5 * sqrt(ln(1 + 3) / 4).
    assert usefulness(A, credit, 0.0) == 0.625
    assert usefulness(A, credit, 0.5) == pytest.approx(0.625 + 0.5 * math.sqrt(math.log(4) / 4))
    # Never scored: the prior 0.5, and the bonus over one target.
    assert usefulness(B, credit, 0.5) == pytest.approx(0.5 + 0.5 * math.sqrt(math.log(4)))


def test_before_any_score_the_measured_lift_ranks():
    # Priors: 0.5 + 0.6 / 2 = 0.8; 0.5 without a figure; 0.5 - 0.2 / 2 = 0.4.
    telling = standing("Telling", confidence=0.9, others=0.3)
    common = standing("Common", confidence=0.5, others=0.7)
    assert ranked([common, A, telling], Credit()) == [telling, A, common]
    assert [usefulness(each, Credit()) for each in (telling, A, common)] == pytest.approx([0.8, 0.5, 0.4])


def test_a_reward_is_credited_once_to_each_hypothesis_and_leaves_the_record_given_alone():
    before = earned(a=(1, 0.25))
    after = credited(before, [A, B, B], 0.5)
    assert after.scored == {"claim a": Scored(n_scored=2, total=0.75), "claim b": Scored(n_scored=1, total=0.5)}
    assert (after.n_targets, before.n_targets) == (2, 1)
    assert before.of(key_of(A)) == Scored(n_scored=1, total=0.25)


def test_a_measured_habit_keeps_its_credit_when_its_number_and_threshold_change():
    old = plain("Uses commas, 4.1 in 100 words", check="commas>=3.5")
    new = plain("Uses commas, 4.6 in 100 words", check="commas>=4")
    other = plain("Uses few commas", check="commas<4")
    credit = credited(Credit(), [old], 1.0)
    assert credit.of(key_of(new)).n_scored == 1 and credit.of(key_of(other)).n_scored == 0
    assert credit.of(key_of(plain("claim A."))) == credit.of(key_of(A))


@pytest.mark.parametrize("reward", [-0.01, 1.01, math.nan, math.inf])
def test_a_reward_outside_its_range_is_refused(reward):
    with pytest.raises(ValueError, match="must be in \\[0, 1\\]"):
        credited(Credit(), [A], reward)


@pytest.mark.parametrize("alpha", [-1.0, math.nan, math.inf])
def test_an_alpha_that_cannot_weigh_is_refused(alpha):
    with pytest.raises(SetupError, match="alpha is"):
        usefulness(A, Credit(), alpha)


def test_a_total_above_its_targets_is_refused():
    with pytest.raises(ValueError, match="exceeds the 1 targets scored"):
        Scored(n_scored=1, total=1.5)


REWARDS = st.lists(st.floats(0, 1), max_size=12)


@given(st.lists(REWARDS, min_size=2, max_size=5))
def test_a_credit_is_json(rewards):
    credit = Credit()
    for number, earned_ in enumerate(rewards):
        for reward in earned_:
            credit = credited(credit, [plain(f"Claim {number}, «été» 😀")], reward)
    assert Credit.model_validate_json(credit.model_dump_json()) == credit


@given(st.integers(1, 9), st.lists(st.integers(0, 8).map(lambda n: n / 8), min_size=2, max_size=6))
def test_with_alpha_zero_what_was_scored_as_often_ranks_by_its_mean(n, means):
    claims = [plain(f"Claim {number}") for number in range(len(means))]
    credit = Credit()
    for _ in range(n):
        for claim, mean in zip(claims, means, strict=True):
            credit = credited(credit, [claim], mean)
    order = [claims.index(each) for each in ranked(claims, credit, 0.0)]
    found = [credit.of(key_of(claims[place])).total for place in order]
    assert found == sorted(found, reverse=True)


@given(REWARDS, st.floats(0, 3), st.integers(0, 50))
def test_the_mean_stays_in_range_and_the_bonus_shrinks_with_every_score(rewards, alpha, n_others):
    credit = Credit(n_targets=n_others)
    gaps = []
    for reward in rewards:
        credit = credited(credit, [A], reward).model_copy(update={"n_targets": n_others})
        mean = usefulness(A, credit, 0.0)
        assert 0.0 <= mean <= 1.0
        gaps.append(usefulness(A, credit, alpha) - mean)
    assert all(later <= earlier + 1e-12 for earlier, later in zip(gaps, gaps[1:], strict=False))


@given(st.integers(2, 40))
def test_what_was_never_scored_gains_on_a_loser_with_every_target(n):
    losing = earned(a=(n, 0.0))
    assert usefulness(B, losing) > usefulness(A, losing)
    assert usefulness(B, losing) > usefulness(B, earned(a=(n - 1, 0.0)))


def chances(wins: dict[str, float], seed: int):
    """Scores 1 with the mean of the chosen claims' chances of a win, else 0."""
    rng = random.Random(seed)

    def write_and_score(prompt, hypotheses):
        chance = sum(wins[each.statement] for each in hypotheses) / len(hypotheses)
        return float(rng.random() < chance)

    return write_and_score


WINS = {f"Claim {name}": wins for name, wins in zip("abcdefgh", (0.5, 0.1, 0.5, 0.9, 0.5, 0.5, 0.5, 0.5), strict=True)}


@pytest.mark.parametrize("k", [1, 2])
def test_in_a_long_run_the_winner_ends_on_top_the_loser_falls_and_all_get_their_turn(k):
    claims = [plain(statement) for statement in WINS]
    n_won = 0
    for seed in range(10):
        credit = explore(claims, ["p"] * 300, chances(WINS, seed), k, seed=seed)
        n_scored = {each.statement: credit.of(key_of(each)).n_scored for each in claims}
        assert credit.n_targets == 300 and sum(n_scored.values()) == 300 * k
        order = [each.statement for each in ranked(claims, credit, 0.0)]
        n_won += order[0] == "Claim d"
        assert order.index("Claim b") >= len(claims) / 2
        # Tried more often than by turns, of which each claim gets 300 k / 8; the loser less, yet it had its chance.
        assert n_scored["Claim d"] > 300 * k / 8 > n_scored["Claim b"] > 0 and min(n_scored.values()) > 0
    assert n_won >= 9


def test_hypotheses_that_were_tried_together_are_tried_apart():
    credit = explore([A, B, C, plain("Claim d")], ["p"] * 40, lambda prompt, hypotheses: 0.5, k=2)
    totals = [one.n_scored for one in credit.scored.values()]
    assert len(set(totals)) > 2 and len(totals) == 4


def test_a_run_that_was_cut_chooses_as_one_that_was_not():
    claims = [plain(statement) for statement in WINS]

    def score(prompt, hypotheses):
        return sum(WINS[each.statement] for each in hypotheses) / len(hypotheses)

    whole = explore(claims, ["p"] * 30, score, k=3, seed=7)
    first = explore(claims, ["p"] * 11, score, k=3, seed=7)
    assert explore(claims, ["p"] * 19, score, k=3, seed=7, credit=first) == whole
    assert explore(claims, ["p"] * 30, score, k=3, seed=8) != whole


def test_an_arm_that_never_wins_falls_below_one_that_was_never_tried():
    # a: prior 0.8, then (0.8 + 0) / 2 = 0.4, below the prior 0.5 of b; the bonus favours b too.
    a = standing("Claim a", confidence=0.9, others=0.3)
    tried = []

    def lose(prompt, hypotheses):
        tried.append(hypotheses[0].statement)
        return 0.0

    explore([a, B], ["p"] * 3, lose, k=1)
    assert tried[:2] == ["Claim a", "Claim b"]


def test_a_failed_target_credits_nothing_and_is_counted():
    outcomes: Iterator[Any] = iter([LMServerError("down"), None, 1.0, ValueError("not a text")])

    def write_and_score(prompt: str, hypotheses: Any) -> Any:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    credit = explore([A], list("pqrs"), write_and_score, k=1)
    assert (credit.n_targets, credit.n_failed) == (1, 3)
    assert credit.of(key_of(A)) == Scored(n_scored=1, total=1.0)


def test_a_score_outside_its_range_ends_the_run():
    with pytest.raises(ValueError, match="the reward is 2.0"):
        explore([A], ["p"], lambda prompt, hypotheses: 2.0, k=1)


def test_exploring_goes_on_from_what_was_earned():
    first = explore([A, B], ["p"], lambda prompt, hypotheses: 1.0, k=2)
    second = explore([A, B], ["q"], lambda prompt, hypotheses: 0.0, k=2, credit=first)
    assert second.n_targets == 2 and second.of(key_of(B)) == Scored(n_scored=2, total=1.0)


def test_nothing_is_written_without_hypotheses_or_targets():
    def never(prompt, hypotheses):
        raise AssertionError("asked")

    assert explore([], ["p"], never, k=3) == Credit()
    assert explore([A], [], never, k=3) == Credit()
    assert explore([standing("Gone", state="dropped")], ["p"], never, k=3) == Credit()


def test_pinned_hypotheses_are_always_chosen_and_dropped_or_rejected_ones_never():
    pinned = standing("Pinned", state="pinned", confidence=0.1, others=0.9)
    out = [standing("Dropped", state="dropped"), standing("Rejected", state="rejected")]
    assert chosen([A, *out, pinned], Credit(), 2) == [pinned, A]
    assert chosen([A, pinned], Credit(), 1) == [pinned]


@pytest.mark.parametrize("k", [0, -1])
def test_a_text_is_written_with_one_hypothesis_at_least(k):
    with pytest.raises(SetupError, match="k is"):
        chosen([A], Credit(), k)


@settings(max_examples=30)
@given(st.permutations(range(4)), st.integers(0, 2**16))
def test_the_same_scores_rank_alike_in_whatever_order_claims_are_given(order, seed):
    rng = random.Random(seed)
    claims = [plain(f"Claim {number}") for number in range(4)]
    credit = Credit()
    for claim in claims:
        credit = credited(credit, [claim], rng.random())
    shuffled = [claims[place] for place in order]
    assert ranked(shuffled, credit) == ranked(claims, credit)
