"""What a model's tokens cost: litellm's table of prices, nothing for models on this machine, or plainly unknown."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal
from urllib.parse import urlsplit

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1", "0.0.0.0")

Kind = Literal["in process", "table", "this machine", "unknown"]


@dataclass(frozen=True)
class Price:
    """How the calls of one model are paid for."""

    model: str
    kind: Kind

    @property
    def known(self) -> bool:
        """Whether dollars can be told, be they none."""
        return self.kind != "unknown"

    @property
    def note(self) -> str:
        """One line for whoever pays."""
        why = {
            "in process": "runs in this process and costs nothing",
            "table": "is paid by litellm's table of prices",
            "this machine": "is served on this machine, is not in litellm's table of prices, and counts as free",
            "unknown": "is not in litellm's table of prices, so what it costs is not known",
        }
        return f"{self.model} {why[self.kind]}"

    def dollars(self, usage: Mapping[str, Any]) -> float | None:
        """What one call costs in US dollars; None if that is not known.

        Args:
            usage: `prompt_tokens` and `completion_tokens` as DSPy counts them, tokens that the provider read from its
                own cache included in the former and told in `prompt_tokens_details`.
        """
        if self.kind == "unknown":
            return None
        return _by_table(self.model, usage) if self.kind == "table" else 0.0


def price_of(model: str, api_base: str | None = None) -> Price:
    """How a model is paid for, by the name that `make_lm` takes and the address it is asked at.

    A model that the table knows is paid by the table wherever it is served: a server on this machine may pass calls on.
    Imports litellm for hosted models, which takes seconds, and asks nobody.
    """
    if model.partition(":")[0] == "embedded":
        return Price(model, "in process")
    if "/" in model and _in_table(model):
        return Price(model, "table")
    host = urlsplit(api_base).hostname if api_base else None
    return Price(model, "this machine" if host in _THIS_MACHINE else "unknown")


@cache
def _in_table(model: str) -> bool:
    litellm = _litellm()
    # litellm prints a hint on stdout where it is asked for a provider that it does not know.
    if model.partition("/")[0] not in {str(getattr(known, "value", known)) for known in litellm.provider_list}:
        return False
    try:
        litellm.cost_per_token(model=model, prompt_tokens=1, completion_tokens=1)
    except (litellm.exceptions.ModelNotMappedError, litellm.exceptions.BadRequestError):
        return False
    return True


def _by_table(model: str, usage: Mapping[str, Any]) -> float:
    details = usage.get("prompt_tokens_details") or {}
    asked = {
        "prompt_tokens": usage.get("prompt_tokens"),
        "completion_tokens": usage.get("completion_tokens"),
        "cache_read_input_tokens": details.get("cached_tokens"),
        "cache_creation_input_tokens": details.get("cache_creation_tokens"),
    }
    # One call at a time: some prices rise with the length of a prompt.
    return sum(_litellm().cost_per_token(model=model, **{name: int(n or 0) for name, n in asked.items()}))


def _litellm() -> Any:
    # Without this, litellm fetches its table of prices from the network when it is imported.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm

    return litellm
