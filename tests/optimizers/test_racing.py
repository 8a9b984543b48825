"""Which targets are scored first, and when a trial is stopped."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizers.joints.racing import RISK, UNKNOWN, Race, Spread, author_blocks, author_gaps, chance_of_winning, pooled

GAPS = st.lists(st.floats(-1, 1).map(lambda gap: round(gap, 3)), min_size=1, max_size=12)


@given(st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), min_size=1, max_size=60), st.integers(0, 99))
def test_blocks_hold_every_target_once_and_whole_authors(authors, seed):
    blocks = author_blocks(authors, seed)
    assert sorted(index for block in blocks for index in block) == list(range(len(authors)))
    owners = [{authors[index] for index in block} for block in blocks]
    assert sum(map(len, owners)) == len(set(authors))
    assert author_blocks(authors, seed) == blocks


def test_blocks_grow_by_half_of_what_was_scored_before():
    authors = [str(index // 3) for index in range(48)]
    # 16 authors: an eighth is 2, then ceil(2 * 1.5) = 3, ceil(4.5) = 5, ceil(7.5) = 8, 12, and 18 is more than 16.
    assert [len(block) // 3 for block in author_blocks(authors, 0)] == [2, 1, 2, 3, 4, 4]


def test_of_few_authors_one_is_asked_first():
    assert [len(block) for block in author_blocks("abcd", 0)] == [1, 1, 2]
    assert [len(block) for block in author_blocks("abc", 0)] == [1, 1, 1]
    assert [len(block) for block in author_blocks("abcde", 0)] == [2, 1, 2]
    assert [len(block) for block in author_blocks("aaa", 0)] == [3]


def test_another_seed_begins_with_other_authors():
    authors = [str(index) for index in range(30)]
    assert len({author_blocks(authors, seed)[0] for seed in range(5)}) > 1


def test_gaps_are_means_over_an_authors_shared_targets():
    gaps = author_gaps("aab", {0: 0.5, 1: 0.75, 2: 0.25}, {0: 0.25, 1: 0.25, 2: 0.25, 9: 1.0})
    # a: (0.25 + 0.5) / 2; b: 0. Target 9 has one score only.
    assert gaps == [pytest.approx(0.375), 0.0]


def test_spread_is_pooled_around_each_trials_own_mean():
    # (0, 2): squares 2, one degree; (5, 5, 8): squares 6, two degrees. One author says nothing.
    assert pooled([[0.0, 2.0], [5.0, 5.0, 8.0], [3.0]]) == Spread(8 / 3, 3)
    assert pooled([[1.0]]) == UNKNOWN


@given(GAPS, st.integers(0, 20), st.floats(0, 1), st.integers(0, 50))
def test_the_chance_is_a_probability_and_turns_around_with_the_gaps(gaps, more, variance, freedom):
    prior = Spread(variance, freedom)
    chance = chance_of_winning(gaps, len(gaps) + more, prior)
    assert 0 <= chance <= 1
    turned = chance_of_winning([-gap for gap in gaps], len(gaps) + more, prior)
    assert chance + turned == pytest.approx(1)


@given(GAPS, st.integers(1, 20), st.floats(0, 1))
def test_better_gaps_never_have_a_worse_chance(gaps, more, shift):
    prior = Spread(0.04, 8)
    n = len(gaps) + more
    assert chance_of_winning([gap + shift for gap in gaps], n, prior) >= chance_of_winning(gaps, n, prior) - 1e-9


def test_nothing_is_left_to_chance_when_everybody_was_asked():
    prior = Spread(0.04, 8)
    assert chance_of_winning([-0.01, -0.02], 2, prior) == 0
    assert chance_of_winning([0.01, 0.0], 2, prior) == 1
    assert chance_of_winning([0.0, 0.0], 2, prior) == 0.5


def test_one_author_without_earlier_trials_tells_nothing():
    assert chance_of_winning([-0.9], 8, UNKNOWN) == 0.5
    assert chance_of_winning([], 8, Spread(0.04, 8)) == 0.5
    # With them it does: spread 0.1, one of 8 asked, so an error of 0.1 * sqrt(1 - 1/8) = 0.0935; t = -9.6 of 8 degrees.
    assert chance_of_winning([-0.9], 8, Spread(0.01, 8)) < 1e-4


def test_the_chance_is_calibrated():
    # Of programs that have a chance of one in ten by these numbers, one in ten wins; the simulation draws 20,000 races.
    rng = np.random.default_rng(0)
    won, said = [], []
    for _ in range(20_000):
        gaps = rng.normal(rng.normal(0, 0.05), 0.1, 10)
        said.append(chance_of_winning(list(gaps[:4]), 10, Spread(0.01, 8)))
        won.append(gaps.mean() > 0)
    low = (np.array(said) > 0.05) & (np.array(said) < 0.15)
    assert low.sum() > 1000
    assert 0.02 < np.array(won)[low].mean() < 0.15


def test_a_trial_that_is_ahead_is_never_stopped():
    race = Race.over("abcd", seed=0)
    assert not race.lost({0: 0.6, 1: 0.6}, {0: 0.5, 1: 0.5, 2: 0.5, 3: 0.5}, Spread(1e-9, 8))
    assert race.lost({0: 0.4, 1: 0.4}, {0: 0.5, 1: 0.5, 2: 0.5, 3: 0.5}, Spread(1e-9, 8))
    assert not race.lost({}, {0: 0.5}, UNKNOWN)


def test_the_estimate_of_a_stopped_trial_is_below_the_best():
    race = Race.over("abcd", seed=0)
    # 0.1 behind on two easy targets: 0.1 below the best's mean of 0.5, though its own mean is 0.8.
    assert race.estimate({0: 0.8, 1: 0.8}, {0: 0.9, 1: 0.9, 2: 0.1, 3: 0.1}) == pytest.approx(0.4)
    with pytest.raises(ValueError, match="no scored target"):
        race.estimate({0: 0.8}, {1: 0.9})


def simulated(rng, n_trials, n_authors, n_targets=3):
    """Scores (trials, authors, targets): programs differ by 0.06, authors by 0.15, and how a program suits an author by
    0.05; a text adds 0.15 of its own. All standard deviations."""
    programs = np.concatenate([[0], rng.normal(0, 0.06, n_trials - 1)])[:, None, None]
    authors = rng.normal(0, 0.15, n_authors)[None, :, None]
    suits = rng.normal(0, 0.05, (n_trials, n_authors, 1))
    return np.clip(0.55 + programs + authors + suits + rng.normal(0, 0.15, (n_trials, n_authors, n_targets)), 0, 1)


def raced(scores, seed, risk=RISK):
    """The trial that a race chooses, and the share of targets that it saves."""
    n_trials, n_authors, n_targets = scores.shape
    authors = [f"author {index // n_targets:02}" for index in range(n_authors * n_targets)]
    race = Race.over(authors, seed, risk)
    tables = [dict(enumerate(each.ravel())) for each in scores]
    best, n_scored, known = 0, n_authors * n_targets, {0: tables[0]}
    for trial in range(1, n_trials):
        ours, stopped = {}, False
        prior = pooled(author_gaps(authors, known[each], tables[best]) for each in known if each != best)
        for block in race.blocks:
            ours.update({index: tables[trial][index] for index in block})
            if len(ours) < len(authors) and race.lost(ours, tables[best], prior):
                stopped = True
                break
        known[trial] = ours
        n_scored += len(ours)
        if not stopped and np.mean(list(ours.values())) > np.mean(list(tables[best].values())):
            best = trial
    return best, 1 - n_scored / scores[:, :, 0].size / n_targets


@pytest.mark.parametrize(("n_trials", "n_authors"), [(30, 4), (30, 8), (30, 12), (80, 8), (30, 25)])
def test_racing_saves_two_fifths_of_the_targets_and_chooses_the_same(n_trials, n_authors):
    same, saved = [], []
    for seed in range(100):
        scores = simulated(np.random.default_rng(seed), n_trials, n_authors)
        best, share = raced(scores, seed)
        same.append(best == scores.mean((1, 2)).argmax())
        saved.append(share)
    assert np.mean(saved) >= 0.4
    assert np.mean(same) >= 0.8


def test_without_risk_nothing_is_saved_and_the_choice_is_the_best():
    scores = simulated(np.random.default_rng(1), 20, 8)
    assert raced(scores, 1, risk=0) == (scores.mean((1, 2)).argmax(), 0.0)
