"""The smallest task of the shape that saving, loading and tracking expect, with a model that follows a script."""

from collections import deque
from collections.abc import Mapping

import dspy
from dspy.lm15 import Message, Request, Response, TextPart, Usage
from pydantic import JsonValue

from programs.card import CardDraft, CorpusNote, JudgeNote, LmNote, OptimizerNote, ResultRow, Spend
from signatures.hypotheses import Hypothesis


class ScriptedEngine:
    """Gives its replies in order and fails when they are used up."""

    supports_response_schema = False
    supported_params = frozenset({"temperature", "max_tokens"})

    def __init__(self, *replies: str):
        self.replies = deque(replies)

    def complete(self, request: Request) -> Response:
        assert self.replies, f"script ended; unexpected request: {request.messages[-1]!r}"
        message = Message(role="assistant", parts=(TextPart(text=self.replies.popleft()),))
        return Response(id=None, model=request.model, message=message, finish_reason="stop", usage=Usage())


REPLY = """[[ ## hypotheses ## ]]
[{"dimension": "writing style", "aspect": "rhythm", "statement": "Writes short sentences.", "evidence": ["Rain."]}]

[[ ## text ## ]]
Dry now.

[[ ## completed ## ]]"""


def scripted_lm(*replies: str) -> dspy.LM:
    return dspy.LM("scripted", engine=ScriptedEngine(*replies), cache=False)


class Infers(dspy.Signature):
    """Say how the author writes, then write."""

    samples: list[str] = dspy.InputField()
    attributes: dict[str, str] = dspy.InputField()
    prompt: str = dspy.InputField()
    hypotheses: list[Hypothesis] = dspy.OutputField()
    text: str = dspy.OutputField()


class TinyProgram(dspy.Module):
    def __init__(self, default_lm: str = "embedded"):
        super().__init__()
        self.write = dspy.Predict(Infers)
        self.default_lm = default_lm
        self.version: str | None = None

    def forward(self, samples: list[str], prompt: str, attributes: Mapping[str, str] | None = None) -> dspy.Prediction:
        return self.write(samples=samples, attributes=dict(attributes or {}), prompt=prompt)


class TinyTask:
    def build(self, settings: Mapping[str, JsonValue]) -> dspy.Module:
        return TinyProgram(str(settings["default_lm"]))


TASKS = {"authorship": TinyTask()}


def compiled(text: str = "Write as they write.") -> TinyProgram:
    """A program that differs from a fresh one in its instruction and has one demo."""
    program = TinyProgram()
    program.write.signature = Infers.with_instructions(text)
    claim = Hypothesis(dimension="personality", aspect="openness", statement="Likes the new.")
    program.write.demos = [
        dspy.Example(samples=["Rain."], attributes={}, prompt="p", hypotheses=[claim], text="Sun – ☀.")
    ]
    return program


def instruction(program: dspy.Module) -> str:
    return program.dump_state()["write"]["signature"]["instructions"]


def draft(**changed: object) -> CardDraft:
    row = ResultRow(
        system="compiled",
        baseline="zero-shot",
        judge="stylometric",
        win_rate=0.7,
        low=0.6,
        high=0.8,
        n_authors=4,
        n_pairs=12,
    )
    facts = {
        "task": "authorship",
        "settings": {"default_lm": "embedded"},
        "corpus": CorpusNote(name="bundled", sha256="c" * 64, split_sha256="d" * 64, authors={"train": 6, "test": 4}),
        "lm": LmNote(name="embedded", decoding={"temperature": 0.0, "max_tokens": 200}),
        "optimizer": OptimizerNote(name="miprov2", settings={"trials": 2}),
        "seeds": {"split": 0},
        "packages": {"dspy": "3.4.1"},
        "spent": (Spend(phase="compile", calls=12, seconds=3.5),),
        "results": (row,),
        "judges": (JudgeNote(judge="stylometric", against="other authors", accuracy=0.95, n_pairs=40, trusted=True),),
        "seconds": 9.0,
    }
    return CardDraft.model_validate(facts | changed)
