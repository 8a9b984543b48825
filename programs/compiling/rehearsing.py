"""Runs a program without a model, on real inputs, to learn what a model would read and write for them."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Literal, NamedTuple, get_args, get_origin

import dspy
from dspy.adapters.utils import serialize_for_json
from pydantic import BaseModel, ValidationError

from programs.answers import answer_all
from programs.lms.adapters import FittingAdapter
from programs.metering import Meter
from signatures.errors import SetupError

CHARACTERS_A_TOKEN = 3.9
"""Of English prose, by what the embedded model's tokens of a compile on the bundled corpus came to."""
CHARACTERS_A_TOKEN_OF_JSON = 3.0
MESSAGE_TOKENS = 5
"""What a chat template adds to each message."""
_MOST_CLAIMS = 4
_WORDS = "one more word "


class Work(NamedTuple):
    """What models are asked for."""

    calls: float = 0.0
    read: float = 0.0
    """Tokens."""
    written: float = 0.0
    """Tokens."""

    def plus(self, other: "Work") -> "Work":
        """Both."""
        return Work(*(a + b for a, b in zip(self, other, strict=True)))

    def times(self, factor: float) -> "Work":
        """A multiple."""
        return Work(*(each * factor for each in self))

    @property
    def tokens(self) -> float:
        """Read and written."""
        return self.read + self.written


class Rehearsal(dspy.Adapter):
    """Takes the adapter's place: formats each call as the fitting adapter would, counts it, and answers by itself.

    A request that came before counts no second time, as the cache of answers would have it. Answers are those of
    labelled examples, or for a list of records the first of an input's that fit, as a small model chooses what it is
    offered.
    """

    def __init__(self, labelled: Sequence[dspy.Example]) -> None:
        """Nothing is counted yet."""
        super().__init__()
        self.work = Work()
        self._labelled = labelled
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    def again(self) -> "Rehearsal":
        """One that has counted nothing and knows what this one was asked."""
        other = Rehearsal(self._labelled)
        other._seen = set(self._seen)
        return other

    def __call__(
        self, lm: Any, lm_kwargs: dict[str, Any], signature: Any, demos: list[Any], inputs: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Counts a call; as many answers as were asked for, all alike."""
        asked = {**lm.kwargs, **lm_kwargs}
        messages = FittingAdapter.choose(lm, signature).format(signature, demos, inputs)
        answer = {
            name: self._answer(name, field.annotation, inputs, int(asked.get("max_tokens") or 256))
            for name, field in signature.output_fields.items()
        }
        n = int(asked.get("n") or 1)
        # The model in this process is asked for each candidate by itself, and reads the prompt each time.
        n_calls = n if getattr(lm, "small", False) else 1
        with self._lock:
            key = json.dumps([messages, n, asked.get("rollout_id")], default=str)
            if key not in self._seen:
                self._seen.add(key)
                self.work = self.work.plus(Work(n_calls, n_calls * _read(messages), n * _written(answer)))
        return [dict(answer) for _ in range(n)]

    @contextmanager
    def around(self, lm: dspy.LM) -> Iterator[None]:
        """A run in which programs would ask this model, and ask nobody."""
        with dspy.context(lm=_Nobody().metered(lm.copy(cache=False), "rehearsal"), adapter=self):
            yield

    def _answer(self, name: str, annotation: Any, inputs: Mapping[str, Any], most: int) -> Any:
        offered = _offered(annotation, inputs)
        if offered:
            return offered
        known = next((example[name] for example in self._labelled if example.get(name)), None)
        if isinstance(known, str) and annotation is str:
            return known[: int(most * CHARACTERS_A_TOKEN)]
        return known if known is not None else _made_up(annotation)


class _Nobody(Meter):
    """Lets no call through to a model."""

    def refusal(self) -> BaseException:
        return RuntimeError("a rehearsal asks no model")


def rehearsed(
    program: dspy.Module, examples: Sequence[dspy.Example], lm: dspy.LM, rehearsal: Rehearsal
) -> tuple[Work, int]:
    """What the program would ask for on these examples beside what was asked before, and for how many it got through.

    Args:
        program: Is not changed.
        examples: Real ones, with their inputs.
        lm: The model it would ask, which is not asked.
        rehearsal: Counts, over several programs.
    """
    before = rehearsal.work
    with rehearsal.around(lm):
        # A copy: what a program infers of people in a rehearsal must not be there when it runs in earnest.
        answers = answer_all(program.deepcopy(), list(examples), n_threads=1)
    done = sum(answer.error is None for answer in answers.values())
    return Work(*(a - b for a, b in zip(rehearsal.work, before, strict=True))), done


def text_tokens(text: str) -> float:
    """About how many tokens a text is."""
    return len(text) / CHARACTERS_A_TOKEN


def _read(messages: Sequence[Mapping[str, Any]]) -> float:
    return sum(text_tokens(str(message.get("content") or "")) + MESSAGE_TOKENS for message in messages)


def _written(answer: Mapping[str, Any]) -> float:
    if len(answer) == 1 and isinstance(only := next(iter(answer.values())), str):
        return text_tokens(only)
    plain = json.dumps(serialize_for_json(answer), ensure_ascii=False, default=str)
    return len(plain) / CHARACTERS_A_TOKEN_OF_JSON


def _offered(annotation: Any, inputs: Mapping[str, Any]) -> list[Any]:
    """The first records of an input that are records of a list output as well."""
    kind = next(iter(get_args(annotation)), None) if get_origin(annotation) in (list, tuple) else None
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return []
    for value in inputs.values():
        if isinstance(value, (list, tuple)) and value and all(isinstance(each, BaseModel) for each in value):
            with suppress(ValidationError, SetupError):
                return [kind.model_validate(each.model_dump()) for each in value[:_MOST_CLAIMS]]
    return []


def _made_up(annotation: Any) -> Any:
    """Something of a type, where no example says what."""
    if annotation is str:
        return (_WORDS * 20).strip()
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    if get_origin(annotation) in (list, tuple):
        return []
    return {bool: False, int: 0, float: 0.0}.get(annotation)
