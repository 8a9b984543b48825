"""How many tokens a text takes, whether a model was paid for them or a cache had the answer.

Trials share answers: what one has paid for, the next finds in the cache. By tokens paid, a program would look cheaper
the later it is tried.
"""

import threading
from typing import Any

from dspy.utils.callback import BaseCallback

from programs.spending import Usage


class Asked(BaseCallback):
    """Counts the calls that are made for one text, answered by whomever, and the characters of what is said."""

    def __init__(self) -> None:
        """Nothing is asked yet."""
        self.n_calls = 0
        self.characters = 0
        self._lock = threading.Lock()

    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Counts a call and what is read for it."""
        messages = inputs.get("messages") or [{"content": inputs.get("prompt")}]
        n_read = sum(len(str(message.get("content") or "")) for message in messages)
        with self._lock:
            self.n_calls += 1
            self.characters += n_read

    def on_lm_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        """Counts what is written."""
        n_written = len(str(outputs)) if exception is None else 0
        with self._lock:
            self.characters += n_written


class TokenCount:
    """Tokens of texts, by what models tell; for texts that a cache answered, in part or whole, by their characters."""

    def __init__(self) -> None:
        """Knows no model yet."""
        self._tokens = 0
        self._characters = 0
        self._lock = threading.Lock()

    def __call__(self, usage: Usage, asked: Asked) -> int | None:
        """Read and written for a text; None where no model was asked, or none has told anything so far."""
        with self._lock:
            if usage.n_calls and usage.n_calls >= asked.n_calls:
                self._tokens += usage.n_tokens
                self._characters += asked.characters
                return usage.n_tokens
            if not asked.n_calls or not self._characters:
                return usage.n_tokens if usage.n_calls else None
            return round(asked.characters * self._tokens / self._characters)
