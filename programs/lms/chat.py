"""A request as the chat that the embedded model reads, and what it cannot serve."""

import re
from typing import Any

from dspy.lm15 import InvalidRequestError, Request, TextPart, UnsupportedFeatureError

_UNSERVED = ("tool_choice", "reasoning", "cache", "service_tier", "user_id", "store", "probabilities")
_ROLES = {"user": "user", "assistant": "assistant", "developer": "system"}


def refuse_unserved(request: Request) -> None:
    """Refuses what the engine would otherwise have to ignore.

    Raises: UnsupportedFeatureError naming the setting.
    """
    config = request.config
    named = [f"config.{name}" for name in _UNSERVED if getattr(config, name) is not None]
    named += [f"config.{name}" for name in config.extensions or ()]
    if config.logprobs is not None:
        named.append("config.logprobs")
    if request.tools:
        named.append("tools")
    if named:
        raise UnsupportedFeatureError(
            f"the embedded model does not serve {', '.join(named)}; drop it, or name a hosted model", feature=named[0]
        )


def turns(request: Request, markers: re.Pattern[str] | None) -> list[dict[str, str]]:
    """The conversation for a chat template.

    A marker of the template inside a text, such as `<|im_end|>`, gets a space after its first character, so that it
    is read as text: else a sample could end its turn and speak as somebody else.

    Raises: UnsupportedFeatureError for parts that are not text; InvalidRequestError for a tool's turn.
    """
    found = []
    if request.system is not None:
        parts = (TextPart(request.system),) if isinstance(request.system, str) else request.system
        found.append({"role": "system", "content": _text(parts, markers)})
    for message in request.messages:
        if message.role not in _ROLES:
            raise InvalidRequestError(f"the embedded model has no turn for the role {message.role!r}")
        found.append({"role": _ROLES[message.role], "content": _text(message.parts, markers)})
    return found


def marker_pattern(tokenizer: Any) -> re.Pattern[str] | None:
    """Matches the special tokens of a tokenizer, None where it has none."""
    vocabulary = {
        spelled.decode("utf-8", "replace") if isinstance(spelled, bytes) else spelled: number
        for spelled, number in tokenizer.get_vocab().items()
    }
    special = [
        token
        for token, number in vocabulary.items()
        if len(token) > 2 and token[0] in "<[" and token[-1] in ">]" and _is_special(tokenizer, token, number)
    ]
    longest_first = sorted(special, key=len, reverse=True)
    return re.compile("|".join(re.escape(token) for token in longest_first)) if special else None


def _is_special(tokenizer: Any, token: str, number: int) -> bool:
    return tokenizer.decode([number], skip_special_tokens=True) != token


def _text(parts: Any, markers: re.Pattern[str] | None) -> str:
    for part in parts:
        if not isinstance(part, TextPart):
            raise UnsupportedFeatureError(f"the embedded model reads text only, not {part.type} parts")
    joined = "".join(part.text for part in parts)
    return markers.sub(lambda found: f"{found[0][0]} {found[0][1:]}", joined) if markers else joined
