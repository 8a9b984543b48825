"""A program with a setting, people who differ, and a model that counts what it is asked."""

import hashlib
import random
import threading
from typing import Any

import dspy
from dspy.lm15 import Request, Response
from pydantic import BaseModel, ConfigDict, Field
from toy import Say, answer, example

from optimizers import Material
from optimizers.joint import Joint
from programs.lms.adapters import FittingAdapter
from programs.lms.embedded_lm import EmbeddedLM

N_TRIALS = 12


class ChorusSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    level: int = Field(default=1, ge=0, le=9)


class Chorus(dspy.Module):
    """One step, and a setting that it tells of in its answer."""

    def __init__(self, settings: ChorusSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or ChorusSettings()
        self.say = dspy.Predict(Say)

    def forward(self, prompt: str) -> dspy.Prediction:
        return dspy.Prediction(text=f"level {self.settings.level} {self.say(prompt=prompt).text}")


class Tally:
    """A model that answers with what it was told and how many demos it saw; `fails` may raise before each answer."""

    supports_response_schema = True
    supported_params = frozenset({"temperature", "max_tokens", "seed"})

    def __init__(self, fails: Any = lambda n_calls: None) -> None:
        self.n_calls = 0
        self._fails = fails
        self._lock = threading.Lock()

    def complete(self, request: Request) -> Response:
        with self._lock:
            self.n_calls += 1
            n_calls = self.n_calls
        self._fails(n_calls)
        n_shown = sum(message.role == "assistant" for message in request.messages)
        told = next((word for word in ("loud", "softly", "plainly") if word in str(request.system)), "as is")
        return answer(request, f"shown {n_shown} told {told}")


WORTH = {"level 1": 0.0, "level 2": 0.1, "level 3": -0.1, "told loud": 0.12, "told softly": -0.1, "told plainly": 0.02}


class Author:
    """A model that says what it is given, in turn; a reply that is an exception is raised."""

    supports_response_schema = False
    supported_params = frozenset({"temperature", "max_tokens", "seed"})

    def __init__(self, *replies: str | Exception) -> None:
        self._replies = list(replies)

    def complete(self, request: Request) -> Response:
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return answer(request, reply)


def worth(text: str, prompt: str) -> float:
    """What a text is worth for its author: how the program suits everybody, this author, and this prompt."""
    base = 0.4 + sum(points for words, points in WORTH.items() if words in text)
    base += 0.05 * int(text.partition("shown ")[2][:1] or 0)
    author = prompt.split()[1]
    return min(
        1.0, max(0.0, base + _noise(author, 0.1) + _noise(f"{author} {text}", 0.03) + _noise(prompt + text, 0.05))
    )


def chorus_metric(example: dspy.Example, prediction: Any, trace: Any = None, *_: Any) -> float | bool:
    score = worth(prediction.text, example.prompt)
    return score > 0.5 if trace is not None else score


def chorus_material(n_authors: int = 8, n_targets: int = 2) -> Material:
    return Material(
        trainset=[example(f"train t{index} 0", author=f"t{index}") for index in range(6)],
        valset=[
            example(f"val v{author} {target}", author=f"v{author}")
            for author in range(n_authors)
            for target in range(n_targets)
        ],
        labelled=[example(f"shown s{index} 0", text=f"A {index} text", author=f"s{index}") for index in range(6)],
        variants={"say": ("Say it, loud.", "Say it softly.", "Say it plainly.")},
        settings={"level": [1, 2, 3]},
    )


def tally_lm(engine: Tally | None = None) -> dspy.LM:
    return EmbeddedLM("tally", engine=engine or Tally(), cache=False, num_retries=0)


def joint_search(joint=None, *, engine=None, lm=None, material=None, metric=chorus_metric, seed=0, n_threads=2, **rest):
    with dspy.context(lm=lm or tally_lm(engine), adapter=FittingAdapter()):
        return (joint or Joint()).compile(
            Chorus(),
            material or chorus_material(),
            metric,
            n_trials=rest.pop("n_trials", N_TRIALS),
            seed=seed,
            n_threads=n_threads,
            on_trial=rest.pop("on_trial", lambda trial: None),
            **rest,
        )


def told(compiled):
    return [(t.score, t.pruned, t.n_scored, dict(t.choices), t.instructions, t.demos) for t in compiled.trials]


def _noise(key: str, deviation: float) -> float:
    return random.Random(hashlib.sha256(key.encode()).digest()).gauss(0, deviation)
