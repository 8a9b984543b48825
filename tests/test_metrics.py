import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from programs.intervals import clustered_mean
from programs.metrics import (
    JudgedPair,
    Verdict,
    common_outcomes,
    length_controlled,
    paired_difference,
    position_bias,
    rate_of_authors,
    rate_of_one_author,
    swapped,
    win_rate,
)

C: Verdict = "candidate"
B: Verdict = "baseline"
T: Verdict = "tie"


def pair(author: str, target: str, first: Verdict, second: Verdict, words: tuple[int, int] = (100, 100)) -> JudgedPair:
    return JudgedPair(author, target, first, second, *words)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


verdicts = st.sampled_from([C, B, T])
pairs_of_a_run = st.lists(
    st.builds(
        JudgedPair,
        author=st.sampled_from("abcdef"),
        target_id=st.integers(0, 40).map(str),
        candidate_first=verdicts,
        baseline_first=verdicts,
        candidate_words=st.integers(0, 400),
        baseline_words=st.integers(0, 400),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda pair: (pair.author, pair.target_id),
)


def test_the_rate_is_the_mean_over_pairs_and_orders_with_ties_as_halves():
    # Outcomes: both orders won 1, one won and one tied 0.75, orders that contradict each other 0.5, both lost 0.
    pairs = [pair("a", "1", C, C, (80, 100)), pair("a", "2", C, T), pair("b", "3", C, B), pair("b", "4", B, B)]
    rate = win_rate(pairs, n_failures=2, rng=rng())
    assert rate.value == pytest.approx((1 + 0.75 + 0.5 + 0) / 4)
    assert (rate.n_authors, rate.n_pairs, rate.n_ties, rate.n_failures) == (2, 4, 1, 2)
    assert (rate.candidate_words, rate.baseline_words) == (95, 100)
    assert rate.low <= rate.value <= rate.high


def test_a_judge_that_always_picks_the_first_slot_shows_bias_not_preference():
    # The candidate wins one of two verdicts in each pair: 0.5. The first slot wins 6 of 6: +1.
    pairs = [pair("a", target, C, B) for target in "123"]
    rate = win_rate(pairs, rng=rng())
    assert (rate.value, rate.position_bias) == (0.5, 1.0)
    assert position_bias([pair("a", "1", B, C)]) == -1.0


def test_no_pairs_are_an_error_and_not_a_zero():
    with pytest.raises(ValueError, match="at least one judged pair"):
        win_rate([], n_failures=3, rng=rng())
    with pytest.raises(ValueError, match="at least one judged pair"):
        position_bias([])
    with pytest.raises(ValueError, match="at least one value"):
        clustered_mean([], np.array([]), rng=rng())


def test_a_target_judged_twice_is_an_error():
    with pytest.raises(ValueError, match="target '1' of author 'a' is judged twice"):
        win_rate([pair("a", "1", C, C), pair("a", "1", B, B)], rng=rng())


def test_one_author_gives_no_interval_and_says_so():
    rate = win_rate([pair("a", str(n), C, C) for n in range(9)], rng=rng())
    assert rate.degenerate
    assert (rate.value, rate.low, rate.high) == (1.0, 0.0, 1.0)


def test_unanimous_wins_of_few_authors_leave_doubt():
    few = win_rate([pair(author, "1", C, C) for author in "abcd"], rng=rng())
    many = win_rate([pair(str(author), "1", C, C) for author in range(50)], rng=rng())
    assert few.high == many.high == 1.0
    assert few.low < many.low < 1.0


def test_the_rate_within_a_domain_is_that_of_a_run_with_its_pairs_only():
    pairs = [pair("a", "1", C, C), pair("a", "2", C, B), pair("b", "3", T, B)]
    part, whole = rate_of_authors(pairs, rng=rng()), win_rate(pairs, rng=rng())
    assert (part.value, part.low, part.high, part.n_authors) == (whole.value, whole.low, whole.high, 2)


def test_the_interval_for_one_author_is_about_further_prompts():
    some, many = (rate_of_one_author([pair("a", str(n), C, C) for n in range(size)], rng=rng()) for size in (4, 40))
    assert some.value == many.value == 1.0
    assert 0 < some.low < many.low < 1
    # One prompt says nothing about others.
    assert (lambda one: (one.low, one.high))(rate_of_one_author([pair("a", "1", C, C)], rng=rng())) == (0.0, 1.0)
    with pytest.raises(ValueError, match="pairs of several authors"):
        rate_of_one_author([pair("a", "1", C, C), pair("b", "2", C, C)], rng=rng())


@settings(deadline=None)
@given(pairs=pairs_of_a_run)
def test_swapping_the_systems_turns_everything_around_but_the_position_bias(pairs: list[JudgedPair]):
    rate, mirror = (win_rate(side, rng=rng(), n_resamples=200) for side in (pairs, [swapped(pair) for pair in pairs]))
    assert mirror.value == pytest.approx(1 - rate.value)
    assert (mirror.low, mirror.high) == pytest.approx((1 - rate.high, 1 - rate.low))
    assert mirror.length_controlled == pytest.approx(1 - rate.length_controlled, abs=1e-6)
    assert mirror.position_bias == pytest.approx(rate.position_bias)
    assert mirror.n_ties == rate.n_ties


@settings(deadline=None)
@given(pairs=pairs_of_a_run, seed=st.randoms(use_true_random=False))
def test_the_order_of_pairs_changes_nothing_and_all_stays_in_bounds(pairs: list[JudgedPair], seed):
    shuffled = pairs.copy()
    seed.shuffle(shuffled)
    rate = win_rate(pairs, rng=rng(), n_resamples=200)
    assert win_rate(shuffled, rng=rng(), n_resamples=200) == rate
    assert 0 <= rate.low <= rate.value <= rate.high <= 1
    assert 0 < rate.length_controlled < 1
    assert -1 <= rate.position_bias <= 1


def test_equal_lengths_leave_the_rate_as_it_is():
    assert length_controlled(np.array([1.0, 1.0, 0.5, 0.0] * 9), np.zeros(36)) == pytest.approx(0.625, abs=1e-3)


def test_a_preference_for_length_alone_is_taken_out():
    # The longer text wins 9 of 10; the candidate is longer in 300 of 400 pairs: (270 + 10) / 400 = 0.7 as counted.
    gaps = np.array([50.0] * 300 + [-50.0] * 100)
    wins = np.array(([1.0] * 9 + [0.0]) * 30 + ([1.0] + [0.0] * 9) * 10)
    assert wins.mean() == 0.7
    assert length_controlled(wins, gaps) == pytest.approx(0.5, abs=5e-3)


def test_a_preference_despite_length_is_kept():
    # The candidate wins 3 of 4 whether it is longer or shorter.
    gaps = np.array([40.0] * 20 + [-40.0] * 20)
    assert length_controlled(np.array([1.0, 1.0, 1.0, 0.0] * 10), gaps) == pytest.approx(0.75, abs=1e-3)


def test_the_length_controlled_rate_is_read_halfway_between_longer_and_shorter():
    # Two lengths only, so the regression meets both shares: logit(0.9) = 2.197 where the candidate is longer and
    # logit(0.5) = 0 where it is shorter. tanh(gap / rms) is +-tanh(1); at 0 the logit is 1.0986, a rate of 3/4.
    gaps = np.array([30.0] * 200 + [-30.0] * 200)
    wins = np.array(([1.0] * 9 + [0.0]) * 20 + [1.0, 0.0] * 100)
    assert wins.mean() == pytest.approx(0.7)
    assert length_controlled(wins, gaps) == pytest.approx(0.75, abs=1e-3)
    # The unit of length plays no part.
    assert length_controlled(wins, gaps * 7) == pytest.approx(length_controlled(wins, gaps))


def outcomes_to_pairs(outcomes: dict[tuple[str, str], float]) -> list[JudgedPair]:
    verdict: dict[float, Verdict] = {1.0: C, 0.5: T, 0.0: B}
    return [pair(*key, verdict[value], verdict[value]) for key, value in outcomes.items()]


def test_a_difference_is_paired_and_its_p_value_counts_the_sign_flips_of_authors():
    # Each of 4 authors gains 1 on one of two targets. Of 16 flips only two reach the total of 4 or -4: p = 2/16.
    a = outcomes_to_pairs({(author, target): 1.0 for author in "abcd" for target in "12"})
    b = outcomes_to_pairs({(author, target): float(target == "1") for author in "abcd" for target in "12"})
    found = paired_difference(a, b, rng=rng())
    assert (found.value, found.p_value, found.n_authors, found.n_pairs) == (0.5, 0.125, 4, 8)
    assert found.low < 0.5 <= found.high


def test_with_many_authors_the_flips_are_drawn_and_never_give_zero():
    a = outcomes_to_pairs({(f"author {n}", "1"): 1.0 for n in range(30)})
    b = outcomes_to_pairs({(f"author {n}", "1"): 0.0 for n in range(30)})
    # Two of 2 ** 30 flips reach the total; what was seen counts as one of 1,001.
    assert paired_difference(a, b, rng=rng(), n_resamples=1000).p_value == pytest.approx(1 / 1001)


@settings(deadline=None)
@given(pairs=pairs_of_a_run, other=st.lists(verdicts, min_size=40, max_size=40))
def test_differences_turn_around_with_the_systems_and_vanish_against_oneself(
    pairs: list[JudgedPair], other: list[Verdict]
):
    rivals = [
        JudgedPair(p.author, p.target_id, verdict, p.baseline_first, 1, 1)
        for p, verdict in zip(pairs, other, strict=False)
    ]
    there, back = (
        paired_difference(*sides, rng=rng(), n_resamples=200) for sides in ((pairs, rivals), (rivals, pairs))
    )
    assert back.value == pytest.approx(-there.value)
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))
    assert back.p_value == there.p_value
    same = paired_difference(pairs, pairs, rng=rng(), n_resamples=200)
    assert (same.value, same.p_value) == (0.0, 1.0)


