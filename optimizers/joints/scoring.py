"""Scores a program on some targets, and measures what each text takes."""

import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import dspy
from dspy.utils.usage_tracker import track_usage

from optimizers.contract import Metric
from optimizers.joints.kept import Row
from optimizers.joints.taken import Asked, TokenCount
from optimizers.scoring import quiet
from programs.spending import total


class _Answered(NamedTuple):
    """A prediction with what it took; a tuple, so that DSPy's evaluation sees it as an answer."""

    prediction: Any
    tokens: int | None
    seconds: float


class Scorer:
    """Runs programs on targets of the valset, many at once.

    As in `optimizers.scoring.Book` a target whose program or metric failed has no score; here each score is handed on
    as it comes, for a search that may be killed before the block is full.
    """

    def __init__(self, metric: Metric, valset: Sequence[dspy.Example], n_threads: int):
        """Scores nothing yet."""
        self._metric = metric
        self._valset = valset
        self._n_threads = n_threads
        self._tokens = TokenCount()

    def __call__(
        self, program: dspy.Module, indices: Sequence[int], on_row: Callable[[Row], None] = lambda row: None
    ) -> list[Row]:
        """A row for each target, in the given order, failures included.

        Args:
            program: Is run on each.
            indices: Of the targets in the valset.
            on_row: Told each row that has a score, by the thread that made it, one at a time.
        """
        # A copy of each, since an example is known by its identity here and may stand in the valset twice.
        asked = [self._valset[index].copy() for index in indices]
        places = {id(example): index for example, index in zip(asked, indices, strict=True)}
        rows: dict[int, Row] = {}
        lock = threading.Lock()

        def scored(example: dspy.Example, answered: _Answered, *_: Any) -> float:
            score = float(self._metric(example, answered.prediction))
            if not math.isfinite(score):
                raise ValueError(f"the metric gave {score!r}")
            row = Row(places[id(example)], score, answered.tokens, answered.seconds)
            with lock:
                rows[row.target] = row
                on_row(row)
            return score

        evaluate = dspy.Evaluate(devset=asked, num_threads=self._n_threads, max_errors=len(asked) + 1)
        # DSPy would hold the last 10,000 prompts in memory.
        with quiet(), dspy.context(disable_history=True):
            evaluate(lambda **given: self._answered(program, given), metric=scored)  # pyright: ignore[reportArgumentType]
        return [rows.get(index, Row(index, None, None, 0.0)) for index in indices]

    def _answered(self, program: dspy.Module, given: dict[str, Any]) -> _Answered:
        asked, started = Asked(), time.perf_counter()
        with track_usage() as tracker, dspy.context(callbacks=[*(dspy.settings.callbacks or ()), asked]):
            prediction = program(**given)
        return _Answered(prediction, self._tokens(total(tracker), asked), time.perf_counter() - started)
