"""Whom a text must beat: fixed opponents, and the best so far."""

import dspy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs.contest import WinMetric
from programs.feedback import TellingMetric
from programs.judges.judge import Preference
from programs.opponents import (
    FIRST,
    BestSoFar,
    FixedOpponent,
    SelfPlay,
    check_opponent,
    judged_by,
    on_scale,
)
from programs.ratings import expected
from signatures.errors import SetupError
from signatures.records import Text


class Longer:
    """Prefers the longer text; gives no scores."""

    name = version = "longer"

    def prefers(self, author: str, a: str, b: str) -> Preference:
        return "tie" if len(a) == len(b) else "a" if len(a) > len(b) else "b"

    def prefer_many(self, authors, a, b) -> list[Preference]:
        return [self.prefers(*one) for one in zip(authors, a, b, strict=True)]

    def reason(self, author: str, a: str, b: str) -> str:
        return f"{self.prefers(author, a, b)}: it is longer"


TARGETS = [f"t{number}" for number in range(6)]
TEXTS = {name: Text(id=name, author="ann", prompt="Write.", text="Real words.") for name in [*TARGETS, "train"]}
FIRST_TEXTS = dict.fromkeys([*TARGETS, "train"], "xxxx")


def metric(opponent) -> WinMetric:
    return WinMetric(Longer(), opponent, TEXTS)


COMPARE = judged_by(metric({}))


def best() -> BestSoFar:
    return BestSoFar(FIRST_TEXTS, TARGETS, COMPARE)


def run(opponent: BestSoFar, name: str, lengths: list[int]) -> None:
    for target, length in zip(TARGETS, lengths, strict=False):
        opponent.heard(target, "x" * length)
    opponent.end_trial(name)


def test_a_fixed_opponent_is_a_baseline_under_a_name():
    champion = FixedOpponent("champion", {"t0": "xx"})
    assert (champion.name, champion["t0"], list(champion), len(champion)) == ("champion", "xx", ["t0"], 1)
    said = metric(champion)(dspy.Example(target_id="t0"), dspy.Prediction(text="xxx"))
    assert said == 1.0
    with pytest.raises(KeyError):
        champion["t1"]


def test_points_are_those_of_the_judge_whatever_the_metric_compares_with():
    assert [COMPARE("t0", "xx", other) for other in ("x", "xx", "xxx")] == [1.0, 0.5, 0.0]


def test_before_a_trial_the_first_opponent_stands():
    opponent = best()
    assert (opponent.best, opponent.standing, opponent["t0"], len(opponent)) == (FIRST, 0.5, "xxxx", 7)
    assert set(opponent) == set(FIRST_TEXTS)


def test_a_better_trial_becomes_the_opponent_and_a_worse_one_does_not():
    opponent = best()
    run(opponent, "trial 0", [5] * 6)
    assert opponent.best == "trial 0" and opponent["t0"] == "xxxxx"
    # The opponent of other targets, such as of a bootstrapping run, stays the first.
    assert opponent["train"] == "xxxx"
    run(opponent, "trial 1", [3] * 6)
    assert opponent.best == "trial 0"
    run(opponent, "trial 2", [9] * 6)
    assert opponent.best == "trial 2" and opponent["t5"] == "x" * 9
    scores = opponent.scores()
    assert scores["trial 1"] < scores[FIRST] == 0.5 < scores["trial 0"] < scores["trial 2"] == opponent.standing


def test_everybody_is_scored_again_when_somebody_comes():
    opponent = best()
    run(opponent, "trial 0", [5, 5, 5, 5, 3, 3])
    # Four of six against the first; r and -r by symmetry: 4 + 1/2 = 6 / (1 + e^-2r) + 1 / (1 + e^-r).
    before = opponent.ratings()["trial 0"] / 2
    assert 6 * expected(2 * before, 0) + expected(before, 0) == pytest.approx(4.5)
    # A weak trial that the first beats throughout, and trial 0 four times, tells something about both.
    run(opponent, "trial 1", [1] * 6)
    assert opponent.ratings()["trial 0"] / 2 != pytest.approx(before)


def test_a_draw_dethrones_nobody():
    opponent = best()
    run(opponent, "trial 0", [4] * 6)
    assert opponent.best == FIRST
    run(opponent, "trial 1", [6] * 6)
    run(opponent, "trial 2", [6] * 6)
    assert opponent.best == "trial 1"


