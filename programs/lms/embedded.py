"""A chat model in this process: a DSPy engine over OpenVINO GenAI's continuous batching.

The default is SmolLM2-135M-Instruct (98 MB, Apache-2.0), which arrives as a Python package; any
Llama-, Qwen- or SmolLM-type GGUF file loads by path.
"""

import asyncio
import atexit
import importlib.util
import os
import re
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from typing import Any, NamedTuple

from dspy.lm15 import (
    ContextLengthError,
    InvalidRequestError,
    LM15Error,
    Message,
    Request,
    Response,
    ServerError,
    TextPart,
    Usage,
    response_to_events,
)

from programs.lms.chat import marker_pattern, refuse_unserved, turns
from programs.lms.decoding import generation_config, max_tokens
from programs.lms.gguf_file import INSTALL_LINE, KINDS, ModelFile, bundled_model, inspect
from programs.lms.prefixes import Prefixes
from programs.lms.scheduler import (
    RUNTIME_ERRORS,
    CacheFullError,
    Generated,
    PipelineError,
    RefusedError,
    Scheduler,
    reason,
)
from signatures.errors import SetupError
from signatures.paths import typed_path

DEFAULT_KV_GIB = 1
_STEP_TOKENS = 512
"""Tokens that one step of the pipeline reads at most, so that long prompts do not hold up short answers."""

FAST = {"KV_CACHE_PRECISION": "f16"}
"""Runtime properties otherwise. Left to itself the runtime keeps keys and values as bytes, and unpacking these takes
longer than reading twice as many."""

