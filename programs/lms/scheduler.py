"""One thread that serves every caller's request from one continuous-batching pipeline."""

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, NamedTuple

logger = logging.getLogger(__name__)


class Generated(NamedTuple):
    """What the pipeline made of one request."""

    token_ids: list[int]
    stopped: bool
    """False where the token limit ended it."""


class PipelineError(RuntimeError):
    """The runtime could not serve a request; others are not affected."""


@dataclass(eq=False)
class _Job:
    input_ids: Any
    config: Any
    future: "Future[Generated]" = field(default_factory=Future)
    handle: Any = None
    cancelled: bool = False


class Scheduler:
    """Feeds requests to the pipeline from one thread; callers wait on futures.

    The pipeline batches whatever is in flight, so throughput comes from many callers at once.
    A request whose caller gives up is cancelled; one that the runtime refuses fails alone. The
    runtime compiles an answer's grammar inside a step, where a bad one breaks the whole pipeline: the
    pipeline is then made anew, the requests that were in flight start again, and those that had just
    been admitted do so one at a time, so that only the one at fault fails.
    """

    def __init__(self, make_pipeline: Callable[[], Any]):
        """Loads the pipeline, so that a broken model file fails here and not in the thread."""
        self._make_pipeline = make_pipeline
        self._pipeline = make_pipeline()
        self._inbox: deque[_Job] = deque()
        self._suspects: deque[_Job] = deque()
        self._fresh: list[int] = []
        self._active: dict[int, _Job] = {}
        self._wake = threading.Condition()
        self._closing = False
        self._ids = itertools.count()
        self.busy_seconds = 0.0
        """Wall time in which at least one request was being generated."""
        self._thread = threading.Thread(target=self._run, name="hyperalign-embedded", daemon=True)
        self._thread.start()

    @property
    def pipeline(self) -> Any:
        """The runtime's pipeline, for its tokenizer."""
        return self._pipeline

    def generate(self, input_ids: Any, config: Any) -> Generated:
        """Runs one request to its end; safe from any thread.

        Raises: PipelineError if the runtime refuses or fails it, or the scheduler is closed.
        """
        job = _Job(input_ids, config)
        with self._wake:
            if self._closing:
                raise PipelineError("the embedded model is closed")
            self._inbox.append(job)
            self._wake.notify()
        try:
            return job.future.result()
        except BaseException:
            job.cancelled = True
            raise

    def close(self, timeout: float = 10.0) -> None:
        """Cancels what is in flight and ends the thread within `timeout` seconds."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            with self._wake:
                while not (self._inbox or self._suspects or self._active or self._closing):
                    self._wake.wait()
                jobs = self._take()
                closing = self._closing
            if closing:
                left = [*jobs, *self._suspects, *self._inbox, *self._active.values()]
                self._fail(left, PipelineError("the embedded model was closed"))
                return
            self._fresh = []
            started = time.perf_counter()
            for job in jobs:
                self._admit(job)
            self._step()
            self.busy_seconds += time.perf_counter() - started

    def _take(self) -> list[_Job]:
        """The requests to admit next: suspects alone, else all that wait."""
        if self._suspects:
            return [self._suspects.popleft()]
        jobs = list(self._inbox)
        self._inbox.clear()
        return jobs

    def _admit(self, job: _Job) -> None:
        if job.cancelled:
            return
        number = next(self._ids)
        try:
            job.handle = self._pipeline.add_request(number, job.input_ids, job.config)
        except (RuntimeError, ValueError, TypeError) as error:
            self._fail([job], PipelineError(f"the embedded model refused a request: {_first_line(error)}"))
            return
        self._active[number] = job
        self._fresh.append(number)

    def _step(self) -> None:
        if not self._active:
            return
        for job in self._active.values():
            if job.cancelled:
                job.handle.cancel()
        try:
            if self._pipeline.has_non_finished_requests():
                self._pipeline.step()
        except RuntimeError as error:
            self._recover(error)
            return
        self._collect()

    def _recover(self, error: RuntimeError) -> None:
        """Starts over after a failed step: the newest requests are suspects, and a lone one is at fault."""
        logger.warning("the embedded pipeline failed and is restarted: %s", _first_line(error))
        fresh = [self._active.pop(number) for number in self._fresh]
        running = list(self._active.values())
        self._active.clear()
        self._pipeline = self._make_pipeline()
        failure = PipelineError(f"the embedded model failed: {_first_line(error)}")
        if len(fresh) == 1:
            self._fail(fresh, failure)
        elif not fresh:
            self._fail(running, failure)
            return
        else:
            self._suspects.extend(fresh)
        for job in running:
            self._admit(job)
        self._fresh = []

    def _collect(self) -> None:
        for number, job in list(self._active.items()):
            status = job.handle.get_status().name
            if status == "RUNNING":
                continue
            del self._active[number]
            if status != "FINISHED":
                self._fail([job], PipelineError(f"the embedded model ended a request early ({status.lower()})"))
                continue
            output = job.handle.read_all()[0]
            job.future.set_result(Generated(list(output.generated_ids), output.finish_reason.name == "STOP"))

    @staticmethod
    def _fail(jobs: list[_Job], error: Exception) -> None:
        for job in jobs:
            if not job.future.done():
                job.future.set_exception(error)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
