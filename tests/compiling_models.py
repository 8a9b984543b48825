"""A model that learns from demos and says how much it read, and compiles on a few authors with it."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from answering import CLAIMS, AnsweringEngine, answering_lm
from dspy.lm15 import Message, Request, Response, TextPart, Usage

N_SAMPLES = 3
SMALL = ("--samples", str(N_SAMPLES), "--targets", "2", "--threads", "4")
CHARACTERS_A_TOKEN = 4


class TeachableEngine(AnsweringEngine):
    """Writes like the author if it is shown demos as well as samples, else like nobody; judges for the first text.

    Usage is counted from what is read and written. `count` is a file that grows by a byte a call; `seconds` is what a
    call takes.
    """

    def __init__(self, fails: Any = lambda n_calls: None, count: Path | None = None, seconds: float = 0.0):
        super().__init__(fails)
        self._count, self._seconds = count, seconds

    def complete(self, request: Request) -> Response:
        with self._lock:
            self.n_calls += 1
            n_calls = self.n_calls
            if self._count:
                with self._count.open("ab", buffering=0) as file:
                    file.write(b".")
        self.fails(n_calls)
        time.sleep(self._seconds)
        read = [request.system if isinstance(request.system, str) else "", *(m.text or "" for m in request.messages)]
        text = self._answer(request)
        return Response(
            id=None,
            model=request.model,
            message=Message(role="assistant", parts=(TextPart(text=text),)),
            finish_reason="stop",
            usage=Usage(
                input_tokens=sum(map(len, read)) // CHARACTERS_A_TOKEN, output_tokens=len(text) // CHARACTERS_A_TOKEN
            ),
        )

    @staticmethod
    def _answer(request: Request) -> str:
        if request.config.response_format:
            asked = json.dumps(request.config.response_format)
            if "verdict" in asked:
                return json.dumps({"reason": "It reads alike.", "verdict": "first"})
            return json.dumps({"hypotheses": CLAIMS})
        shown = [message.text or "" for message in request.messages if message.role == "assistant"]
        if len(shown) > N_SAMPLES:
            return shown[-1][:700]
        return f"A text about nothing in particular for {(request.messages[-1].text or '')[:40]}. " + "So it is. " * 60


def teachable_lm(engine: TeachableEngine, settings: dict[str, Any]) -> Any:
    """The model behind an engine; its answers are cached, as those of models are."""
    return answering_lm(engine, **{"cache": True, **settings})


if __name__ == "__main__":
    # python compiling_models.py COUNT SECONDS ARGUMENTS...: a compile in a process of its own, which may be killed.
    import programs.experiment
    from programs.compile import main
    from programs.entry import run

    os.environ.pop("MLFLOW_TRACKING_URI", None)
    slow = TeachableEngine(count=Path(sys.argv[1]), seconds=float(sys.argv[2]))
    programs.experiment.make_lm = lambda name, **settings: teachable_lm(slow, settings)
    run(lambda: main(sys.argv[3:]))
