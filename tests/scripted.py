"""A model that answers from a script, and fails when the script ends."""

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import dspy
from dspy.lm15 import Message, Request, Response, TextPart, Usage, response_to_events

from programs.lms.embedded_lm import EmbeddedLM


class ScriptedEngine:
    """A DSPy engine whose replies are given in advance; a reply that is an exception is raised.

    `requests` keeps what was asked, in order.
    """

    def __init__(self, replies: Iterable[str | Exception], supports_response_schema: bool = True):
        self.replies = deque(replies)
        self.requests: list[Request] = []
        self.supports_response_schema = supports_response_schema
        self.supported_params = {"temperature", "max_tokens", "seed", "stop"}
        if supports_response_schema:
            self.supported_params.add("response_format")
        self._lock = threading.Lock()

    def complete(self, request: Request) -> Response:
        with self._lock:
            self.requests.append(request)
            if not self.replies:
                raise AssertionError(f"script ended; unexpected request: {request.messages[-1].text!r}")
            reply = self.replies.popleft()
        if isinstance(reply, Exception):
            raise reply
        message = Message(role="assistant", parts=(TextPart(text=reply),))
        usage = Usage(input_tokens=1, output_tokens=1)
        return Response(id=None, model=request.model, message=message, finish_reason="stop", usage=usage)

    def stream(self, request: Request) -> Iterator[Any]:
        return response_to_events(self.complete(request))


def lm(replies: Iterable[str | Exception], *, schema: bool = True, small: bool = False, **settings: Any) -> dspy.LM:
    """A model that gives these replies; `small` makes adapters treat it as the embedded one."""
    kind = EmbeddedLM if small else dspy.LM
    return kind("scripted", engine=ScriptedEngine(replies, schema), **{"cache": False, "num_retries": 0, **settings})


def requests(model: dspy.LM) -> list[Request]:
    """What a scripted model was asked so far."""
    engine = model.engine
    assert isinstance(engine, ScriptedEngine)
    return engine.requests


def turns(request: Request) -> list[tuple[str, str]]:
    """A request's conversation as pairs of role and text, its system message first."""
    system = [("system", request.system)] if isinstance(request.system, str) else []
    return [*system, *((message.role, message.text or "") for message in request.messages)]
