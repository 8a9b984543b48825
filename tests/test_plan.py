"""What a budget buys: trials and calls, counted before the first of them."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs.experiment import Experiment
from programs.plan import BUDGETS, EMBEDDED_SECONDS_A_CALL, HOSTED_SECONDS_A_CALL, make_plan
from programs.tasks import find_task
from signatures.errors import SetupError


def cases(n_authors: int, n_targets: int) -> list[Any]:
    return [SimpleNamespace(targets=range(n_targets)) for _ in range(n_authors)]


def experiment(small: bool = True, n_threads: int = 10) -> Experiment:
    """Five train, two val and three test authors with two targets each."""
    splits = SimpleNamespace(train=cases(5, 2), val=cases(2, 2), test=cases(3, 2))
    choices, task = SimpleNamespace(n_threads=n_threads), find_task("authorship")
    return cast(Experiment, SimpleNamespace(splits=splits, small=small, choices=choices, task=task))


def six_at_most(n_trials: int, n_train: int) -> int:
    return min(6, n_train)


# Zero-shot texts 10 + 4 + 6; few-shot 6; uncompiled and compiled 3 inferences and 6 texts each: 44 whatever the trials.
# Bootstrapping runs the program 6 times, 2 calls each: 12. A trial infers for 2 authors and writes 4 texts: 6. The best
# is confirmed on train and val: two programs infer for 7 authors and write 14 texts: 42.
FIXED, A_TRIAL = 44 + 12 + 42, 6


@pytest.mark.parametrize("name", BUDGETS)
def test_a_named_budget_is_a_number_of_trials_and_its_calls_are_counted(name):
    plan = make_plan(experiment(), name, six_at_most)
    assert plan.n_trials == BUDGETS[name]
    assert plan.calls["zero-shot baseline"] == 20 and plan.calls["compiled"] == 9
    # The student is scored as well: one trial more.
    assert plan.n_calls == FIXED + (BUDGETS[name] + 1) * A_TRIAL


@given(st.integers(FIXED + 2 * A_TRIAL, 10**8))
def test_a_budget_in_calls_buys_as_many_trials_as_it_pays_for_and_not_one_more(budget):
    plan = make_plan(experiment(), str(budget), six_at_most)
    assert plan.n_calls <= budget < plan.n_calls + A_TRIAL


def test_a_budget_that_does_not_pay_for_one_trial_says_what_one_needs():
    # The student and one trial: 98 + 12 = 110.
    assert make_plan(experiment(), "110", six_at_most).n_trials == 1
    with pytest.raises(SetupError, match="a budget of 109 calls is too small: .* one trial need 110; give more"):
        make_plan(experiment(), "109", six_at_most)


@pytest.mark.parametrize("budget", ["huge", "", "-5", "1e3", "12.5", "²", "9" * 10, "9" * 5000, " 40"])
def test_a_budget_that_is_no_number_of_calls_lists_what_it_may_be(budget):
    with pytest.raises(SetupError, match="choose light, medium, heavy, or a number of model calls"):
        make_plan(experiment(), budget, six_at_most)


def test_time_is_estimated_by_call_here_and_by_calls_in_flight_elsewhere():
    n_calls = FIXED + 5 * A_TRIAL
    assert make_plan(experiment(), "light", six_at_most).seconds == n_calls * EMBEDDED_SECONDS_A_CALL
    hosted = make_plan(experiment(small=False), "light", six_at_most)
    assert hosted.seconds == n_calls * HOSTED_SECONDS_A_CALL / 10
