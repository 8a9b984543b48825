import asyncio
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.lm15 import (
    Config,
    ContextLengthError,
    InvalidRequestError,
    Message,
    Request,
    Response,
    ServerError,
    UnsupportedFeatureError,
)
from dspy.utils.exceptions import ContextWindowExceededError

from programs.lms import embedded, make_lm
from programs.lms.embedded import AsyncEmbeddedEngine, EmbeddedEngine
from programs.lms.gguf_file import ModelFile
from signatures.errors import SetupError
from tests.lms.made_models import write_model

STORY = "Tell me a story about a lighthouse."


def ask(engine: EmbeddedEngine, text: str = STORY, **settings: Any) -> Response:
    config = Config(**{"max_tokens": 24, **settings})
    return engine.complete(Request("m", messages=(Message.user(text),), config=config))


def test_the_same_seed_gives_the_same_text_and_another_seed_another(engine: EmbeddedEngine):
    texts = [ask(engine, temperature=0.9, seed=seed).message.text for seed in (1, 1, 2, 3)]
    assert texts[0] == texts[1]
    assert len(set(texts)) == 3


def test_the_same_seed_gives_the_same_text_in_company(engine: EmbeddedEngine):
    alone = ask(engine, temperature=0.9, seed=1).message.text
    with ThreadPoolExecutor(12) as pool:
        others = [pool.submit(ask, engine, f"Write about {word}.", temperature=0.9) for word in "abcdefghijk"]
        among = pool.submit(ask, engine, temperature=0.9, seed=1)
        assert among.result().message.text == alone
        assert len({other.result().message.text for other in others}) > 1


def test_no_temperature_is_greedy_whatever_the_seed(engine: EmbeddedEngine):
    assert ask(engine, seed=1).message.text == ask(engine, seed=2, temperature=0).message.text


@pytest.mark.parametrize("narrow", [{"top_k": 1}, {"top_p": 0.0}])
def test_choosing_among_one_token_is_greedy(engine: EmbeddedEngine, narrow: dict[str, Any]):
    assert ask(engine, temperature=2.0, **narrow).message.text == ask(engine).message.text


def test_a_hot_temperature_departs_from_greedy(engine: EmbeddedEngine):
    assert ask(engine, temperature=2.0).message.text != ask(engine).message.text


def test_an_answer_that_reaches_its_limit_says_so_and_counts_its_tokens(engine: EmbeddedEngine):
    response = ask(engine, max_tokens=7)
    assert response.finish_reason == "length"
    assert response.usage.output_tokens == 7
    longer = ask(engine, STORY + " It is night.", max_tokens=7)
    assert longer.usage.input_tokens is not None and response.usage.input_tokens is not None
    # " It is night." is four tokens in SmolLM2's vocabulary.
    assert longer.usage.input_tokens - response.usage.input_tokens == 4


def test_an_answer_that_ends_by_itself_stopped(engine: EmbeddedEngine):
    assert ask(engine, "Say yes.", max_tokens=100).finish_reason == "stop"


def test_a_stop_string_ends_the_answer_and_is_not_in_it(engine: EmbeddedEngine):
    whole = ask(engine, max_tokens=60).message.text or ""
    word = whole.split()[8]
    response = ask(engine, max_tokens=60, stop=(word,))
    assert response.finish_reason == "stop"
    # The token that holds the stop string goes with the space that it starts with.
    assert (response.message.text or "").rstrip() == whole.partition(word)[0].rstrip()


def test_a_frequency_penalty_makes_a_text_repeat_itself_less(engine: EmbeddedEngine):
    plain, penalised = (
        (ask(engine, "List animals.", max_tokens=60, frequency_penalty=penalty).message.text or "").split()
        for penalty in (0, 2)
    )
    assert len(set(penalised)) / len(penalised) > len(set(plain)) / len(plain)


def test_a_presence_penalty_is_not_ignored(engine: EmbeddedEngine):
    assert ask(engine, presence_penalty=2.0).message.text != ask(engine).message.text


def test_a_prompt_beyond_the_context_is_refused_with_the_numbers(engine: EmbeddedEngine):
    with pytest.raises(ContextLengthError, match=r"\d+ prompt tokens \+ 24 answer tokens exceed the 8192"):
        ask(engine, "word " * 8200)


def test_an_unserved_setting_is_refused(engine: EmbeddedEngine):
    with pytest.raises(UnsupportedFeatureError, match="logprobs"):
        ask(engine, logprobs=1)


def test_a_faulty_schema_fails_alone_while_others_are_served(engine: EmbeddedEngine):
    response_format = {"type": "json_schema", "schema": {"type": "object", "properties": {"a": {"type": "void"}}}}
    with ThreadPoolExecutor(4) as pool:
        others = [pool.submit(ask, engine, f"Count to {n}.") for n in range(3)]
        with pytest.raises(InvalidRequestError, match="type 'void'"):
            ask(engine, response_format=response_format)
        assert all(other.result().message.text for other in others)


def test_json_without_a_schema_is_an_object(engine: EmbeddedEngine):
    answer = ask(engine, "Give me JSON.", response_format={"type": "json_object"}, temperature=0.5, max_tokens=80)
    assert (answer.message.text or "").lstrip().startswith("{")


def test_an_awaited_answer_is_the_same_and_leaves_the_loop_free(engine: EmbeddedEngine):
    request = Request("m", messages=(Message.user(STORY),), config=Config(max_tokens=24))
    waiter = AsyncEmbeddedEngine(engine)

    async def together() -> list[Response]:
        return await asyncio.gather(*(waiter.complete(request) for _ in range(4)))

    assert {answer.message.text for answer in asyncio.run(together())} == {ask(engine).message.text}


