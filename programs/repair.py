"""Mends a text that breaks constraints: without a model where that is certain, else by a few more calls with advice.

After `dspy.Refine` and `dspy.BestOfN`, which are not used. Both copy the module, so that DSPy's trace, and with it
every optimizer, meets a step that no program has; set the temperature to 1.0 whatever the caller decided; and print and
swallow every exception, the user's faults too. Refine pays a second call an attempt for advice that a model makes up
from program code, where a measured constraint says what to change by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from programs.constraints import LEAST_WORDS, Constraint, consistent
from programs.degenerate import Degeneration
from programs.likeness import Likeness
from programs.lms.wording import text_of
from programs.repairs.attempts import Attempt, attempt, retrace
from programs.repairs.marks import marks_of
from programs.repairs.tidying import tidied
from programs.rollouts import by_chance
from programs.traits.reading import Reading
from signatures.errors import SetupError, counted

__all__ = ["MAX_ATTEMPTS", "Repaired", "checked_attempts", "repaired", "tidied"]

MAX_ATTEMPTS = 16
MOST_ADVICE = 3
"""Lines of advice given at once, the farthest off first: a small model follows few."""
CLEARLY_LESS = 0.9
"""Likeness that a repair may cost, in the unit of `programs.likeness`. It is less than a person's own unseen texts vary
by: from 5 samples their standard deviation within an author is 1.1 on the bundled corpus and 1.4 on CCAT50, where other
people's texts lie 6.6 and 1.9 lower (`benchmarks.constraints`)."""


class Repaired(BaseModel):
    """A text after repair, and what it took."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    attempt: int = Field(default=0, ge=0)
    """Which call wrote it; 0 is the draft."""
    n_calls: int = Field(default=0, ge=0)
    """Calls of the writing step, the draft's not counted, failed ones counted."""
    n_failed: int = Field(default=0, ge=0)
    broken_before: tuple[str, ...] = ()
    """What the draft broke, one line each with what was wanted and found."""
    broken_after: tuple[str, ...] = ()
    """What the text breaks."""
    notes: tuple[str, ...] = ()
    """What a reader should know of the repair, in words."""


@dataclass(frozen=True, slots=True)
class _Version:
    """One text that could be returned."""

    text: str
    n_words: int
    attempt: int
    broken: tuple[Constraint, ...]
    """The farthest off first."""
    distance: float
    faults: tuple[str, ...]
    score: float
    """Likeness; 0 where none is read."""
    tidying: tuple[str, ...]
    made: Attempt


def checked_attempts(n: int) -> int:
    """The number of attempts, if it is one.

    Raises: SetupError otherwise.
    """
    if isinstance(n, bool) or not isinstance(n, int) or not 0 <= n <= MAX_ATTEMPTS:
        raise SetupError(f"the number of attempts is {n!r}; give one from 0 to {MAX_ATTEMPTS}")
    return n


def repaired(
    write: Callable[..., Any],
    inputs: Mapping[str, Any],
    draft: str,
    constraints: Sequence[Constraint],
    n_attempts: int,
    like: Likeness | None = None,
) -> Repaired:
    """The draft, or of a few more texts the one that breaks the constraints least.

    First the draft is tidied, which calls no model: emoji and spellings by the constraints, marks by the samples among
    the inputs. While constraints are broken and attempts are left, the step is called again with advice on the best
    text so far. The smallest total distance wins, a tie goes to the earlier; a text with faults (`programs.degenerate`)
    never replaces one without, nor one too short to show a rate one that is long enough; and where likeness is read,
    nothing that reads clearly less like the person does.
    DSPy's trace keeps the call that wrote the text. Constraints that no text can meet together are left out and told.

    Args:
        write: The writing step, such as a `dspy.Predict`; takes `inputs`, `advice` and `config`, gives `text`.
        inputs: What the draft was written from.
        draft: What it wrote.
        constraints: What the text should meet; without any no call is made.
        n_attempts: The most calls; 0 makes none.
        like: Likeness to the person's samples.

    Raises: SetupError if the number of attempts is none, or by the writing step. Other failures are counted.
    """
    n_attempts = checked_attempts(n_attempts)
    kept, notes = consistent(constraints)
    bench = _Bench(kept, [text_of(sample) for sample in inputs.get("samples") or ()], like)
    best = bench.version(Attempt(draft), 0)
    asked, told = _Asked(write, inputs), list(notes)
    while best.broken and asked.n_calls < n_attempts:
        made = asked.again([each.advice(best.text) for each in best.broken[:MOST_ADVICE]])
        if made is None:
            told.append(
                f"{counted(asked.n_calls, 'attempt')} instead of {n_attempts}: at temperature 0 more would repeat"
            )
            break
        if made.fault is None:
            best = bench.better(best, bench.version(made, asked.n_calls))
    if best.attempt:
        retrace(write, draft, best.made)
    return Repaired(
        text=best.text,
        attempt=best.attempt,
        n_calls=asked.n_calls,
        n_failed=asked.n_failed,
        broken_before=tuple(each.finding(draft) for each in _broken(kept, Reading(draft))),
        broken_after=tuple(each.finding(best.text) for each in best.broken),
        notes=(*told, *best.tidying, *_notes(best, asked, bench)),
    )


