from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from programs.detectable import detectable, detectable_gap, detectable_rate
from programs.intervals import clustered_mean
from programs.metrics import JudgedPair, Verdict, swapped

C: Verdict = "candidate"
B: Verdict = "baseline"


def pair(author: str, target: str, verdict: Verdict) -> JudgedPair:
    return JudgedPair(author, target, verdict, verdict, 100, 100)


verdicts = st.sampled_from([C, B])
pairs_of_a_run = st.lists(
    st.builds(pair, st.sampled_from("abcdef"), st.integers(0, 40).map(str), verdicts),
    min_size=1,
    max_size=40,
    unique_by=lambda pair: (pair.author, pair.target_id),
)


def test_what_is_detectable_is_what_the_interval_would_leave_out():
    # 50 authors with a pair each, half won. The error at distance d is sqrt((1/4 - d^2) / 49): 0.0714 at 0, 0.066 at
    # 0.19. Without corrections d = (2.01 + 0.85) * 0.066 = 0.19.
    found = detectable_rate([str(author) for author in range(50)], np.array([1.0, 0.0] * 25))
    assert found == pytest.approx(0.19, abs=0.005)


def test_a_high_rate_does_not_promise_what_a_rate_near_one_half_cannot_keep():
    authors = [str(author) for author in range(12) for _ in range(3)]
    even, high, unanimous = (
        detectable_rate(authors, np.array(([1.0] * wins + [0.0] * (36 - wins))[::-1])[np.arange(36) * 5 % 36])
        for wins in (18, 30, 36)
    )
    # Independent pairs: error sqrt((1/4 - d^2) / 36), t(11) = 2.20 and 0.876: near 0.23 whatever the rate.
    assert even and high and unanimous
    assert unanimous == pytest.approx(0.23, abs=0.01)
    assert unanimous <= even < 0.32 and unanimous <= high < 0.32


def test_more_authors_show_smaller_differences():
    draw = np.random.default_rng(2)
    found = [
        detectable_gap([str(n) for n in range(size)], draw.choice([-0.5, 0.0, 0.5], size=size)) for size in (6, 24, 96)
    ]
    assert found[0] and found[1] and found[2]
    assert found[0] > found[1] > found[2] > 0
    # Standard deviation 0.41, 96 authors: (1.99 + 0.85) * 0.41 / sqrt(96) = 0.118.
    assert found[2] == pytest.approx(0.118, abs=0.012)


def test_where_nothing_can_be_seen_no_number_is_given():
    assert detectable_rate(["a", "a", "b", "b"], np.array([1.0, 0.0, 1.0, 1.0])) is None
    # A judge that only ties tells nothing about what it would take.
    assert detectable_rate(list("abcdef"), np.full(6, 0.5)) is None
    assert detectable_gap(list("abcdef"), np.zeros(6)) is None
    assert detectable_gap(list("abc"), np.array([1.0, -1.0, 1.0])) is None
    with pytest.raises(ValueError, match="at least one value"):
        detectable_rate([], np.array([]))


def test_the_sample_is_told_in_a_sentence():
    def systems(n_authors: int) -> list[list[JudgedPair]]:
        mixed = [
            pair(str(author), str(n), B if (author + n) % 2 else C) for author in range(n_authors) for n in range(3)
        ]
        return [mixed, [replace(each, candidate_first=C, baseline_first=C) for each in mixed]]

    found = detectable("zero-shot", "delta", systems(12))
    assert (found.n_authors, found.n_pairs, found.baseline, found.judge) == (12, 36, "zero-shot", "delta")
    assert found.value and found.between
    low, high, two = (f"{number:.2f}" for number in (0.5 - found.value, 0.5 + found.value, found.between))
    assert found.in_words() == (
        f"With 12 authors and 36 pairs a win rate must be {high} or more, or {low} or less, to be told from one half,"
        f" and two systems must differ by {two} or more; smaller differences are likely to stay unseen."
    )
    assert detectable("zero-shot", "delta", systems(12)[::-1]) == found
    alone = detectable("zero-shot", "delta", systems(1)[:1])
    assert alone.in_words() == "With 1 author and 3 pairs no win rate can be told from one half."
    with pytest.raises(ValueError, match="at least one system"):
        detectable("zero-shot", "delta", [])


@settings(deadline=None)
@given(pairs=pairs_of_a_run)
def test_what_is_detectable_turns_with_the_systems_and_stays_in_bounds(pairs: list[JudgedPair]):
    found = detectable("b", "j", [pairs])
    mirror = detectable("b", "j", [[swapped(pair) for pair in pairs][::-1]])
    assert (found.value is None) == (mirror.value is None)
    assert found.value is None or 0 < found.value < 0.5
    assert found.value is None or found.value == pytest.approx(mirror.value, abs=1e-6)


def drawn_wins(rate: float, n_authors: int, draw: np.random.Generator) -> np.ndarray:
    """Three pairs an author; authors differ (beta, correlation 1/6 within an author)."""
    chance = draw.beta(rate * 5, (1 - rate) * 5, size=n_authors).repeat(3)
    return draw.binomial(1, chance).astype(float)


@pytest.mark.slow
@pytest.mark.parametrize("n_authors", [12, 25, 50])
def test_a_detectable_rate_is_found_in_most_runs_and_not_in_all(n_authors: int):
    draw = np.random.default_rng(4)
    authors = [str(author) for author in range(n_authors) for _ in range(3)]
    pilots = [detectable_rate(authors, drawn_wins(0.6, n_authors, draw)) for _ in range(200)]
    gap = float(np.median([pilot for pilot in pilots if pilot]))
    found = 0
    for _ in range(1000):
        wins = drawn_wins(0.5 + gap, n_authors, draw)
        found += clustered_mean(authors, wins, rng=draw, n_resamples=300).low > 0.5
    assert 0.65 <= found / 1000 <= 0.85
