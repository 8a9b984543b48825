"""A model that obeys one kind of hypothesis, and claims what it is offered: for looking at what hypotheses do."""

import hashlib
import json
from typing import Any

from answering import CLAIMS, AnsweringEngine
from dspy.lm15 import Message, Request, Response, TextPart, Usage
from scripted import turns

WORDS = "the a of and I you we it was is that not with in on to for my".split()


class ObeyingEngine(AnsweringEngine):
    """Claims the first habits that the schema offers. Writes words drawn by the request and its seed; hedges in every
    text that is written from a claim that the person hedges, and heeds nothing else."""

    def __init__(self, fails: Any = lambda n_calls: None, n_claims: int = 3):
        super().__init__(fails)
        self.n_claims = n_claims
        self.prompts: list[str] = []
        """What each text was asked by, without the samples."""

    def complete(self, request: Request) -> Response:
        with self._lock:
            self.n_calls += 1
            n_calls = self.n_calls
        self.fails(n_calls)
        asked = request.config.response_format
        text = self._claims(asked) if asked else self._text(request)
        message = Message(role="assistant", parts=(TextPart(text=text),))
        usage = Usage(input_tokens=10, output_tokens=5)
        return Response(id=None, model=request.model, message=message, finish_reason="stop", usage=usage)

    def _claims(self, asked: Any) -> str:
        offered = asked["schema"]["$defs"]["Hypothesis"].get("anyOf", [])
        claims = [
            {name: each["properties"][name]["const"] for name in ("dimension", "aspect", "statement")}
            for each in offered
        ]
        return json.dumps({"hypotheses": (claims or CLAIMS)[: self.n_claims]})

    def _text(self, request: Request) -> str:
        system, *rest = turns(request)
        prompt = f"{system[1]}\n{rest[-1][1]}"
        with self._lock:
            self.prompts.append(prompt)
        drawn = hashlib.sha256(f"{request.config.seed} {turns(request)}".encode()).digest()
        words = [WORDS[byte % len(WORDS)] for byte in drawn]
        if "Hedges with words" in prompt:
            words[::4] = ["perhaps it may", "it could be", "perhaps it seems", "it might be"] * 2
        return " ".join(words).capitalize() + "."
