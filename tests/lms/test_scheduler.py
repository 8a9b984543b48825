import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from programs.lms.prefixes import Prefixes
from programs.lms.scheduler import CacheFullError, PipelineError, RefusedError, Scheduler, reason

WAIT = 10


class Runtime:
    """Stands for the native pipeline: one token a step; a request's config says how it misbehaves."""

    def __init__(self, step_seconds: float = 0.0):
        self.made = 0
        self.alive: dict[int, Handle] = {}
        self.most_alive = 0
        self.step_seconds = step_seconds
        self.broken = False

    def make(self) -> "Runtime":
        self.made += 1
        self.broken = False
        self.alive = {}
        return self

    def get_tokenizer(self) -> None:
        return None

    def add_request(self, number: int, input_ids: Any, config: dict[str, Any]) -> "Handle":
        if config.get("refuse"):
            raise RuntimeError("Check 'ok' failed at /home/build/src/request.cpp:12:\ntemperature must be positive\n")
        handle = self.alive[number] = Handle(config)
        self.most_alive = max(self.most_alive, len(self.alive))
        return handle

    def has_non_finished_requests(self) -> bool:
        return bool(self.alive)

    def step(self) -> None:
        time.sleep(self.step_seconds)
        assert not self.broken, "a broken pipeline is not stepped again"
        for number, handle in list(self.alive.items()):
            if handle.config.get("crash") or (handle.config.get("crash_late") and handle.tokens == 2):
                self.broken = True
                raise RuntimeError('[10:00:00] /home/build/x/grammar_parser.cc:552: Rule "nope" is not defined\n')
            if handle.status == "CANCEL" or handle.config.get("full"):
                handle.status = "IGNORED"
            else:
                handle.tokens += 1
                if handle.tokens >= handle.config["n"]:
                    handle.status = "FINISHED"
            if handle.status != "RUNNING":
                del self.alive[number]


class Handle:
    def __init__(self, config: dict[str, Any]):
        self.config, self.status, self.tokens = config, "RUNNING", 0

    def can_read(self) -> bool:
        return self.tokens > 0

    def cancel(self) -> None:
        self.status = "CANCEL"

    def get_status(self) -> Any:
        return SimpleNamespace(name=self.status)

    def read_all(self) -> list[Any]:
        assert self.status != "RUNNING", "reading a running request blocks for ever"
        return [SimpleNamespace(generated_ids=[7] * self.tokens, finish_reason=SimpleNamespace(name="LENGTH"))]


Started = Callable[..., tuple[Scheduler, Runtime]]


@pytest.fixture
def started() -> Iterator[Started]:
    schedulers: list[Scheduler] = []

    def start(step_seconds: float = 0.0) -> tuple[Scheduler, Runtime]:
        runtime = Runtime(step_seconds)
        schedulers.append(Scheduler(runtime.make))
        return schedulers[-1], runtime

    yield start
    for scheduler in schedulers:
        scheduler.close(WAIT)
        assert not scheduler._thread.is_alive()


def outcome(future: "Future[Any]") -> Any:
    """The number of tokens, or the type of the failure."""
    try:
        return len(future.result(WAIT).token_ids)
    except (PipelineError, CancelledError) as error:
        return type(error)


def test_many_threads_each_get_their_own_answer_from_one_batch(started: Started):
    scheduler, runtime = started(0.002)
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda n: len(scheduler.generate(None, {"n": n}).token_ids), range(1, 41)))
    assert answers == list(range(1, 41))
    assert runtime.most_alive > 10
    assert scheduler.busy_seconds > 0


def test_a_refused_request_fails_alone_and_its_message_has_no_build_path(started: Started):
    scheduler, _ = started()
    good = scheduler.submit(None, {"n": 20})
    with pytest.raises(RefusedError, match=r"^the embedded model refused a request: temperature must be positive$"):
        scheduler.generate(None, {"refuse": True})
    assert outcome(good) == 20


def test_a_request_that_breaks_the_pipeline_fails_alone(started: Started):
    scheduler, runtime = started(0.001)
    running = [scheduler.submit(None, {"n": 60}) for _ in range(4)]
    time.sleep(0.02)
    bad = scheduler.submit(None, {"crash": True, "n": 1})
    assert outcome(bad) is RefusedError
    assert [outcome(future) for future in running] == [60] * 4
    assert runtime.made == 2


def test_of_many_new_requests_only_those_at_fault_fail(started: Started):
    scheduler, runtime = started(0.02)
    # All ten are admitted in one step, so that any of them may have broken it.
    first = scheduler.submit(None, {"n": 1})
    configs = [{"n": 3, "crash": index in (4, 7)} for index in range(10)]
    futures = [scheduler.submit(None, config) for config in configs]
    expected = [RefusedError if config["crash"] else 3 for config in configs]
    assert [outcome(first), *map(outcome, futures)] == [1, *expected]
    # One start, and one restart for each that is at fault, with at most one more for finding them.
    assert runtime.made in (3, 4)


def test_a_failure_that_is_nobodys_fault_ends_the_running_requests_and_the_next_is_served(started: Started):
    scheduler, _ = started()
    assert outcome(scheduler.submit(None, {"n": 5, "crash_late": True})) is PipelineError
    assert outcome(scheduler.submit(None, {"n": 5})) == 5


