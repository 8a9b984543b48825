"""What the benchmarks of personality, hypotheses and constraints make of their counts."""

import random
from math import sqrt

import numpy as np
import pytest
from people import texts_of

from benchmarks.constraints import Tally
from benchmarks.figures import SHARE, Values, root, spread
from benchmarks.hypothesising import choices, nearest, share, simulated, stating, trait_statements
from benchmarks.personality import alike, english_share, factor_lines, fewest, independent
from programs.constraints import Constraint
from programs.hypothesising.sameness import says_the_same
from programs.personalities.cues import CUES
from programs.traits import TRAITS, default_population
from signatures.personality import Contribution, Factor, FactorScore


def scored(factor: Factor, z: float, cues: list[float], weight: float = 0.5, error: float = 0.5) -> FactorScore:
    """A score whose cues, turned by their signs, lie so far out."""
    parts = [
        Contribution(trait=cue.trait, weight=cue.sign * weight, z=cue.sign * each, source="a study")
        for cue, each in zip(CUES[factor], cues, strict=True)
    ]
    return FactorScore(
        factor=factor,
        z=z,
        error=error,
        percentile=0.5,
        contributions=tuple(parts),
        evidence=(),
        n_words=500,
        sentence="",
    )


def test_a_mean_is_told_with_its_interval_and_numbers():
    values = Values()
    for author in "abcd":
        values.add(author, 1.0)
        values.add(author, 0.0)
    assert values.mean == 0.5
    # All four authors, and half an even one, have the same mean: the interval has no width.
    assert values.told(0, 0.5, SHARE) == "0.500 (0.500 to 0.500; n 8, 4 authors)"
    assert values.told(0, 0.5, SHARE, shown=root).startswith("0.707 (0.707 to 0.707;")
    assert Values().told(0) == "none"


def test_ranges_and_roots():
    assert spread([3.0, 1.0, 2.0]) == "1.00 to 3.00, 2.00 in the middle"
    assert spread([]) == "none"
    assert (root(4.0), root(-1.0)) == (2.0, 0.0)


def test_cues_are_as_alike_as_the_mean_of_their_correlations():
    rng = np.random.default_rng(0)
    # All six cues of extraversion have a share of 1, so that every pair weighs the same.
    table = rng.normal(size=(12, 6)) + rng.normal(size=(12, 1))
    rows = [
        (str(place), scored("extraversion", 0.0, [*row]), scored("extraversion", 0.0, [*row]))
        for place, row in enumerate(table)
    ]
    expected = np.mean(np.asarray(np.corrcoef(table.T))[np.triu_indices(6, 1)])
    assert alike("extraversion", rows).mean == pytest.approx(expected)
    # A cue that never varies agrees with none: 10 of 15 pairs are left, of correlation 1.
    same = [
        (str(z), scored("extraversion", 0.0, [*[z] * 5, 1.0]), scored("extraversion", 0.0, [z] * 6)) for z in (1.0, 2.0)
    ]
    assert alike("extraversion", same).mean == pytest.approx(10 / 15)


def test_independent_cues_would_add_up_to_the_root_of_their_squares():
    # Six weights of 0.5: the scale of independent ones is the root of 6 * 0.25.
    assert independent(scored("extraversion", 3.0, [1.0] * 6)) == pytest.approx(3 / sqrt(1.5))


def test_scores_are_compared_in_their_errors():
    one = scored("extraversion", 2.0, [1.0] * 6, error=0.3)
    other = scored("extraversion", 1.5, [1.5, *[1.0] * 5], error=0.4)
    third = scored("extraversion", -1.0, [0.5, *[0.0] * 5], error=0.3)
    lines = factor_lines("extraversion", [("a", one, other), ("b", third, other)], 0)
    # 0.5 and 2.5 apart at errors of 0.5: the root of (1 + 25) / 2; both are clear, one of two has the other's side.
    assert lines[2].startswith("  differ by 3.606 ")
    assert lines[3].startswith("  clear 1.000 ") and "other texts 0.500 " in lines[3]
    # 2 and -1: a standard deviation of 1.5.
    assert lines[1].startswith("  spread 1.500 ")


def test_as_few_texts_as_have_enough_words():
    text = "word " * 140
    assert len(fewest([text] * 5)) == 3
    assert len(fewest([text])) == 1
    assert english_share(["The cat and the dog of Ann"]) == pytest.approx(4 / 7)


def test_shares_count_every_habit_on_every_text():
    many, few = stating("Many.", "commas>=4"), stating("Few.", "commas<2")
    # 5 fits the first only, 3 neither, 1 the second only.
    assert share([many, few], [{"commas": 5.0}, {"commas": 3.0}, {"commas": 1.0}]) == pytest.approx(2 / 6)
    assert share([], [{"commas": 5.0}]) == 0.0


def test_near_writers_and_the_ways_to_choose_habits():
    samples = [*texts_of("zoe-park")[:5]]
    others = {name: texts_of(name)[:4] for name in ("tom-harrow", "carla-voss", "edmund-leigh")}
    near = nearest(samples, others)
    assert len(near) == 2 and all(text in others[name] for name, text in near.items())
    found = choices(samples, [*near.values()], default_population())
    assert [len(each) for each in found.values()] == [6, 6, 6]
    assert len({each.check for each in found["first six that lead"]}) == 6


def test_every_trait_says_much_and_little_and_no_two_statements_are_the_same():
    found = trait_statements()
    assert len(found) == 2 * len(TRAITS)
    assert not any(says_the_same(one, other) for one, other in zip(found[::2], found[1::2], strict=True))


@pytest.mark.parametrize(("k", "draws"), [(1, False), (2, True)])
def test_the_winner_is_found_with_many_targets(k: int, draws: bool):
    found = [simulated(k, draws, random.Random(seed), seed) for seed in range(5)]
    assert [*found[0]] == [25, 100, 300]
    # In all but one or two of a hundred runs.
    assert sum(each[300] for each in found) >= 4
    assert simulated(k, draws, random.Random(0), 0) == found[0]


def test_texts_are_held_against_constraints():
    tally = Tally()
    asking = "Is it so? Was it ever so? " * 10
    tally.add(
        "a",
        ["Plain words."],
        [Constraint(check="questions>=0.5"), Constraint(check="emoji<0.01")],
        [asking, "It rained. " * 30],
    )
    # Of four, one is not met: the second text asks nothing. Nothing in either can be tidied.
    assert tally.met.values == [1.0, 1.0, 0.0, 1.0]
    assert (tally.whole.values, tally.tidied.values, len(tally.off.values)) == ([1.0, 0.0], [0.0, 0.0], 1)
    tally.add("a", ["Plain words."], [Constraint(check="emoji<0.01")], ["It rained again today. 🎉"])
    assert (tally.whole.values[-1], tally.tidied.values[-1]) == (0.0, 1.0)
