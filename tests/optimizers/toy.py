import threading
from typing import Any

import dspy
from dspy.lm15 import Message, Request, Response, TextPart, Usage


class Say(dspy.Signature):
    """Say it."""

    prompt: str = dspy.InputField()
    text: str = dspy.OutputField()


class Toy(dspy.Module):
    """One step; fails where the prompt says so."""

    def __init__(self) -> None:
        super().__init__()
        self.say = dspy.Predict(Say)

    def forward(self, prompt: str) -> dspy.Prediction:
        if prompt.startswith("broken"):
            raise RuntimeError("the model failed")
        return dspy.Prediction(text=self.say(prompt=prompt).text)


class Parrot:
    """A model that shouts where it is told to, or where it has seen shouting."""

    supports_response_schema = True
    supported_params = frozenset({"temperature", "max_tokens", "seed"})

    def __init__(self) -> None:
        self.n_calls = 0
        self._lock = threading.Lock()

    def complete(self, request: Request) -> Response:
        with self._lock:
            self.n_calls += 1
        shown = any(message.role == "assistant" and "HEY" in (message.text or "") for message in request.messages)
        told = "loud" in str(request.system)
        text = "HEY HEY" if told and shown else "HEY" if told or shown else "hey"
        return Response(
            id=None,
            model=request.model,
            message=Message(role="assistant", parts=(TextPart(text=text),)),
            finish_reason="stop",
            usage=Usage(input_tokens=1, output_tokens=1),
        )


def metric(example: dspy.Example, prediction: Any, trace: Any = None, *_: Any) -> float | bool:
    score = {"hey": 0.2, "HEY": 0.6, "HEY HEY": 0.9}[prediction.text]
    return score > 0.5 if trace is not None else score


def example(prompt: str, **labels: str) -> dspy.Example:
    return dspy.Example(prompt=prompt, target_id=prompt, **labels).with_inputs("prompt")
