"""Answers on disk: what tells two requests apart, many processes at once, and what is broken."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dspy
import pytest
from answering import AnsweringEngine, answering_lm
from loopback import serving

from programs.lms import make_lm
from programs.lms.answer_cache import AnswerCache, keep_answers, open_cache
from programs.metering import Meter

ASKED: dict[str, Any] = {
    "_fn_identifier": "dspy.clients.lm.litellm_completion",
    "model": "openai/some-model",
    "messages": [{"role": "user", "content": "Hello."}],
    "temperature": 0.7,
}


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[AnswerCache]:
    """Ours in DSPy's place, in a folder of its own."""
    before = dspy.cache
    assert keep_answers({"DSPY_CACHEDIR": str(tmp_path / "answers")}) == ""
    made = dspy.cache
    assert isinstance(made, AnswerCache)
    yield made
    dspy.cache = before  # pyright: ignore[reportAttributeAccessIssue]


KEYS = AnswerCache(None, {})


@pytest.mark.parametrize(
    "changed",
    [
        {"model": "openai/another"},
        {"messages": [{"role": "user", "content": "Hello!"}]},
        {"temperature": 0.8},
        {"max_tokens": 7},
        {"seed": 1},
        {"rollout_id": 1},
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "object"}}}},
        {"api_base": "http://127.0.0.1:1/v1"},
        {"base_url": "http://127.0.0.1:1/v1"},
    ],
)
def test_whatever_decides_an_answer_is_in_the_key(changed):
    assert KEYS.cache_key({**ASKED, **changed}) != KEYS.cache_key(ASKED)


def test_secrets_and_settings_that_are_not_set_are_not_in_the_key():
    assert KEYS.cache_key({**ASKED, "api_key": "sk-made-up", "seed": None}) == KEYS.cache_key(ASKED)