class _Asked:
    """The writing step, called again and again for the same inputs."""

    def __init__(self, write: Callable[..., Any], inputs: Mapping[str, Any]) -> None:
        self._write, self._inputs = write, inputs
        self._given: set[tuple[str, ...]] = set()
        self.n_calls = self.n_failed = 0

    def again(self, advice: list[str]) -> Attempt | None:
        """One more call; None where it would be one that was made already, by a model that answers alike."""
        if tuple(advice) in self._given and not by_chance(self._write):
            return None
        self._given.add(tuple(advice))
        self.n_calls += 1
        made = attempt(self._write, {**self._inputs, "advice": advice}, self.n_calls)
        self.n_failed += made.fault is not None
        return made


class _Bench:
    """What versions of one text are held against."""

    def __init__(self, constraints: Sequence[Constraint], samples: Sequence[str], like: Likeness | None) -> None:
        self._constraints, self._like = constraints, like
        self._marks = marks_of(samples)
        self._faults = like.faults if like else Degeneration(samples or [""]).faults
        self._brief = any(each.check.startswith("text_words<") for each in constraints)
        """Whether a text may become too short to show a rate."""
        self._first: _Version | None = None
        self.n_unlike = 0
        """Versions that were left because they read clearly less like the person."""

    def version(self, made: Attempt, place: int) -> _Version:
        """A text, tidied and measured."""
        text, tidying = tidied(made.text, self._constraints, self._marks)
        reading = Reading(text)
        broken = _broken(self._constraints, reading)
        return _Version(
            text=text,
            n_words=len(reading.words),
            attempt=place,
            broken=broken,
            distance=sum(each.distance(reading) for each in broken),
            faults=self._faults(text),
            score=self._like.score(text) if self._like else 0.0,
            tidying=tidying,
            made=made,
        )

    def better(self, best: _Version, new: _Version) -> _Version:
        """The one to keep; likeness is held against the first text that was as free of faults, lest it slip away."""
        first = self._first = self._first or best
        if bool(best.faults) != bool(new.faults):
            if best.faults:
                self._first = new
            return new if best.faults else best
        # A rate that a text is too short to show is not met, only unseen.
        unseen = new.n_words < LEAST_WORDS <= best.n_words and not self._brief
        if new.distance >= best.distance or unseen:
            return best
        if new.score < first.score - CLEARLY_LESS:
            self.n_unlike += 1
            return best
        return new


def _broken(constraints: Sequence[Constraint], reading: Reading) -> tuple[Constraint, ...]:
    """Those that a text does not meet, the farthest off first."""
    broken = [each for each in constraints if not each.met(reading)]
    return tuple(sorted(broken, key=lambda each: -each.distance(reading)))


def _notes(best: _Version, asked: _Asked, bench: _Bench) -> list[str]:
    n = asked.n_calls
    notes = []
    if n:
        done = (
            f"repaired by attempt {best.attempt} of {n}"
            if best.attempt
            else f"kept the draft after {counted(n, 'attempt')}"
        )
        left = counted(len(best.broken), "constraint")
        notes.append(f"{done}; {left} still broken" if best.broken else done)
    if bench.n_unlike:
        notes.append(f"left {counted(bench.n_unlike, 'attempt')} that broke less but read clearly less like the person")
    if asked.n_failed:
        notes.append(f"{asked.n_failed} of {counted(n, 'attempt')} failed")
    if best.faults and n:
        notes.append(f"no version is without fault; this one: {', '.join(best.faults)}")
    return notes
