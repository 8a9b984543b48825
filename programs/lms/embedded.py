"""A chat model in this process: a DSPy engine over OpenVINO GenAI's continuous batching.

The default is SmolLM2-135M-Instruct (98 MB, Apache-2.0), which arrives as a Python package; any
Llama-, Qwen- or SmolLM-type GGUF file loads by path.
"""

import atexit
import hashlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dspy
from dspy.lm15 import (
    ContextLengthError,
    InvalidRequestError,
    Message,
    Request,
    Response,
    ServerError,
    TextPart,
    Usage,
    response_to_events,
)

from programs.lms.gguf_file import INSTALL_LINE, ModelFile, bundled_model, inspect
from programs.lms.grammar import grammar
from programs.lms.scheduler import PipelineError, Scheduler
from signatures.errors import SetupError

DEFAULT_KV_GIB = 1
DEFAULT_MAX_TOKENS = 256

_engines: dict[tuple[str, int], "EmbeddedEngine"] = {}
_engines_lock = threading.Lock()


def engine_for(path: str | None = None, kv_gib: int = DEFAULT_KV_GIB) -> "EmbeddedEngine":
    """The process's engine for a model file; the same call gives the same engine.

    A pipeline holds weights and KV cache, so two for one file would cost twice the memory.
    """
    file = inspect(Path(path).expanduser()) if path else bundled_model()
    with _engines_lock:
        return _engines.setdefault((str(file.path), kv_gib), EmbeddedEngine(file, kv_gib))


