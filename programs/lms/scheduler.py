"""One thread that serves every caller's request from one continuous-batching pipeline."""

import itertools
import logging
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from programs.lms.prefixes import Prefixes

logger = logging.getLogger(__name__)

RUNTIME_ERRORS = (RuntimeError, ValueError, TypeError, IndexError, OverflowError, MemoryError)
"""What C++ exceptions become in Python."""

_DRAIN_STEPS = 100
_BUILD_PATH = re.compile(r"^(\[[\d:]+\]\s*)?(Check '.*' failed at\s*)?(\S*[/\\]\S+\.(cc|cpp|h|hpp):\d+:?\s*)?")


class Generated(NamedTuple):
    """What the pipeline made of one request."""

    token_ids: list[int]
    stopped: bool
    """False where the token limit ended it."""


class PipelineError(RuntimeError):
    """The runtime failed, or is closed; the request may be right."""


class RefusedError(PipelineError):
    """The runtime cannot serve this request, however often it is asked."""


class CacheFullError(RefusedError):
    """Prompt and answer together do not fit the KV cache, even alone."""


@dataclass(eq=False)
class _Job:
    input_ids: Any
    config: Any
    future: "Future[Generated]" = field(default_factory=Future)
    """Cancelled by a caller who gives up."""
    handle: Any = None
    prefixes: tuple[Hashable, ...] = ()
    reading: bool = False
    """Whether others wait for it to have read its prompt."""

    @property
    def proven(self) -> bool:
        """Whether it has a token: the runtime compiles an answer's grammar when it samples the first."""
        return self.handle is not None and self.handle.can_read()


