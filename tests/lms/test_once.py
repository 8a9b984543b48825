import copy
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from programs.once import Once


def test_many_threads_share_one_run_of_the_work():
    once, runs, gate = Once(), [], threading.Event()

    def work() -> str:
        gate.wait(10)
        runs.append(1)
        return "done"

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(once, "key", work) for _ in range(8)]
        gate.set()
        assert {future.result(10) for future in futures} == {"done"}
    assert len(runs) == 1


def test_keys_do_not_share():
    once = Once()
    assert [once(key, lambda key=key: key * 2) for key in (1, 2, 1)] == [2, 4, 2]


@pytest.mark.parametrize("fault", [ValueError("no"), KeyboardInterrupt()])
def test_a_failure_reaches_everyone_who_waited_and_the_next_caller_tries_again(fault: BaseException):
    once, begun, gate = Once(), threading.Event(), threading.Event()

    def fail() -> None:
        begun.set()
        gate.wait(10)
        raise fault

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(once, "key", fail)
        assert begun.wait(10)
        second = pool.submit(once, "key", lambda: pytest.fail("ran beside the first"))
        gate.set()
        assert isinstance(first.exception(10), type(fault))
        assert isinstance(second.exception(10), (type(fault), pytest.fail.Exception))
    assert once("key", lambda: "mended") == "mended"


def test_a_copy_starts_empty():
    once = Once()
    once("key", lambda: "old")
    assert copy.deepcopy(once)("key", lambda: "new") == "new"
    assert once("key", lambda: "newer") == "old"