class EmbeddedEngine:
    """Serves `dspy.LM(engine=...)` calls; the pipeline is built at the first one.

    Answers constrained to a schema get no frequency penalty: it would make them avoid the quotes and
    braces they must repeat. The runtime's repetition penalty is not offered: it counts the prompt's
    words too, and makes gibberish of an answer that follows samples.
    """

    supports_response_schema = True
    supported_params = frozenset(
        ("response_format", "temperature", "max_tokens", "top_p", "top_k", "stop", "seed", "frequency_penalty")
    )

    def __init__(self, file: ModelFile, kv_gib: int = DEFAULT_KV_GIB):
        """Takes a file that `inspect` accepted; loads nothing yet."""
        self.file = file
        self.kv_gib = kv_gib
        self._scheduler: Scheduler | None = None
        self._lock = threading.Lock()
        self._tokenizer_lock = threading.Lock()

    def complete(self, request: Request) -> Response:
        """Generates one answer.

        Raises: ContextLengthError if prompt and answer do not fit the model; InvalidRequestError for a
        schema that cannot be compiled; ServerError if the runtime fails.
        """
        scheduler = self.start()
        prompt = self._render(request)
        input_ids, n_prompt = self._encode(prompt)
        n_max = request.config.max_tokens or DEFAULT_MAX_TOKENS
        if n_prompt + n_max > self.file.context_length:
            raise ContextLengthError(
                f"{n_prompt} prompt tokens + {n_max} answer tokens exceed the {self.file.context_length} that "
                f"{self.file.name} reads; show fewer samples or lower max_tokens"
            )
        try:
            generated = scheduler.generate(input_ids, self._config(request, prompt, n_max))
        except PipelineError as error:
            raise ServerError(str(error)) from error
        text = self._decode(generated.token_ids)
        for stop in request.config.stop or ():
            text = text.partition(stop)[0]
        return Response(
            id=None,
            model=request.model,
            message=Message(role="assistant", parts=(TextPart(text=text),)),
            finish_reason="stop" if generated.stopped else "length",
            usage=Usage(input_tokens=n_prompt, output_tokens=len(generated.token_ids)),
        )

    def stream(self, request: Request) -> Iterator[Any]:
        """One answer as events, all at once."""
        return response_to_events(self.complete(request))

    def close(self) -> None:
        """Ends the scheduler thread; a later call starts a new one."""
        with self._lock:
            if self._scheduler is not None:
                self._scheduler.close()
                self._scheduler = None

    @property
    def busy_seconds(self) -> float:
        """Wall seconds in which the pipeline was generating, since it started."""
        return self._scheduler.busy_seconds if self._scheduler else 0.0

    def start(self) -> Scheduler:
        """Loads the model if it is not loaded.

        Raises: SetupError if the runtime is missing or cannot read the file.
        """
        with self._lock:
            if self._scheduler is None:
                self._scheduler = Scheduler(self._make_pipeline)
            return self._scheduler

    def dump_state(self) -> dict[str, Any]:
        """What `load_state` needs: no weights, no secrets."""
        return {"path": str(self.file.path), "kv_gib": self.kv_gib}

    @classmethod
    def load_state(cls, state: dict[str, Any]) -> "EmbeddedEngine":
        """The engine that `dump_state` described."""
        return engine_for(state["path"], state["kv_gib"])

    def _make_pipeline(self) -> Any:
        try:
            import openvino_genai as ov
        except ImportError as error:
            raise SetupError(f"the embedded model's runtime is not installed; add it with: {INSTALL_LINE}") from error
        scheduler = ov.SchedulerConfig()
        scheduler.enable_prefix_caching = True
        scheduler.cache_size = self.kv_gib
        scheduler.max_num_batched_tokens = 512
        try:
            return ov.ContinuousBatchingPipeline(str(self.file.path), scheduler, "CPU")
        except RuntimeError as error:
            raise SetupError(
                f"the runtime cannot load {str(self.file.path)!r}; it reads GGUF files of Llama-, Qwen- and "
                f"SmolLM-type models, quantised to Q4_0, Q4_1, Q4_K, Q6_K, Q8_0 or F16"
            ) from error

    def _render(self, request: Request) -> str:
        turns = []
        if request.system is not None:
            parts = [request.system] if isinstance(request.system, str) else [p.text for p in request.system]
            turns.append({"role": "system", "content": "".join(parts)})
        turns.extend({"role": message.role, "content": message.text or ""} for message in request.messages)
        with self._tokenizer_lock:
            tokenizer = self.start().pipeline.get_tokenizer()
            return tokenizer.apply_chat_template(turns, add_generation_prompt=True)

    def _encode(self, prompt: str) -> tuple[Any, int]:
        with self._tokenizer_lock:
            tensor = self.start().pipeline.get_tokenizer().encode(prompt, add_special_tokens=False).input_ids
        return tensor, int(tensor.shape[1])

    def _decode(self, token_ids: list[int]) -> str:
        with self._tokenizer_lock:
            return self.start().pipeline.get_tokenizer().decode(token_ids, skip_special_tokens=True)

    def _config(self, request: Request, prompt: str, n_max: int) -> Any:
        import openvino_genai as ov

        asked = request.config
        config = ov.GenerationConfig()
        config.apply_chat_template = False
        config.max_new_tokens = n_max
        with self._tokenizer_lock:
            config.set_eos_token_id(self.start().pipeline.get_tokenizer().get_eos_token_id())
        temperature = 0.0 if asked.temperature is None else asked.temperature
        config.do_sample = temperature > 0
        if temperature > 0:
            config.temperature = temperature
            config.top_p = 1.0 if asked.top_p is None else asked.top_p
            if asked.top_k is not None:
                config.top_k = asked.top_k
            config.rng_seed = _seed(asked.seed or 0, prompt)
        if asked.stop:
            config.stop_strings = set(asked.stop)
        schema = _schema(asked.response_format)
        if schema is None:
            config.frequency_penalty = asked.frequency_penalty or 0.0
        else:
            compact = grammar(schema)
            config.structured_output_config = (
                ov.StructuredOutputConfig(grammar=compact)
                if compact
                else ov.StructuredOutputConfig(json_schema=json.dumps(schema))
            )
        return config


def _seed(seed: int, prompt: str) -> int:
    """A seed of its own for each prompt: equal seeds would couple the draws of different prompts."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{prompt}".encode()).digest()[:4], "big")


def _schema(response_format: Any) -> dict[str, Any] | None:
    """The JSON schema of a response format, None where the answer is free text."""
    if not response_format:
        return None
    kind = response_format.get("type")
    if kind == "json_schema":
        return response_format["schema"]
    if kind == "json_object":
        return {"type": "object"}
    raise InvalidRequestError(f"the embedded model does not know the response format {kind!r}")


class EmbeddedLM(dspy.LM):
    """`dspy.LM` whose engine runs in this process."""

    small = True
    """Adapters give a small model plain prompts (programs/lms/adapters.py)."""


@atexit.register
def _close_all() -> None:
    for engine in _engines.values():
        engine.close()
