"""Counting what models are asked, whatever their engine, and what it costs."""

import asyncio
import copy

import dspy
import pytest
from answering import AnsweringEngine, answering_lm
from loopback import serving
from scripted import lm as scripted_lm

from programs.answers import answer_all
from programs.baselines import ZeroShot
from programs.lms import make_lm
from programs.lms.answer_cache import AnswerCache
from programs.metering import Meter, MeteredLM, Tally
from programs.prices import price_of
from programs.spending import Purse, SharedTracker, dollars


@pytest.fixture(autouse=True)
def kept(monkeypatch):
    monkeypatch.setattr(dspy, "cache", AnswerCache(None, {}))


def example(name: str) -> dspy.Example:
    return dspy.Example(prompt=name, target_id=name).with_inputs("prompt")


def test_calls_of_every_role_are_counted_from_every_thread():
    meter = Meter()
    task, judge = (meter.metered(answering_lm(), role) for role in ("task", "judge"))
    with dspy.context(lm=task):
        answer_all(ZeroShot(), [example(str(number)) for number in range(12)], 4)
    judge("Which is better?")
    # A call reads 10 tokens and writes 5.
    assert meter.by_role() == {
        "task": Tally(12, 0, 120, 60, 0.0, 12),
        "judge": Tally(1, 0, 10, 5, 0.0, 1),
    }
    assert (meter.tally().calls, meter.tally().tokens) == (13, 195)


def test_an_answer_from_the_cache_is_a_hit_and_costs_nothing():
    meter, engine = Meter(), AnsweringEngine()
    lm = meter.metered(answering_lm(engine, cache=True), "task")
    answers = [lm("Hello.") for _ in range(3)]
    assert answers[0] == answers[1] == answers[2] and engine.n_calls == 1
    assert (meter.tally().calls, meter.tally().hits, meter.tally().tokens) == (1, 2, 15)


def test_candidates_count_one_by_one_and_those_known_are_hits():
    meter = Meter()
    lm = meter.metered(answering_lm(cache=True, temperature=0.7), "task")
    assert len(lm("Hello.", n=2)) == 2
    assert len(lm("Hello.", n=3)) == 3
    # Two, then the third; the first two are known by then.
    assert (meter.tally().calls, meter.tally().hits) == (3, 2)


def test_a_call_that_fails_is_no_hit_and_counts_for_nothing():
    meter = Meter()
    lm = meter.metered(scripted_lm([RuntimeError("away")]), "task")
    with pytest.raises(dspy.utils.exceptions.DSPyError):
        lm("Hello.")
    assert (meter.tally().calls, meter.tally().hits) == (0, 0)


def test_whoever_tracked_usage_before_still_does():
    meter, tracker = Meter(), SharedTracker()
    with dspy.context(usage_tracker=tracker):
        meter.metered(answering_lm(), "task")("Hello.")
    assert len(tracker.usage_data["answering"]) == 1


def test_an_awaited_call_is_counted_too():
    with serving() as server:
        meter = Meter()
        lm = meter.metered(make_lm("openai/toy", api_base=server.base, api_key="k"), "task")

        async def twice():
            return [await lm.acall("Hello."), await lm.acall("Hello.")]

        first, second = asyncio.run(twice())
    assert first == second == ["server says Hello."]
    assert (meter.tally().calls, meter.tally().hits) == (1, 1)


def test_a_metered_model_is_the_model_in_all_else():
    inner = answering_lm(temperature=0.3)
    lm = Meter().metered(inner, "task")
    assert isinstance(lm, dspy.LM)
    assert (lm.model, lm.kwargs, lm.engine) == (inner.model, inner.kwargs, inner.engine)
    assert getattr(lm, "small", False) is True and lm.supports_response_schema
    lm("Hello.")
    assert (len(lm.history), len(inner.history)) == (1, 0)


def test_a_model_that_is_metered_twice_is_counted_by_the_later_meter():
    first, second = Meter(), Meter()
    second.metered(first.metered(answering_lm(), "task"), "judge")("Hello.")
    assert (first.tally().calls, second.by_role()["judge"].calls) == (0, 1)


def test_an_adapters_call_raises_no_warning(recwarn):
    with dspy.context(lm=Meter().metered(answering_lm(), "task")):
        ZeroShot()(prompt="Hello.")
    assert not [each for each in recwarn if issubclass(each.category, DeprecationWarning)]


def test_copies_are_on_the_same_meter_with_settings_of_their_own():
    meter, engine = Meter(), AnsweringEngine()
    lm = meter.metered(answering_lm(engine, temperature=0.7), "task")
    for other in (lm.copy(rollout_id=3), copy.copy(lm), copy.deepcopy(lm)):
        assert isinstance(other, MeteredLM)
        other("Hello.")
    assert lm.copy(rollout_id=3).kwargs["rollout_id"] == 3 and "rollout_id" not in lm.kwargs
    assert meter.tally().calls == engine.n_calls == 3


