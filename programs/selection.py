"""Writing several candidates at once and keeping the one that reads most like the person's own samples."""

import contextvars
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import dspy
from pydantic import BaseModel, ConfigDict

from programs.background import Background
from programs.likeness import likeness
from programs.lms.faults import CALL_FAULTS
from programs.rollouts import another, by_chance
from signatures.errors import SetupError, counted
from signatures.hypotheses import Hypothesis

MAX_CANDIDATES = 64


class Candidate(BaseModel):
    """One of several texts written for a prompt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    score: float
    """Likeness to the samples (`programs.likeness`): 0 reads like any other writer, higher is liker."""
    faults: tuple[str, ...] = ()
    """What counts against it whatever its likeness, in words; already in the score."""
    call: int = 0
    """Which of the calls wrote it, from 0; the first calls are the same however many there are."""
    left_out: int | None = None
    """Place of the hypothesis that it was written without; None if it was written from all."""


@dataclass(frozen=True, slots=True)
class Pick:
    """The text that a program returns, and what it was picked from."""

    text: str
    candidates: tuple[Candidate, ...] = ()
    """In the order they were asked for, without those that failed; empty if only one text was asked for."""
    chosen: int | None = None
    """Place of the text among the candidates."""
    n_failed: int = 0
    notes: tuple[str, ...] = ()
    """What a reader should know of the choice, in words."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What one call of the writing step gave."""

    left_out: int | None
    text: str = ""
    fault: Exception | None = None
    trace: tuple[Any, ...] = ()


def checked_candidates(n: int) -> int:
    """The number of candidates, if it is one.

    Raises: SetupError otherwise.
    """
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MAX_CANDIDATES:
        raise SetupError(f"the number of candidates is {n!r}; give one from 1 to {MAX_CANDIDATES}")
    return n


def with_candidates(program: dspy.Module | None, name: str, n: int) -> None:
    """Tells a program how many candidates to write; `name` is what the user calls it.

    Raises: SetupError if there is no such number, or the program writes one text only.
    """
    settings: Any = getattr(program, "settings", None)
    if not hasattr(settings, "n_candidates"):
        raise SetupError(f"program {name!r} writes one text for a prompt; ask for no number of candidates")
    # DSPy modules are not frozen, but their settings are.
    vars(program)["settings"] = settings.model_copy(update={"n_candidates": checked_candidates(n)})


def likeliest(
    write: Callable[..., Any],
    inputs: Mapping[str, Any],
    n: int,
    samples: Sequence[str],
    background: Background | None = None,
) -> Pick:
    """Calls the writing step n times at once and picks the text that reads most like the samples.

    The first call is the one that n = 1 makes. The others are its neighbours: each leaves one hypothesis out, in turn
    with calls that leave none out, and is a rollout of its own, so that no cache and no seed repeats a text. Only the
    samples and the background of `programs.likeness` decide; no judge and no reference text does. DSPy's trace keeps
    the chosen call only. Source: neighbouring preferences after Robust Preference Selection (arXiv:2510.20498), which
    picks with a reward model where this picks by likeness.

    Args:
        write: The writing step, such as a `dspy.Predict`; takes `inputs` and `config`, gives `text`.
        inputs: What it is given; `hypotheses` is varied.
        n: Texts to write, from 1 on; 1 is the plain call and reads no likeness.
        samples: Texts of the person.
        background: Whom the person is told from; the background that ships if None.

    Raises: SetupError; the first call's error if all fail.
    """
    if n == 1:
        return Pick(write(**inputs).text)
    drawn = _draw_all(write, inputs, n)
    written = [each for each in drawn if each.fault is None]
    if not written:
        raise next(each.fault for each in drawn if each.fault is not None)
    like = likeness(samples, background)
    candidates = tuple(
        Candidate(
            text=each.text,
            score=like.score(each.text),
            faults=like.faults(each.text),
            call=call,
            left_out=each.left_out,
        )
        for call, each in enumerate(drawn)
        if each.fault is None
    )
    scores = [candidate.score for candidate in candidates]
    chosen = scores.index(max(scores))
    if dspy.settings.trace is not None:
        dspy.settings.trace.extend(written[chosen].trace)
    notes = tuple(_notes(candidates, chosen, len(drawn), n))
    return Pick(candidates[chosen].text, candidates, chosen, len(drawn) - len(written), notes)


def neighbours(hypotheses: Sequence[Hypothesis], n: int) -> list[int | None]:
    """What each of n calls leaves out: nothing, then each hypothesis in turn, and so on; never an only hypothesis."""
    cycle = [None, *range(len(hypotheses))] if len(hypotheses) > 1 else [None]
    return [cycle[index % len(cycle)] for index in range(n)]


def _draw_all(write: Callable[..., Any], inputs: Mapping[str, Any], n: int) -> list[_Drawn]:
    places = neighbours(inputs["hypotheses"], n)
    chance = by_chance(write)
    if not chance:
        # The same call would give the same text again.
        places = list(dict.fromkeys(places))
    pool = ThreadPoolExecutor(len(places), thread_name_prefix="candidate")
    try:
        futures = [
            pool.submit(contextvars.copy_context().run, _draw, write, inputs, index if chance else 0, left_out)
            for index, left_out in enumerate(places)
        ]
        return [future.result() for future in futures]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _draw(write: Callable[..., Any], inputs: Mapping[str, Any], index: int, left_out: int | None) -> _Drawn:
    kept = [each for place, each in enumerate(inputs["hypotheses"]) if place != left_out]
    config = another(write, index, MAX_CANDIDATES) if index else {}
    trace: list[Any] | None = None if dspy.settings.trace is None else []
    try:
        with dspy.context(trace=trace):
            text = write(**{**inputs, "hypotheses": kept}, config=config).text
    except CALL_FAULTS as fault:
        return _Drawn(left_out, fault=fault)
    return _Drawn(left_out, text, trace=tuple(trace or ()))


def _notes(candidates: Sequence[Candidate], chosen: int, n_drawn: int, n: int) -> list[str]:
    others = [candidate.score for place, candidate in enumerate(candidates) if place != chosen]
    notes = []
    if others:
        best = candidates[chosen].score
        notes.append(
            f"picked from {counted(len(candidates), 'candidate')} by likeness to the samples: {best:.1f}, "
            f"the others {min(others):.1f} to {max(others):.1f}"
        )
    if n_drawn > len(candidates):
        notes.append(f"{n_drawn - len(candidates)} of {counted(n_drawn, 'candidate')} failed")
    if n_drawn < n:
        notes.append(f"{counted(n_drawn, 'candidate')} instead of {n}: at temperature 0 more would be the same texts")
    if candidates[chosen].faults:
        notes.append(f"no candidate is without fault; this one: {', '.join(candidates[chosen].faults)}")
    return notes