class Scheduler:
    """Feeds requests to the pipeline from one thread; callers wait on futures.

    The pipeline batches whatever is in flight, so throughput comes from many callers at once; of those that share a
    long prefix one reads it first (`prefixes`). A request whose caller
    gives up is cancelled and frees its place; one that the runtime refuses fails alone. A bad grammar
    breaks the whole pipeline: it is then made anew, requests that had tokens start again, and those that had none are
    suspects, admitted one at a time, so that only the one at fault fails. Whatever ends the thread, no caller is left
    waiting.
    """

    def __init__(self, make_pipeline: Callable[[], Any]):
        """Loads the pipeline, so that a broken model file fails here and not in the thread."""
        self._make_pipeline = make_pipeline
        self._pipeline: Any = make_pipeline()
        self.tokenizer = self._pipeline.get_tokenizer()
        """Outlives the pipeline; not safe for two threads at a time."""
        self._inbox: deque[_Job] = deque()
        self._followers: deque[_Job] = deque()
        self._prefixes = Prefixes()
        self._suspects: deque[_Job] = deque()
        self._active: dict[int, _Job] = {}
        self._wake = threading.Condition()
        self._closing = False
        self._ids = itertools.count()
        self.busy_seconds = 0.0
        """Wall time in which at least one request was being generated."""
        self._thread = threading.Thread(target=self._run, name="hyperalign-embedded", daemon=True)
        self._thread.start()

    @property
    def closed(self) -> bool:
        """Whether it takes no more requests."""
        return self._closing

    def submit(self, input_ids: Any, config: Any, prefixes: tuple[Hashable, ...] = ()) -> "Future[Generated]":
        """Queues one request; cancelling the future cancels it. Safe from any thread.

        The future holds a PipelineError where the runtime fails the request.

        Raises: PipelineError if the scheduler is closed.
        """
        job = _Job(input_ids, config, prefixes=prefixes)
        with self._wake:
            if self._closing:
                raise PipelineError("the embedded model is closed")
            self._inbox.append(job)
            self._wake.notify()
        return job.future

    def generate(self, input_ids: Any, config: Any, prefixes: tuple[Hashable, ...] = ()) -> Generated:
        """Runs one request to its end; an interrupted wait cancels it.

        Raises: PipelineError if the runtime refuses or fails it, or the scheduler is closed.
        """
        future = self.submit(input_ids, config, prefixes)
        try:
            return future.result()
        finally:
            future.cancel()

    def close(self, timeout: float = 10.0) -> None:
        """Cancels what is in flight and ends the thread within `timeout` seconds."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _run(self) -> None:
        try:
            while self._wait():
                started = time.perf_counter()
                for job in self._take():
                    self._admit(job)
                self._step()
                self.busy_seconds += time.perf_counter() - started
        finally:
            self._end()

    def _wait(self) -> bool:
        """Sleeps until there is work; False once closed."""
        with self._wake:
            while not (self._inbox or self._followers or self._suspects or self._active or self._closing):
                self._wake.wait()
            return not self._closing

    def _take(self) -> list[_Job]:
        """The requests to admit next: suspects alone, else all that wait for nobody to read their prefix."""
        if self._suspects:
            on_trial = any(not job.proven for job in self._active.values())
            return [] if on_trial else [self._suspects.popleft()]
        with self._wake:
            jobs = [*self._followers, *self._inbox]
            self._inbox.clear()
        self._followers.clear()
        return jobs

    def _admit(self, job: _Job) -> None:
        if job.future.cancelled():
            return
        if not self._prefixes.may_start(job.prefixes):
            self._followers.append(job)
            return
        number = next(self._ids)
        try:
            job.handle = self._pipeline.add_request(number, job.input_ids, job.config)
        except RUNTIME_ERRORS as error:
            _fail([job], RefusedError(f"the embedded model refused a request: {reason(error)}"))
            return
        self._active[number] = job
        self._prefixes.started(job.prefixes)
        job.reading = True

    def _step(self) -> None:
        for job in self._active.values():
            if job.future.cancelled():
                job.handle.cancel()
        try:
            if self._pipeline.has_non_finished_requests():
                self._pipeline.step()
        except RUNTIME_ERRORS as error:
            self._recover(error)
            return
        self._collect()

    def _recover(self, error: Exception) -> None:
        """Starts over after a failed step; a lone request without a token is at fault."""
        logger.warning("the embedded pipeline failed and is made anew: %s", reason(error))
        running = list(self._active.values())
        suspects = [job for job in running if not job.proven]
        proven = [job for job in running if job.proven]
        if not suspects:
            _fail(proven, PipelineError(f"the embedded model failed: {reason(error)}"))
            proven = []
        elif len(suspects) == 1:
            _fail(suspects, RefusedError(f"the embedded model cannot serve a request: {reason(error)}"))
        else:
            self._suspects.extend(suspects)
        for job in running:
            job.handle = None
            job.reading = False
        self._prefixes = Prefixes()
        with self._wake:
            self._inbox.extendleft(reversed(proven))
        self._active.clear()
        # Two pipelines would hold two KV caches, so the old one goes first.
        self._pipeline = None
        self._pipeline = self._make_pipeline()

    def _collect(self) -> None:
        for number, job in list(self._active.items()):
            status = job.handle.get_status().name
            if job.reading and (job.proven or status != "RUNNING"):
                self._read(job, job.proven or status == "FINISHED")
            if status == "RUNNING":
                continue
            output = job.handle.read_all()[0] if status == "FINISHED" else None
            del self._active[number]
            if output is None:
                _fail([job], CacheFullError("prompt and answer do not fit the KV cache"))
            elif job.future.set_running_or_notify_cancel():
                job.future.set_result(Generated(list(output.generated_ids), output.finish_reason.name == "STOP"))

    def _read(self, job: _Job, whole: bool) -> None:
        """Lets those go on that waited for a request to read its prompt."""
        self._prefixes.ended(job.prefixes, whole)
        job.reading = False

    def _end(self) -> None:
        """Leaves no caller waiting and no request in the runtime, which complains of those on its way out."""
        with self._wake:
            self._closing = True
            waiting = [*self._inbox, *self._followers, *self._suspects]
        running = list(self._active.values())
        _fail([*waiting, *running], PipelineError("the embedded model was closed"))
        for job in running:
            if job.handle is not None:
                job.handle.cancel()
        try:
            for _ in range(_DRAIN_STEPS):
                if self._pipeline is None or not self._pipeline.has_non_finished_requests():
                    break
                self._pipeline.step()
        except RUNTIME_ERRORS as error:
            logger.debug("the embedded pipeline did not drain: %s", reason(error))
        for job in running:
            job.handle = None
        self._active.clear()
        self._pipeline = None


def _fail(jobs: Iterable[_Job], error: Exception) -> None:
    for job in jobs:
        if job.future.set_running_or_notify_cancel():
            job.future.set_exception(error)


def reason(error: Exception) -> str:
    """The last line of the runtime's message, without the build paths that it prefixes."""
    lines = [stripped for line in str(error).splitlines() if (stripped := _BUILD_PATH.sub("", line.strip()))]
    return lines[-1] if lines else type(error).__name__