def test_systems_on_different_targets_are_not_compared():
    with pytest.raises(ValueError, match="1 targets are judged for one system only, the first \\('a', '2'\\)"):
        paired_difference(
            outcomes_to_pairs({("a", "1"): 1.0}), outcomes_to_pairs({("a", "1"): 1.0, ("a", "2"): 1.0}), rng=rng()
        )


def test_common_outcomes_are_those_of_targets_that_both_have_in_order():
    keys, left, right = common_outcomes(
        [pair("b", "1", C, C), pair("a", "2", B, B), pair("a", "1", C, T)], [pair("a", "1", B, B), pair("b", "1", T, T)]
    )
    assert keys == [("a", "1"), ("b", "1")]
    assert (left.tolist(), right.tolist()) == ([0.75, 1.0], [0.0, 0.5])


def coverage(rate: float, n_authors: int, n_each: int, n_runs: int) -> float:
    """Authors differ (beta, correlation 1/6 within an author), so that pairs of one author are not independent."""
    draw = np.random.default_rng(5)
    authors = [str(author) for author in range(n_authors) for _ in range(n_each)]
    held = 0
    for _ in range(n_runs):
        chance = draw.beta(rate * 5, (1 - rate) * 5, size=n_authors).repeat(n_each)
        found = clustered_mean(authors, draw.binomial(2, chance) / 2, rng=draw, n_resamples=300)
        held += found.low <= rate <= found.high
    return held / n_runs