_EXACT = {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"}
"""Runtime properties under which a text does not depend on what else is in flight."""

_engines: dict[tuple[str, int, bool], "EmbeddedEngine"] = {}
_engines_lock = threading.Lock()


def engine_for(path: str | None = None, kv_gib: int = DEFAULT_KV_GIB, exact: bool = False) -> "EmbeddedEngine":
    """The process's engine for a model file; the same call gives the same engine.

    A pipeline holds weights and KV cache, so two for one file would cost twice the memory.

    Raises: SetupError for a file that cannot be read, a missing package, or a `kv_gib` that is not a positive integer.
    """
    if isinstance(kv_gib, bool) or not isinstance(kv_gib, int) or kv_gib < 1:
        raise SetupError(f"kv_gib is {kv_gib!r}; give the KV cache's bound as a whole number of GiB, at least 1")
    file = inspect(typed_path(path)) if path else bundled_model()
    if importlib.util.find_spec("openvino_genai") is None:
        raise SetupError(f"the embedded model's runtime is not installed; add it with: {INSTALL_LINE}")
    with _engines_lock:
        return _engines.setdefault((str(file.path), kv_gib, exact), EmbeddedEngine(file, kv_gib, exact, not path))


class _Pending(NamedTuple):
    """A request that is queued."""

    n_prompt: int
    """Tokens of the prompt."""
    tokenizer: Any
    future: "Future[Generated]"


class EmbeddedEngine:
    """Serves `dspy.LM(engine=...)` calls; the pipeline is built at the first one.

    The runtime's repetition penalty is not offered: it counts the prompt's words too, and makes gibberish of
    an answer that follows samples. What is asked for and not served is refused, never ignored.

    A seed repeats a text if the same requests are in flight: like other batching servers, the runtime rounds
    differently for other numbers of them. With `exact` it repeats whatever is in flight, at about half the speed.
    """

    supports_response_schema = True
    supported_params = frozenset(
        "response_format temperature max_tokens top_p top_k stop seed frequency_penalty presence_penalty".split()
    )

    def __init__(self, file: ModelFile, kv_gib: int = DEFAULT_KV_GIB, exact: bool = False, bundled: bool = False):
        """Takes a file that `inspect` accepted; loads nothing yet."""
        self.file = file
        self.kv_gib = kv_gib
        self.exact = exact
        self._bundled = bundled
        self._scheduler: Scheduler | None = None
        self._markers: re.Pattern[str] | None = None
        self._owner = os.getpid()
        self._past_seconds = 0.0
        self._lock = threading.Lock()
        self._tokenizer_lock = threading.Lock()

    def complete(self, request: Request) -> Response:
        """Generates one answer; an interrupted wait cancels it.

        Raises: ContextLengthError if prompt and answer do not fit the model; InvalidRequestError for a
        schema that cannot be compiled; UnsupportedFeatureError for what the model does not serve; ServerError if the
        runtime fails.
        """
        pending = self._submit(request)
        try:
            generated = pending.future.result()
        except PipelineError as error:
            raise self._canonical(error) from error
        finally:
            pending.future.cancel()
        return self._response(request, pending, generated)

    def stream(self, request: Request) -> Iterator[Any]:
        """One answer as events, all at once."""
        return response_to_events(self.complete(request))

    def close(self) -> None:
        """Ends the scheduler thread; a later call starts a new one."""
        with self._lock:
            if self._scheduler is not None:
                self._scheduler.close()
                self._past_seconds += self._scheduler.busy_seconds
                self._scheduler = None

    @property
    def busy_seconds(self) -> float:
        """Wall seconds in which the pipeline was generating, over the engine's life."""
        scheduler = self._scheduler
        return self._past_seconds + (scheduler.busy_seconds if scheduler else 0.0)

    def start(self) -> Scheduler:
        """Loads the model if it is not loaded.

        Raises: SetupError if the runtime cannot read the file, or the process was forked from one that loaded it.
        """
        if self._owner != os.getpid() and self._scheduler is not None:
            raise SetupError(
                "the embedded model was loaded before this process was forked, which it does not survive; "
                "start processes with multiprocessing's 'spawn' method, or load it in each"
            )
        with self._lock:
            if self._scheduler is None or self._scheduler.closed:
                self._past_seconds += self._scheduler.busy_seconds if self._scheduler else 0.0
                self._owner = os.getpid()
                self._scheduler = Scheduler(self._make_pipeline)
                self._markers = marker_pattern(self._scheduler.tokenizer)
            return self._scheduler

    def dump_state(self) -> dict[str, Any]:
        """What `load_state` needs: no weights, no secrets, and no path for the model that a package brings."""
        path = None if self._bundled else str(self.file.path)
        return {"path": path, "kv_gib": self.kv_gib, "exact": self.exact}

    @classmethod
    def load_state(cls, state: dict[str, Any]) -> "EmbeddedEngine":
        """The engine that `dump_state` described."""
        return engine_for(state["path"], state["kv_gib"], state["exact"])

    def _submit(self, request: Request) -> "_Pending":
        """Queues a request."""
        refuse_unserved(request)
        scheduler = self.start()
        chat = turns(request, self._markers)
        with self._tokenizer_lock:
            tokenizer = scheduler.tokenizer
            prompt = tokenizer.apply_chat_template(chat, add_generation_prompt=True)
            input_ids = tokenizer.encode(prompt, add_special_tokens=False).input_ids
            end_of_turn = tokenizer.get_eos_token_id()
            # The runtime's first conversion to an array deadlocks when two threads make it at once.
            token_ids = input_ids.data[0].tolist()
        n_prompt, n_max = len(token_ids), max_tokens(request.config)
        if n_prompt + n_max > self.file.context_length:
            raise ContextLengthError(
                f"{n_prompt} prompt tokens + {n_max} answer tokens exceed the {self.file.context_length} that "
                f"{self.file.name} reads; show fewer samples or lower max_tokens"
            )
        try:
            config = generation_config(request.config, prompt, end_of_turn)
            future = scheduler.submit(input_ids, config, Prefixes.keys(token_ids))
        except PipelineError as error:
            raise self._canonical(error) from error
        return _Pending(n_prompt, tokenizer, future)

    def _response(self, request: Request, pending: "_Pending", generated: Generated) -> Response:
        with self._tokenizer_lock:
            text = pending.tokenizer.decode(generated.token_ids, skip_special_tokens=True)
        for stop in request.config.stop:
            text = text.partition(stop)[0]
        return Response(
            id=None,
            model=request.model,
            message=Message(role="assistant", parts=(TextPart(text=text),)),
            finish_reason="stop" if generated.stopped else "length",
            usage=Usage(input_tokens=pending.n_prompt, output_tokens=len(generated.token_ids)),
        )

    def _canonical(self, error: PipelineError) -> LM15Error:
        """The error as DSPy knows it: a failure of the runtime may be tried again, a refusal not."""
        if isinstance(error, CacheFullError):
            return ContextLengthError(f"{error} of {self.kv_gib} GiB; raise kv_gib, or show fewer samples")
        return InvalidRequestError(str(error)) if isinstance(error, RefusedError) else ServerError(str(error))

    def _make_pipeline(self) -> Any:
        import openvino_genai as ov

        scheduler = ov.SchedulerConfig()
        scheduler.enable_prefix_caching = True
        scheduler.cache_size = self.kv_gib
        scheduler.max_num_batched_tokens = _STEP_TOKENS
        properties = _EXACT if self.exact else FAST
        try:
            pipeline = ov.ContinuousBatchingPipeline(str(self.file.path), scheduler, "CPU", properties)
        except RUNTIME_ERRORS as error:
            raise SetupError(
                f"the runtime cannot load {str(self.file.path)!r} ({reason(error)}); embedded:PATH reads {KINDS}"
            ) from error
        if not pipeline.get_tokenizer().chat_template:
            raise SetupError(f"{str(self.file.path)!r} has no chat template; give an instruct or chat model")
        return pipeline


class AsyncEmbeddedEngine:
    """The same engine for `await`: the caller's event loop goes on, and a cancelled task cancels its request."""

    def __init__(self, engine: EmbeddedEngine):
        """Shares the engine's pipeline."""
        self._engine = engine

    async def complete(self, request: Request) -> Response:
        """Generates one answer; raises what `EmbeddedEngine.complete` does."""
        pending = await asyncio.to_thread(self._engine._submit, request)
        try:
            generated = await asyncio.wrap_future(pending.future)
        except PipelineError as error:
            raise self._engine._canonical(error) from error
        return self._engine._response(request, pending, generated)

    async def stream(self, request: Request) -> AsyncIterator[Any]:
        """One answer as events, all at once."""
        for event in response_to_events(await self.complete(request)):
            yield event

    def dump_state(self) -> dict[str, Any]:
        """That of the engine it shares."""
        return self._engine.dump_state()

    @classmethod
    def load_state(cls, state: dict[str, Any]) -> "AsyncEmbeddedEngine":
        """One that shares the engine which `dump_state` described."""
        return cls(EmbeddedEngine.load_state(state))


@atexit.register
def _close_all() -> None:
    for engine in _engines.values():
        if engine._owner == os.getpid():
            engine.close()
