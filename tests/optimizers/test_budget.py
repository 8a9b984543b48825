"""Limits of a run, and refusing what would exceed them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import dspy
import pytest
from dspy.lm15 import Message, Request, Response, TextPart, Usage
from hypothesis import given
from hypothesis import strategies as st
from toy import Parrot, Toy, metric

from optimizers import find_optimizer
from optimizers.budget import Budget, Limits
from optimizers.contract import OutOfBudgetError, Spent
from programs.lms.adapters import FittingAdapter
from programs.lms.answer_cache import AnswerCache
from programs.lms.embedded_lm import EmbeddedLM
from programs.metering import Tally
from signatures.errors import SetupError


@pytest.fixture(autouse=True)
def kept(monkeypatch):
    monkeypatch.setattr(dspy, "cache", AnswerCache(None, {}))


class Spender:
    """Answers everything with 10 tokens read and 5 written; `usage` overrides what it reports."""

    supports_response_schema = True
    supported_params = frozenset({"temperature", "max_tokens", "seed"})

    def __init__(self, usage: Usage | None = None, gate: threading.Barrier | None = None) -> None:
        self.n_calls = 0
        self.usage = usage or Usage(input_tokens=10, output_tokens=5)
        self.gate = gate
        self._lock = threading.Lock()

    def complete(self, request: Request) -> Response:
        with self._lock:
            self.n_calls += 1
        if self.gate is not None:
            self.gate.wait(5)
        message = Message(role="assistant", parts=(TextPart(text="said"),))
        return Response(id=None, model=request.model, message=message, finish_reason="stop", usage=self.usage)


def spending(engine: Spender, name: str = "embedded", **settings: Any) -> dspy.LM:
    return EmbeddedLM(name, engine=engine, **{"cache": False, "num_retries": 0, **settings})


def asked(lm: dspy.LM, prompt: str) -> bool:
    """Whether the call was made."""
    try:
        lm(prompt)
    except OutOfBudgetError:
        return False
    return True


@pytest.mark.parametrize(
    ("limits", "n_made"),
    [
        (Limits(max_calls=7), 7),
        # 15 tokens a call: after the third, 45 are spent.
        (Limits(max_tokens=45), 3),
        (Limits(max_tokens=46), 4),
        (Limits(max_calls=7, max_tokens=30), 2),
        (Limits(), 12),
    ],
)
def test_calls_are_refused_once_a_limit_is_reached_across_roles(limits, n_made):
    budget, engine = Budget(limits), Spender()
    roles = [budget.metered(spending(engine), role) for role in ("task model", "proposer", "judge")]
    made = [asked(roles[number % 3], str(number)) for number in range(12)]
    assert made == [True] * n_made + [False] * (12 - n_made)
    assert engine.n_calls == n_made == budget.spent().calls


@given(limit=st.integers(1, 30), n_threads=st.integers(1, 8), n_calls=st.integers(1, 60))
def test_a_limit_is_exceeded_by_the_calls_in_flight_at_most(limit, n_threads, n_calls):
    budget, engine = Budget(Limits(max_calls=limit)), Spender()
    lm = budget.metered(spending(engine), "task model")
    with ThreadPoolExecutor(n_threads) as pool:
        made = list(pool.map(lambda number: asked(lm, str(number)), range(n_calls)))
    assert sum(made) == engine.n_calls == budget.spent().calls
    # The call that reaches the limit may have n_threads - 1 beside it.
    assert min(limit, n_calls) <= engine.n_calls <= min(limit + n_threads - 1, n_calls)


def test_calls_in_flight_when_the_limit_is_reached_are_answered_and_counted():
    engine = Spender(gate=threading.Barrier(4))
    budget = Budget(Limits(max_calls=1))
    lm = budget.metered(spending(engine), "task model")
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda number: asked(lm, str(number)), range(4))) == [True] * 4
    assert replace(budget.spent(), seconds=0.0) == Spent(4, 60, 0.0)
    with pytest.raises(OutOfBudgetError, match=r"--max-calls 1: 4 calls are spent \(4 calls, 0 from the cache"):
        budget.check()


def test_what_the_cache_holds_costs_nothing_and_is_given_after_the_end():
    budget, engine = Budget(Limits(max_calls=2)), Spender()
    lm = budget.metered(spending(engine, cache=True, temperature=0.7), "task model")
    assert [asked(lm, prompt) for prompt in ("a", "a", "a", "b")] == [True] * 4
    assert [asked(lm, prompt) for prompt in ("a", "b", "c")] == [True, True, False]
    # One of two candidates is not known, so the call as a whole is refused.
    with pytest.raises(OutOfBudgetError):
        lm("a", n=2)
    assert not asked(budget.metered(spending(engine), "not kept"), "a")
    assert engine.n_calls == 2 and budget.tally().hits == 4


def test_without_a_cache_that_can_say_what_it_holds_every_call_is_refused(monkeypatch):
    budget, engine = Budget(Limits(max_calls=1)), Spender()
    lm = budget.metered(spending(engine, cache=True), "task model")
    assert asked(lm, "a")
    monkeypatch.setattr(dspy, "cache", dspy.clients.Cache(False, True, None))
    assert not asked(lm, "a")


def test_minutes_pass_while_nothing_is_asked():
    now = [0.0]
    budget = Budget(Limits(max_minutes=1.5), clock=lambda: now[0])
    lm = budget.metered(spending(Spender()), "task model")
    assert asked(lm, "a")
    now[0] = 89.9
    assert asked(lm, "b")
    now[0] = 90.0
    assert not asked(lm, "c")
    with pytest.raises(OutOfBudgetError, match=r"--max-minutes 1.5: 1.5 minutes are spent"):
        budget.check()


def test_dollars_are_counted_by_the_table():
    engine = Spender(Usage(input_tokens=1000, output_tokens=0))
    # A custom engine under a known name, so that nothing is asked over a network: 1,000 tokens read cost $0.00015.
    lm = dspy.LM("openai/gpt-4o-mini", engine=engine, cache=False, num_retries=0)
    budget = Budget(Limits(max_dollars=0.0004))
    priced = budget.metered(lm, "task model")
    free = budget.metered(spending(Spender()), "judge")
    assert [asked(free, "a"), *(asked(priced, "a") for _ in range(4))] == [True, True, True, True, False]
    assert budget.spent().dollars == pytest.approx(0.00045)


def test_a_price_that_is_not_known_cannot_be_limited():
    budget = Budget(Limits(max_dollars=1.0))
    unknown = dspy.LM("openai/of-my-own", api_key="k", api_base="https://models.example.com/v1")
    with pytest.raises(SetupError, match="--max-cost 1 cannot be kept: the judge model openai/of-my-own is not in"):
        budget.metered(unknown, "judge")
    budget.metered(spending(Spender()), "task model")
    assert "runs in this process and costs nothing" in budget.prices["task model"].note
    spent = Budget(Limits(max_calls=5))
    spent.metered(spending(Spender(), name="of-my-own"), "task model")("a")
    assert spent.spent().dollars is None


def test_a_server_that_tells_no_tokens_ends_a_budget_of_tokens():
    engine = Spender(Usage())
    budget = Budget(Limits(max_tokens=10**6))
    lm = budget.metered(spending(engine), "task model")
    assert asked(lm, "a") and not asked(lm, "b")
    with pytest.raises(OutOfBudgetError, match="told no tokens for 1 of 1 call; limit it by --max-calls"):
        budget.check()
    by_calls = Budget(Limits(max_calls=2, max_dollars=1.0))
    lm = by_calls.metered(spending(engine), "task model")
    # It is free, so its dollars can be told.
    assert [asked(lm, "a"), asked(lm, "b"), asked(lm, "c")] == [True, True, False]


def test_a_part_of_the_run_leaves_the_rest_of_the_budget_to_what_comes_after():
    budget, engine = Budget(Limits(max_calls=10)), Spender()
    lm = budget.metered(spending(engine), "task model")
    with budget.up_to(0.6):
        assert [asked(lm, str(number)) for number in range(8)] == [True] * 6 + [False] * 2
        with pytest.raises(OutOfBudgetError, match="of which this part may use 60%"):
            budget.check()
    assert [asked(lm, str(number)) for number in range(6)] == [True] * 4 + [False] * 2
    with pytest.raises(ValueError, match="not above 0"), budget.up_to(0.0):
        pass


def test_what_an_interrupted_run_spent_counts():
    budget = Budget(Limits(max_calls=5), before=Tally(calls=4))
    lm = budget.metered(spending(Spender()), "task model")
    assert asked(lm, "a") and not asked(lm, "b")


NAMES = ["max_calls", "max_tokens", "max_dollars", "max_minutes"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "many", True, -0.5])
def test_a_limit_that_is_none_is_refused_with_its_value(name, value):
    with pytest.raises(SetupError, match="give a .*, or leave it out for no limit") as fault:
        Limits(**{name: value})
    assert repr(value) in str(fault.value)


@pytest.mark.parametrize("name", ["max_calls", "max_tokens"])
def test_half_a_call_is_refused(name):
    with pytest.raises(SetupError, match="is 1.5; give a whole number of at least 1"):
        Limits.model_validate({name: 1.5})


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(max_calls=99), "--max-calls 99 is too small: one trial takes about 100 calls"),
        (Limits(max_tokens=20_000), "--max-tokens 20,000 is too small: one trial takes about 25,000 tokens"),
        (Limits(max_dollars=0.5), r"--max-cost 0.5 is too small: one trial takes about 0.75 dollars"),
        (Limits(max_minutes=1), "--max-minutes 1 is too small: one trial takes about 2 minutes"),
    ],
)
def test_limits_smaller_than_one_trial_are_refused_with_both_numbers(limits, words):
    least = Tally(calls=100, prompt_tokens=20_000, completion_tokens=5_000, dollars=0.75, seconds=120)
    with pytest.raises(SetupError, match=words):
        limits.check_pays_for(least, "one trial")


def test_limits_that_pay_for_one_trial_pass_and_an_unknown_price_is_not_compared():
    least = Tally(calls=100, prompt_tokens=20_000, dollars=0.75, seconds=120)
    Limits(max_calls=100, max_tokens=20_000, max_dollars=0.75, max_minutes=2.0).check_pays_for(least, "one trial")
    Limits(max_dollars=0.01).check_pays_for(Tally(dollars=9.0, unpriced=1), "one trial")
    assert not Limits().any and Limits(max_minutes=3).any


def test_a_search_ends_with_the_best_so_far_when_its_budget_is_spent(material):
    engine = Parrot()
    lm = EmbeddedLM("embedded", engine=engine, cache=False, num_retries=0)
    budget = Budget(Limits(max_calls=12))
    with dspy.context(lm=budget.metered(lm, "task model"), adapter=FittingAdapter()):
        compiled = find_optimizer("bootstrap").compile(
            Toy(),
            replace(material, proposer=None),
            metric,
            n_trials=30,
            seed=0,
            n_threads=2,
            on_trial=lambda trial: None,
            budget=budget,
        )
    # The student takes 5 calls and bootstrapping a few more, so a trial or two is scored, of 30.
    assert 1 <= len(compiled.trials) <= 3 and "--max-calls 12" in compiled.stopped
    assert compiled.spent == replace(budget.spent(), seconds=compiled.spent.seconds if compiled.spent else 0.0)
    assert 12 <= engine.n_calls <= 13
