"""Whether a hosted model can be asked at all: its provider is known and its key is there. Asks nobody."""

import os

from signatures.errors import SetupError


def check_access(name: str, api_base: str | None = None) -> None:
    """Finds out what can be known of a model before it is called; imports litellm for hosted ones, which takes seconds.

    Raises: SetupError for a provider that litellm does not know, or one whose API key is not in the environment. With
    an `api_base`, whether a key is needed is the server's to say.
    """
    if name.partition(":")[0] == "embedded" or "/" not in name:
        return
    # Without this, litellm fetches its table of prices from the network when it is imported.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm

    provider = name.partition("/")[0]
    if provider not in {str(getattr(known, "value", known)) for known in litellm.provider_list}:
        raise SetupError(
            f"model {name!r} has provider {provider!r}, which litellm does not know; "
            "write it as in 'openai/gpt-4o-mini', 'anthropic/...' or 'ollama/...'"
        )
    if api_base:
        return
    missing = [key for key in litellm.validate_environment(model=name)["missing_keys"] if key.endswith("_API_KEY")]
    if missing:
        raise SetupError(f"model {name!r} needs {' and '.join(missing)} in the environment; set it, or give --api-base")