@pytest.mark.parametrize("rate", [0.5, 0.75])
def test_the_interval_holds_the_truth_in_about_95_percent_of_runs_with_12_authors(rate: float):
    # One standard deviation of 800 runs is 0.008.
    assert 0.93 <= coverage(rate, 12, 3, n_runs=800) <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.5, 0.65, 0.8])
@pytest.mark.parametrize(("n_authors", "n_each"), [(12, 3), (25, 3), (50, 20)])
def test_the_interval_holds_the_truth_in_about_95_percent_of_many_runs(rate: float, n_authors: int, n_each: int):
    # One standard deviation of 6,000 runs is 0.003.
    assert 0.93 <= coverage(rate, n_authors, n_each, n_runs=6000) <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.5, 0.65, 0.8])
@pytest.mark.parametrize("n_authors", [4, 6])
def test_with_very_few_authors_the_interval_errs_on_the_wide_side(rate: float, n_authors: int):
    assert 0.93 <= coverage(rate, n_authors, 4, n_runs=6000) <= 0.99


def p_values_without_a_difference(n_authors: int, n_runs: int) -> np.ndarray:
    """Two systems as good as each other, on authors that suit one or the other."""
    draw, names = np.random.default_rng(11), [str(author) for author in range(n_authors) for _ in range(3)]
    found = []
    for _ in range(n_runs):
        lean = draw.uniform(0.2, 0.8, size=n_authors).repeat(3)
        sides = []
        for chance in (lean, 1 - lean):
            wins = draw.binomial(1, chance).astype(float)
            sides.append(
                outcomes_to_pairs(
                    {(author, str(n)): win for n, (author, win) in enumerate(zip(names, wins, strict=True))}
                )
            )
        found.append(paired_difference(*sides, rng=draw, n_resamples=300).p_value)
    return np.array(found)


@pytest.mark.parametrize(
    ("n_authors", "n_runs"), [(10, 400), (16, 400), pytest.param(16, 4000, marks=pytest.mark.slow)]
)
def test_p_values_are_about_uniform_where_there_is_no_difference(n_authors: int, n_runs: int):
    found = p_values_without_a_difference(n_authors, n_runs)
    # Totals are whole numbers and often equal, which makes the test err on the careful side. Three standard deviations
    # of 400 runs are 0.03 at 0.05 and 0.075 at 0.5.
    for share, slack in ((0.05, 0.033), (0.2, 0.06), (0.5, 0.1)):
        assert share - 1.5 * slack <= np.mean(found <= share) <= share + slack


def test_the_interval_widens_as_students_t_does():
    # Two authors far apart: with one degree of freedom nothing is known.
    assert clustered_mean(["a", "b"], np.array([0.0, 1.0]), rng=rng()).low == 0.0
    # 36 authors, equal sizes: t = 2.03, standard error 0.5 / sqrt(36) = 0.083, so 0.5 -+ 0.17.
    even = clustered_mean([str(n) for n in range(36)], np.array([0.0, 1.0] * 18), rng=rng())
    assert (even.low, even.high) == (pytest.approx(0.33, abs=0.02), pytest.approx(0.67, abs=0.02))
