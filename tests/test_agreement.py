import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs.agreement import agreement_share, category, cohens_kappa, correlation

outcomes = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
two_judges = st.lists(st.tuples(outcomes, outcomes), min_size=1, max_size=30)
WON, TIED, LOST = 1.0, 0.5, 0.0


def test_an_outcome_is_won_tied_or_lost_over_both_orders():
    assert [category(outcome) for outcome in (1.0, 0.75, 0.5, 0.25, 0.0)] == ["won", "won", "tied", "lost", "lost"]


def test_kappa_takes_out_what_chance_agrees_on():
    # 50 pairs, won or lost: both say won 20 times and lost 15 times, a alone won 5 times, b alone 10 times.
    # Agreement 35 / 50 = 0.7; a says won in 25, b in 30: chance (25 * 30 + 25 * 20) / 2500 = 0.5; (0.7 - 0.5) / 0.5.
    a = [WON] * 20 + [LOST] * 15 + [WON] * 5 + [LOST] * 10
    b = [WON] * 20 + [LOST] * 15 + [LOST] * 5 + [WON] * 10
    assert agreement_share(a, b) == 0.7
    assert cohens_kappa(a, b) == pytest.approx(0.4)


def test_kappa_counts_ties_as_a_category_of_their_own():
    a, b = [WON, TIED, TIED, LOST], [WON, TIED, WON, LOST]
    assert agreement_share(a, b) == 0.75
    # Agreement 3 / 4 = 12 / 16; by chance won 1 * 2, tied 2 * 1 and lost 1 * 1 of 16: 5 / 16.
    assert cohens_kappa(a, b) == pytest.approx((12 - 5) / (16 - 5))


def test_judges_who_agree_less_than_chance_have_a_kappa_below_zero():
    # Never alike; chance agrees on half of the pairs: (0 - 1/2) / (1 - 1/2).
    assert cohens_kappa([WON, LOST], [LOST, WON]) == pytest.approx(-1)


def test_kappa_is_undefined_where_both_judges_say_one_and_the_same_thing_always():
    assert cohens_kappa([TIED] * 7, [TIED] * 7) is None
    # One judge alone who never varies: agreement is that of chance.
    assert cohens_kappa([WON] * 4, [WON, LOST, WON, LOST]) == 0
    assert cohens_kappa([WON] * 4, [LOST] * 4) == 0


def test_the_correlation_is_pearsons_and_undefined_for_a_judge_who_never_varies():
    # Deviations (-1, 0, 1) / 2 and (-1, 1, 0) / 2: 1 / sqrt(2 * 2).
    assert correlation([0, 0.5, 1], [0, 1, 0.5]) == pytest.approx(0.5)
    assert correlation([0, 0.5, 1], [0.25, 0.25, 0.25]) is None
    assert correlation([1.0], [0.0]) is None


def test_outcomes_of_no_pairs_or_of_other_pairs_are_an_error():
    for measure in (agreement_share, cohens_kappa, correlation):
        with pytest.raises(ValueError, match="at least one pair that both judged"):
            measure([], [])
        with pytest.raises(ValueError, match="1 outcomes of one judge and 2 of the other"):
            measure([1.0], [1.0, 0.0])


@given(pairs=two_judges, shuffle=st.randoms(use_true_random=False))
def test_agreement_is_symmetric_within_bounds_and_blind_to_order(pairs: list[tuple[float, float]], shuffle):
    a, b = [left for left, _ in pairs], [right for _, right in pairs]
    shuffle.shuffle(pairs)
    again = [left for left, _ in pairs], [right for _, right in pairs]
    assert agreement_share(a, b) == agreement_share(b, a) == agreement_share(*again)
    assert cohens_kappa(a, b) == cohens_kappa(b, a) == cohens_kappa(*again)
    assert correlation(a, b) == correlation(b, a) == pytest.approx(correlation(*again))
    assert 0 <= agreement_share(a, b) <= 1
    kappa, r = cohens_kappa(a, b), correlation(a, b)
    assert kappa is None or -1 <= kappa <= 1
    assert r is None or -1 <= r <= 1


@given(own=st.lists(outcomes, min_size=1, max_size=30))
def test_a_judge_agrees_with_itself_and_opposes_its_mirror(own: list[float]):
    mirror = [1 - outcome for outcome in own]
    assert agreement_share(own, own) == 1
    assert cohens_kappa(own, own) in (None, pytest.approx(1))
    assert (cohens_kappa(own, own) is None) == (len({category(outcome) for outcome in own}) == 1)
    if len(set(own)) > 1:
        assert correlation(own, own) == pytest.approx(1)
        assert correlation(own, mirror) == pytest.approx(-1)


def test_independent_judges_have_a_kappa_and_correlation_near_zero():
    draw = np.random.default_rng(3)
    a, b = draw.choice([0.0, 0.5, 1.0], size=(2, 4000), p=[0.2, 0.2, 0.6])
    # One standard error is about 1 / sqrt(4000) = 0.016.
    assert cohens_kappa(a, b) == pytest.approx(0, abs=0.06)
    assert correlation(a, b) == pytest.approx(0, abs=0.06)