def test_a_prompt_larger_than_the_cache_fails_and_others_go_on(started: Started):
    scheduler, _ = started()
    futures = [scheduler.submit(None, {"n": 9, "full": full}) for full in (False, True, False)]
    assert [outcome(future) for future in futures] == [9, CacheFullError, 9]


def test_a_cancelled_request_frees_its_place(started: Started):
    scheduler, runtime = started(0.001)
    endless = scheduler.submit(None, {"n": 10**9})
    while not runtime.alive:
        time.sleep(0.001)
    endless.cancel()
    until = time.monotonic() + WAIT
    while runtime.alive and time.monotonic() < until:
        time.sleep(0.001)
    assert not runtime.alive
    assert outcome(scheduler.submit(None, {"n": 2})) == 2


def test_an_interrupted_wait_cancels_its_request(started: Started, monkeypatch: pytest.MonkeyPatch):
    scheduler, runtime = started(0.001)

    def interrupted(self: Any, timeout: float | None = None) -> Any:
        while not runtime.alive:
            time.sleep(0.001)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Future, "result", interrupted)
        scheduler.generate(None, {"n": 10**9})
    until = time.monotonic() + WAIT
    while runtime.alive and time.monotonic() < until:
        time.sleep(0.001)
    assert not runtime.alive


def test_closing_fails_what_is_in_flight_and_drains_the_runtime(started: Started):
    scheduler, runtime = started(0.001)
    futures = [scheduler.submit(None, {"n": 10**9}) for _ in range(5)]
    time.sleep(0.02)
    scheduler.close(WAIT)
    assert [outcome(future) for future in futures] == [PipelineError] * 5
    assert not runtime.alive
    assert scheduler.closed
    with pytest.raises(PipelineError, match="closed"):
        scheduler.submit(None, {"n": 1})


def test_closing_twice_and_from_many_threads_is_harmless(started: Started):
    scheduler, _ = started()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: scheduler.close(WAIT), range(8)))
    assert scheduler.closed


def test_callers_that_race_with_closing_are_answered_or_told(started: Started):
    scheduler, _ = started(0.0005)
    gate = threading.Barrier(17)

    def call(index: int) -> Any:
        gate.wait(WAIT)
        try:
            return outcome(scheduler.submit(None, {"n": index}))
        except PipelineError:
            return PipelineError

    with ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(call, index) for index in range(1, 17)]
        gate.wait(WAIT)
        scheduler.close(WAIT)
        answers = [future.result(WAIT) for future in futures]
    assert all(answer in (PipelineError, index) for index, answer in enumerate(answers, 1))


def test_of_requests_that_share_a_prefix_one_reads_it_before_the_others_start(started: Started):
    scheduler, runtime = started(0.01)
    keys = Prefixes.keys(range(300))
    assert len(keys) == 1
    futures = [scheduler.submit(None, {"n": 3}, keys) for _ in range(6)]
    other = scheduler.submit(None, {"n": 3}, Prefixes.keys(range(1, 301)))
    while not runtime.alive:
        time.sleep(0.001)
    assert len(runtime.alive) <= 2
    assert [outcome(future) for future in (*futures, other)] == [3] * 7


@pytest.mark.parametrize("fault", [{"n": 10**9, "full": True}, {"n": 1, "crash": True}, {"n": 1, "refuse": True}, None])
def test_requests_do_not_wait_for_a_reader_that_failed(started: Started, fault: dict[str, Any] | None):
    scheduler, _ = started(0.01)
    keys = Prefixes.keys(range(300))
    leader = scheduler.submit(None, fault or {"n": 10**9}, keys)
    follower = scheduler.submit(None, {"n": 2}, keys)
    if fault is None:
        leader.cancel()
    assert outcome(follower) == 2
    assert outcome(leader) is (CancelledError if fault is None else CacheFullError if "full" in fault else RefusedError)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_no_caller_waits_for_ever_if_the_pipeline_cannot_be_made_again():
    runtime = Runtime(0.02)

    def make() -> Runtime:
        if runtime.made:
            raise MemoryError("no memory for a second pipeline")
        return runtime.make()

    scheduler = Scheduler(make)
    first = scheduler.submit(None, {"n": 50})
    time.sleep(0.05)
    others = [scheduler.submit(None, {"crash": True, "n": 1}) for _ in range(3)]
    assert {outcome(future) for future in (first, *others)} == {PipelineError}
    scheduler.close(WAIT)
    assert scheduler.closed


def test_busy_time_counts_work_and_not_waiting(started: Started):
    scheduler, _ = started(0.01)
    scheduler.generate(None, {"n": 10})
    busy = scheduler.busy_seconds
    # Ten steps of 10 ms.
    assert 0.1 <= busy < 1
    time.sleep(0.2)
    assert scheduler.busy_seconds - busy < 0.05


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("plain words", "plain words"),
        ("Check 'a == 0' failed at /home/build/a b/c.hpp:784:\nInternal error: no\n\n", "Internal error: no"),
        (
            "[11:24:45] /home/jenkins/x/grammar_parser.cc:552: EBNF error at line 1: no rule",
            "EBNF error at line 1: no rule",
        ),
        ("C:\\build\\x.cpp:3: wrong", "wrong"),
        ("", "RuntimeError"),
    ],
)
def test_a_reason_has_no_build_path(message: str, expected: str):
    assert reason(RuntimeError(message)) == expected
