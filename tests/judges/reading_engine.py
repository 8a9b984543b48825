"""A model that follows a rule: it reads the references and both texts out of the request and answers as asked."""

import json
import re
import threading
from collections.abc import Callable
from typing import Any

import dspy
from dspy.lm15 import Message, Request, Response, TextPart, Usage

from programs.lms.embedded_lm import EmbeddedLM

Rule = Callable[[str, str, str], str]
"""References, first and second text, each as words, to the verdict."""

_ASKED = re.compile(r"References:\n(.*)\n\nFirst text:\n(.*)\n\nSecond text:\n(.*)", re.DOTALL)


def shared_words(references: str, first: str, second: str) -> str:
    """Prefers the text with the larger share of words that the references have."""
    known = set(references.lower().split())
    shares = [sum(word in known for word in text.lower().split()) / len(text.split()) for text in (first, second)]
    return "tie" if shares[0] == shares[1] else "first" if shares[0] > shares[1] else "second"


class ReadingEngine:
    """Answers every request by its rule, as JSON; `reply` may put another answer in its place, or raise."""

    supports_response_schema = True
    supported_params = frozenset({"temperature", "max_tokens", "seed", "stop", "response_format"})

    def __init__(self, rule: Rule = shared_words, reply: Callable[[int, str], str] = lambda n_calls, answer: answer):
        self.requests: list[Request] = []
        self._rule, self._reply = rule, reply
        self._lock = threading.Lock()

    def complete(self, request: Request) -> Response:
        with self._lock:
            self.requests.append(request)
            n_calls = len(self.requests)
        asked = _ASKED.fullmatch(request.messages[-1].text or "")
        assert asked, request.messages[-1].text
        answer = json.dumps({"reason": "The words are theirs.", "verdict": self._rule(*asked.groups())})
        return Response(
            id=None,
            model=request.model,
            message=Message(role="assistant", parts=(TextPart(text=self._reply(n_calls, answer)),)),
            finish_reason="stop",
            usage=Usage(input_tokens=30, output_tokens=12),
        )


def reading_lm(engine: ReadingEngine, **settings: Any) -> dspy.LM:
    """A small model that reads and answers."""
    return EmbeddedLM("reading", engine=engine, **{"num_retries": 0, "cache": False, "temperature": 0.0, **settings})