def test_a_program_that_carries_a_metered_model_is_copied_and_saved_without_the_meter():
    meter = Meter()
    inner = make_lm("openai/toy", api_key="sk-made-up")
    program = ZeroShot()
    program.set_lm(meter.metered(inner, "task"))
    assert isinstance(program.deepcopy().get_lm(), MeteredLM)
    assert program.dump_state()["write"]["lm"] == inner.dump_state()
    assert "sk-made-up" not in str(program.dump_state())


def test_seconds_run_on_from_an_interrupted_run():
    now = iter([100.0, 130.0])
    meter = Meter(lambda: next(now), before=Tally(calls=5, seconds=60.0))
    assert meter.tally() == Tally(calls=5, seconds=90.0)


def test_what_was_spent_adds_up_and_reads_line_of():
    one = Tally(2, 1, 100, 20, 0.5)
    assert one + Tally(calls=1, dollars=0.25) - one == Tally(calls=1, dollars=0.25)
    assert str(one) == "2 calls, 1 from the cache, 120 tokens, $0.5000"
    assert str(Tally(calls=1, unpriced=1)) == "1 call, 0 from the cache, 0 tokens, price not known"


def table(model: str) -> dict[str, float]:
    price_of(model)
    import litellm

    return litellm.model_cost[model.partition("/")[2]]


def test_a_hosted_models_call_costs_what_litellms_table_says_and_cached_input_less():
    name = "openai/gpt-4o-mini"
    price, rates = price_of(name), table(name)
    assert price.kind == "table"
    usage = {"prompt_tokens": 1000, "completion_tokens": 200}
    plain = 1000 * rates["input_cost_per_token"] + 200 * rates["output_cost_per_token"]
    assert price.dollars(usage) == pytest.approx(plain)
    cached = price.dollars({**usage, "prompt_tokens_details": {"cached_tokens": 800}})
    saved = 800 * (rates["input_cost_per_token"] - rates["cache_read_input_token_cost"])
    assert cached == pytest.approx(plain - saved)


def test_long_prompts_are_priced_call_by_call():
    name = "gemini/gemini-2.5-pro"
    rates = table("x/gemini-2.5-pro") or table(name)
    tracker = SharedTracker()
    for _ in range(3):
        tracker.add_usage(name, {"prompt_tokens": 100_000, "completion_tokens": 0})
    # Above 200,000 tokens a call costs more; three calls of 100,000 do not.
    assert dollars(tracker) == pytest.approx(300_000 * rates["input_cost_per_token"])


@pytest.mark.parametrize(
    ("model", "api_base", "kind", "words"),
    [
        ("embedded", None, "in process", "costs nothing"),
        ("embedded:/a/model.gguf", None, "in process", "costs nothing"),
        ("openai/gpt-4o-mini", "http://127.0.0.1:8000/v1", "table", "litellm's table"),
        ("openai/of-my-own", "http://localhost:8000/v1", "this machine", "counts as free"),
        ("openai/of-my-own", "http://[::1]:8000/v1", "this machine", "counts as free"),
        ("openai/of-my-own", "https://models.example.com/v1", "unknown", "is not known"),
        ("openai/of-my-own", None, "unknown", "is not known"),
        ("nosuch/model", None, "unknown", "is not known"),
        ("scripted", None, "unknown", "is not known"),
    ],
)
def test_how_a_model_is_paid_for(model, api_base, kind, words, capsys):
    price = price_of(model, api_base)
    assert price.kind == kind and price.known == (kind != "unknown")
    assert model in price.note and words in price.note
    usage = {"prompt_tokens": 10, "completion_tokens": 5}
    assert (price.dollars(usage) is None) == (kind == "unknown")
    # litellm has hints to print where it knows no provider; stdout is for results.
    assert capsys.readouterr().out == ""


def test_a_purse_with_a_meter_tells_dollars_and_hits_of_each_phase():
    with serving() as server:
        meter = Meter()
        lm = meter.metered(make_lm("openai/gpt-4o-mini", api_base=server.base, api_key="k"), "task")
        purse = Purse(free=False, meter=meter)
        for phase in ("first", "second"):
            with purse.phase(phase):
                for prompt in ("a", "b", phase):
                    lm(prompt)
    assert purse.hits == {"first": 0, "second": 2} and purse.n_hits == 2
    assert [spend.calls for spend in purse.spent] == [3, 1]
    rates = table("openai/gpt-4o-mini")
    a_call = 10 * rates["input_cost_per_token"] + 5 * rates["output_cost_per_token"]
    assert [spend.dollars for spend in purse.spent] == pytest.approx([3 * a_call, a_call])


def test_a_purse_with_a_meter_does_not_know_the_price_where_one_role_has_none():
    meter = Meter()
    purse = Purse(free=True, meter=meter)
    judge = meter.metered(answering_lm(), "judge")
    with purse.phase("judging"):
        judge("Hello.")
    assert purse.spent[0].dollars is None
