"""Models for the steps that refine hypotheses, and hypotheses for them to refine."""

import json
import threading
from collections.abc import Callable
from typing import Any

import dspy
from dspy.lm15 import Message, Request, Response, TextPart, Usage
from scripted import lm

from programs.lms.adapters import FittingAdapter
from programs.lms.embedded_lm import EmbeddedLM
from programs.profiles.record import ProfileHypothesis
from signatures.hypotheses import Hypothesis


class ByRequest:
    """A small model whose answer is a function of the request, so that the order of parallel calls does not matter."""

    supports_response_schema = True
    supported_params = frozenset({"temperature", "max_tokens", "seed", "stop", "response_format"})

    def __init__(self, answer: Callable[[str], Any]) -> None:
        self.answer, self.asked = answer, []
        self._lock = threading.Lock()

    def complete(self, request: Request) -> Response:
        asked = request.messages[-1].text or ""
        with self._lock:
            self.asked.append(asked)
        answer = self.answer(asked)
        if isinstance(answer, Exception):
            raise answer
        text = answer if isinstance(answer, str) else json.dumps(answer)
        message = Message(role="assistant", parts=(TextPart(text=text),))
        usage = Usage(input_tokens=1, output_tokens=1)
        return Response(id=None, model=request.model, message=message, finish_reason="stop", usage=usage)


def by_request(answer: Callable[[str], Any]) -> tuple[ByRequest, Any]:
    """A model that answers so, and the context in which steps ask it."""
    engine = ByRequest(answer)
    model = EmbeddedLM("by-request", engine=engine, num_retries=0, cache=False)
    return engine, dspy.context(lm=model, adapter=FittingAdapter())


def answering_in_fields(*answers: dict[str, Any] | str | Exception) -> tuple[dspy.LM, Any]:
    """A large model with these answers, typed fields under DSPy's own markers, and its context."""
    written = [
        answer
        if not isinstance(answer, dict)
        else "\n\n".join(
            f"[[ ## {name} ## ]]\n{value if isinstance(value, str) else json.dumps(value)}"
            for name, value in {**answer, "completed": ""}.items()
        )
        for answer in answers
    ]
    model = lm(written, schema=False)
    return model, dspy.context(lm=model, adapter=FittingAdapter())


def plain(statement: str, **fields: Any) -> Hypothesis:
    """A claim of a model."""
    return Hypothesis.model_validate(
        {"dimension": "writing style", "aspect": "rhythm", "statement": statement, **fields}
    )


def standing(statement: str, **fields: Any) -> ProfileHypothesis:
    """A claim in a profile."""
    return ProfileHypothesis.model_validate(
        {"dimension": "writing style", "aspect": "rhythm", "statement": statement, **fields}
    )
