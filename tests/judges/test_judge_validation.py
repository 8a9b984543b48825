from collections.abc import Sequence

import numpy as np
import pytest
from made_judges import CASES, ScriptedJudge, by_name, case
from made_voices import STYLES, references, texts

from programs.judges import Preference, fit_stylometric, validate, validate_against
from programs.judges.opinions import OnOpinion, Opinion
from programs.judges.validation import Validation, answer
from signatures.errors import SetupError


def test_a_judge_that_is_always_right_is_trusted_and_every_pair_of_authors_is_judged():
    # ann: 2 targets x 4 of others, bob: 1 x 5, cy: 3 x 3.
    found = validate(ScriptedJudge(by_name), CASES, np.random.default_rng(0))
    assert (found.accuracy, found.n_pairs, found.n_authors, found.trusted) == (1.0, 22, 3, True)
    assert found.low < 1.0


def test_a_judge_that_favours_a_slot_is_right_half_the_time_and_never_says_the_same_twice():
    # In one order its answer is right, in the other wrong: 0.5 in every pair.
    found = validate(ScriptedJudge(lambda *_: "a"), CASES, np.random.default_rng(0))
    assert (found.accuracy, found.consistency, found.trusted) == (0.5, 0.0, False)


def test_consistency_is_the_share_of_pairs_with_one_answer():
    def rule(author: str, a: str, b: str) -> Preference:
        return "a" if "bob" in (author, a[:3], b[:3]) else by_name(author, a, b)

    # Of 22 pairs, bob has a part in 5 of his own, 2 of ann's and 3 of cy's: 12 are left, right in both orders.
    found = validate(ScriptedJudge(rule), CASES, np.random.default_rng(0))
    assert found.consistency == pytest.approx(12 / 22)
    # The other 10 count a half.
    assert found.accuracy == pytest.approx(17 / 22)


def test_ties_in_both_orders_are_one_answer():
    assert validate(ScriptedJudge(lambda *_: "tie"), CASES, np.random.default_rng(0)).consistency == 1.0


class FailingJudge(ScriptedJudge):
    """Has no verdict where `fails` says so."""

    def __init__(self, fails) -> None:
        super().__init__(by_name)
        self.fails = fails

    def opinions(
        self, authors: Sequence[str], a: Sequence[str], b: Sequence[str], on_opinion: OnOpinion
    ) -> list[Opinion]:
        return [
            Opinion(None, error="no answer") if self.fails(*items) else Opinion(self.prefers(*items))
            for items in zip(authors, a, b, strict=True)
        ]


def test_pairs_without_a_verdict_in_an_order_are_counted_and_are_no_wrong_answers():
    # ann's 2 texts before bob's 1 fail in one order: 2 pairs of hers; and bob's pair with hers in the other: 2 of his.
    judge = FailingJudge(lambda author, a, b: (a[:3], b[:3]) == ("ann", "bob"))
    found = validate(judge, CASES, np.random.default_rng(0))
    assert (found.accuracy, found.n_pairs, found.n_failures, found.consistency) == (1.0, 18, 4, 1.0)


def test_a_judge_that_says_nothing_at_all_is_named_with_its_first_error():
    with pytest.raises(SetupError, match=r"judge 'scripted' gave no verdict on any of 22 pairs .*no answer.*another"):
        validate(FailingJudge(lambda *_: True), CASES, np.random.default_rng(0))


def test_a_judge_with_a_model_gets_few_pairs_unless_more_are_asked_for():
    many = [case(author, [f"{author} {n}" for n in range(4)]) for author in "abcdef"]
    judge = FailingJudge(lambda *_: False)
    # 6 x 4 x 20 = 480 pairs.
    assert validate(judge, many, np.random.default_rng(0)).n_pairs == 60
    assert validate(judge, many, np.random.default_rng(0), max_pairs=100).n_pairs == 100
    assert validate(ScriptedJudge(by_name), many, np.random.default_rng(0)).n_pairs == 480


def test_ties_count_half():
    assert validate(ScriptedJudge(lambda *_: "tie"), CASES, np.random.default_rng(0)).accuracy == 0.5


def test_the_cap_bounds_the_pairs_and_the_draw_is_seeded():
    first, second = (validate(ScriptedJudge(by_name), CASES, np.random.default_rng(3), max_pairs=10) for _ in range(2))
    assert first.n_pairs == 10
    assert first == second


def test_what_the_prompt_gave_away_is_not_judged():
    judge = ScriptedJudge(lambda *_: "tie")
    cases = [case("ann", ["Rain fell. I left."], "Rain fell."), case("bob", ["Rain fell. He stayed."], "Rain fell. ")]
    validate(judge, cases, np.random.default_rng(0))
    validate_against(judge, cases, {"ann/0": "Rain fell. We ran."}, np.random.default_rng(0))
    assert set(judge.read) == {"I left.", "He stayed.", "We ran."}


def test_a_text_that_does_not_repeat_the_opening_stays_whole():
    target = CASES[0].targets[0].model_copy(update={"text": "Rain fell. I left.", "prefix": "Rain fell."})
    assert answer(target, " Sun shone. ") == "Sun shone."


def test_real_against_model_texts_counts_the_targets_that_have_one():
    found = validate_against(
        ScriptedJudge(by_name), CASES, {"ann/1": "model", "cy/0": "model"}, np.random.default_rng(0)
    )
    assert (found.accuracy, found.n_pairs, found.n_authors) == (1.0, 2, 2)


def test_nothing_to_judge_is_an_error_and_not_a_number():
    with pytest.raises(SetupError, match="needs targets of two authors"):
        validate(ScriptedJudge(by_name), CASES[:1], np.random.default_rng(0))
    with pytest.raises(SetupError, match="none of the 6 targets has a text that the model wrote"):
        validate_against(ScriptedJudge(by_name), CASES, {"zoe/1": "text"}, np.random.default_rng(0))


def test_trust_begins_at_eighty_percent():
    assert Validation(0.80, 0.7, 0.9, 10, 2).trusted
    assert not Validation(0.799, 0.7, 0.9, 10, 2).trusted


def test_the_stylometric_judge_passes_on_voices_of_the_same_topics():
    cases = [case(style, texts(style, 3, seed=11)) for style in STYLES]
    assert validate(fit_stylometric(references()), cases, np.random.default_rng(0)).accuracy == 1.0
