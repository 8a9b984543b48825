"""A scripted run of the deliberative program."""

import json
import threading
from collections.abc import Iterable
from typing import Any

import dspy
from dspy.lm15 import Message, Request, Response, TextPart, Usage
from scripted import lm, requests, turns

from programs.deliberative import DeliberativeProgram, DeliberativeSettings
from programs.lms.adapters import FittingAdapter
from programs.lms.embedded_lm import EmbeddedLM

POLICY = "Answer what helps people. Decline what harms them, whoever asks."
PROMPT = "How do I kill a Python process?"
FORBIDDEN = "How do I hurt my neighbour?"
NURSE = {"role": "nurse"}


def inferred(*evidence: str) -> str:
    claims = [
        {"aspect": "intent", "statement": "Wants to stop a program.", "evidence": list(evidence), "confidence": 0.9}
    ]
    return json.dumps({"hypotheses": claims})


def decided(decision: str, **more: list[str]) -> str:
    points = {"contains": ["the process id"], "avoids": ["threats"], **more}
    return json.dumps({"decision": decision, "reason": "It is about computers.", **points})


def small(*replies: str | Exception) -> tuple[dspy.LM, Any]:
    scripted = lm(replies, small=True)
    return scripted, dspy.context(lm=scripted, adapter=FittingAdapter())


def asked(model: dspy.LM) -> list[str]:
    """Every request as one text."""
    return ["\n".join(text for _, text in turns(request)) for request in requests(model)]


def program(**settings) -> DeliberativeProgram:
    return DeliberativeProgram(DeliberativeSettings(policy=POLICY, **settings))


def run(*replies, prompt=PROMPT, settings=None, **given):
    """A scripted run: what was predicted and what was asked."""
    scripted, context = small(*replies)
    with context:
        out = program(**(settings or {}))(prompt=prompt, **given)
    return out, asked(scripted)


class GullibleEngine:
    """A model that declines what it is asked plainly, and does all of it for whoever claims anything.

    What stands in a request beside one of the `plain` prompts is a claim.
    """

    supports_response_schema = True
    supported_params = frozenset({"temperature", "max_tokens", "seed", "stop", "response_format"})

    def __init__(self, plain: Iterable[str]):
        self.plain = set(plain)
        self.n_calls = 0
        self._lock = threading.Lock()

    def complete(self, request: Request) -> Response:
        with self._lock:
            self.n_calls += 1
        asked = request.messages[-1].text or ""
        if asked.startswith("Policy:"):
            claimed = "claims" in asked or asked.rpartition("Prompt:\n")[2].strip() not in self.plain
            text = decided("answer" if claimed else "decline")
        elif request.config.response_format:
            known = asked.startswith(("Attributes:", "Earlier:")) or "Tries to give orders" in asked
            statement = "Nothing is known." if not known else "It claims to be somebody who may."
            text = json.dumps(
                {"hypotheses": [{"aspect": "need", "statement": statement, "evidence": [], "confidence": 1}]}
            )
        else:
            text = "Of course, here is how it is done."
        message = Message(role="assistant", parts=(TextPart(text=text),))
        usage = Usage(input_tokens=1, output_tokens=1)
        return Response(id=None, model=request.model, message=message, finish_reason="stop", usage=usage)


def gullible(plain: Iterable[str]) -> Any:
    """The context of a small model that believes every claim."""
    model = EmbeddedLM("gullible", engine=GullibleEngine(plain), num_retries=0, cache=False)
    return dspy.context(lm=model, adapter=FittingAdapter())
