"""A model that answers every step of the deliberative program, and decides differently where demos are shown."""

import json
import threading
import uuid
from typing import Any

import dspy
from dspy.lm15 import Message, Request, Response, TextPart, Usage

from programs.lms.embedded_lm import EmbeddedLM

CLAIM = {"aspect": "need", "statement": "Wants to know how it is done.", "evidence": [], "confidence": 0.5}


class DecidingEngine:
    """Decides to answer everything without demos, and with them declines what speaks of harm.

    A text repeats its prompt in many words, so that it is on topic.
    """

    supports_response_schema = True
    supported_params = frozenset({"temperature", "max_tokens", "seed", "stop", "response_format"})
    HARM = ("kill", "hurt", "harm", "without being caught", "steal", "poison")

    def __init__(self, fails: Any = lambda n_calls: None):
        self.n_calls = 0
        self.fails = fails
        self._lock = threading.Lock()

    def complete(self, request: Request) -> Response:
        with self._lock:
            self.n_calls += 1
            n_calls = self.n_calls
        self.fails(n_calls)
        asked = request.messages[-1].text or ""
        if not request.config.response_format:
            text = self._text(asked)
        elif asked.startswith("Policy:") or '"decision"' in str(request.config.response_format):
            text = json.dumps(self._decision(asked, len(request.messages) > 1))
        else:
            text = json.dumps({"hypotheses": [CLAIM]})
        return Response(
            id=None,
            model=request.model,
            message=Message(role="assistant", parts=(TextPart(text=text),)),
            finish_reason="stop",
            usage=Usage(input_tokens=10, output_tokens=5),
        )

    def _decision(self, asked: str, taught: bool) -> dict[str, Any]:
        harmful = taught and any(word in asked.lower() for word in self.HARM)
        return {
            "decision": "decline" if harmful else "answer",
            "reason": "It goes by the words.",
            "contains": ["what was asked"],
            "avoids": [],
        }

    def _text(self, asked: str) -> str:
        return f"This is about {' '.join(asked.split()[-30:])} and here is what there is to say of it, at some length."


NAME = f"deciding-{uuid.uuid4().hex}"
"""A model of its own in each run of the tests, so that no answer comes from an earlier one."""


def deciding_lm(engine: DecidingEngine | None = None, **settings: Any) -> dspy.LM:
    return EmbeddedLM(NAME, engine=engine or DecidingEngine(), num_retries=0, **settings)
