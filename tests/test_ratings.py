"""Strengths from who beat whom."""

import math
import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs.ratings import bradley_terry, expected

NAMES = "abcde"
tables = st.dictionaries(
    st.sampled_from([(a, b) for a in NAMES for b in NAMES if a != b]),
    st.floats(0, 50).map(lambda amount: round(amount * 2) / 2),
    min_size=1,
)


def test_three_wins_to_one_between_two():
    found = bradley_terry({("a", "b"): 3.0, ("b", "a"): 1.0}, prior=1e-9)
    # Without a prior the odds are those of the games: ln 3 apart.
    assert found["a"] - found["b"] == pytest.approx(math.log(3))
    assert expected(found["a"], found["b"]) == pytest.approx(0.75)
    # The prior draws them together: each has half a win and half a loss more, but against others.
    drawn = bradley_terry({("a", "b"): 3.0, ("b", "a"): 1.0})
    assert 0 < drawn["a"] - drawn["b"] < math.log(3)
    assert drawn["a"] == pytest.approx(-drawn["b"])


def test_a_lone_game_is_no_certainty_and_a_tie_says_nothing():
    won = bradley_terry({("a", "b"): 1.0})
    # By symmetry b is at -r, and wins of a are what is due: 1 + 1/2 = 1 / (1 + e^-2r) + 1 / (1 + e^-r), so that
    # r = 0.7563: 0.8194 + 0.6806 = 1.5.
    assert won["a"] == pytest.approx(0.7563, abs=1e-4) and won["b"] == pytest.approx(-0.7563, abs=1e-4)
    assert bradley_terry({("a", "b"): 0.5, ("b", "a"): 0.5}) == {"a": 0.0, "b": 0.0}


def test_ratings_solve_the_likelihood_equations():
    points = {("a", "b"): 4.0, ("b", "a"): 2.5, ("b", "c"): 3.0, ("c", "a"): 1.0, ("a", "c"): 2.0}
    found = bradley_terry(points)
    for name in "abc":
        won = sum(amount for pair, amount in points.items() if pair[0] == name) + 0.5
        games = {other: points.get((name, other), 0) + points.get((other, name), 0) for other in "abc"}
        due = sum(n * expected(found[name], found[other]) for other, n in games.items()) + expected(found[name], 0)
        assert won == pytest.approx(due, abs=1e-6)


@given(tables)
def test_turning_every_result_around_turns_every_rating_around(points):
    found = bradley_terry(points)
    turned = bradley_terry({(b, a): amount for (a, b), amount in points.items()})
    assert all(turned[name] == pytest.approx(-rating, abs=1e-6) for name, rating in found.items())


@given(tables, st.permutations(NAMES))
def test_names_and_their_order_do_not_matter(points, order):
    renamed = dict(zip(NAMES, order, strict=True))
    found = bradley_terry(points)
    other = bradley_terry({(renamed[a], renamed[b]): amount for (a, b), amount in reversed(points.items())})
    assert all(other[renamed[name]] == pytest.approx(rating, abs=1e-6) for name, rating in found.items())


@given(tables, st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_one_more_win_never_lowers_the_winner(points, winner, loser):
    if winner == loser:
        return
    more = {**points, (winner, loser): points.get((winner, loser), 0.0) + 1}
    # Whoever has not played has rating 0.
    assert bradley_terry(more)[winner] > bradley_terry(points).get(winner, 0.0)


@given(tables)
def test_ratings_are_finite_and_whoever_only_won_stands_above_whoever_only_lost(points):
    found = bradley_terry({**points, ("first", "last"): 1.0, ("first", "a"): 1.0, ("a", "last"): 1.0})
    assert all(math.isfinite(rating) for rating in found.values())
    assert found["first"] > 0 > found["last"]


def test_a_long_chain_of_contestants_is_rated_whole():
    # Each beats the next in 300 of 400 games.
    points = {(str(n), str(n + 1)): 300.0 for n in range(60)} | {(str(n + 1), str(n)): 100.0 for n in range(60)}
    found = bradley_terry(points)
    # The first is far above 0 and so due the whole game of the prior: 300 + 1/2 = 400 p + 1, p = 299.5 / 400.
    assert found["0"] - found["1"] == pytest.approx(math.log(299.5 / 100.5), abs=1e-4)
    assert found["30"] == pytest.approx(0.0, abs=1e-6)


def test_strengths_are_recovered_in_simulation():
    rng = random.Random(0)
    true = {"a": 1.2, "b": 0.5, "c": 0.0, "d": -0.4, "e": -1.3}
    points: dict[tuple[str, str], float] = {}
    for a, b in combinations(true, 2):
        for _ in range(400):
            tie = rng.random() < 0.2
            won = rng.random() < expected(true[a], true[b])
            points[a, b] = points.get((a, b), 0.0) + (0.5 if tie else float(won))
            points[b, a] = points.get((b, a), 0.0) + (0.5 if tie else float(not won))
    found = bradley_terry(points)
    assert sorted(found, key=lambda name: -found[name]) == list("abcde")
    # A fifth of the games are ties whatever the strengths, so that chances are drawn to one half by a fifth.
    for a, b in combinations(true, 2):
        chance = 0.1 + 0.8 * expected(true[a], true[b])
        assert expected(found[a], found[b]) == pytest.approx(chance, abs=0.06)


def test_without_games_there_are_no_ratings():
    assert bradley_terry({}) == {}
    assert bradley_terry({("a", "b"): 0.0}) == {"a": 0.0, "b": 0.0}


@pytest.mark.parametrize(
    "points", [{("a", "a"): 1.0}, {("a", "b"): -1.0}, {("a", "b"): math.nan}, {("a", "b"): math.inf}]
)
def test_what_is_no_result_is_refused(points):
    with pytest.raises(ValueError, match="are no result"):
        bradley_terry(points)


@pytest.mark.parametrize("prior", [0.0, -1.0, math.nan, math.inf])
def test_a_prior_of_no_games_is_refused(prior):
    with pytest.raises(ValueError, match="is not above 0"):
        bradley_terry({("a", "b"): 1.0}, prior)


def test_chances_of_far_apart_ratings_stay_fractions():
    assert expected(1e6, -1e6) == pytest.approx(1.0) and expected(-1e6, 1e6) == pytest.approx(0.0)