def test_a_server_named_in_the_environment_is_in_the_key_of_its_own_provider_alone():
    elsewhere = AnswerCache(None, {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"})
    assert elsewhere.cache_key(ASKED) != KEYS.cache_key(ASKED)
    other = {**ASKED, "model": "groq/some-model"}
    assert elsewhere.cache_key(other) == KEYS.cache_key(other)


def test_another_file_under_the_same_name_is_another_model(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(b"first")
    os.utime(path, ns=(1, 1))
    asked = {**ASKED, "model": f"embedded:{path}"}
    first = KEYS.cache_key(asked)
    assert KEYS.cache_key(asked) == first
    os.utime(path, ns=(2, 2))
    touched = KEYS.cache_key(asked)
    path.write_bytes(b"longer than it was")
    os.utime(path, ns=(2, 2))
    assert len({first, touched, KEYS.cache_key(asked)}) == 3


def test_the_key_of_the_model_in_the_package_tells_its_file_and_does_not_read_it(monkeypatch):
    asked = {**ASKED, "model": "embedded"}
    whole = KEYS.cache_key(asked)

    def read(path, *_, **__):
        raise AssertionError(f"{path} was read")

    monkeypatch.setattr(Path, "open", read)
    assert KEYS.cache_key(asked) == whole
    monkeypatch.setattr("programs.lms.gguf_file.bundled_path", lambda: Path(__file__))
    assert KEYS.cache_key(asked) != whole


def test_two_servers_with_one_models_name_do_not_share_answers(cache):
    with serving("one") as one, serving("two") as two:
        models = [make_lm("openai/same", api_base=server.base, api_key="k") for server in (one, two, one)]
        assert [lm("Hello.")[0] for lm in models] == ["one says Hello.", "two says Hello.", "one says Hello."]
        # The third was the first's.
        assert (len(one.asked), len(two.asked)) == (1, 1)


def test_an_embedded_model_is_asked_once_for_each_seed_and_rollout(cache):
    engine = AnsweringEngine()
    lm = answering_lm(engine, cache=True, temperature=0.7, seed=3)
    for changed in ({}, {}, {"rollout_id": 1}, {"rollout_id": 1}, {"seed": 4}, {"n": 2}):
        lm("Hello.", **changed)
    # The prompt itself, rollout 1, seed 4, and two candidates.
    assert engine.n_calls == 5


def asked_together(engine: AnsweringEngine, n_threads: int, **changed: Any) -> list[Any]:
    """What threads get that ask the same at the same time; a fault as it is."""
    lm = answering_lm(engine, cache=True, temperature=0.7, seed=3)
    fails, begun = engine.fails, threading.Barrier(n_threads)

    def wait_for_all(n_calls: int) -> None:
        time.sleep(0.2)
        fails(n_calls)

    def ask(_: int) -> Any:
        begun.wait(20)
        try:
            return lm("Hello.", **changed)
        except Exception as fault:
            return fault

    engine.fails = wait_for_all
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(ask, range(n_threads)))


@pytest.mark.parametrize("n", [1, 3])
def test_threads_that_ask_the_same_at_once_are_answered_by_one_call(cache, n):
    engine = AnsweringEngine()
    answers = asked_together(engine, 6, n=n)
    # One for each candidate.
    assert engine.n_calls == n
    assert all(answer == answers[0] and len(answer) == n for answer in answers)


def test_who_waited_for_a_call_that_failed_asks_at_once(cache):
    def fail_first(n_calls: int) -> None:
        if n_calls == 1:
            raise RuntimeError("the first is refused")

    engine = AnsweringEngine(fail_first)
    answers = asked_together(engine, 4)
    assert sum(isinstance(answer, Exception) for answer in answers) == 1
    # One that failed; the three others do not wait for each other again.
    assert engine.n_calls == 4


def test_a_metered_server_is_paid_once_for_what_many_threads_ask_at_once(cache):
    meter = Meter()
    with serving("one", seconds=0.2) as server:
        lm = meter.metered(make_lm("openai/same", api_base=server.base, api_key="k"), "task")
        with ThreadPoolExecutor(5) as pool:
            assert set(pool.map(lambda _: lm("Hello.")[0], range(5))) == {"one says Hello."}
        assert len(server.asked) == 1
    assert (meter.tally().calls, meter.tally().hits) == (1, 4)


ASKER = """
import json, sys
import dspy
from concurrent.futures import ThreadPoolExecutor
from programs.lms import make_lm
from programs.lms.answer_cache import keep_answers
assert keep_answers() == ""
lm = make_lm("openai/toy", api_base=sys.argv[1], api_key="k")
with ThreadPoolExecutor(8) as pool:
    answers = [each[0] for each in pool.map(lm, [f"prompt {i}" for i in range(40)])]
print(json.dumps([answers, sum(not entry["usage"] for entry in lm.history)]))
"""


def test_processes_share_answers_while_all_of_them_write(tmp_path):
    environment = {**os.environ, "DSPY_CACHEDIR": str(tmp_path)}
    expected = [f"server says prompt {i}" for i in range(40)]

    def start(base: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", ASKER, base]
        root = Path(__file__).parents[1]
        return subprocess.Popen(command, env=environment, cwd=root, stdout=subprocess.PIPE, text=True)

    with serving() as server:
        both = [start(server.base) for _ in range(2)]
        for process in both:
            answers, n_hits = json.loads(process.communicate(timeout=60)[0])
            assert process.returncode == 0 and answers == expected and 0 <= n_hits <= 40
        # Each of two processes asks for a prompt at most once, and nobody loses an answer.
        assert 40 <= len(server.asked) <= 80 and set(server.asked) == {f"prompt {i}" for i in range(40)}
        n_asked = len(server.asked)
        third = start(server.base)
        assert json.loads(third.communicate(timeout=60)[0]) == [expected, 40]
        assert len(server.asked) == n_asked


def lost(cache: AnswerCache) -> None:
    """Forgets what is in memory, as a new process would."""
    cache.reset_memory_cache()


@pytest.mark.parametrize(
    "record",
    [
        {"_dspy_format": "dspy-lm15-result-v0", "outputs": ["old"]},
        {"_dspy_format": "dspy-lm15-result-v1", "outputs": ["no responses"]},
        {"_dspy_format": "dspy-lm15-result-v1", "responses": [{"message": 3}], "outputs": ["x"]},
        {"choices": "of an older kind"},
        "a text",
        b"\x00",
        17,
    ],
)
def test_a_record_of_another_version_is_a_miss_and_is_written_anew(cache, record):
    engine = AnsweringEngine()
    lm = answering_lm(engine, cache=True)
    first = lm("Hello.")
    for shard in cache.disk_cache._shards:
        for key in list(shard):
            shard[key] = record
    lost(cache)
    assert lm("Hello.") == first and engine.n_calls == 2
    lost(cache)
    assert lm("Hello.") == first and engine.n_calls == 2


class Foreign:
    """A type that this cache does not unpickle."""


def test_an_entry_that_would_load_foreign_code_is_a_miss(cache):
    engine = AnsweringEngine()
    lm = answering_lm(engine, cache=True)
    lm("Hello.")
    for shard in cache.disk_cache._shards:
        for key in list(shard):
            shard[key] = Foreign()
    lost(cache)
    lm("Hello.")
    assert engine.n_calls == 2


def test_a_file_that_breaks_while_it_is_open_costs_the_answers_and_not_the_run(cache, tmp_path):
    engine = AnsweringEngine()
    lm = answering_lm(engine, cache=True)
    lm("Hello.")
    for file in (tmp_path / "answers").rglob("cache.db*"):
        file.write_bytes(b"not a database" * 500)
    lost(cache)
    lm("Hello.")
    lm("Hello.")
    # Asked again once; then memory holds it.
    assert engine.n_calls == 2


def test_a_folder_that_is_broken_leaves_memory_and_says_so(tmp_path):
    whole, note = open_cache({"DSPY_CACHEDIR": str(tmp_path)})
    assert note == "" and whole.enable_disk_cache
    whole.disk_cache.close()  # pyright: ignore[reportAttributeAccessIssue]
    for file in tmp_path.rglob("cache.db*"):
        file.write_bytes(b"not a database" * 500)
    found, note = open_cache({"DSPY_CACHEDIR": str(tmp_path)})
    assert not found.enable_disk_cache
    assert str(tmp_path) in note and "delete the folder or set DSPY_CACHEDIR" in note
    found.put(ASKED, {"x": 1})
    assert len(found.memory_cache) == 1


def test_a_database_of_another_layout_is_refused_in_the_same_way(tmp_path):
    shard = tmp_path / "000"
    shard.mkdir(parents=True)
    with sqlite3.connect(shard / "cache.db") as database:
        database.execute("CREATE TABLE Settings (other TEXT)")
    database.close()
    found, note = open_cache({"DSPY_CACHEDIR": str(tmp_path)})
    assert not found.enable_disk_cache and note


def test_records_of_other_callers_are_given_as_they_are(cache):
    asked = {"_fn_identifier": "dspy.clients.embedding._cached_litellm_embedding", "model": "x"}
    cache.put(asked, [1.0, 2.0])
    lost(cache)
    assert cache.get(asked) == [1.0, 2.0]
