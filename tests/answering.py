"""A model that answers whatever it is asked, at once: hypotheses where a schema asks for them, else a text."""

import json
import threading
from typing import Any

import dspy
from dspy.lm15 import Message, Request, Response, TextPart, Usage

from programs.lms.embedded_lm import EmbeddedLM

CLAIMS = [
    {
        "dimension": "writing style",
        "aspect": aspect,
        "statement": f"Has habits of {aspect}.",
        "evidence": [],
        "confidence": 0.5,
    }
    for aspect in ("rhythm", "punctuation", "vocabulary")
]


class AnsweringEngine:
    """Answers every request; the texts differ with what the request shows, so that programs differ.

    `fails` is asked before each answer and may raise.
    """

    supports_response_schema = True
    supported_params = frozenset({"temperature", "max_tokens", "seed", "stop", "response_format"})

    def __init__(self, fails: Any = lambda n_calls: None):
        self.n_calls = 0
        self.fails = fails
        self._lock = threading.Lock()

    def complete(self, request: Request) -> Response:
        with self._lock:
            self.n_calls += 1
            n_calls = self.n_calls
        self.fails(n_calls)
        if request.config.response_format:
            text = json.dumps({"hypotheses": CLAIMS})
        else:
            shown = [message.text or "" for message in request.messages if message.role == "assistant"]
            text = f"{shown[-1][:60] if shown else 'A plain text'}. It has {len(request.messages)} turns."
        return Response(
            id=None,
            model=request.model,
            message=Message(role="assistant", parts=(TextPart(text=text),)),
            finish_reason="stop",
            usage=Usage(input_tokens=10, output_tokens=5),
        )


def answering_lm(engine: AnsweringEngine | None = None, **settings: Any) -> dspy.LM:
    """A small model that always answers."""
    return EmbeddedLM("answering", engine=engine or AnsweringEngine(), **{"num_retries": 0, "cache": False, **settings})
