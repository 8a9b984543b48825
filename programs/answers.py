"""Runs a program over many targets at once; a failure is an answer too."""

import contextvars
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

import dspy
from dspy.utils.usage_tracker import track_usage

from programs.lms.faults import CALL_FAULTS
from programs.spending import dollars, total
from signatures.errors import SetupError, line_of


@dataclass(frozen=True)
class Answer:
    """What a system wrote for a target, or why it did not."""

    target_id: str
    text: str
    """Empty where it failed."""
    seconds: float
    n_tokens: int = 0
    """Read and written for it, where the model reports usage; work shared with other targets counts once."""
    n_dropped: int = 0
    """Quotations that were not in the samples, and claims that hold on none."""
    cost: float = 0.0
    """US dollars, 0 where the price is not known."""
    shown: str = ""
    """The hypotheses, or what else of the author the writing step was told, a line each."""
    kept: dict[str, str] = field(default_factory=dict)
    """Further fields of the prediction that were asked for, as text; none that it lacks."""
    error: str | None = None
    fault: Exception | None = None
    """What `error` puts into words."""


def answer_all(
    program: dspy.Module,
    examples: Sequence[dspy.Example],
    n_threads: int,
    on_answer: Callable[[Answer], None] = lambda answer: None,
    finish_begun: bool = False,
    keep: Sequence[str] = (),
) -> dict[str, Answer]:
    """Target id to the program's answer, in the order of the examples.

    All threads see the caller's `dspy.context`. Failures of the model are answers with an error;
    a fault of the user's ends the run. `on_answer` is called by the thread that made the answer, before anything else
    can happen to it. `finish_begun` waits, where the run ends early, for the answers that are under way. `keep` names
    fields of predictions that answers keep beside the text.

    Raises: SetupError; KeyboardInterrupt, after which no further example is begun.
    """
    return answer_each({"": program}, examples, n_threads, on_answer, finish_begun, keep)[""]


def answer_each(
    programs: Mapping[str, dspy.Module],
    examples: Sequence[dspy.Example],
    n_threads: int,
    on_answer: Callable[[Answer], None] = lambda answer: None,
    finish_begun: bool = False,
    keep: Sequence[str] = (),
) -> dict[str, dict[str, Answer]]:
    """The same for several programs together, so that a model is busy while the slowest answers come.

    Raises: as `answer_all`.
    """
    answers: dict[str, dict[str, Answer]] = {name: {} for name in programs}
    pool = ThreadPoolExecutor(n_threads, thread_name_prefix="answer")
    try:
        places: dict[Future[Answer], str] = {
            pool.submit(contextvars.copy_context().run, _answer, program, example, on_answer, keep): name
            for name, program in programs.items()
            for example in examples
        }
        waiting = set(places)
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                answer = future.result()
                answers[places[future]][answer.target_id] = answer
    finally:
        pool.shutdown(wait=finish_begun, cancel_futures=True)
    return {name: {each.target_id: made[each.target_id] for each in examples} for name, made in answers.items()}


def _answer(
    program: dspy.Module, example: dspy.Example, on_answer: Callable[[Answer], None], keep: Sequence[str]
) -> Answer:
    answer = _made(program, example, keep)
    on_answer(answer)
    return answer


def _made(program: dspy.Module, example: dspy.Example, keep: Sequence[str]) -> Answer:
    started = time.perf_counter()
    try:
        with track_usage() as tracker:
            prediction = program(**example.inputs())
    except SetupError:
        raise
    except CALL_FAULTS as error:
        line = line_of(error)
        words = f"{type(error).__name__}: {line}"
        return Answer(example.target_id, "", time.perf_counter() - started, error=words, fault=error)
    return Answer(
        target_id=example.target_id,
        text=prediction.text,
        seconds=time.perf_counter() - started,
        n_tokens=total(tracker).n_tokens,
        n_dropped=getattr(prediction, "n_dropped", 0),
        cost=dollars(tracker) or 0.0,
        shown=shown_lines(prediction),
        kept={name: str(prediction.get(name)) for name in keep if prediction.get(name) is not None},
    )


def shown_lines(prediction: Any) -> str:
    """What a prediction says that its text was written from: its `shown`, else its hypotheses, a line each."""
    told = getattr(prediction, "shown", None)
    if isinstance(told, str):
        return told
    hypotheses = getattr(prediction, "hypotheses", None) or ()
    return "\n".join(f"{each.dimension}, {each.aspect}: {each.statement}" for each in hypotheses)
