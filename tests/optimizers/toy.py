import json
import threading
from typing import Any

import dspy
from dspy.lm15 import Message, Request, Response, TextPart, Usage

from optimizers import OutOfBudgetError, Spent


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


class Allowance:
    """A budget of so many calls."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.n_calls = 0
        self._lock = threading.Lock()

    def check(self) -> None:
        if self.n_calls >= self.most:
            raise OutOfBudgetError(f"{self.n_calls} of {self.most} calls are made")

    def count(self) -> None:
        with self._lock:
            self.check()
            self.n_calls += 1

    def spent(self) -> Spent:
        return Spent(calls=self.n_calls)


def answer(request: Request, text: str) -> Response:
    return Response(
        id=None,
        model=request.model,
        message=Message(role="assistant", parts=(TextPart(text=text),)),
        finish_reason="stop",
        usage=Usage(input_tokens=1, output_tokens=1),
    )


class Parrot:
    """A model that shouts where it is told to, or where it has seen shouting; drawn hot, mostly at odd prompts too."""

    supports_response_schema = True
    supported_params = frozenset({"temperature", "max_tokens", "seed"})

    def __init__(self, allowance: Allowance | None = None) -> None:
        self.n_calls = 0
        self._allowance = allowance
        self._lock = threading.Lock()

    def complete(self, request: Request) -> Response:
        if self._allowance:
            self._allowance.count()
        with self._lock:
            self.n_calls += 1
        shown = any(message.role == "assistant" and "HEY" in (message.text or "") for message in request.messages)
        told = "loud" in str(request.system)
        asked = (request.messages[-1].text or "").strip()
        hot = request.config.temperature == 1.0 and asked[-1:] in "13579" and (request.config.seed or 0) % 3 > 0
        return answer(request, "HEY HEY" if told and shown else "HEY" if told or shown or hot else "hey")


class Proposer:
    """A model that fills in every field it is asked for, with the same words; `reply` overrides what it says."""

    supports_response_schema = True
    supported_params = frozenset({"temperature", "max_tokens", "seed", "response_format"})
    fields = {
        "proposed_instruction": "Say it, as loud as you can.",
        "proposed_prefix_for_output_field": "Text:",
        "new_instruction": "Say it, really loud.",
        "discussion": "It was too quiet.",
        "module_advice": {"say": "Be loud."},
        "observations": "People say things.",
        "summary": "People say things.",
        "program_description": "It says things.",
        "module_description": "It says things.",
    }

    def __init__(self, reply: str | Exception | None = None, allowance: Allowance | None = None) -> None:
        self.requests: list[str] = []
        self._reply = reply
        self._allowance = allowance

    def complete(self, request: Request) -> Response:
        if self._allowance:
            self._allowance.count()
        words = f"{request.system}\n" + "\n".join(message.text or "" for message in request.messages)
        self.requests.append(words)
        if isinstance(self._reply, Exception):
            raise self._reply
        if self._reply is not None:
            return answer(request, self._reply)
        asked = {name: value for name, value in self.fields.items() if name in words}
        if request.config.response_format or "JSON" in str(request.system):
            return answer(request, json.dumps(asked))
        parts = [
            f"[[ ## {name} ## ]]\n{value if isinstance(value, str) else json.dumps(value)}"
            for name, value in asked.items()
        ]
        return answer(request, "\n\n".join([*parts, "[[ ## completed ## ]]"]))


def proposer_lm(engine: Proposer | None = None) -> dspy.LM:
    return dspy.LM("proposer", engine=engine or Proposer(), cache=False, num_retries=0)


def metric(example: dspy.Example, prediction: Any, trace: Any = None, *_: Any) -> float | bool:
    score = {"hey": 0.2, "HEY": 0.6, "HEY HEY": 0.9}[prediction.text]
    return score > 0.5 if trace is not None else score


def example(prompt: str, **labels: str) -> dspy.Example:
    return dspy.Example(prompt=prompt, target_id=prompt, **labels).with_inputs("prompt")
