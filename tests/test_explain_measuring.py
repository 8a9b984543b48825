"""Effects counted from texts and verdicts whose answers are known."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs.explaining.judging import judged_by
from programs.explaining.measuring import Measured, effects, obedience
from programs.explaining.records import Arm, Effect, ExplainedAuthor, JudgedText, WrittenText
from programs.explaining.wording import NOISE, ONE_TARGET, verdict
from programs.judges.log_odds import preference_of
from programs.judges.opinions import Opinion
from signatures.hypotheses import Hypothesis
from signatures.records import Text

HEDGES = Hypothesis(dimension="communication strategy", aspect="directness", statement="Hedges.", check="hedges>=10")
SHORT = Hypothesis(dimension="writing style", aspect="rhythm", statement="Writes short.")


def explained(*names: str, hypotheses: Sequence[Hypothesis] = (HEDGES,)) -> list[ExplainedAuthor]:
    return [ExplainedAuthor(author=name, part="test", hypotheses=tuple(hypotheses)) for name in names]


def written(author: str, target: str, arm: Arm, text: str = "A text.", **fields) -> WrittenText:
    place = 0 if arm in ("without", "swapped") else None
    return WrittenText(
        **{"author": author, "target_id": target, "draw": 0, "arm": arm, "place": place, "text": text} | fields
    )


def scored(text: WrittenText, score: float | None, points: float | None = None) -> JudgedText:
    slot = {name: getattr(text, name) for name in ("author", "target_id", "draw", "arm", "place")}
    return JudgedText(judge="j", **slot, score=score, points=points)


def measured(gaps: dict[tuple[str, str], float], arm: Arm = "without") -> Measured:
    """One draw a target, in which the full set's text scores so much more than the changed one's, and wins if so."""
    texts, judged = [], []
    for (author, target), gap in gaps.items():
        full, changed = written(author, target, "full"), written(author, target, arm, "Another text.")
        texts += [full, changed]
        judged += [scored(full, 1.0), scored(changed, 1.0 - gap, 0.5 - 0.5 * np.sign(gap))]
    return Measured(explained(*dict.fromkeys(author for author, _ in gaps)), texts, judged, 0)


def the(found: Sequence[Effect], scope: str, arm: Arm = "without", author: str = "", name: str = "") -> Effect:
    (effect,) = (
        each
        for each in found
        if (each.scope, each.arm, each.author) == (scope, arm, author) and name in (each.name, "")
    )
    return effect


def test_an_effect_is_the_mean_over_pairs_of_full_less_changed():
    effect = the(effects(measured({("a", "t1"): 1.0, ("a", "t2"): 2.0, ("a", "t3"): 6.0})), "hypothesis", author="a")
    assert effect.score and effect.wins
    # (1 + 2 + 6) / 3; all three won: 1 less one half.
    assert (effect.score.value, effect.wins.value, effect.n_pairs) == (3.0, 0.5, 3)
    assert (effect.score.n_units, effect.score.unit) == (3, "target")


@given(st.lists(st.floats(-20, 20), min_size=2, max_size=8), st.sampled_from(["without", "swapped", "none", "again"]))
def test_what_the_sets_lose_by_a_change_they_gain_by_its_reverse(gaps, arm):
    scope = {"none": "the set", "again": "noise"}.get(arm, "hypothesis")

    def of(sign: int) -> Effect:
        found = effects(measured({("a", f"t{n}"): sign * gap for n, gap in enumerate(gaps)}, arm))
        return the(found, scope, arm, "a")

    there, back = of(1), of(-1)
    assert there.score and back.score and there.wins and back.wins
    assert there.score.value == pytest.approx(-back.score.value)
    assert there.wins.value == pytest.approx(-back.wins.value)
    assert there.score.low is not None and there.score.high is not None
    assert there.score.low <= there.score.value <= there.score.high


def test_draws_of_one_target_are_one_unit_and_give_no_interval():
    texts, judged = [], []
    for draw in range(4):
        full, changed = written("a", "t", "full", draw=draw), written("a", "t", "without", draw=draw)
        texts, judged = [*texts, full, changed], [*judged, scored(full, 3.0), scored(changed, 0.0, 0.0)]
    effect = the(effects(Measured(explained("a"), texts, judged, 0)), "hypothesis", author="a")
    assert effect.score and (effect.score.value, effect.score.n_units, effect.n_pairs) == (3.0, 1, 4)
    assert effect.score.low is None and effect.score.high is None
    assert verdict(effect.score) == ONE_TARGET and not effect.score.clear


def test_a_pair_with_a_failed_side_is_left_out_and_counted_and_one_without_its_other_side_is_neither():
    found = measured({("a", f"t{n}"): 1.0 for n in range(4)})
    texts = list(found.texts)
    texts[0] = texts[0].model_copy(update={"error": "full failed", "text": ""})
    texts[3] = texts[3].model_copy(update={"error": "changed failed", "text": ""})
    del texts[5]
    effect = the(effects(Measured(found.authors, texts, found.judged, 0)), "hypothesis", author="a")
    # Of four pairs two failed, one has no changed text yet.
    assert (effect.n_pairs, effect.n_failed) == (1, 2)


def test_a_judge_without_scores_has_wins_and_one_without_a_verdict_is_counted():
    found = measured({("a", f"t{n}"): 1.0 for n in range(3)})
    judged = [each.model_copy(update={"score": None}) for each in found.judged]
    judged[1] = judged[1].model_copy(update={"points": None, "error": "silent"})
    effect = the(effects(Measured(found.authors, found.texts, judged, 0)), "hypothesis", author="a")
    assert effect.score is None and effect.main is effect.wins
    assert (effect.n_pairs, effect.n_unjudged) == (2, 1)


def test_over_authors_effects_are_put_together_by_trait_and_aspect_with_authors_as_units():
    found = effects(measured({("a", "t1"): 1.0, ("a", "t2"): 3.0, ("b", "t3"): 5.0, ("b", "t4"): 7.0}))
    for scope, name in (("trait", "hedges"), ("aspect", "directness"), ("all hypotheses", "every hypothesis")):
        effect = the(found, scope, name=name)
        assert effect.score and (effect.score.value, effect.score.n_units, effect.score.unit) == (4.0, 2, "author")
    alone = effects(measured({("a", "t1"): 1.0, ("a", "t2"): 3.0}))
    assert {each.scope for each in alone} == {"hypothesis"}


def test_a_trait_that_one_author_has_alone_is_no_effect_over_authors():
    both = explained("a", "b", hypotheses=(SHORT,))
    found = measured({("a", "t1"): 1.0, ("b", "t2"): 2.0})
    one = [both[0], explained("b")[0]]
    scopes = {(each.scope, each.name) for each in effects(Measured(one, found.texts, found.judged, 0))}
    assert ("all hypotheses", "every hypothesis") in scopes
    assert not {scope for scope, _ in scopes} & {"trait", "aspect"}


def test_the_most_useful_comes_first():
    two = (SHORT, HEDGES)
    texts, judged = [], []
    for target in ("t1", "t2"):
        full = written("a", target, "full")
        texts, judged = [*texts, full], [*judged, scored(full, 5.0)]
        for place, gap in ((0, -1.0), (1, 4.0)):
            changed = written("a", target, "without", place=place)
            texts, judged = [*texts, changed], [*judged, scored(changed, 5.0 - gap, 0.5)]
    found = effects(Measured(explained("a", hypotheses=two), texts, judged, 0))
    assert [each.name for each in found] == ["Hedges.", "Writes short."]


def test_noise_is_told_from_an_effect():
    rng = np.random.default_rng(7)
    n_clear = {0.0: 0, 3.0: 0}
    for shift in n_clear:
        for _ in range(100):
            gaps = {("a", f"t{n}"): float(gap) for n, gap in enumerate(rng.normal(shift, 1.0, 6))}
            estimate = the(effects(measured(gaps)), "hypothesis", author="a").score
            n_clear[shift] += verdict(estimate) != NOISE
    # 95% intervals: about 5 of 100 where there is nothing; an effect of three deviations shows nearly always.
    assert n_clear[0.0] <= 10 and n_clear[3.0] >= 95


def test_obedience_is_the_share_of_texts_on_which_the_check_holds():
    texts = []
    for target, (full, changed) in {
        "t1": ("Perhaps it may.", "It is."),
        "t2": ("Maybe it could.", "It is."),
        "t3": ("It is.", "Perhaps it may."),
        "t4": ("Perhaps so.", "Perhaps so."),
    }.items():
        texts += [written("a", target, "full", full), written("a", target, "without", changed)]
    (found,) = obedience(Measured(explained("a", hypotheses=(HEDGES, SHORT)), texts, (), 0))
    # Hedged with it: t1, t2, t4; without it: t3, t4. The other hypothesis has no check.
    assert (found.with_it, found.without_it, found.n_pairs, found.place) == (0.75, 0.5, 4, 0)
    assert found.difference.value == 0.25


class FirstSlot:
    """Prefers what stands first, and gives no score."""

    name, version = "first", "first-1"

    def prefers(self, author, a, b):
        return "a"

    def prefer_many(self, authors, a, b):
        return ["a"] * len(a)

    def reason(self, author, a, b):
        return "it stands first"


class Longest(FirstSlot):
    """Prefers the longer text and scores it so."""

    def score(self, author, text):
        return float(len(text))

    def prefer_many(self, authors, a, b):
        return [preference_of(len(one) - len(other)) for one, other in zip(a, b, strict=True)]


class Silent(FirstSlot):
    """Has no verdict where a text is short."""

    def opinions(self, authors, a, b, on_opinion):
        return [
            Opinion(None, error="too short") if len(min(pair, key=len)) < 5 else Opinion("a")
            for pair in zip(a, b, strict=True)
        ]


TARGET = Text(id="t", author="a", prompt="p", text="Dear all, it rains.", prefix="Dear all,")


def test_both_orders_are_asked_so_that_a_judge_of_slots_decides_nothing():
    texts = [written("a", "t", "full", "Long enough."), written("a", "t", "without", "Longer than that.")]
    _, changed = judged_by(FirstSlot(), texts, {"t": TARGET})  # pyright: ignore[reportArgumentType]
    assert (changed.points, changed.score) == (0.5, None)


def test_a_judge_reads_texts_without_what_the_prompt_gave_away_and_no_failed_ones():
    texts = [
        written("a", "t", "full", "Dear all, hello."),
        written("a", "t", "without", "Hi."),
        written("a", "t", "none", "", error="failed"),
    ]
    full, changed = judged_by(Longest(), texts, {"t": TARGET})  # pyright: ignore[reportArgumentType]
    # "hello." has six letters, "Hi." three.
    assert (full.score, full.points) == (6.0, None)
    assert (changed.score, changed.points) == (3.0, 0.0)


def test_a_judge_that_has_no_verdict_leaves_an_error():
    texts = [written("a", "t", "full", "Long enough."), written("a", "t", "without", "Hi.")]
    _, changed = judged_by(Silent(), texts, {"t": TARGET})  # pyright: ignore[reportArgumentType]
    assert (changed.points, changed.error) == (None, "too short")


def test_no_number_of_an_empty_experiment_is_made_up():
    assert effects(Measured(explained("a"), (), (), 0)) == ()
    assert obedience(Measured(explained("a"), (), (), 0)) == ()
    assert math.isfinite(the(effects(measured({("a", "t"): 2.0})), "hypothesis", author="a").main.value)  # pyright: ignore