def test_a_cancelled_task_frees_its_place(engine: EmbeddedEngine):
    request = Request("m", messages=(Message.user(STORY),), config=Config(max_tokens=4000, stop=("never\0",)))

    async def given_up() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(AsyncEmbeddedEngine(engine).complete(request), 0.5)

    asyncio.run(given_up())
    until = time.monotonic() + 5
    while engine.start()._active and time.monotonic() < until:
        time.sleep(0.01)
    assert not engine.start()._active


def test_closing_ends_a_running_call_and_the_next_call_loads_again(quick_engine: EmbeddedEngine):
    engine = quick_engine
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(ask, engine, max_tokens=4000, stop=("never\0",))
        while not engine._scheduler or not engine._scheduler._active:
            time.sleep(0.01)
        engine.close()
        with pytest.raises(ServerError, match="closed"):
            running.result(10)
    busy = engine.busy_seconds
    assert busy > 0
    assert engine._scheduler is None
    assert ask(engine, max_tokens=2).usage.output_tokens == 2
    assert engine.busy_seconds > busy


@pytest.mark.parametrize("bound", [0, -1, 1.5, "2", True, None])
def test_a_cache_bound_that_is_no_positive_integer_is_refused(bound: object):
    with pytest.raises(SetupError, match="kv_gib is .*whole number of GiB"):
        make_lm("embedded", kv_gib=bound)


def test_the_package_s_file_loads_by_path_and_shares_the_engine(engine: EmbeddedEngine):
    model = make_lm(
        f"embedded:{engine.file.path}", exact=True, cache=False, temperature=0.0, frequency_penalty=0.0, max_tokens=24
    )
    assert model.engine is engine
    assert model(STORY) == [ask(engine).message.text]


def test_a_saved_model_holds_no_path_of_this_machine(engine: EmbeddedEngine):
    state = make_lm("embedded", exact=True).dump_state()
    assert str(engine.file.path) not in json.dumps(state)
    loaded = dspy.BaseLM.load_state(state, allow_custom_lm_class=True)
    assert isinstance(loaded, dspy.LM)
    assert loaded.engine is engine


def test_a_file_that_only_looks_right_is_named_when_it_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(embedded, "_engines", {})
    path = write_model(tmp_path / "hollow.gguf")
    model = make_lm(f"embedded:{path}", cache=False)
    with pytest.raises(SetupError, match=r"the runtime cannot load '.*hollow\.gguf' .*llama, qwen2, qwen3") as caught:
        model("Hello.")
    assert ".cpp" not in str(caught.value)


def test_a_process_forked_from_one_that_loaded_the_model_is_told(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
):
    engine.start()
    monkeypatch.setattr(embedded.os, "getpid", lambda: -1)
    with pytest.raises(SetupError, match="forked.*'spawn'"):
        engine.start()


def test_nothing_is_loaded_before_the_first_call(tmp_path: Path):
    fresh = EmbeddedEngine(ModelFile(tmp_path / "none.gguf", "none", 100))
    assert fresh.busy_seconds == 0
    fresh.close()


class TestLM:
    def test_candidates_differ_and_each_is_repeatable(self, engine: EmbeddedEngine):
        model = make_lm("embedded", exact=True, cache=False, max_tokens=16)
        first, again = model(STORY, n=4), model(STORY, n=4)
        assert first == again
        assert len(set(first)) == 4
        assert model(STORY) == first[:1]

    def test_rollouts_differ_and_each_is_repeatable(self, engine: EmbeddedEngine):
        model = make_lm("embedded", exact=True, cache=False, max_tokens=16)
        texts = [model(STORY, rollout_id=rollout)[0] for rollout in (None, 1, 2, 1)]
        assert texts[1] == texts[3]
        assert len(set(texts)) == 3
        copied = model.copy(rollout_id=2)
        assert copied(STORY) == texts[2:3]

    def test_an_awaited_call_gives_the_same_texts(self, engine: EmbeddedEngine):
        model = make_lm("embedded", exact=True, cache=False, max_tokens=16)
        assert asyncio.run(model.acall(STORY, n=3)) == model(STORY, n=3)

    def test_a_request_object_gets_one_response_and_its_rollouts_differ(self, engine: EmbeddedEngine):
        model = make_lm("embedded", exact=True, cache=False)
        asked = Request("embedded", messages=(Message.user(STORY),), config=Config(max_tokens=16, temperature=0.7))
        texts = [model(asked, rollout_id=rollout).message.text for rollout in (None, 1, 2)]
        assert len(set(texts)) == 3

    def test_a_text_at_its_limit_is_no_warning_but_another_models_is(
        self, engine: EmbeddedEngine, caplog: pytest.LogCaptureFixture
    ):
        logger = logging.getLogger("dspy.clients.lm")
        logger.addHandler(caplog.handler)
        try:
            make_lm("embedded", exact=True, cache=False, max_tokens=3)(STORY)
            assert "truncated" not in caplog.text
            dspy.LM("other", engine=engine, cache=False, max_tokens=3)(STORY)
            assert "truncated" in caplog.text
        finally:
            logger.removeHandler(caplog.handler)

    def test_a_prompt_that_is_too_long_is_dspys_own_error_at_once(self, engine: EmbeddedEngine):
        started = time.perf_counter()
        with pytest.raises(ContextWindowExceededError):
            make_lm("embedded", exact=True, cache=False)("word " * 8200)
        assert time.perf_counter() - started < 2

    @pytest.mark.parametrize("client", ["api_base", "api_key"])
    def test_a_connection_setting_is_refused(self, client: str):
        with pytest.raises(SetupError, match=f"{client} has no use with the embedded model"):
            make_lm("embedded", **{client: "x"})
