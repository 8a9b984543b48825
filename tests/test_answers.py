"""Running a program over many targets: what comes back, and what a failure does."""

import threading
import time

import dspy
import pytest
from answering import AnsweringEngine, answering_lm

from programs import ZeroShot
from programs.answers import answer_all
from programs.spending import Purse, SharedTracker, dollars
from signatures.errors import SetupError


def example(name: str) -> dspy.Example:
    return dspy.Example(prompt=name, target_id=name).with_inputs("prompt")


class Echo(dspy.Module):
    """Says the prompt; fails where the prompt names a fault."""

    def forward(self, prompt: str) -> dspy.Prediction:
        faults = {"model": RuntimeError("the server\nis away"), "user": SetupError("no key"), "bug": KeyError("x")}
        if prompt in faults:
            raise faults[prompt]
        time.sleep(0.02 if prompt == "slow" else 0)
        return dspy.Prediction(text=f"said {prompt}", n_dropped=2)


def test_answers_come_in_the_order_of_the_examples_whichever_is_done_first():
    answers = answer_all(Echo(), [example(name) for name in ("slow", "a", "b")], 3)
    assert list(answers) == ["slow", "a", "b"]
    assert answers["a"].text == "said a" and answers["a"].n_dropped == 2 and answers["a"].error is None
    assert answers["slow"].seconds >= 0.02


def test_a_failed_model_is_an_answer_with_a_line_that_says_why():
    seen = []
    answers = answer_all(Echo(), [example("a"), example("model")], 2, seen.append)
    assert answers["model"].error == "RuntimeError: the server is away"
    assert (answers["model"].text, answers["a"].error) == ("", None)
    assert {answer.target_id for answer in seen} == {"a", "model"}


@pytest.mark.parametrize(("prompt", "fault"), [("user", SetupError), ("bug", KeyError)])
def test_a_fault_of_the_users_or_of_the_program_ends_the_run(prompt, fault):
    with pytest.raises(fault):
        answer_all(Echo(), [example(prompt)], 1)


def test_after_ctrl_c_no_further_example_is_begun():
    begun, gate = [], threading.Event()

    class Slow(dspy.Module):
        def forward(self, prompt: str) -> dspy.Prediction:
            begun.append(prompt)
            if prompt != "0":
                gate.wait(5)
            return dspy.Prediction(text="x")

    def interrupt(answer):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answer_all(Slow(), [example(str(number)) for number in range(50)], 2, interrupt)
    gate.set()
    time.sleep(0.1)
    # Two threads: the first is done, so at most one more than the two may have begun.
    assert len(begun) <= 3


def test_after_ctrl_c_answers_under_way_are_waited_for_where_they_are_kept():
    both, kept = threading.Barrier(2), []

    class Paid(dspy.Module):
        def forward(self, prompt: str) -> dspy.Prediction:
            both.wait(5)
            if prompt == "interrupted":
                raise KeyboardInterrupt
            time.sleep(0.1)
            return dspy.Prediction(text="x")

    with pytest.raises(KeyboardInterrupt):
        answer_all(Paid(), [example("interrupted"), example("paid")], 2, kept.append, finish_begun=True)
    assert [answer.target_id for answer in kept] == ["paid"]


def test_a_purse_counts_calls_and_tokens_of_each_phase_from_every_thread():
    purse = Purse(free=True)
    with dspy.context(lm=answering_lm(AnsweringEngine())):
        for phase, n_calls in (("first", 6), ("second", 3)):
            with purse.phase(phase):
                answers = answer_all(ZeroShot(), [example(f"{phase} {number}") for number in range(n_calls)], 4)
                # A call reads 10 tokens and writes 5.
                assert {answer.n_tokens for answer in answers.values()} == {15}
    assert [(spend.phase, spend.calls, spend.dollars) for spend in purse.spent] == [("first", 6, 0), ("second", 3, 0)]
    assert purse.so_far() == (9, 90, 45)


def test_a_phase_that_ends_by_an_exception_is_paid_for_all_the_same():
    purse = Purse(free=False)
    with pytest.raises(KeyboardInterrupt), purse.phase("cut short"):
        raise KeyboardInterrupt
    assert [(spend.phase, spend.dollars) for spend in purse.spent] == [("cut short", 0.0)]


def test_a_hosted_models_tokens_cost_what_litellms_table_says(monkeypatch):
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm

    price = litellm.model_cost["gpt-4o-mini"]
    tracker = SharedTracker()
    tracker.add_usage("openai/gpt-4o-mini", {"prompt_tokens": 1000, "completion_tokens": 200})
    tracker.add_usage("embedded", {"prompt_tokens": 10**6, "completion_tokens": 10**6})
    assert dollars(tracker) == pytest.approx(
        1000 * price["input_cost_per_token"] + 200 * price["output_cost_per_token"]
    )
    tracker.add_usage("openai/of-my-own", {"prompt_tokens": 1, "completion_tokens": 1})
    assert dollars(tracker) is None