def test_a_few_lucky_targets_make_no_champion():
    opponent = best()
    run(opponent, "trial 0", [5] * 6)
    run(opponent, "pruned", [9, 9])
    assert opponent.best == "trial 0" and "pruned" in opponent.ratings()
    run(opponent, "trial 2", [9] * 6)
    assert opponent.best == "trial 2"


def test_texts_of_other_targets_and_empty_trials_are_not_kept():
    opponent = best()
    opponent.heard("train", "x" * 99)
    opponent.end_trial("nothing heard")
    assert opponent.ratings() == {FIRST: 0.0} and opponent["train"] == "xxxx"


def test_a_name_is_used_once():
    opponent = best()
    run(opponent, "trial 0", [5] * 6)
    with pytest.raises(ValueError, match="'trial 0' has ended already"):
        opponent.end_trial("trial 0")


def test_only_the_first_and_the_best_rated_are_met():
    asked = []

    def compare(target: str, text: str, other: str) -> float:
        asked.append(other)
        return COMPARE(target, text, other)

    opponent = BestSoFar(FIRST_TEXTS, TARGETS, compare, n_rivals=1)
    for number in range(5):
        asked.clear()
        run(opponent, f"trial {number}", [5 + number] * 6)
        # Six targets against the first, and six against the best there is, which is the trial before.
        assert asked == ["xxxx"] * 6 + (["x" * (4 + number)] * 6 if number else [])


@given(st.lists(st.lists(st.integers(1, 9), min_size=6, max_size=6), min_size=1, max_size=6))
def test_the_opponent_is_whoever_is_rated_highest(trials):
    opponent = best()
    for number, lengths in enumerate(trials):
        run(opponent, f"trial {number}", lengths)
    scores = opponent.scores()
    assert scores[FIRST] == 0.5 and opponent.standing == max(scores.values())
    assert opponent["t0"] in {"xxxx", *("x" * lengths[0] for lengths in trials)}


def asked(target: str) -> dspy.Example:
    return dspy.Example(target_id=target)


def said(length: int) -> dspy.Prediction:
    return dspy.Prediction(text="x" * length)


def playing() -> tuple[BestSoFar, SelfPlay]:
    opponent = best()
    return opponent, SelfPlay(TellingMetric(metric(opponent)), opponent)


def test_self_play_scores_against_the_best_so_far_on_the_first_ones_scale():
    opponent, play = playing()
    assert [play(asked(target), said(5)) for target in TARGETS] == [1.0] * 6
    opponent.end_trial("trial 0")
    standing = opponent.standing
    assert standing > 0.8
    # What was a win over the first is a draw now, worth what the opponent is worth.
    assert play(asked("t0"), said(5)) == pytest.approx(standing)
    assert play(asked("t0"), said(6)) == pytest.approx(1.0)
    assert play(asked("t0"), said(4)) == pytest.approx(2 * standing - 1)
    # Bootstrapping wants to know whether it wins, and is no trial.
    assert play(asked("t1"), said(6), []) is True and play(asked("t1"), said(5), []) is False


def test_bootstrapping_runs_are_not_heard():
    opponent, play = playing()
    play(asked("t0"), said(9), [])
    opponent.end_trial("trial 0")
    assert opponent.best == FIRST


def test_self_play_gives_words_too():
    _, play = playing()
    told = play(asked("t0"), said(3), None, "write", None)
    assert isinstance(told, dspy.Prediction) and told.score == 0.0
    assert told.feedback == play.feedback(asked("t0"), said(3))
    assert "prefers the other text" in told.feedback


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_the_scale_keeps_order_and_range(points, other, standing):
    low, high = sorted((points, other))
    assert -1e-9 <= on_scale(low, standing) <= on_scale(high, standing) + 1e-12 <= 1 + 1e-9
    assert on_scale(0.5, standing) == pytest.approx(standing)
    assert on_scale(points, 0.5) == pytest.approx(points)


def test_an_unknown_opponent_lists_the_known_ones():
    check_opponent("self")
    with pytest.raises(SetupError, match="unknown opponent 'me'; choose one of: baseline, champion, self"):
        check_opponent("me")
