"""A request's settings as the runtime's generation config."""

import hashlib
import json
from typing import Any

from dspy.lm15 import Config, InvalidRequestError

from programs.lms.grammar import grammar

DEFAULT_MAX_TOKENS = 256

_TYPES = frozenset(("object", "array", "string", "number", "integer", "boolean", "null"))
_NAMED = ("properties", "$defs", "definitions")


def generation_config(asked: Config, prompt: str, end_of_turn: int) -> Any:
    """The runtime's config for one request.

    No temperature means greedy decoding. Answers constrained to a schema get no penalties: those would make them
    avoid the quotes and braces that they must repeat.

    Raises: InvalidRequestError for a schema that cannot constrain an answer.
    """
    import openvino_genai as ov

    config = ov.GenerationConfig()
    config.apply_chat_template = False
    config.max_new_tokens = max_tokens(asked)
    config.set_eos_token_id(end_of_turn)
    if asked.temperature:
        config.do_sample = True
        config.temperature = asked.temperature
        # The runtime wants top_p above 0; OpenAI's 0 means the likeliest token alone.
        config.top_p = 1.0 if asked.top_p is None else max(asked.top_p, 1e-6)
        if asked.top_k is not None:
            config.top_k = asked.top_k
        config.rng_seed = prompt_seed(asked.seed or 0, prompt)
    if asked.stop:
        config.stop_strings = set(asked.stop)
    schema = answer_schema(asked.response_format)
    if schema is None:
        config.frequency_penalty = asked.frequency_penalty or 0.0
        config.presence_penalty = asked.presence_penalty or 0.0
        return config
    compact = grammar(schema)
    if compact is None:
        check_schema(schema)
        config.structured_output_config = ov.StructuredOutputConfig(json_schema=json.dumps(schema))
    else:
        config.structured_output_config = ov.StructuredOutputConfig(grammar=compact)
    return config


def max_tokens(asked: Config) -> int:
    """The longest answer, in tokens."""
    return asked.max_tokens or DEFAULT_MAX_TOKENS


def prompt_seed(seed: int, prompt: str) -> int:
    """A seed of its own for each prompt: equal seeds would couple the draws of different prompts."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{prompt}".encode()).digest()[:4], "big")


def answer_schema(response_format: Any) -> dict[str, Any] | None:
    """The JSON schema of a response format, None where the answer is free text."""
    if not response_format:
        return None
    return response_format["schema"] if response_format["type"] == "json_schema" else {"type": "object"}


def check_schema(schema: dict[str, Any]) -> None:
    """Finds the faults that a schema most often has, before one breaks the runtime for everybody.

    Raises: InvalidRequestError naming the fault.
    """
    pending: list[Any] = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending += node
        if not isinstance(node, dict):
            continue
        kinds = node.get("type", [])
        for kind in [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else []:
            if kind not in _TYPES:
                raise InvalidRequestError(f"the schema has the type {kind!r}; JSON knows: {', '.join(sorted(_TYPES))}")
        if isinstance(node.get("$ref"), str) and not _resolves(node["$ref"], schema):
            raise InvalidRequestError(f"the schema refers to {node['$ref']!r}, which it does not hold")
        # The names of properties are free, their values are schemas; so are those of $defs.
        pending += [
            list(inner.values())
            if name in ("properties", "$defs", "definitions") and isinstance(inner, dict)
            else inner
            for name, inner in node.items()
            if name not in ("enum", "const", "default", "examples")
        ]


def _resolves(reference: str, schema: dict[str, Any]) -> bool:
    node: Any = schema
    for step in reference.removeprefix("#").split("/")[1:]:
        if not isinstance(node, dict) or step not in node:
            return False
        node = node[step]
    return reference.startswith("#")
