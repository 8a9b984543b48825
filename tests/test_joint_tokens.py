"""What a text takes is the same whether a model was paid for it or a cache had the answer."""

import dspy
import pytest
from answering import AnsweringEngine, answering_lm
from hypothesis import given
from hypothesis import strategies as st

from optimizers.joints.scoring import Scorer
from optimizers.joints.taken import Asked, TokenCount
from programs.lms.adapters import FittingAdapter
from programs.lms.answer_cache import AnswerCache
from programs.spending import Usage

EXAMPLES = [
    dspy.Example(prompt=f"Write of day {number}.", target_id=str(number)).with_inputs("prompt") for number in range(3)
]


def asked(n_calls: int, characters: int) -> Asked:
    found = Asked()
    found.n_calls, found.characters = n_calls, characters
    return found


def test_a_trial_that_finds_its_answers_in_the_cache_takes_as_much_as_the_one_that_paid(monkeypatch):
    monkeypatch.setattr(dspy, "cache", AnswerCache(None, {}))
    engine = AnsweringEngine()
    scorer = Scorer(lambda *_: 1.0, EXAMPLES, n_threads=2)
    with dspy.context(lm=answering_lm(engine, cache=True), adapter=FittingAdapter()):
        paid = scorer(dspy.Predict("prompt -> text"), [0, 1, 2])
        assert engine.n_calls == 3
        found = scorer(dspy.Predict("prompt -> text"), [0, 1, 2])
    assert engine.n_calls == 3
    # The engine tells 15 tokens for each; the texts are equally long.
    assert [row.tokens for row in paid] == [15, 15, 15] == [row.tokens for row in found]


def test_candidates_of_which_the_cache_has_some_count_all(monkeypatch):
    monkeypatch.setattr(dspy, "cache", AnswerCache(None, {}))
    scorer = Scorer(lambda *_: 1.0, EXAMPLES, n_threads=1)
    lm = answering_lm(AnsweringEngine(), cache=True, temperature=0.7, seed=1)
    with dspy.context(lm=lm, adapter=FittingAdapter()):
        [one] = scorer(dspy.Predict("prompt -> text"), [0])
        # The first of two candidates is the one text of before.
        [two] = scorer(dspy.Predict("prompt -> text", n=2), [0])
    assert one.tokens == 15 and two.tokens == pytest.approx(30, abs=1)


def test_tokens_are_not_known_while_no_model_has_told_any():
    count = TokenCount()
    assert count(Usage(0, 0, 0), asked(0, 0)) is None
    assert count(Usage(0, 0, 0), asked(2, 400)) is None
    assert count(Usage(1, 80, 20), asked(1, 400)) == 100
    # A quarter of a token a character.
    assert count(Usage(0, 0, 0), asked(2, 800)) == 200


@given(st.integers(1, 10**4), st.integers(1, 10**4), st.integers(1, 10**5))
def test_what_models_tell_is_believed_and_the_rest_is_in_proportion(tokens, characters, others):
    count = TokenCount()
    assert count(Usage(1, tokens, 0), asked(1, characters)) == tokens
    assert count(Usage(0, 0, 0), asked(1, others)) == round(others * tokens / characters)
