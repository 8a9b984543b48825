"""The one place that turns a model's name into a `dspy.LM`."""

from typing import Any

import dspy

from programs.lms.embedded import DEFAULT_KV_GIB, AsyncEmbeddedEngine, engine_for
from programs.lms.embedded_lm import EmbeddedLM
from signatures.errors import SetupError

EMBEDDED_DECODING: dict[str, Any] = {"temperature": 0.7, "top_p": 0.9, "frequency_penalty": 0.4, "max_tokens": 220}
"""Decoding of the embedded model, which loops without a frequency penalty."""

HOSTED_DECODING: dict[str, Any] = {"temperature": 0.7, "max_tokens": 1024}


def make_lm(name: str = "embedded", **settings: Any) -> dspy.LM:
    """A language model by name.

    Args:
        name: `embedded`, `embedded:/path/to/model.gguf`, or a litellm model string such as `openai/gpt-4o-mini`.
        settings: passed to `dspy.LM` (`temperature`, `max_tokens`, `seed`, `api_base`, `cache`, ...); for the
            embedded model also `kv_gib`, the bound of its KV cache in GiB (default 1), and `exact`, which makes a seed
            repeat its text whatever else is in flight, at half the speed (default False).

    Raises: SetupError for a name that is neither, a model file that cannot be read, or a missing package.
    """
    kind, _, path = name.partition(":")
    if kind == "embedded":
        kv_gib, exact = settings.pop("kv_gib", DEFAULT_KV_GIB), bool(settings.pop("exact", False))
        for client in ("api_base", "api_key"):
            if settings.pop(client, None) is not None:
                raise SetupError(f"{client} has no use with the embedded model; drop it, or name a hosted model")
        engine = engine_for(path or None, kv_gib, exact)
        # The engine mends what can be mended by itself, so DSPy's retries would only wait.
        decoding = {**EMBEDDED_DECODING, "num_retries": 0, **settings}
        return EmbeddedLM(name, engine=engine, async_engine=AsyncEmbeddedEngine(engine), **decoding)
    provider, separator, model = name.partition("/")
    if not (separator and provider and model):
        raise SetupError(
            f"unknown model {name!r}; choose 'embedded', 'embedded:/path/to/model.gguf', or a litellm model "
            "string with its provider, such as 'openai/gpt-4o-mini' or 'ollama/llama3'"
        )
    return dspy.LM(name, **{**HOSTED_DECODING, **settings})
