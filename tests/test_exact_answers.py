"""Answers of the exact engine are kept apart from those of the ordinary one, which a seed does not repeat."""

import dspy
import pytest
from answering import AnsweringEngine, answering_lm

from programs.lms.answer_cache import AnswerCache


@pytest.fixture
def cache(monkeypatch):
    found = AnswerCache(None, {})
    monkeypatch.setattr(dspy, "cache", found)
    return found


@pytest.mark.parametrize("settings", [{"temperature": 0.0}, {"temperature": 0.7, "seed": 1}, {"n": 2, "seed": 1}])
def test_an_exact_model_does_not_take_the_ordinary_one_s_answers(cache, settings, caplog):
    ordinary, exact = AnsweringEngine(), AnsweringEngine()
    vars(exact)["exact"] = True
    models = [answering_lm(engine, cache=True, **settings) for engine in (ordinary, exact)]
    for model in models:
        model("Write of rain.")
        model("Write of rain.")
    # Each asks once for each candidate, and finds its own answers again.
    n = settings.get("n", 1)
    assert (ordinary.n_calls, exact.n_calls) == (n, n)
    # Another rollout is another answer, of the exact model too.
    models[1]("Write of rain.", rollout_id=7)
    assert exact.n_calls == 2 * n
    assert "rollout_id" not in caplog.text
